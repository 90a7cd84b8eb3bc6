"""Where a register is, as a URL: read in one place, so that a wrong one is said in one way, without a password."""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from due_regard.errors import RegisterError

WRONG_URL = "the register's URL is not one SQLAlchemy can open; see DUE_REGARD_REGISTER_URL"


def parse_register_url(url: str | URL) -> URL:
    """The URL, taken apart.

    Raises:
        RegisterError: it is none, or its port is no number.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise RegisterError(WRONG_URL) from None


def name_place(url: str | URL) -> str:
    """Where a register is, as a message may say it: never with a user or a password."""
    target = parse_register_url(url)
    return f"{target.database} on {target.host}" if target.host else f"{target.database}"
