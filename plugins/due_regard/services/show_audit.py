"""Who did what with a landlord's register, and who looked at which record: the newest first."""

from __future__ import annotations

from due_regard.config.settings import Settings
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.read_case import find_judging
from due_regard.services.result import Result, make_json_value
from due_regard.services.result_page import PAGE_ROWS, describe_page, find_offset

RESTRICTED = "can_read_restricted"
"""The right by which a restricted record was seen, as views keep it."""

_SAID = ("seq", "at", "action", "subject", "details", "actor", "why", "is_withheld", "hash")


def show_audit(settings: Settings, landlord: str, *, subject: str, page: int, sees_restricted: bool) -> Result:
    """One page of a landlord's audit, of one subject (a finding's reference, `batch 7`) where it is named.

    Returns:
        landlord, landlord_name, as_at, subject, total, page, pages, acts (`_SAID`), views (the newest: at, actor,
        used_right, kind, ref) and views_total. Of a finding that the reader may not hear of, what was said is withheld,
        and who looked at it is left out.

    Raises:
        UnknownReference: there is no such page.
    """
    from due_regard.register import reading
    from due_regard.register.audit_listing import count_audit_rows, list_audit_rows
    from due_regard.register.viewed_records import list_views

    asked = _clean_subject(subject)
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        judging = find_judging(settings, connection, landlord, sees_restricted=sees_restricted)
        shown = describe_page(count_audit_rows(connection, landlord, asked), page)
        rows = list_audit_rows(
            connection, landlord, asked, hidden=judging.hidden, limit=PAGE_ROWS, offset=find_offset(page)
        )
        seen, views = list_views(
            connection, landlord, asked, hidden_right=None if sees_restricted else RESTRICTED, limit=PAGE_ROWS
        )
    acts = [{name: make_json_value(row[name]) for name in _SAID} for row in rows]
    seen = [{name: make_json_value(value) for name, value in row.items()} for row in seen]
    return judging.describe() | shown | {"subject": asked, "acts": acts, "views": seen, "views_total": views}


def _clean_subject(subject: str) -> str:
    """As the audit writes it: a finding's reference in capitals; no database knows a NUL."""
    words = subject.replace("\0", "").strip()
    return words.upper() if words[:2].upper() == "F-" else words
