"""The verbs of Due Regard: what the command line and the DAGs both call, one function a step of DESIGN's flow.

Here the rooms meet. A verb takes settings, a landlord and the date it is about, and gives back a *ticket*: ids and
counts that are safe in a log. The clock is read by the caller (`now`, aware UTC) and nobody below reads one. Heavy
packages are imported by the verb that needs them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from due_regard.errors import PolicyError
from due_regard.landlords import Landlord, landlord_ids, load_landlord
from due_regard.policy import PolicyHistory, load_policies
from due_regard.settings import Settings
from due_regard.working_days import WorkingCalendar, load_calendar

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

    from due_regard.alerts import ComposeReport
    from due_regard.batch import ValidatedDrop
    from due_regard.contract import Records

Ticket = dict[str, Any]
"""JSON-safe: ids, dates as text and counts; never a row, a name or a file's content."""

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True)
class Terms:
    """What one landlord is judged by: its settings, its policy's versions, its calendar."""

    landlord: Landlord
    history: PolicyHistory
    calendar: WorkingCalendar


def terms(settings: Settings, landlord: str) -> Terms:
    """Settings, policy and calendar of `landlord`.

    Raises:
        SettingsError: one of the files is missing or wrong; names file and line.
    """
    found = load_landlord(settings.landlords_dir, landlord)
    history = load_policies(settings.policies_dir, landlord)
    calendar = load_calendar(found.division, found.closure_days, folder=settings.include_dir / "calendars")
    return Terms(found, history, calendar)


def landlords(settings: Settings, asked: Sequence[str] | None = None) -> tuple[str, ...]:
    """The landlords to run: those asked for, else the installation's, else every settings file."""
    return tuple(asked or settings.landlords or landlord_ids(settings.landlords_dir))


@contextmanager
def register_of(settings: Settings) -> Iterator[Engine]:
    """The installation's register, upgraded; closed at the end."""
    from due_regard.register import open_register

    engine = open_register(settings.register)
    try:
        yield engine
    finally:
        engine.dispose()


def intake(
    settings: Settings, landlord: str, *, drop: Path | None = None, source: str | None = None, now: datetime
) -> Ticket:
    """Stage, validate and load one drop.

    Returns:
        landlord, batch_id, status (loaded, unchanged, refused, missing, held), files (file, entity, read, loaded,
        unchanged, rejected, refused), rejections and quarantine (folders, where something lies there), exit_code.

    Raises:
        SettingsError: settings or source mapping are wrong.
        DropError: a drop named by hand is missing.
    """
    from due_regard import register

    found = load_landlord(settings.landlords_dir, landlord)
    folder = drop or settings.drops / found.drop_folder
    if drop is None and not folder.is_dir():
        return _no_drop(landlord, "missing", f"no folder {found.drop_folder} below the drops folder")
    with register_of(settings) as engine:
        validated = _validated(settings, landlord, folder, source or found.source, engine, now)
        if validated.held and not register.is_released(
            engine, landlord, register.drop_sha256((*validated.files, *validated.refused))
        ):
            return _held(engine, validated, now)
        report = register.load_drop(engine, validated, now=now)
        return _loaded(settings, validated, folder, report)


def _validated(
    settings: Settings, landlord: str, folder: Path, source: str, engine: Engine, now: datetime
) -> ValidatedDrop:
    from due_regard import register
    from due_regard.intake import load_source, read_drop

    return read_drop(
        folder,
        landlord,
        load_source(settings.sources_dir, source),
        on=now.astimezone(LONDON).date(),
        known=lambda entity: register.known_refs(engine, landlord, entity),
    )


def _no_drop(landlord: str, status: str, why: str) -> Ticket:
    return {"landlord": landlord, "batch_id": None, "status": status, "why": why, "files": [], "exit_code": 5}


def _held(engine: Engine, validated: ValidatedDrop, now: datetime) -> Ticket:
    from due_regard import register

    why = "; ".join(validated.held)
    batch = register.hold_drop(
        engine,
        landlord=validated.landlord,
        source=validated.source,
        drop=validated.drop,
        sha256=register.drop_sha256((*validated.files, *validated.refused)),
        why=why,
        now=now,
    )
    return _no_drop(validated.landlord, "held", why) | {"batch_id": batch}


def _loaded(settings: Settings, validated: ValidatedDrop, folder: Path, report: Any) -> Ticket:
    from due_regard.intake import quarantine, write_rejections

    place = Path(validated.landlord) / f"batch-{report.batch_id}"
    rejections = write_rejections(validated, folder, settings.rejections / place)
    refused = quarantine(validated, folder, settings.quarantine / place)
    files = [
        {name: getattr(file, name) for name in ("file", "entity", "read", "loaded", "unchanged", "rejected", "refused")}
        for file in report.files
    ]
    return {
        "landlord": validated.landlord,
        "batch_id": report.batch_id,
        "status": report.status,
        "files": files,
        "rejections": str(settings.rejections / place) if rejections else None,
        "quarantine": str(settings.quarantine / place) if refused else None,
        "exit_code": 4 if validated.refused else 3 if any(file["rejected"] for file in files) else 0,
    }


def assessments(
    settings: Settings,
    landlord: str,
    *,
    as_at: date,
    known_at: datetime | None = None,
    drop: Path | None = None,
    source: str = "canonical",
) -> tuple[pd.DataFrame, ValidatedDrop | None]:
    """Assessments of the register, or, with `drop`, of a drop alone without touching the register.

    Returns:
        The frame of assessment.assess, and the validated drop where one was given.
    """
    from due_regard.assessment import assess as judge

    known = terms(settings, landlord)
    records, validated = _records(settings, landlord, as_at, known_at, drop, source)
    return judge(records, known.history, known.calendar, as_at), validated


def _records(
    settings: Settings, landlord: str, as_at: date, known_at: datetime | None, drop: Path | None, source: str
) -> tuple[Records, ValidatedDrop | None]:
    from due_regard.intake import load_source, read_drop

    if drop is None:
        with register_of(settings) as engine:
            from due_regard import register

            return register.read_records(engine, landlord, known_at=known_at), None
    mapping = load_source(settings.sources_dir, source)
    validated = read_drop(drop, landlord, mapping, on=as_at, known=lambda _: None)
    return validated.records(), validated


def assess(settings: Settings, landlord: str, *, as_at: date, now: datetime) -> Ticket:
    """Judge a landlord's register at `as_at`, record the run and move the findings' life.

    Returns:
        landlord, as_at, run_id, moved (False: an earlier date than the last, kept as a run that moves no finding),
        states (state -> number of assessments), findings (opened, seen, escalated, resolved, reopened, open).
    """
    from due_regard import register
    from due_regard.assessment import assess as judge

    known = terms(settings, landlord)
    with register_of(settings) as engine:
        records = register.read_records(engine, landlord)
        found = judge(records, known.history, known.calendar, as_at)
        version = known.history.in_force(as_at).effective_from.isoformat()
        run = register.record_assessment(engine, landlord, found, as_at=as_at, now=now, policy_version=version)
    return {
        "landlord": landlord,
        "as_at": as_at.isoformat(),
        "run_id": run.run_id,
        "moved": run.moved,
        "states": dict(run.states),
        "findings": {
            name: getattr(run, name) for name in ("opened", "seen", "escalated", "resolved", "reopened", "open")
        },
    }


def findings(settings: Settings, *, as_at: date, landlord: str | None = None) -> pd.DataFrame:
    """Open findings, oldest due first (columns: register.open_findings)."""
    from due_regard import register

    with register_of(settings) as engine:
        return register.open_findings(engine, landlord, as_at=as_at)


def alerts(
    settings: Settings,
    *,
    as_at: date,
    now: datetime,
    landlords: Sequence[str] | None = None,
    dry_run: Path | None = None,
) -> Ticket:
    """Compose what is new or has moved up a stage, then send it (or, with `dry_run`, write what would be sent).

    Returns:
        composed, sent, refused, uncertain, shadow, waiting (mails), told (stage -> findings), held_back, skipped
        (landlord -> why nothing was composed).
    """
    from due_regard.alerts import send_alerts
    from due_regard.alerts.login import transport_for

    asked = globals()["landlords"](settings, landlords)
    with register_of(settings) as engine:
        reports = [_composed(engine, settings, name, as_at, now, dry_run) for name in asked]
        ticket = _compose_ticket(reports)
        if dry_run is not None:
            return ticket | {"sent": 0, "refused": 0, "uncertain": 0, "shadow": 0, "waiting": 0}
        sent = send_alerts(engine, transport_for(settings), now=now, landlords=asked)
    names = ("sent", "refused", "uncertain", "shadow", "waiting", "stopped")
    return ticket | {name: getattr(sent, name) for name in names}


def _composed(
    engine: Engine, settings: Settings, landlord: str, as_at: date, now: datetime, dry_run: Path | None
) -> ComposeReport:
    from due_regard.alerts import compose_alerts

    known = terms(settings, landlord)
    return compose_alerts(
        engine,
        known.landlord,
        known.history,
        known.calendar,
        as_at=as_at,
        now=now,
        sender=settings.mail_from,
        templates=settings.reports_dir / "mail",
        dry_run=dry_run,
    )


def _compose_ticket(reports: list[ComposeReport]) -> Ticket:
    told: Counter[str] = Counter()
    for report in reports:
        told.update(dict(report.told))
    return {
        "composed": sum(report.composed for report in reports),
        "told": dict(sorted(told.items())),
        "held_back": sum(report.held_back for report in reports),
        "skipped": {report.landlord: report.skipped for report in reports if report.skipped},
    }


def build_packs(
    settings: Settings,
    landlord: str,
    *,
    quarter: str,
    pack: str | None = None,
    edition: str = "confidential",
    out: Path | None = None,
    now: datetime,
    known_at: datetime | None = None,
) -> Ticket:
    """Build the packs that the landlord's settings switch on (or the one named), for one calendar quarter.

    Returns:
        landlord, quarter, packs (name, files, sha256).

    Raises:
        PackError: no such quarter or pack.
    """
    from due_regard import packs as room

    known = terms(settings, landlord)
    names = [pack] if pack else [switch.name for switch in known.landlord.packs]
    folder = out or settings.packs / landlord / quarter
    built: list[Mapping[str, Any]] = []
    with register_of(settings) as engine:
        for name in names:
            report = room.build_pack(
                engine,
                known.landlord,
                known.history,
                known.calendar,
                quarter=room.Quarter.parse(quarter),
                pack=name,
                edition=edition,
                out=folder,
                now=now,
                known_at=known_at,
            )
            built.append({"name": name, "files": [file.name for file in report.files], "sha256": report.sha256})
    return {"landlord": landlord, "quarter": quarter, "packs": built, "folder": str(folder)}


def explain(
    settings: Settings,
    landlord: str,
    rule: str,
    subject: str,
    *,
    as_at: date,
    known_at: datetime | None = None,
    drop: Path | None = None,
    source: str = "canonical",
) -> list[str]:
    """Lines that say how the assessments of one rule and subject came about (assessment/explain)."""
    from due_regard.assessment.explain import explain as explained

    known = terms(settings, landlord)
    records, _ = _records(settings, landlord, as_at, known_at, drop, source)
    return explained(records, known.history, known.calendar, as_at, rule, subject)


def policy_diff(
    settings: Settings, old: Path, new: Path, *, as_at: date, drop: Path | None = None, source: str = "canonical"
) -> pd.DataFrame:
    """Findings that a change from policy file `old` to `new` would add, remove or move (policy/diff.changes).

    Raises:
        PolicyError: a file is wrong, or they are two landlords'.
    """
    from due_regard.assessment import assess as judge
    from due_regard.policy.diff import changes
    from due_regard.policy.versions import Policy, read_policy

    files = [read_policy(old), read_policy(new)]
    landlord = files[0].landlord
    if files[1].landlord != landlord:
        raise PolicyError(f"is {files[1].landlord}'s, not {landlord}'s", file=new)
    known = terms(settings, landlord)
    records, _ = _records(settings, landlord, as_at, None, drop, source)
    alone = [PolicyHistory((Policy(date.min, file),)) for file in files]
    judged = [judge(records, history, known.calendar, as_at) for history in alone]
    return changes(*judged)
