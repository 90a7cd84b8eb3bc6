"""How a page names whoever decided or looked: the register keeps the id of a sign-in, and the sign-in knows the name.

JSON answers keep the id alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_SIGNED_IN = re.compile(r"\bfab:\d+\b")


def list_actors(content: Any) -> set[str]:
    """Every id of a sign-in that a page's content mentions."""
    return {actor for text in _list_texts(content) for actor in _SIGNED_IN.findall(text)}


def _list_texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for value in content.values():
            yield from _list_texts(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _list_texts(value)


def replace_actors(text: str, names: Mapping[str, str]) -> str:
    """`text` with names for the ids that are known; the id stands behind, as the audit has it."""
    return _SIGNED_IN.sub(lambda found: f"{names[found[0]]} ({found[0]})" if found[0] in names else found[0], text)
