"""Whether a text can be an e-mail address: staff exports hold many that cannot."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}")
_LONGEST_ADDRESS = 254


def is_address(text: object) -> bool:
    """Whether `text` can be an e-mail address that every mail server takes."""
    is_possible = isinstance(text, str) and len(text) <= _LONGEST_ADDRESS and ".." not in text
    return is_possible and _ADDRESS.fullmatch(str(text)) is not None
