"""Snapshots and packs of the contract's examples and of small made-up records, for every test of packs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from due_regard.calendars.quarters import Quarter
from due_regard.calendars.working_days import WorkingCalendar, load_calendar
from due_regard.config.landlord import Landlord, load_landlord
from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.pack_content import PackContent, compose_content
from due_regard.packs.content.pack_definition import load_pack_definition
from due_regard.packs.content.paper_actions import find_action_day
from due_regard.packs.content.paper_content import compose_paper
from due_regard.packs.content.paper_parts import PaperContent, PaperSources
from due_regard.packs.content.paper_wording import load_paper_wording
from due_regard.packs.content.snapshots import take_snapshots
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.documents.action_list import select_open_duties
from due_regard.packs.measures import BATCH_COLUMNS, QuarterSnapshot
from due_regard.policy import LandlordContext, PolicyHistory, load_policies
from due_regard.records.canonical import ENTITY, ColumnKind, Records, find_dtype
from due_regard.records.validated_drop import ROW_NUMBER, AcceptedFile, ValidatedDrop

INCLUDE = Path(__file__).parents[2] / "include"
SQL = Path(__file__).with_name("sql")
"""Statements that count figures a second way."""

REPORTS = INCLUDE / "reports"
EXAMPLES = Path(__file__).parents[1] / "contract" / "examples"
LANDLORDS = tuple(sorted(folder.name for folder in EXAMPLES.iterdir()))
IS_LONG = os.environ.get("DUE_REGARD_LONG_TESTS") == "1"
"""Whether every landlord and size is gone through; the short form takes those that differ most."""
QUARTER = Quarter(2026, 2)
TAKEN_IN = datetime(2026, 6, 29, 9, tzinfo=UTC)


@cache
def landlord(name: str) -> Landlord:
    return load_landlord(INCLUDE / "landlords", name)


@cache
def history(name: str) -> PolicyHistory:
    return load_policies(INCLUDE / "policies", name)


@cache
def calendar(name: str) -> WorkingCalendar:
    return load_calendar(landlord(name).division, folder=INCLUDE / "calendars")


@cache
def example_drop(name: str) -> ValidatedDrop:
    """The contract's example, read by hand: the tests of packs need no validation suites."""
    return read_drop_folder(EXAMPLES / name / "exports", name)


def read_drop_folder(folder: Path, name: str) -> ValidatedDrop:
    """A folder of canonical files that hold no bad row."""
    return ValidatedDrop(name, "canonical", "exports", tuple(_file(path) for path in sorted(folder.glob("*.csv"))))


def _file(path: Path) -> AcceptedFile:
    text = pd.read_csv(path, dtype="str", keep_default_na=False, index_col=False)
    columns = tuple(str(column) for column in text.columns)
    rows = pd.DataFrame({name: _typed(text[name], ENTITY[path.stem].by_name[name].kind) for name in columns})
    numbered = rows.assign(**{ROW_NUMBER: range(2, len(rows) + 2)})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return AcceptedFile(path.name, digest, path.stem, columns, numbered, len(rows))


def _typed(values: pd.Series, kind: ColumnKind) -> pd.Series:
    blank = values.str.strip() == ""
    if kind is ColumnKind.YN:
        yes = values.str.lower().isin(["yes", "y", "true", "1"])
        return yes.astype("boolean").mask(blank)
    if kind is ColumnKind.DATE:
        return pd.to_datetime(values.mask(blank)).astype("datetime64[s]")
    return values.mask(blank).astype("str")


def context_of(name: str, policy: PolicyHistory | None = None) -> LandlordContext:
    """Settings and calendar of a landlord with its own policy, or with `policy`."""
    return LandlordContext(landlord(name), policy or history(name), calendar(name))


@cache
def example_snapshots(name: str, quarter: Quarter = QUARTER) -> tuple[QuarterSnapshot, ...]:
    return snapshots(example_drop(name).records(), name, quarter)


@cache
def example_tables(name: str) -> dict[str, MeasureTable]:
    return {table: build_measure_table(table, example_snapshots(name)) for table in SPECS}


def snapshots(
    records: Records, name: str, quarter: Quarter = QUARTER, policy: PolicyHistory | None = None
) -> tuple[QuarterSnapshot, ...]:
    """Five quarters by the landlord's own policy, or by `policy`."""
    rows = [(pd.Timestamp(TAKEN_IN.date()), entity, len(f), len(f), 0, 0) for entity, f in records.items()]
    files = pd.DataFrame(rows, columns=list(BATCH_COLUMNS))
    return take_snapshots(records, context_of(name, policy), quarter, files=files)


def content(
    name: str,
    pack: str,
    tables: Mapping[str, MeasureTable] | None = None,
    edition: str = "confidential",
    *,
    with_charts: bool = False,
) -> PackContent:
    definition = load_pack_definition(REPORTS, pack)
    if not with_charts:
        sections = tuple(section.model_copy(update={"chart": False}) for section in definition.sections)
        definition = definition.model_copy(update={"sections": sections})
    filled = dict(tables or example_tables(name))
    return compose_content(definition, landlord(name), filled, quarter=QUARTER, edition=edition, standing=("A test.",))


def paper_of(made: PackContent, name: str) -> PaperContent:
    """The paper of a pack's content, with the open duties of the landlord's example."""
    now = example_snapshots(name)[0]
    day = find_action_day(context_of(name), made.switch, QUARTER)
    sources = PaperSources(now.duties, select_open_duties(now.assessments), day)
    return compose_paper(made, load_paper_wording(REPORTS / "paper"), sources)


def frame(entity: str, *rows: Mapping[str, Any], columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """Records of `entity` in canonical dtypes, every required and named column carried."""
    names = dict.fromkeys([c.name for c in ENTITY[entity].columns if c.required])
    names |= dict.fromkeys([*columns, *(name for row in rows for name in row)])
    kinds = {name: find_dtype(ENTITY[entity].by_name[name]) for name in names}
    return pd.DataFrame([dict(row) for row in rows], columns=list(names)).astype(kinds)


def restriction(ref: str, begins: str, ends: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "restriction_ref": ref, "customer_ref": "C1", "measure": "named_contact", "decided_on": begins,
        "decided_by": "S1", "starts_on": begins, "ended_on": ends, **more,
    }  # fmt: skip
