"""Keeps that a visitor was shown a named record: a page of one finding or one case calls this before it answers."""

from __future__ import annotations

from due_regard.services.page_views import record_page_view
from due_regard.web.rights import Right, Visit


def note_view(visit: Visit, kind: str, ref: str, *, is_restricted: bool = False) -> None:
    """Keep the view; `is_restricted`: only the right to read restricted duties let the visitor see it.

    Raises:
        RegisterError: it could not be kept; the page is not shown then.
    """
    used = Right.READ_RESTRICTED if is_restricted else Right.READ
    record_page_view(
        visit.settings,
        visit.landlord,
        actor=visit.visitor.actor_id,
        used_right=used.value,
        kind=kind,
        ref=ref,
        now=visit.now,
    )
