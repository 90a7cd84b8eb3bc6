"""Built packs as pages list them: the newest build of each, every build of one, and to whom each was issued.

Figures are read for one build alone: they are large.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from due_regard.mail.mail_memory import is_mail_of
from due_regard.mail.mail_mode import LIVE
from due_regard.packs.life.pack_records import is_accepted
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.register.schema.pack_tables import PackEvent, PackIssue, PackRow

_BUILD = ("id", "pack", "quarter", "edition", "known_at", "built_at", "sha256", "files", "ingredients")


def _group_builds(landlord: str) -> Select[int, int]:
    return (
        select(func.max(PackRow.id).label("id"), func.count().label("builds"))
        .where(PackRow.landlord == landlord)
        .group_by(PackRow.pack, PackRow.quarter, PackRow.edition)
    )


def count_built_packs(conn: Connection, landlord: str) -> int:
    """How many packs there are, each quarter and edition on its own."""
    return int(conn.scalar(select(func.count()).select_from(_group_builds(landlord).subquery())) or 0)


def list_built_packs(conn: Connection, landlord: str, *, limit: int, offset: int) -> list[dict[str, Any]]:
    """The newest build of each pack, quarter and edition, the newest quarter first; `builds`: how many there are."""
    newest = _group_builds(landlord).subquery()
    columns = (PackRow.id, PackRow.pack, PackRow.quarter, PackRow.edition, PackRow.built_at, newest.c.builds)
    order = (PackRow.quarter.desc(), PackRow.pack, PackRow.edition)
    page = select(*columns).join(newest, newest.c.id == PackRow.id).order_by(*order).limit(limit).offset(offset)
    return [dict(row) for row in conn.execute(page).mappings()]


def list_builds(conn: Connection, landlord: str, *, pack: str, quarter: str, edition: str) -> list[dict[str, Any]]:
    """Every build of one pack, the first first, each with its `version`."""
    version = func.coalesce(PackRow.version, 1).label("version")
    builds = select(*(getattr(PackRow, name) for name in _BUILD), version).where(
        PackRow.landlord == landlord, PackRow.pack == pack, PackRow.quarter == quarter, PackRow.edition == edition
    )
    return [dict(row) for row in conn.execute(builds.order_by(PackRow.id)).mappings()]


def read_build_figures(
    conn: Connection, landlord: str, pack_id: int
) -> tuple[dict[str, list[float | None]], dict[str, float | None] | None]:
    """The figures of one build, and of a publishable one what it showed and hid."""
    mine = (PackRow.landlord == landlord, PackRow.id == pack_id)
    row = conn.execute(select(PackRow.figures, PackRow.published).where(*mine)).one()
    return row.figures, row.published


def list_builds_with_file(conn: Connection, landlord: str | None, digest: str) -> list[dict[str, Any]]:
    """Every build, of one landlord where it is named, that has a file of this checksum; the first first."""
    version = func.coalesce(PackRow.version, 1).label("version")
    builds = select(PackRow.landlord, *(getattr(PackRow, name) for name in _BUILD), version).order_by(PackRow.id)
    mine = builds if landlord is None else builds.where(PackRow.landlord == landlord)
    rows = (dict(row) for row in conn.execute(mine).mappings())
    return [row for row in rows if digest in row["files"].values()]


def list_editions(conn: Connection, landlord: str, *, pack: str, quarter: str) -> list[str]:
    """The editions in which a pack was built."""
    found = select(PackRow.edition).where(
        PackRow.landlord == landlord, PackRow.pack == pack, PackRow.quarter == quarter
    )
    return sorted(set(conn.scalars(found.distinct())))


def list_unsettled_packs(conn: Connection, landlord: str) -> list[tuple[str, str, str]]:
    """(pack, quarter, edition) of which people did or were asked something, and whose newest version is not issued."""
    same = (PackEvent.pack == PackRow.pack, PackEvent.quarter == PackRow.quarter, PackEvent.edition == PackRow.edition)
    newest = select(func.max(PackEvent.version)).where(PackEvent.landlord == landlord, *same).scalar_subquery()
    issued = (
        select(PackRow.pack, PackRow.quarter, PackRow.edition)
        .join(PackIssue, PackIssue.pack_id == PackRow.id)
        .outerjoin(AlertMessage, is_mail_of(PackIssue))
        .where(PackRow.landlord == landlord, func.coalesce(PackRow.version, 1) == newest)
        .where(or_(PackIssue.message_id.is_(None), is_accepted()))
    )
    known = select(PackEvent.pack, PackEvent.quarter, PackEvent.edition).where(PackEvent.landlord == landlord)
    return [(row[0], row[1], row[2]) for row in conn.execute(known.except_(issued))]


def list_issues(conn: Connection, landlord: str, pack_ids: list[int]) -> list[dict[str, Any]]:
    """How these builds reached their audience, or are on their way: pack_id, how, issued_on, issued_by, issued_why,
    `state` (by hand, accepted, on its way, not delivered) and, of a mail, the day it was accepted.
    """  # noqa: D205 - one sentence
    its_mail = and_(AlertMessage.landlord == PackIssue.landlord, AlertMessage.message_id == PackIssue.message_id)
    columns = ("pack_id", "how", "issued_on", "issued_at", "issued_by", "issued_why", "message_id")
    issues = (
        select(*(getattr(PackIssue, name) for name in columns), AlertMessage.mode, AlertMessage.status)
        .add_columns(AlertMessage.accepted_on)
        .outerjoin(AlertMessage, its_mail)
        .where(PackIssue.landlord == landlord, PackIssue.pack_id.in_(pack_ids))
        .order_by(PackIssue.id)
    )
    return [{**row, "state": _name_state(row)} for row in conn.execute(issues).mappings()]


def _name_state(row: Any) -> str:
    if row["message_id"] is None:
        return "by hand"
    if row["mode"] == LIVE and row["status"] == "sent":
        return "accepted"
    return "on its way" if row["status"] in {"waiting", "sending", "uncertain"} else "not delivered"
