"""Who did what with a landlord's register: its audit, the newest first, with what each person said.

What somebody merely looked at stands in tables of its own.
"""

from __future__ import annotations

from due_regard.config.settings import Settings
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.read_case import find_judging
from due_regard.services.result import Result, make_json_value
from due_regard.services.result_page import PAGE_ROWS, describe_page, find_offset

_SAID = ("seq", "at", "action", "subject", "details", "actor", "why", "is_withheld", "hash")


def show_audit(settings: Settings, landlord: str, *, subject: str, page: int, sees_restricted: bool) -> Result:
    """One page of a landlord's audit, of one subject (a finding's reference, `batch 7`) where it is named.

    Returns:
        landlord, landlord_name, as_at, subject, total, page, pages, acts (`_SAID`). Of a finding that the reader may
        not hear of, what was said is withheld.

    Raises:
        UnknownReference: there is no such page.
    """
    from due_regard.register import reading
    from due_regard.register.audit_listing import count_audit_rows, list_audit_rows

    asked = _clean_subject(subject)
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        judging = find_judging(settings, connection, landlord, sees_restricted=sees_restricted)
        shown = describe_page(count_audit_rows(connection, landlord, asked), page)
        rows = list_audit_rows(
            connection, landlord, asked, hidden=judging.hidden, limit=PAGE_ROWS, offset=find_offset(page)
        )
    acts = [{name: make_json_value(row[name]) for name in _SAID} for row in rows]
    return judging.describe() | shown | {"subject": asked, "acts": acts}


def _clean_subject(subject: str) -> str:
    """As the audit writes it: a finding's reference in capitals; no database knows a NUL."""
    words = subject.replace("\0", "").strip()
    return words.upper() if words[:2].upper() == "F-" else words
