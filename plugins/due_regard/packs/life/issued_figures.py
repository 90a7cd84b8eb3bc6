"""The figures that an audience was given, frozen as they were issued: what a later pack compares its own with.

Nothing is worked out anew here: what the committee read is what counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from due_regard import __version__
from due_regard.mail.mail_memory import is_mail_of
from due_regard.packs.life.pack_records import is_accepted
from due_regard.register.findings.used_texts import PROGRAM, hash_text
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.register.schema.finding_tables import AssessmentRun
from due_regard.register.schema.pack_tables import PackIssue, PackRow


@dataclass(frozen=True)
class IssuedBuild:
    """What a build rested on that was issued.

    Attributes:
        id: of the pack on record. quarter: its own.
        known_at: the instant whose records it rests on; withdrawn_at: that by which records were withdrawn.
        made: its provenance, with the version of the program, where it or its run says which that was.
    """

    id: int
    quarter: str
    known_at: datetime
    withdrawn_at: datetime
    made: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class IssuedFigures:
    """Figures as the audience was last given them, each by `table/measure/quarter`.

    Attributes:
        figures: number and out of how many.
        builds: the build that gave it.
    """

    figures: Mapping[str, tuple[float | None, float | None]]
    builds: Mapping[str, IssuedBuild]


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
        select(PackRow.id, PackRow.quarter, PackRow.known_at, PackRow.built_at, PackRow.ingredients)
        .add_columns(PackRow.figures, PackRow.published)
        .join_from(PackIssue, PackRow, PackRow.id == PackIssue.pack_id)
        .outerjoin(AlertMessage, is_mail_of(PackIssue))
        .where(PackRow.landlord == landlord, PackRow.pack == pack, PackRow.edition == edition)
        .where(or_(PackIssue.message_id.is_(None), is_accepted()))
    )
    if known_at is not None:
        issues = issues.where(PackIssue.issued_at <= known_at)
    found: dict[str, tuple[float | None, float | None]] = {}
    builds: dict[str, IssuedBuild] = {}
    for row in conn.execute(issues.order_by(PackIssue.id)).mappings().all():
        figures, published = row["figures"], row["published"] or {}
        if edition == "publishable":
            shown = {name: published.get(name) for name in figures}
            given = {name: (value, None) for name, value in shown.items() if value is not None}
        else:
            given = {name: (values[0], values[1]) for name, values in figures.items()}
        found |= given
        builds |= dict.fromkeys(given, _make_build(conn, dict(row)))
    return IssuedFigures(found, builds)


def _make_build(conn: Connection, row: Mapping[str, Any]) -> IssuedBuild:
    made, known_to = dict(row["ingredients"]), row["ingredients"].get("known_to")
    # A build of an earlier revision kept neither texts nor the version of the program: its run may have.
    if "program" not in made:
        made |= _read_judged_by(conn, made.get("run"))
    known_at = row["known_at"] or (datetime.fromisoformat(known_to) if known_to else row["built_at"])
    return IssuedBuild(row["id"], row["quarter"], known_at, row["known_at"] or row["built_at"], made)


def _read_judged_by(conn: Connection, run: int | None) -> dict[str, Any]:
    """The texts that a run rests on, and the version that judged it: this one, or `another`; nothing if not kept."""
    texts = conn.scalar(select(AssessmentRun.used_texts).where(AssessmentRun.id == run)) or {}
    if PROGRAM not in texts:
        return {}
    return {"texts": texts, "program": __version__ if texts[PROGRAM] == hash_text(__version__) else "another"}
