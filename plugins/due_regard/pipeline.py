"""The verbs of Due Regard: what the command line and the DAGs both call, one function a step of DESIGN's flow.

Here the rooms meet. A verb takes settings, a landlord and the date it is about, and gives back a *ticket*: ids and
counts that are safe in a log. The clock is read by the caller (`now`, aware UTC) and nobody below reads one. Heavy
packages are imported by the verb that needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from due_regard import posting, staging
from due_regard.errors import RegisterMovedOn, SettingsError
from due_regard.quarters import LONDON
from due_regard.questions import judged_to
from due_regard.settings import Settings
from due_regard.terms import Terms, register_of, run_here, terms

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

    from due_regard.register import RunReport

Ticket = dict[str, Any]
"""JSON-safe: ids, dates as text and counts; never a row, a name or a file's content."""

_ATTEMPTS = 3
"""How often a landlord is judged where drops keep coming in meanwhile."""

_MOVES = ("opened", "seen", "escalated", "resolved", "reopened", "open")


def intake(
    settings: Settings, landlord: str, *, drop: Path | None = None, source: str | None = None, now: datetime
) -> Ticket:
    """Stage, validate and load one drop.

    Returns:
        landlord, batch_id, status (loaded, unchanged, refused, missing, waiting, held), files (file, entity, read,
        loaded, unchanged, rejected, refused), rejections and quarantine (folders, where something lies there),
        exit_code.

    Raises:
        SettingsError: settings or source mapping are wrong.
        DropError: a drop named by hand is missing.
    """
    from due_regard import register
    from due_regard.intake import drop_completeness, load_source

    known = terms(settings, landlord)
    folder = drop or settings.drops / known.landlord.drop_folder
    if drop is None and not folder.is_dir():
        return staging.no_drop(landlord, "missing", f"no folder {known.landlord.drop_folder} below the drops folder")
    mapping = load_source(settings.sources_dir, source or known.landlord.source)
    if drop is None and not (complete := drop_completeness(folder, mapping, now=now)).is_ready:
        return staging.no_drop(landlord, "waiting", complete.why)
    with register_of(settings, landlord) as engine:
        validated = staging.validated(engine, landlord, folder, mapping, now)
        content = register.drop_sha256((*validated.files, *validated.refused))
        if validated.held and not register.is_released(engine, landlord, content):
            return staging.held(engine, validated, content, now)
        report = register.load_drop(engine, validated, now=now)
        ticket = staging.loaded(settings, validated, folder, report, content, now)
        if report.status != "unchanged" and ticket["exit_code"]:
            posting.post_handback(engine, settings, known, validated, ticket, now=now)
    return ticket


def assess(settings: Settings, landlord: str, *, as_at: date, now: datetime) -> Ticket:
    """Judge a landlord's register at `as_at`, the duty to report included, record the run and move the findings' life.

    Returns:
        landlord, as_at, run_id, moved (False: an earlier date than the last or one to come, kept as a run that moves no
        finding), states (state -> number of assessments), findings (opened, seen, escalated, resolved, reopened, open).
    """
    return judged(settings, landlord, as_at=as_at, now=now)[0]


def judged(settings: Settings, landlord: str, *, as_at: date, now: datetime) -> tuple[Ticket, pd.DataFrame]:
    """As `assess`, and beside the ticket the assessments themselves, without the duty to report."""
    known = terms(settings, landlord)
    with register_of(settings, landlord) as engine:
        run, found = _judge(engine, settings, known, as_at, now)
    ticket = {
        "landlord": landlord,
        "as_at": as_at.isoformat(),
        "run_id": run.run_id,
        "moved": run.moved,
        "states": dict(run.states),
        "findings": {name: getattr(run, name) for name in _MOVES},
    }
    return ticket, found


def _judge(
    engine: Engine, settings: Settings, known: Terms, as_at: date, now: datetime
) -> tuple[RunReport, pd.DataFrame]:
    """Judge and record; once more where a drop was loaded meanwhile, for a run must rest on what the register said."""
    for _ in range(_ATTEMPTS - 1):
        with suppress(RegisterMovedOn):
            return _judge_once(engine, settings, known, as_at, now)
    return _judge_once(engine, settings, known, as_at, now)


def _judge_once(
    engine: Engine, settings: Settings, known: Terms, as_at: date, now: datetime
) -> tuple[RunReport, pd.DataFrame]:
    import pandas as pd

    from due_regard import register
    from due_regard.assessment import assess as judge
    from due_regard.packs import report_duties

    landlord = known.landlord.id
    newest = register.newest_file(engine, landlord)
    found = judge(register.read_records(engine, landlord), known.history, known.calendar, as_at)
    reports = report_duties(engine, known.landlord, known.history, as_at=as_at, reports=settings.reports_dir)
    every = pd.concat([found, reports], ignore_index=True) if len(reports) else found
    version = known.history.in_force(as_at).effective_from.isoformat()
    run = register.record_assessment(
        engine, landlord, every, as_at=as_at, now=now, policy_version=version, rests_on=newest
    )
    return run, found


def alerts(
    settings: Settings,
    *,
    as_at: date,
    now: datetime,
    landlords: Sequence[str] | None = None,
    dry_run: Path | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Ticket:
    """Compose what is new or has moved up a stage, then send it (or, with `dry_run`, write what would be sent).

    A landlord not yet judged at `as_at` is judged first, so that a missing export cannot silence a duty that has come
    due since. `clock` times the leases of a long drain; `now` throughout by default.

    Raises:
        SettingsError: `as_at` is still to come, and this is no dry run: the days before it would count as told.

    Returns:
        composed, sent, refused, uncertain, shadow, waiting (mails), told (stage -> findings), held_back, skipped
        (landlord -> why nothing was composed).
    """
    if dry_run is None and as_at > now.astimezone(LONDON).date():
        raise SettingsError(f"{as_at} is still to come: alerts are sent as at today or a day before; try a dry run")
    asked = run_here(settings, landlords)
    tickets = [_told(settings, names, as_at, now, dry_run, clock) for names in settings.registers(asked).values()]
    return posting.joined(tickets)


def _told(
    settings: Settings,
    names: Sequence[str],
    as_at: date,
    now: datetime,
    dry_run: Path | None,
    clock: Callable[[], datetime] | None,
) -> Ticket:
    """Alerts of the landlords that one register holds."""
    from due_regard.alerts import send_alerts, transport_for

    with register_of(settings, names[0]) as engine:
        every = [terms(settings, name) for name in names]
        for known in every if dry_run is None else ():
            if judged_to(engine, known.landlord.id) < as_at:
                _judge(engine, settings, known, as_at, now)
        reports = [posting.compose(engine, settings, known, as_at, now, dry_run) for known in every]
        ticket = posting.compose_ticket(reports)
        if dry_run is not None:
            return ticket | dict.fromkeys(("sent", "refused", "uncertain", "shadow", "waiting"), 0)
        sent = send_alerts(engine, transport_for(settings), now=now, landlords=names, clock=clock)
    return ticket | asdict(sent)


def report_failure(
    settings: Settings, *, dag: str, task: str, run_id: str, now: datetime, landlords: Sequence[str] | None = None
) -> Ticket:
    """Mail the data owners of `landlords` (all by default), and nobody else, that a task failed; once a run and task.

    Returns:
        landlords told, mails handed over.
    """
    asked = run_here(settings, landlords)
    mails = 0
    for name in asked:
        with register_of(settings, name) as engine:
            posting.post_failure(engine, settings, terms(settings, name), dag=dag, task=task, run_id=run_id, now=now)
            mails += posting.send(engine, settings, name, now=now)
    return {"landlords": list(asked), "mails": mails}


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
    issue: bool = False,
) -> Ticket:
    """Build the packs that the landlord's settings switch on (or the one named), for one calendar quarter.

    With `issue`, each pack not issued before goes to its clerk through the outbox and is on record as issued.

    Returns:
        landlord, quarter, folder, packs (name, files, sha256, status, issued), mails (handed over).

    Raises:
        SettingsError: no such quarter or edition, or a definition is wrong.
        PackError: the quarter has not ended, or nothing was taken in.
    """
    from due_regard import packs as room

    known = terms(settings, landlord)
    names = [pack] if pack else [switch.name for switch in known.landlord.packs]
    folder = out or settings.packs / landlord / quarter
    built: list[Ticket] = []
    with register_of(settings, landlord) as engine:
        for name in names:
            report = room.build_pack(
                engine, known.landlord, known.history, known.calendar, quarter=room.Quarter.parse(quarter), pack=name,
                edition=edition, out=folder, now=now, known_at=known_at, reports=settings.reports_dir,
            )  # fmt: skip
            issued = issue and posting.post_pack(engine, settings, known, report, now=now)
            ticket: Ticket = {"name": name, "files": [file.name for file in report.files], "sha256": report.sha256}
            built.append(ticket | {"status": report.status, "issued": issued})
        mails = posting.send(engine, settings, landlord, now=now) if issue else 0
    return {"landlord": landlord, "quarter": quarter, "packs": built, "folder": str(folder), "mails": mails}
