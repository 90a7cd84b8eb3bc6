"""The duty to report, assessed like any other: one deadline a quarter and audience, done the day the pack was issued.

Which packs a clause asks for is the pack definition's word (`asked_for` with `due`), not the policy file's. So the duty
and its records are made here: the engine assesses them, and `add_report_duty` lets alerts find the duty's words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeAlias

import pandas as pd
from sqlalchemy import Engine

from due_regard.assessment import assess_records
from due_regard.calendars.quarters import Quarter
from due_regard.config.landlord import Landlord
from due_regard.config.layered_folders import Folder
from due_regard.errors import DefinitionError
from due_regard.packs.content.pack_definition import (
    PackBasis,
    PackDefinition,
    list_definition_names,
    load_pack_definition,
)
from due_regard.policy import DeadlineDuty, LandlordContext, PolicyHistory
from due_regard.policy.duties import Notice, Within
from due_regard.records.canonical import ASSESSMENT_COLUMNS, REPORT_ENTITY, find_dtype
from due_regard.register import EVER, reading, sql_files

RULE = "report.issued"
_WITHIN_QUARTERS = 1
NOTICE_DAYS = 30
"""Calendar days before its end that the duty counts as due soon: the contract's window of committee reporting."""


@dataclass(frozen=True)
class OwedReport:
    """A quarter's report that a clause asks for by a day."""

    due_on: date
    clause: str


_WatchedPack: TypeAlias = tuple[PackDefinition, PackBasis]


def read_first_issues(
    engine: Engine, landlord: str, *, as_at: date, known_at: datetime | None = None
) -> dict[tuple[str, str], date]:
    """(pack, quarter) -> the day it was first issued, up to `as_at`, as known at `known_at` (None: now).

    The confidential edition goes by the pack's name alone, any other with its own.
    """
    with reading(engine, landlord) as conn:
        rows = sql_files.read_statement(
            conn, "packs/first_issues", landlord=landlord, as_at=as_at, known_at=known_at or EVER
        )
    names = [_name_edition(*both) for both in zip(rows["pack"], rows["edition"], strict=True)]
    keys = zip(names, rows["quarter"], strict=True)
    return dict(zip(keys, rows["issued_on"].dt.date, strict=True))


def _name_edition(pack: str, edition: str) -> str:
    return pack if edition == "confidential" else f"{pack} ({edition})"


def format_first_issues(issued: Mapping[tuple[str, str], date]) -> str:
    """First issues as text: what a run keeps of them, for a mail that comes back later changes what is known."""
    lines = [f"{pack},{quarter},{day}" for (pack, quarter), day in sorted(issued.items())]
    return "\n".join(["pack,quarter,issued_on", *lines, ""])


def parse_first_issues(text: str) -> dict[tuple[str, str], date]:
    """What `format_first_issues` wrote."""
    rows = (line.split(",") for line in text.splitlines()[1:])
    return {(pack, quarter): date.fromisoformat(day) for pack, quarter, day in rows}


def assess_report_duties(
    engine: Engine,
    context: LandlordContext,
    *,
    as_at: date,
    reports: Folder,
    issued: Mapping[tuple[str, str], date] | None = None,
) -> pd.DataFrame:
    """Assessments of `report.issued`: one row a watched pack and quarter that has ended, from the go-live quarter on.

    The pack is due by the end of the next quarter and done the day it was first issued in its audience's own edition;
    an issue after `as_at` does not count. The landlord's settings say when it went live.
    `issued` is what `read_first_issues` gave; None: what the register knows now.

    Returns:
        The canonical assessment columns and policy_version, as `assess_records` gives them; subject_ref is
        `<pack>/<quarter>`.

    Raises:
        DefinitionError: a definition switched on is missing or wrong.
    """
    landlord = context.landlord
    if issued is None:
        issued = read_first_issues(engine, landlord.id, as_at=as_at)
    quarters = list(_list_quarters(landlord, as_at))
    # Each pack rests on a clause of its own, and an engine's answer carries the clause of one duty.
    parts = [
        assess_records(
            {REPORT_ENTITY.name: _make_report_records(pack, quarters, issued)},
            _set_duties(context.history, _make_duty([(pack, basis)])),
            context.calendar,
            as_at,
        )
        for pack, basis in _list_watched_packs(landlord, reports)
    ]
    if not parts:
        return pd.DataFrame(columns=[*ASSESSMENT_COLUMNS, "policy_version"])
    return pd.concat(parts).sort_values(["rule", "subject_ref"], ignore_index=True)


def add_report_duty(history: PolicyHistory, landlord: Landlord, *, reports: Folder) -> PolicyHistory:
    """`history` with the duty to report among each version's duties, for who must put a finding into words."""
    watched = list(_list_watched_packs(landlord, reports))
    return _set_duties(history, _make_duty(watched), keep=True) if watched else history


def find_owed_report(
    landlord: Landlord, definition: PackDefinition, quarter: Quarter, edition: str
) -> OwedReport | None:
    """Until when a quarter's pack is owed in this edition; None where no clause asks for it by a day."""
    basis = definition.asked_for.get(landlord.id)
    is_watched = basis is not None and basis.due is not None and edition == definition.edition
    if basis is None or not is_watched or quarter not in _list_quarters(landlord, quarter.ends_on):
        return None
    return OwedReport(quarter.shift(_WITHIN_QUARTERS).ends_on, basis.clause)


def _set_duties(history: PolicyHistory, duty: DeadlineDuty, *, keep: bool = False) -> PolicyHistory:
    """The same versions with `duty` alone, or with `keep` after their own duties."""
    versions = (
        replace(policy, file=policy.file.model_copy(update={"duties": (*(policy.duties if keep else ()), duty)}))
        for policy in history.versions
    )
    return PolicyHistory(tuple(versions))


def _list_watched_packs(landlord: Landlord, reports: Folder) -> Iterator[_WatchedPack]:
    """Packs that a clause asks for by a day: those switched on first, then those that nobody switched on or off.

    The clause binds whether or not the pack is switched on: who builds no report owes it all the same.
    """
    switched_on = [switch.name for switch in landlord.packs]
    found = [load_pack_definition(reports, name) for name in switched_on]
    for name in sorted(list_definition_names(reports).difference(switched_on)):
        # One that cannot be read stops nobody's day: no pack is built from it, and `landlord check` names it.
        with suppress(DefinitionError):
            found.append(load_pack_definition(reports, name))
    for definition in found:
        basis = definition.asked_for.get(landlord.id)
        if basis is not None and basis.due is not None:
            yield definition, basis


def _list_quarters(landlord: Landlord, as_at: date) -> Iterator[Quarter]:
    quarter = Quarter.of(landlord.alerts.go_live_on)
    while quarter.ends_on <= as_at:
        yield quarter
        quarter = quarter.shift(1)


def _make_report_records(
    pack: PackDefinition, quarters: list[Quarter], issued: Mapping[tuple[str, str], date]
) -> pd.DataFrame:
    """One record a quarter's report, in canonical dtypes."""
    name = _name_edition(pack.name, pack.edition)
    rows = [(f"{pack.name}/{quarter}", quarter.ends_on, issued.get((name, str(quarter)))) for quarter in quarters]
    kinds = {column.name: find_dtype(column) for column in REPORT_ENTITY.columns}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def _make_duty(watched: list[_WatchedPack]) -> DeadlineDuty:
    _, basis = watched[0]
    return DeadlineDuty(
        rule=RULE,
        kind="deadline",
        label=f"Quarterly report issued to the {' and the '.join(pack.audience for pack, _ in watched)}",
        mail_label="Quarterly report to be issued",
        clause=basis.clause,
        promise=basis.promise,
        reading=basis.reading,
        remedy="Build the quarter's pack and issue it to the committee's clerk.",
        owner_role="governance",
        start="quarter_ended_on",
        within=Within(quarters=_WITHIN_QUARTERS),
        done="issued_on",
        notice=Notice(days=NOTICE_DAYS),
    )
