"""The figures that an audience was given, frozen as they were issued: what a later pack compares its own with.

Nothing is worked out anew here: what the committee read is what counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from due_regard.mail.mail_memory import is_mail_of
from due_regard.packs.life.pack_records import is_accepted
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.register.schema.pack_tables import PackIssue, PackRow


@dataclass(frozen=True)
class IssuedFigures:
    """Figures as the audience was last given them, each by `table/measure/quarter`.

    Attributes:
        figures: number and out of how many.
        known_at: the instant whose knowledge it was.
    """

    figures: Mapping[str, tuple[float | None, float | None]]
    known_at: Mapping[str, datetime]


def read_issued_figures(
    conn: Connection, landlord: str, *, pack: str, edition: str, known_at: datetime | None = None
) -> IssuedFigures:
    """Every figure that issued packs of this name and edition showed, the last issue of each counting.

    Args:
        conn: inside `reading` or `writing`.
        landlord: whose.
        pack: which pack, of whichever quarter: the next quarter's shows this one's figures again.
        edition: of a publishable one, only the numbers that it showed, without what they are out of.
        known_at: only what was issued by then.
    """
    issues = (
        select(PackRow.figures, PackRow.published, func.coalesce(PackRow.known_at, PackRow.built_at))
        .join_from(PackIssue, PackRow, PackRow.id == PackIssue.pack_id)
        .outerjoin(AlertMessage, is_mail_of(PackIssue))
        .where(PackRow.landlord == landlord, PackRow.pack == pack, PackRow.edition == edition)
        .where(or_(PackIssue.message_id.is_(None), is_accepted()))
    )
    if known_at is not None:
        issues = issues.where(PackIssue.issued_at <= known_at)
    found: dict[str, tuple[float | None, float | None]] = {}
    instants: dict[str, datetime] = {}
    for figures, published, instant in conn.execute(issues.order_by(PackIssue.id)):
        if edition == "publishable":
            shown = {name: (published or {}).get(name) for name in figures}
            given = {name: (value, None) for name, value in shown.items() if value is not None}
        else:
            given = {name: (values[0], values[1]) for name, values in figures.items()}
        found |= given
        instants |= dict.fromkeys(given, instant)
    return IssuedFigures(found, instants)
