"""What a person decides about a vanished record: that it was entered by mistake, or that it was not after all.

A version, never a delete: the record keeps every row, and is left out of the records as they stand while its
withdrawal holds. Nothing withdraws a record by itself; the load that brings it again returns it (returned_records.py).
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unicodedata import category

from sqlalchemy import Connection, Engine, insert, select

from due_regard.calendars.quarters import find_london_day
from due_regard.errors import SettingsError, UnknownReference, WithdrawalRefused
from due_regard.records.canonical import ENTITY
from due_regard.register.audit import append_audit
from due_regard.register.clocks import check_not_ahead, check_not_behind, find_known_from
from due_regard.register.engines import writing
from due_regard.register.findings.actors import format_actor
from due_regard.register.findings.said_words import SaidWords, hash_said_words
from due_regard.register.linked_records import RecordName, find_linked_records, find_vanished
from due_regard.register.schema.record_tables import CASE_LINKS, RECORD_TABLES
from due_regard.register.sealing.seals import seal_groups
from due_regard.register.withdrawn_records import ACTS, UNDONE, WITHDRAWN, list_withdrawn_refs

_AUDITED_AS = {WITHDRAWN: "withdraw", UNDONE: "undo_withdrawal"}
"""Event -> the audit's verb."""


def withdraw_record(
    engine: Engine, landlord: str, entity: str, ref: str, *, words: SaidWords, with_linked: bool = False
) -> list[RecordName]:
    """Withdraw a record that vanished at the source, as entered by mistake.

    Args:
        engine: the register.
        landlord: whose record.
        entity: its entity.
        ref: the landlord's own reference.
        words: who withdraws it, why and when.
        with_linked: whether vanished records that hang on it are withdrawn with it.

    Returns:
        The records withdrawn: itself first.

    Raises:
        SettingsError: there is no such entity.
        UnknownReference: there is no such record.
        WithdrawalRefused: it is withdrawn already, still comes, or others hang on it that still come or are not meant.
        ClockError: the clock is behind the newest load, or ahead of the database's.
    """
    record = _check_name(entity, ref)
    with writing(engine, landlord) as connection:
        _check_is_known(connection, landlord, record)
        _check_is_standing(connection, landlord, record)
        linked = find_linked_records(connection, landlord, [record])[record]
        vanished = find_vanished(connection, landlord, [record, *linked])
        _check_has_vanished(record, linked, vanished, with_linked=with_linked)
        _write_acts(connection, landlord, WITHDRAWN, [_Act(record), *map(_Act, linked)], words)
    return [record, *linked]


def undo_withdrawal(
    engine: Engine, landlord: str, entity: str, ref: str, *, words: SaidWords, with_linked: bool = False
) -> list[RecordName]:
    """Take a withdrawal back: the record stands again as it did.

    Args: as `withdraw_record`; `with_linked`: whether those withdrawn with it come back too.

    Returns:
        The records that stand again: itself first.

    Raises:
        SettingsError: there is no such entity.
        UnknownReference: there is no such record.
        WithdrawalRefused: it is not withdrawn, or a record that it hangs on still is.
        ClockError: as `withdraw_record`.
    """
    record = _check_name(entity, ref)
    with writing(engine, landlord) as connection:
        _check_is_known(connection, landlord, record)
        held = list_withdrawn_refs(connection, landlord)
        if record not in held:
            raise WithdrawalRefused("this record is not withdrawn; nothing was changed. `record list` says which are")
        _check_links_stand(connection, landlord, record, held)
        more = _list_withdrawn_with(connection, held[record]) if with_linked else []
        acts = [_Act(record, held[record]), *(_Act(one, held[one]) for one in more if one in held)]
        _write_acts(connection, landlord, UNDONE, acts, words)
    return [act.record for act in acts]


@dataclass(frozen=True)
class _Act:
    """What is written of one record: and, of what is taken back, which withdrawal that ends."""

    record: RecordName
    ends_id: int | None = None


def _check_name(entity: str, ref: str) -> RecordName:
    if entity not in ENTITY:
        raise SettingsError(f"no entity {entity!a}; there are: {', '.join(ENTITY)}")
    # No database keeps these, and some will not even be asked for them.
    if any(category(sign) in {"Cc", "Cs"} for sign in ref):
        raise UnknownReference(f"the register has no such record among {entity}")
    return entity, ref


def _check_is_known(connection: Connection, landlord: str, record: RecordName) -> None:
    table, key = RECORD_TABLES[record[0]], ENTITY[record[0]].key
    own = select(table.c.version).where(table.c.landlord == landlord, table.c[key] == record[1])
    if connection.scalar(own.limit(1)) is None:
        raise UnknownReference(f"the register has no such record among {record[0]}; `record list` has those vanished")


def _check_is_standing(connection: Connection, landlord: str, record: RecordName) -> None:
    act = list_withdrawn_refs(connection, landlord).get(record)
    if act is not None:
        row = connection.execute(select(ACTS.c.actor, ACTS.c.at).where(ACTS.c.id == act)).one()
        on = find_london_day(row.at)
        raise WithdrawalRefused(f"{format_actor(row.actor)} withdrew this record on {on}; nothing was changed")


def _check_has_vanished(
    record: RecordName, linked: Sequence[RecordName], vanished: set[RecordName], *, with_linked: bool
) -> None:
    if record not in vanished:
        raise WithdrawalRefused(
            "this record still comes with the export, so it cannot be withdrawn; nothing was changed. Delete it at "
            "the source; once a whole export without it has been taken in, withdraw it"
        )
    still = [one for one in linked if one not in vanished]
    if still:
        raise WithdrawalRefused(
            f"{count_records(still)} that hang on this record still come with the export; nothing was changed. Delete "
            "them at the source too, or have them name another record, and withdraw it after the next export"
        )
    if linked and not with_linked:
        raise WithdrawalRefused(
            f"{count_records(linked)} hang on this record, and vanished too; nothing was changed. `record list` names "
            "them: withdraw them with it (`--with-linked`), or withdraw nothing"
        )


def count_records(records: Iterable[RecordName]) -> str:
    """`1 of appeals, 2 of reviews`."""
    counts = Counter(entity for entity, _ in records)
    return ", ".join(f"{counts[entity]} of {entity.replace('_', ' ')}" for entity in sorted(counts))


def _check_links_stand(connection: Connection, landlord: str, record: RecordName, held: dict[RecordName, int]) -> None:
    """Refuse to bring back what would point to a record that is withdrawn."""
    entity = ENTITY[record[0]]
    table = RECORD_TABLES[entity.name]
    links = {f"{link.removesuffix('_ref')}s": link for link in CASE_LINKS if link in table.c and link != entity.key}
    own = select(table).where(table.c.landlord == landlord, table.c[entity.key] == record[1])
    newest = connection.execute(own.order_by(table.c.version.desc()).limit(1)).mappings().one()
    withdrawn = sorted(target for target, link in links.items() if (target, newest[link]) in held)
    if withdrawn:
        raise WithdrawalRefused(
            f"this record hangs on another that is withdrawn ({', '.join(withdrawn)}); nothing was changed. Take that "
            "withdrawal back first, with `--with-linked` for both at once"
        )


def _list_withdrawn_with(connection: Connection, act: int) -> list[RecordName]:
    rows = select(ACTS.c.entity, ACTS.c.ref).where(ACTS.c.with_id == act, ACTS.c.event == WITHDRAWN)
    return [(row[0], row[1]) for row in connection.execute(rows.order_by(ACTS.c.id))]


def _write_acts(connection: Connection, landlord: str, event: str, acts: Sequence[_Act], words: SaidWords) -> None:
    """Write the act of the first record, and of the others that they were done with it."""
    # An act dated in the future would hide the record only then, and hold up every load until then.
    check_not_ahead(connection, words.now)
    check_not_behind(connection, landlord, words.now)
    known_from = find_known_from(connection, landlord, words.now)
    said = {"actor": words.actor.strip(), "why": words.why.strip()}
    first: int | None = None
    for act in acts:
        entity, ref = act.record
        nonce = secrets.token_hex(16)
        values: dict[str, Any] = {"landlord": landlord, "entity": entity, "ref": ref, "event": event, "nonce": nonce}
        values |= {"at": words.now, "known_from": known_from, "ends_id": act.ends_id, "with_id": first, **said}
        act_id = int(connection.execute(insert(ACTS).values(**values).returning(ACTS.c.id)).scalar_one())
        first = first or act_id
        _audit_act(connection, act_id, values)


def _audit_act(connection: Connection, act_id: int, values: dict[str, Any]) -> None:
    """The audit's entry of an act: which entity, and a keyed hash of what was said of which record."""
    hashed = hash_said_words(
        values["nonce"], actor=values["actor"], why=values["why"], until=None, to_ref=values["ref"]
    )
    details = {"entity": values["entity"], "words_sha256": hashed}
    append_audit(
        connection,
        landlord=values["landlord"],
        action=_AUDITED_AS[values["event"]],
        subject=f"withdrawal {act_id}",
        details=details | {name: values[name] for name in ("ends_id", "with_id") if values[name] is not None},
        at=values["at"],
        seals=seal_groups(connection, values["landlord"], {"withdrawals": act_id}),
    )


def has_later_withdrawals(connection: Connection, landlord: str, since: datetime) -> bool:
    """Whether a record was withdrawn, or stands again, from an instant after `since`."""
    later = select(ACTS.c.id).where(ACTS.c.landlord == landlord, ACTS.c.known_from > since)
    return connection.scalar(later.limit(1)) is not None
