"""The register's own reference of a finding: F-000063. It counts, and says nothing about anyone."""

from __future__ import annotations

import re

_ON_RECORD = re.compile(r"F-\d{6,}")


def format_register_ref(number: int) -> str:
    """The reference of the finding with this number."""
    return f"F-{number:06d}"


def is_register_ref(ref: str) -> bool:
    """Whether `ref` can be that of a finding on record; one that a look ahead foresees (`F-new-1`) is not."""
    return _ON_RECORD.fullmatch(ref) is not None
