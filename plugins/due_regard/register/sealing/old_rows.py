"""Binding rows of earlier revisions: what no entry of the audit covers yet is sealed as it stands, once."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, column, func, select, table, update

from due_regard.register.audit import append_audit
from due_regard.register.loading import bulk
from due_regard.register.schema.column_types import Instant, Ref, RowId
from due_regard.register.schema.drop_tables import Base
from due_regard.register.schema.finding_tables import RESOLVED, Finding, FindingEvent
from due_regard.register.sealing.finding_digests import IDENTITY, RUN_MADE, read_finding_digests
from due_regard.register.sealing.group_digests import GroupDigest, take_seal_key
from due_regard.register.sealing.kept_seals import BOUND, KeptSeals, read_kept_seals
from due_regard.register.sealing.seal_rules import RULES, SealRule
from due_regard.register.sealing.seals import read_leaves

_GROUPS_AN_ENTRY = 1000
_EVENTS = Base.metadata.tables[FindingEvent.__tablename__]


def bind_unsealed_rows(connection: Connection) -> None:
    """Seal the rows of every rule of which a landlord's audit knows nothing yet; `audit verify --deep` says so.

    Never those of a rule that it knows: a row put in would be taken for an old one.
    """
    kept = read_kept_seals(connection)
    # An upgrade is told no time; the database has a clock of its own.
    now = connection.scalars(select(func.now(type_=Instant()))).one()
    _complete_events(connection)
    for rule in RULES.values():
        for landlord, digests in _digest_unsealed(connection, rule, kept).items():
            links = sorted(digests)
            for start in range(0, len(links), _GROUPS_AN_ENTRY):
                some = {link: digests[link].describe() for link in links[start : start + _GROUPS_AN_ENTRY]}
                append_audit(
                    connection, landlord=landlord, action=BOUND, subject=rule.name, details={"groups": len(some)},
                    at=now, seals={rule.name: some},
                )  # fmt: skip


def _digest_unsealed(connection: Connection, rule: SealRule, kept: KeptSeals) -> dict[str, dict[str, GroupDigest]]:
    found: dict[str, dict[str, GroupDigest]] = {}
    known = {owner for name, owner, _ in kept.groups if name == rule.name}
    keys: dict[str, bytes] = {}
    for part in read_leaves(connection, rule):
        for landlord, link, leaf in zip(part.landlords, part.links, part.leaves, strict=True):
            if landlord in known:
                continue
            if landlord not in keys:
                keys[landlord] = take_seal_key(connection, landlord)
            groups = found.setdefault(landlord, {})
            groups.setdefault(link, GroupDigest(keys[landlord])).add((leaf,))
    return found


def _complete_events(connection: Connection) -> None:
    """Let the events that opened and resolved findings hold their digests, where an earlier revision wrote them."""
    newest = select(func.max(FindingEvent.id)).where(FindingEvent.event == "resolved").group_by(FindingEvent.finding_id)
    resolved = read_finding_digests(connection, RUN_MADE, Finding.status == RESOLVED)
    _fill_digests(connection, FindingEvent.id.in_(newest), dict(resolved))
    _fill_digests(connection, FindingEvent.event == "opened", dict(read_finding_digests(connection, IDENTITY)))


def _fill_digests(connection: Connection, which: ColumnElement[bool], digests: Mapping[str, str]) -> None:
    blank = select(FindingEvent.id, FindingEvent.finding_id).where(which, FindingEvent.finding_sha256.is_(None))
    rows = [(row.id, digests.get(str(row.finding_id))) for row in connection.execute(blank)]
    found = [row for row in rows if row[1] is not None]
    if found:
        ids, shas = zip(*found, strict=True)
        columns = {"id": pa.array(ids, pa.int64()), "finding_sha256": pa.array(shas, pa.string())}
        bulk.stage_rows(connection, "event_digests", _EVENTS, columns)
        staged = table("event_digests", column("id", RowId), column("finding_sha256", Ref))
        filling = update(FindingEvent).where(FindingEvent.id == staged.c.id)
        connection.execute(filling.values(finding_sha256=staged.c.finding_sha256))
