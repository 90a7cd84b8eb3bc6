"""Comparing every row of the register with the seals of the audit: what was changed, removed or put in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
from sqlalchemy import Connection

from due_regard.records.canonical import ENTITY, UNKNOWN_CELLS
from due_regard.register.loading.encoding import as_signed, hash_rows
from due_regard.register.sealing.group_digests import GroupDigest, read_seal_keys
from due_regard.register.sealing.kept_seals import KeptSeal, KeptSeals
from due_regard.register.sealing.seal_rules import RULES, SealRule
from due_regard.register.sealing.seals import WHOLE, SealedRows, read_leaves

What = Literal["changed", "missing", "put in"]


@dataclass(frozen=True)
class ProofFault:
    """What does not hold: which table, which row or group of rows (`key`), and how. Never a cell.

    `why` says how it is known.
    """

    landlord: str
    table: str
    key: str
    what: What
    why: str


def find_row_faults(connection: Connection, kept: KeptSeals) -> Iterator[ProofFault]:
    """Every fault of every table that has a rule."""
    keys = read_seal_keys(connection)
    sealed = {landlord for _, landlord, _ in kept.groups}
    for landlord in sorted(sealed - keys.keys()):
        yield ProofFault(landlord, "seal_keys", landlord, "missing", "no seal of this landlord can be compared")
    for landlord in sorted(keys.keys() - sealed):
        yield ProofFault(landlord, "seal_keys", landlord, "put in", "nothing of this landlord was ever sealed")
    held: set[str] = set()
    for rule in RULES.values():
        yield from _check_rule(connection, rule, kept, keys, held)
    for landlord in sorted((sealed & keys.keys()) - held):
        yield ProofFault(landlord, "seal_keys", landlord, "changed", "with this key no seal of this landlord holds")


def _check_rule(
    connection: Connection, rule: SealRule, kept: KeptSeals, keys: Mapping[str, bytes], held: set[str]
) -> Iterator[ProofFault]:
    """Faults of one rule; a landlord of whom a seal with rows holds is added to `held`."""
    found: dict[tuple[str, str], GroupDigest] = {}
    for part in read_leaves(connection, rule):
        yield from _check_own_leaves(rule, part)
        for landlord, link, leaf in zip(part.landlords, part.links, part.leaves, strict=True):
            group = found.get((landlord, link))
            if group is None:
                group = found[landlord, link] = GroupDigest(keys.get(landlord, b""))
            group.add((leaf,))
    sealed = kept.list_links(rule.name)
    for landlord, link in sorted({*found, *sealed}):
        group, seal = found.get((landlord, link)), sealed.get((landlord, link))
        if seal and landlord not in keys:
            continue
        if fault := _compare_group(group, seal):
            yield ProofFault(landlord, rule.table, _name_group(rule, link), *fault)
        elif group:
            held.add(landlord)


def _name_group(rule: SealRule, link: str) -> str:
    return "as it stands" if link == WHOLE else f"{rule.group} {link or 'not known'}"


def _compare_group(found: GroupDigest | None, kept: KeptSeal | None) -> tuple[What, str] | None:
    rows = found.rows if found else 0
    if kept is None:
        return ("put in", f"{rows} rows of which no entry of the audit knows") if rows else None
    where = f"the audit's row {kept.seq} sealed {kept.rows} rows"
    if rows != kept.rows:
        return ("missing" if rows < kept.rows else "put in"), f"{where}, {rows} are there"
    if found and found.describe()["sha256"] != kept.sha256:
        return "changed", f"{where}, and these are not they"
    return None


def _check_own_leaves(rule: SealRule, part: SealedRows) -> Iterator[ProofFault]:
    """Records that do not match the digest that they keep, or the hash by which loading tells versions apart."""
    if rule.table not in ENTITY:
        return
    changed = [kept != own for kept, own in zip(part.leaves, part.own, strict=True)]
    hashed = _is_hash_wrong(rule.table, part.cells)
    for place, wrong in enumerate(zip(changed, hashed, strict=True)):
        if any(wrong):
            yield _make_record_fault(rule.table, part.cells, place, is_leaf=wrong[0])


def _make_record_fault(entity: str, cells: Mapping[str, pa.Array], place: int, *, is_leaf: bool) -> ProofFault:
    key = f"{cells[ENTITY[entity].key][place].as_py()} version {cells['version'][place].as_py()}"
    why = "its own digest is another one" if is_leaf else "its row_hash is another one"
    return ProofFault(cells["landlord"][place].as_py(), entity, key, "changed", why)


def _is_hash_wrong(entity: str, cells: Mapping[str, pa.Array]) -> list[bool]:
    own = ENTITY[entity]
    names = [column.name for column in own.columns if column.name != own.key]
    found = hash_rows(((name, cells[name]) for name in [*names, UNKNOWN_CELLS]), len(cells["landlord"]))
    kept = cells["row_hash"].cast(pa.int64()).fill_null(0).to_numpy()
    return list(as_signed(found) != kept)


def sort_faults(faults: Iterable[ProofFault]) -> tuple[ProofFault, ...]:
    """Faults by landlord and table, each once."""
    return tuple(sorted(set(faults), key=lambda one: (one.landlord, one.table, one.key, one.why)))
