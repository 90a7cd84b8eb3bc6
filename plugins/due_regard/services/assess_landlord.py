"""Assess a landlord's records, the duty to report included, record the run and move its findings.

The assessments come from the core; which finding opens or closes is the register's.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from due_regard import __version__
from due_regard.config.settings import Settings
from due_regard.config.yaml_files import keep_read_texts
from due_regard.errors import RegisterMovedOn
from due_regard.policy import LandlordContext
from due_regard.services.doubtful_registers import describe_half_drop
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register
from due_regard.services.rare_collection import collect_rarely
from due_regard.services.record_work import prepare_work_record
from due_regard.services.result import Result
from due_regard.services.steps import report_step
from due_regard.services.used_files import name_texts

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

    from due_regard.records.canonical import Records
    from due_regard.register import RunReport

_ATTEMPTS = 3
"""How often a landlord is assessed where drops keep coming in meanwhile."""

ISSUED = "register/first_issues"
"""Names of what a run rests on that is no file: the packs issued by then, and the version of this program."""

_FINDING_COUNTS = ("opened", "seen", "escalated", "resolved", "reopened", "open")


def assess_landlord(settings: Settings, landlord: str, *, as_at: date, now: datetime) -> Result:
    """Assess a landlord's register at `as_at`, the duty to report included, record the run and move its findings.

    It is what the DAG runs: the register is created or migrated where it must be.

    Returns:
        landlord, as_at, run_id, moved (False: an earlier date than the last or one to come, kept as a run that moves no
        finding), states (state -> number of assessments), findings (opened, seen, escalated, resolved, reopened, open),
        half_drop (that it rests on part of a drop; blank where it does not).
    """
    return assess_with_rows(settings, landlord, as_at=as_at, now=now, upgrade=True)[0]


def assess_with_rows(
    settings: Settings, landlord: str, *, as_at: date, now: datetime, upgrade: bool = False
) -> tuple[Result, pd.DataFrame]:
    """As `assess_landlord`, and beside the result the assessments themselves, without the duty to report.

    The register is created or migrated only with `upgrade`.
    """
    context = load_landlord_context(settings, landlord)
    report_step(f"{landlord}: judging")
    with open_landlord_register(settings, landlord, upgrade=upgrade) as engine:
        run, found = assess_until_settled(engine, settings, context, as_at, now)
        half_drop = describe_half_drop(engine, landlord)
    result = {
        "landlord": landlord,
        "as_at": as_at.isoformat(),
        "run_id": run.run_id,
        "moved": run.moved,
        "states": dict(run.states),
        "findings": {name: getattr(run, name) for name in _FINDING_COUNTS},
        "half_drop": half_drop,
    }
    return result, found


@collect_rarely()
def assess_until_settled(
    engine: Engine, settings: Settings, context: LandlordContext, as_at: date, now: datetime
) -> tuple[RunReport, pd.DataFrame]:
    """Assess and record; again where records changed meanwhile, for a run must rest on what the register said.

    They change by a drop that is loaded, and by a record that is withdrawn.
    """
    for _ in range(_ATTEMPTS - 1):
        with suppress(RegisterMovedOn):
            return _assess_once(engine, settings, context, as_at, now)
    return _assess_once(engine, settings, context, as_at, now)


def _assess_once(
    engine: Engine, settings: Settings, context: LandlordContext, as_at: date, now: datetime
) -> tuple[RunReport, pd.DataFrame]:
    from due_regard import register

    landlord = context.landlord.id
    newest = register.find_knowledge_mark(engine, landlord)
    records = register.read_records(engine, landlord)
    judged = assess_every_duty(engine, settings, context, as_at, records=records)
    version = context.history.find_version(as_at).effective_from.isoformat()
    run = register.record_assessment(
        engine,
        landlord,
        judged.every,
        as_at=as_at,
        now=now,
        policy_version=version,
        rests_on=newest,
        texts=judged.texts,
        record_work=prepare_work_record(settings, context, records, as_at),
    )
    return run, judged.found


@dataclass(frozen=True)
class JudgedDuties:
    """Every duty of a landlord as judged.

    Attributes:
        every: the assessments, with the duty to report.
        found: those without it.
        texts: what they rest on beside records, by name: files, the packs issued, the program's version.
    """

    every: pd.DataFrame
    found: pd.DataFrame
    texts: Mapping[str, str]


def assess_every_duty(
    engine: Engine,
    settings: Settings,
    context: LandlordContext,
    as_at: date,
    *,
    known_at: datetime | None = None,
    records: Records | None = None,
    issued: Mapping[tuple[str, str], date] | None = None,
) -> JudgedDuties:
    """Every duty judged by what the register knew at `known_at` (None: now).

    `records` and `issued` (which packs had been issued) are these, where the caller has them.
    """
    import pandas as pd

    from due_regard import packs, register
    from due_regard.assessment import assess_records
    from due_regard.register.findings.used_texts import PROGRAM

    landlord = context.landlord.id
    if records is None:
        records = register.read_records(engine, landlord, known_at=known_at)
    if issued is None:
        issued = packs.read_first_issues(engine, landlord, as_at=as_at, known_at=known_at)
    found = assess_records(records, context.history, context.calendar, as_at)
    with keep_read_texts() as read:
        reports = packs.assess_report_duties(engine, context, as_at=as_at, reports=settings.reports_dir, issued=issued)
    every = pd.concat([found, reports], ignore_index=True) if len(reports) else found
    said = {ISSUED: packs.format_first_issues(issued), PROGRAM: __version__}
    return JudgedDuties(every, found, {**context.texts, **name_texts(settings, read), **said})


def is_to_be_assessed(engine: Engine, landlord: str, as_at: date) -> bool:
    """Whether a landlord's findings stand at an earlier day, or a record was withdrawn since they were judged."""
    from due_regard.register import reading
    from due_regard.register.findings.judged_days import find_last_judged
    from due_regard.register.withdrawals import has_later_withdrawals

    with reading(engine, landlord) as connection:
        judged = find_last_judged(connection, landlord)
        if judged is None or judged[0] < as_at:
            return True
        return judged[0] == as_at and has_later_withdrawals(connection, landlord, judged[1])
