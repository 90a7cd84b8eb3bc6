"""The duty to report, watched like any other: one deadline a quarter and audience, done the day the pack was issued.

Which packs a clause asks for is the pack definition's word (`asked_for` with `due`), not the policy file's: the
assessments made here are put beside the core's before a run is recorded, and `add_report_duty` lets alerts find its
words in the policy like any other duty's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd
from sqlalchemy import Engine

from due_regard.calendars.quarters import Quarter
from due_regard.config.landlord import Landlord
from due_regard.config.layered_folders import Folder
from due_regard.config.settings import Settings
from due_regard.packs.content.pack_definition import PackBasis, PackDefinition, load_pack_definition
from due_regard.policy import DocumentDuty, Duty, PolicyHistory
from due_regard.policy.duties import Cycle, Notice
from due_regard.records.canonical import ASSESSMENT_COLUMNS
from due_regard.register import reading, sql_files

RULE = "report.issued"
NOTICE_DAYS = 30
"""Calendar days before its end that the duty counts as due soon: the contract's window of committee reporting."""

_DATES = dict.fromkeys(("due_on", "done_on", "policy_version"), "datetime64[s]")


@dataclass(frozen=True)
class _WatchedPack:
    definition: PackDefinition
    basis: PackBasis


def assess_report_duties(
    engine: Engine, landlord: Landlord, history: PolicyHistory, *, as_at: date, reports: Folder | None = None
) -> pd.DataFrame:
    """Assessments of `report.issued`: one row a watched pack and quarter that has ended, from the go-live quarter on.

    The pack is due by the end of the next quarter and done the day it was first issued, in whichever edition.

    Args:
        engine: the register.
        landlord: its settings (packs switched on, go-live date).
        history: its policy's versions.
        as_at: the day judged at; an issue after it does not count.
        reports: folder of definitions; the installation's by default.

    Returns:
        contract.ASSESSMENT_COLUMNS and policy_version, as `assessment.assess` gives them; subject_ref is
        `<pack>/<quarter>`.

    Raises:
        DefinitionError: a definition switched on is missing or wrong.
    """
    with reading(engine, landlord.id) as conn:
        issued = sql_files.read_statement(conn, "packs/first_issues", landlord=landlord.id, as_at=as_at)
    keys = zip(issued["pack"], issued["quarter"], strict=True)
    done = {key: pd.Timestamp(day) for key, day in zip(keys, issued["issued_on"], strict=True)}
    rows = [
        _make_row(landlord.id, watched, quarter, done.get((watched.definition.name, str(quarter))), history, as_at)
        for watched in _list_watched_packs(landlord, reports)
        for quarter in _list_quarters(landlord, as_at)
    ]
    found = pd.DataFrame(rows, columns=[*ASSESSMENT_COLUMNS, "policy_version"])
    return found.astype({**_DATES, "occurrence": "int64", "days_overdue": "int64"}).sort_values(
        ["rule", "subject_ref"], ignore_index=True
    )


def add_report_duty(history: PolicyHistory, landlord: Landlord, *, reports: Folder | None = None) -> PolicyHistory:
    """`history` with the duty to report among each version's duties, for who must put a finding into words.

    Not for assessment: the core judges what the policy file says.
    """
    watched = list(_list_watched_packs(landlord, reports))
    if not watched:
        return history
    duty = _make_duty(watched)
    versions = (
        replace(version, file=version.file.model_copy(update={"duties": (*version.duties, duty)}))
        for version in history.versions
    )
    return PolicyHistory(tuple(versions))


def _list_watched_packs(landlord: Landlord, reports: Folder | None) -> Iterator[_WatchedPack]:
    folder = reports or Settings().reports_dir
    for switch in landlord.packs:
        definition = load_pack_definition(folder, switch.name)
        basis = definition.asked_for.get(landlord.id)
        if basis is not None and basis.due is not None:
            yield _WatchedPack(definition, basis)


def _list_quarters(landlord: Landlord, as_at: date) -> Iterator[Quarter]:
    quarter = Quarter.of(landlord.alerts.go_live_on)
    while quarter.ends_on <= as_at:
        yield quarter
        quarter = quarter.shift(1)


def _make_row(
    landlord: str,
    watched: _WatchedPack,
    quarter: Quarter,
    done: pd.Timestamp | None,
    history: PolicyHistory,
    as_at: date,
) -> tuple[object, ...]:
    due = quarter.shift(1).ends_on
    day = None if done is None else done.date()
    state = _find_state(due, day, as_at)
    late = (day if state == "late" and day else as_at) - due if state in {"late", "overdue"} else due - due
    version = history.in_force(quarter.ends_on).effective_from
    return (
        landlord, RULE, "report", f"{watched.definition.name}/{quarter}", 1, state, pd.Timestamp(due),
        pd.NaT if day is None else pd.Timestamp(day), late.days, "breach", watched.basis.clause, "governance",
        pd.Timestamp(version),
    )  # fmt: skip


def _find_state(due: date, done: date | None, as_at: date) -> str:
    if done is not None:
        return "met" if done <= due else "late"
    if as_at > due:
        return "overdue"
    return "due_soon" if (due - as_at).days <= NOTICE_DAYS else "pending"


def _make_duty(watched: list[_WatchedPack]) -> Duty:
    basis = watched[0].basis
    return DocumentDuty(
        rule=RULE,
        kind="document",
        label=f"Quarterly report issued to the {' and the '.join(one.definition.audience for one in watched)}",
        mail_label="Quarterly report to be issued",
        clause=basis.clause,
        promise=basis.promise,
        reading=basis.reading,
        remedy="Build the quarter's pack and issue it to the committee's clerk.",
        owner_role="governance",
        cycle=Cycle(months=3),
        notice=Notice(days=NOTICE_DAYS),
    )
