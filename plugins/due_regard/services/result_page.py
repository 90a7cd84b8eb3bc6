"""Long lists in pages of fifty rows: which page is shown, of how many."""

from __future__ import annotations

from due_regard.errors import UnknownReference
from due_regard.services.result import Result

PAGE_ROWS = 50
"""Rows of a list on one page."""


def describe_page(total: int, page: int) -> Result:
    """The numbers that a list says of itself: total (rows), page, pages.

    Raises:
        UnknownReference: there is no such page; the first is always there.
    """
    pages = max(1, -(-total // PAGE_ROWS))
    if not 1 <= page <= pages:
        raise UnknownReference(f"there is no page {page} of this list; it has {pages}: go to the first")
    return {"total": total, "page": page, "pages": pages}


def find_offset(page: int) -> int:
    """How many rows stand before a page."""
    return (page - 1) * PAGE_ROWS
