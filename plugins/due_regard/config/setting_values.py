"""How the text of a setting becomes a value, where pydantic alone would not do: lists, and the address of the pages.

Add a reader here when a setting's text has a form of its own; which settings there are is settings.py's.
"""

from __future__ import annotations

import json
from typing import Annotated, TypeAlias, TypeVar

from pydantic import AnyHttpUrl, BeforeValidator
from pydantic_settings import NoDecode

Item = TypeVar("Item")


def _split_list(given: object) -> object:
    """`a, b` or `["a", "b"]` as a list; what is no text is a list already."""
    if not isinstance(given, str):
        return given
    if not given.lstrip().startswith("["):
        words = [word.strip() for word in given.split(",") if word.strip()]
        if given.strip() and not words:
            raise ValueError("names nothing; leave it out, or write a list as a,b")
        return words
    try:
        return json.loads(given)
    except ValueError:
        raise ValueError('write a list as a,b or as ["a", "b"]') from None


SettingsList: TypeAlias = Annotated[tuple[Item, ...], NoDecode, BeforeValidator(_split_list)]
"""A setting that holds several values: separated by commas, or JSON."""


def read_base_url(given: object) -> str | None:
    """The address that pages are reached at, without its last slash; it stands in mails, so it may hold no secret."""
    if given is None or not str(given).strip():
        return None
    try:
        url = AnyHttpUrl(str(given))
    except ValueError:
        raise ValueError("write it as https://airflow.landlord.example") from None
    if url.username is not None or url.password is not None or url.query is not None or url.fragment is not None:
        raise ValueError("may hold no user, password, query or fragment; write it as https://airflow.landlord.example")
    return str(url).rstrip("/")
