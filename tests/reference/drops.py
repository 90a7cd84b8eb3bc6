"""Seeded drops for the differential tests: valid to the contract, dirty in every way it allows, dates on the edges.

A drop is held as text, as it would be delivered; it can be written as CSV files, read as the reference's tables or
built as the engine's frames. `build_drop` makes one around an anchor date: judged on the anchor and the days beside it,
its deadlines are on, one day before and one day after. Only columns, codes and dtypes are taken from the package.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pandas as pd

from due_regard.records.canonical import (
    ENTITIES,
    ENTITY,
    UNKNOWN_CELLS,
    CanonicalColumn,
    ColumnKind,
    Entity,
    Records,
    find_dtype,
)
from tests.code_words import list_codes, list_words
from tests.reference.dates import WorkingDays, add_months, bank_holidays, next_quarter_end
from tests.reference.records import ABSENT, UNKNOWN_WORD, Table, table, typed

Row = dict[str, str]
CODED_KINDS = (ColumnKind.CODE, ColumnKind.LIST, ColumnKind.YN)
YES = ("yes", "Y", "true", "1", "Yes")
NO = ("no", "N", "false", "0", "NO")
ANCHORS = (
    date(2024, 2, 29),
    date(2023, 2, 28),
    date(2025, 8, 31),
    date(2025, 12, 31),
    date(2026, 1, 2),
    date(2026, 4, 6),
    date(2026, 6, 15),
    date(2026, 6, 30),
    date(2026, 11, 30),
    date(2027, 3, 28),
    date(2028, 2, 29),
)
"""Month ends, leap days, bank holidays of one nation or both, quarter ends."""


@dataclass(frozen=True)
class Sheet:
    """One file as delivered: its header and its rows of text."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def without(self, column: str) -> Sheet:
        """The same file from a source that does not carry `column`."""
        kept = tuple(name for name in self.columns if name != column)
        return Sheet(kept, tuple({name: row[name] for name in kept} for row in self.rows))


@dataclass(frozen=True)
class Drop:
    """The files of one drop by entity."""

    sheets: dict[str, Sheet]
    left_out: tuple[str, ...] = field(default=())

    def without_file(self, entity: str) -> Drop:
        """The same drop of a landlord who never delivered `entity`."""
        kept = {name: sheet for name, sheet in self.sheets.items() if name != entity}
        return replace(self, sheets=kept, left_out=(*self.left_out, entity))

    def without_column(self, entity: str, column: str) -> Drop:
        """The same drop from a source that does not carry `column`."""
        sheets = {**self.sheets, entity: self.sheets[entity].without(column)}
        return replace(self, sheets=sheets, left_out=(*self.left_out, f"{entity}.{column}"))

    def without_rows(self, entity: str) -> Drop:
        """The same drop with only the header of `entity`."""
        return replace(self, sheets={**self.sheets, entity: Sheet(self.sheets[entity].columns, ())})

    def tables(self) -> dict[str, Table]:
        """What the reference judges."""
        return {name: table(sheet.columns, sheet.rows) for name, sheet in self.sheets.items()}

    def frames(self) -> Records:
        """What the engine judges: one frame an entity, in canonical dtypes."""
        return {name: _frame(ENTITY[name], sheet) for name, sheet in self.sheets.items()}

    def write(self, folder: Path) -> Path:
        """Write `<entity>.csv` files as a landlord's export would."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, sheet in self.sheets.items():
            with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, sheet.columns)
                writer.writeheader()
                writer.writerows(sheet.rows)
        return folder


def read_drop(folder: Path) -> Drop:
    """The canonical CSV files of `folder` as delivered."""
    paths = [folder / f"{name}.csv" for name in ENTITY]
    return Drop({path.stem: _read(path) for path in paths if path.exists()})


def _read(path: Path) -> Sheet:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        return Sheet(tuple(reader.fieldnames or ()), tuple(reader))


def optional_columns() -> list[tuple[str, str]]:
    """(entity, column) of every column that a source may lack."""
    return [(entity.name, column.name) for entity in ENTITIES for column in entity.columns if not column.required]


def _frame(entity: Entity, sheet: Sheet) -> pd.DataFrame:
    rows = [typed(row) for row in sheet.rows]
    frame = pd.DataFrame({name: _series(entity.by_name[name], [row[name] for row in rows]) for name in sheet.columns})
    unknown = [";".join(sorted(name for name, value in row.items() if value is ABSENT)) or None for row in rows]
    return frame.assign(**{UNKNOWN_CELLS: pd.Series(unknown, dtype="str")}) if any(unknown) else frame


def _series(column: CanonicalColumn, values: Sequence[object]) -> pd.Series:
    values = [None if value is ABSENT else value for value in values]
    if column.kind is ColumnKind.LIST:
        values = [";".join(sorted(value)) if isinstance(value, frozenset) else None for value in values]
    return pd.Series(list(values), dtype=find_dtype(column))


def build_drop(seed: int, anchor: date, *, size: int = 12) -> Drop:
    """A whole drop whose deadlines gather around `anchor`: the same seed gives the same drop."""
    maker = _Maker(Random(seed), anchor, size)
    rows = maker.rows()
    return Drop({name: _shuffled(maker.rng, ENTITY[name], rows[name]) for name in ENTITY})


def thin_out(drop: Drop, rng: Random) -> Drop:
    """`drop` less a few random columns and sometimes a file, as sources differ; some keep the header alone."""
    for entity, column in rng.sample(optional_columns(), rng.choice((0, 0, 1, 2, 4, 8, 20))):
        drop = drop.without_column(entity, column)
    for entity in rng.sample(sorted(drop.sheets), rng.choice((0, 0, 0, 1, 1, 2, 4))):
        drop = _emptied(drop, entity) if rng.random() < 0.2 else drop.without_file(entity)
    return drop


def muddle(drop: Drop, rng: Random, share: float = 0.15) -> Drop:
    """`drop` with words that nobody knows in some of the cells where a row loads all the same."""
    sheets = {name: _muddled(ENTITY[name], sheet, rng, share) for name, sheet in drop.sheets.items()}
    return replace(drop, sheets=sheets, left_out=(*drop.left_out, "words"))


def _muddled(entity: Entity, sheet: Sheet, rng: Random, share: float) -> Sheet:
    coded = [c.name for c in entity.columns if c.kind in CODED_KINDS and not c.required and c.name in sheet.columns]
    rows = []
    for row in sheet.rows:
        spoilt = {name: UNKNOWN_WORD for name in coded if rng.random() < share}
        for name in spoilt:
            if entity.by_name[name].kind is ColumnKind.LIST and row[name].strip():
                spoilt[name] = f"{row[name]};{UNKNOWN_WORD}"
        rows.append({**row, **spoilt})
    return Sheet(sheet.columns, tuple(rows))


def _emptied(drop: Drop, entity: str) -> Drop:
    """`drop` with only the header of `entity`, and of the files whose rows would be orphans without it."""
    drop = drop.without_rows(entity)
    for other in ENTITIES:
        if other.name in drop.sheets and entity in {target for _, target in other.links}:
            drop = _emptied(drop, other.name)
    return drop


def _shuffled(rng: Random, entity: Entity, rows: Iterable[Row]) -> Sheet:
    columns = [column.name for column in entity.columns]
    rng.shuffle(columns)
    delivered = [{name: _dirty(rng, entity.by_name[name], row.get(name, "")) for name in columns} for row in rows]
    rng.shuffle(delivered)
    return Sheet(tuple(columns), tuple(delivered))


def _dirty(rng: Random, column: CanonicalColumn, cell: str) -> str:
    if column.kind in {ColumnKind.CODE, ColumnKind.LIST} and rng.random() < 0.2:
        cell = rng.choice((cell.upper(), cell.title()))
    return f" {cell} " if rng.random() < 0.05 else cell


class _Maker:
    """Draws the records of one drop; every choice comes from one generator of random numbers."""

    def __init__(self, rng: Random, anchor: date, size: int) -> None:
        self.rng, self.anchor, self.size = rng, anchor, size
        self.customers = [self._ref("C", number) for number in range(max(2, size // 2))]
        self.staff = [self._ref("S", number) for number in range(6)]
        self.incidents: list[Row] = []
        self.restrictions: list[Row] = []

    def rows(self) -> dict[str, list[Row]]:
        """Rows by entity; later entities look at earlier ones for dates worth hitting."""
        self.restrictions = self._each("restrictions", self._restriction)
        self.incidents = self._each("incidents", self._incident)
        self._link_triggers()
        return {
            "customers": [self._customer(ref) for ref in self.customers],
            "staff": [{**self._drawn("staff"), "staff_ref": ref} for ref in self.staff],
            "incidents": self.incidents,
            "warnings": self._each("warnings", self._warning),
            "restrictions": self.restrictions,
            "reviews": self._each("reviews", self._review),
            "appeals": self._each("appeals", self._appeal),
            "markers": self._each("markers", self._marker),
            "access_requests": self._each("access_requests", self._request),
        }

    def _each(self, entity: str, make: Callable[[Row], Row]) -> list[Row]:
        count = self.rng.randint(self.size // 2, self.size * (2 if entity in {"reviews", "incidents"} else 1))
        key = ENTITY[entity].key
        return [make({**self._drawn(entity), key: self._ref(key[0].upper(), number)}) for number in range(count)]

    def _ref(self, letter: str, number: int) -> str:
        """Refs whose order as text is not their order as numbers, some outside ASCII."""
        return self.rng.choice((
            "{1}{0}",
            "{1}{0:03}",
            "{1}-{0}",
            "{2}{0}",
            "0{0}{1}",
            "É{1}{0}",
            "\U0001f5ce{1}{0}",
        )).format(number, letter, letter.lower())

    def _drawn(self, entity: str) -> Row:
        """A row with every cell drawn by its kind; refs and dates are set by the entity's own maker."""
        return {column.name: self._cell(column) for column in ENTITY[entity].columns}

    def _cell(self, column: CanonicalColumn) -> str:
        rng = self.rng
        if not column.required and rng.random() < 0.25:
            return ""
        if column.kind is ColumnKind.YN:
            return rng.choice(YES if rng.random() < 0.65 else NO)
        if column.kind is ColumnKind.CODE:
            return rng.choice(list_codes(column))
        if column.kind is ColumnKind.LIST:
            return ";".join(rng.sample(list_codes(column), rng.randint(1, len(list_codes(column)))))
        if column.kind is ColumnKind.DATE:
            return self._base().isoformat()
        if column.kind is ColumnKind.TEXT:
            return rng.choice(("repeated threats", "EV-1", "no", "0"))
        return self._person() if column.name.endswith(("_by", "staff_ref", "manager_ref", "owner_ref")) else ""

    def _person(self) -> str:
        return self.rng.choice([*self.staff, "S-unknown"])

    def _base(self) -> date:
        """A day that some clock might start on: by the calendar's edges, or so that it runs out by the anchor."""
        rng = self.rng
        back = (
            lambda: add_months(self.anchor, -rng.choice((1, 3, 6, 12, 24))),
            lambda: self.anchor - timedelta(days=rng.choice((7, 30, 90, 1, 2, 3, 4, 5, 14, 15, 16, 17, 18))),
            lambda: self._month_end(),
            lambda: rng.choice(sorted(bank_holidays(rng.choice(("SCT", "WLS")), self.anchor.year - rng.randint(0, 1)))),
            lambda: self.anchor,
            lambda: self.anchor + timedelta(days=rng.randint(1, 60)),
            lambda: self.anchor - timedelta(days=rng.randint(0, 1200)),
        )
        return self._beside(rng.choice(back)())

    def _month_end(self) -> date:
        first = add_months(self.anchor.replace(day=1), -self.rng.randint(0, 30))
        return first - timedelta(days=1)

    def _beside(self, day: date) -> date:
        return day + timedelta(days=self.rng.choice((-1, 0, 0, 0, 1)))

    def _after(self, start: date) -> date:
        """A day on, before or after some deadline that `start` may set running."""
        rng = self.rng
        division = rng.choice(("SCT", "WLS"))
        ends = (
            lambda: start,
            lambda: WorkingDays(division).nth_after(start, rng.choice((1, 3, 5, 10))),
            lambda: add_months(start, rng.choice((1, 3, 6, 12))),
            lambda: next_quarter_end(start),
            lambda: self.anchor,
            lambda: start + timedelta(days=rng.randint(-20, 400)),
        )
        return self._beside(rng.choice(ends)())

    def _maybe_after(self, start: date, blank: float = 0.3) -> str:
        return "" if self.rng.random() < blank else self._after(start).isoformat()

    def _dates_after(self, row: Row, start: date, columns: Iterable[str]) -> None:
        for column in columns:
            row[column] = self._maybe_after(start)

    def _customer(self, ref: str) -> Row:
        """Mostly of the two types that an external body is named for."""
        kind = self.rng.choice(("tenant", "tenant", "factored_owner", "factored_owner", "applicant", "other"))
        return {**self._drawn("customers"), "customer_ref": ref, "customer_type": kind}

    def _restriction(self, row: Row) -> Row:
        decided = self._base()
        starts = decided if self.rng.random() < 0.5 else self._after(decided)
        expires, review_due = self._maybe_after(starts), self._maybe_after(starts)
        others = ("mandate_signed_on", "system_flag_on", "register_entry_on", "care_inspectorate_notified_on")
        self._dates_after(row, decided, ("notified_on", *others))
        measures = self.rng.sample(list_words("measures"), self.rng.choice((1, 1, 2, 4)))
        channels = self.rng.sample(list_words("channels"), self.rng.choice((0, 2, 4, 5, 6, 6)))
        return row | {
            "customer_ref": self.rng.choice(self.customers),
            "decided_on": decided.isoformat(),
            "decided_by": self._person(),
            "starts_on": starts.isoformat(),
            "expires_on": expires,
            "review_due_on": review_due,
            "ended_on": self._maybe_after(date.fromisoformat(expires) if expires else starts, 0.5),
            "no_review_reason": self.rng.choice(("", "", "", "lifelong ban")),
            "measure": ";".join(measures),
            "channels_restricted": ";".join(channels),
        }

    def _incident(self, row: Row) -> Row:
        near = self.rng.choice(self.restrictions)
        decided = date.fromisoformat(near["decided_on"])
        occurred = self._beside(decided) if self.rng.random() < 0.4 else self._base()
        reported = [column.name for column in ENTITY["incidents"].columns if column.name.endswith("_on")]
        self._dates_after(row, occurred, reported)
        customer = near["customer_ref"] if self.rng.random() < 0.6 else self.rng.choice(self.customers)
        return row | {"customer_ref": customer, "occurred_on": occurred.isoformat()}

    def _link_triggers(self) -> None:
        """Restrictions point to any incident: their own, one yet to come, one that was never exported, or none."""
        refs = [row["incident_ref"] for row in self.incidents]
        for row in self.restrictions:
            row["incident_ref"] = self.rng.choice([*self.rng.choices(refs, k=8), "I-missing", ""])

    def _warning(self, row: Row) -> Row:
        near = self.rng.choice([*self.restrictions, *self.incidents])
        day = date.fromisoformat(near.get("decided_on") or near["occurred_on"])
        issued = self._beside(day) if self.rng.random() < 0.6 else self._base()
        return row | {"customer_ref": near["customer_ref"], "issued_on": issued.isoformat()}

    def _review(self, row: Row) -> Row:
        """A few restrictions get many reviews, some on one day, before the start, on and after the end."""
        of = self.rng.choice(self.restrictions[: max(2, len(self.restrictions) // 2)])
        known = [
            of[name] for name in ("starts_on", "expires_on", "review_due_on", "ended_on", "notified_on") if of[name]
        ]
        near = date.fromisoformat(self.rng.choice(known))
        held = self._beside(self.rng.choice((near, add_months(near, -1), self._after(near), near)))
        return row | {
            "restriction_ref": of["restriction_ref"],
            "reviewed_on": held.isoformat(),
            "next_review_on": self._maybe_after(held),
            "customer_notified_on": self._maybe_after(held),
            "outcome": self.rng.choice(("retain", "retain", "vary", "lift")),
        }

    def _appeal(self, row: Row) -> Row:
        of = self.rng.choice(self.restrictions)
        near = date.fromisoformat(self.rng.choice([of["notified_on"], of["ended_on"], ""]) or of["decided_on"])
        received = self._after(near) if self.rng.random() < 0.5 else self._base()
        decided = self._maybe_after(received) if self.rng.random() < 0.6 else self._base().isoformat()
        self._dates_after(row, date.fromisoformat(decided) if decided else received, ("notified_on",))
        if self.rng.random() < 0.2:
            row["considered_by"] = of["decided_by"]
        return row | {
            "restriction_ref": of["restriction_ref"],
            "received_on": received.isoformat(),
            "acknowledged_on": self._maybe_after(received),
            "decided_on": decided,
        }

    def _marker(self, row: Row) -> Row:
        placed = self._base()
        refs = [restriction["restriction_ref"] for restriction in self.restrictions]
        self._dates_after(row, placed, ("review_due_on", "reviewed_on", "removed_on"))
        return row | {
            "customer_ref": self.rng.choice(self.customers),
            "restriction_ref": self.rng.choice([*self.rng.choices(refs, k=6), "R-missing", ""]),
            "placed_on": placed.isoformat(),
        }

    def _request(self, row: Row) -> Row:
        received = self._base()
        return row | {
            "customer_ref": self.rng.choice(self.customers),
            "received_on": received.isoformat(),
            "responded_on": self._maybe_after(received),
        }


def drop_of(rows: dict[str, list[Row]]) -> Drop:
    """A drop of just these records; cells not given are blank, files not given were never delivered."""
    return Drop({name: _filled(ENTITY[name], given) for name, given in rows.items()})


def _filled(entity: Entity, rows: Sequence[Row]) -> Sheet:
    columns = tuple(column.name for column in entity.columns)
    return Sheet(columns, tuple({name: row.get(name, "") for name in columns} for row in rows))
