"""Is this installation sound? One `CheckResult` a check: what, whether it is well, and how to mend it.

Checks leave nothing changed, and no mail is sent. Add a check when something failed in a way nobody could see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from due_regard.calendars.quarters import find_london_day
from due_regard.calendars.working_days import SUBDIVISIONS, load_calendar, read_calendar_snapshot
from due_regard.codes.code_files import load_code_lists
from due_regard.config.connections import read_connection
from due_regard.config.landlord import list_landlord_ids, load_landlord
from due_regard.config.settings import Settings
from due_regard.errors import AuditError, DueRegardError, RegisterError, SettingsError
from due_regard.policy import load_policies
from due_regard.services.check_result import CheckResult
from due_regard.services.doubtful_registers import list_future_acts, list_half_drops
from due_regard.services.fetch_checks import check_fetch_place
from due_regard.services.folder_checks import check_folders
from due_regard.services.landlord_checks import check_landlord_files
from due_regard.services.landlord_context import (
    find_head_file,
    list_landlords_to_run,
    load_landlord_context,
    open_landlord_register,
)
from due_regard.services.landlord_failures import LandlordFailures
from due_regard.services.machine_checks import check_machines
from due_regard.services.register_checks import (
    check_backups,
    check_findings_without_settings,
    check_guards,
    check_nightly_proof,
    check_not_moved,
    check_noted_heads,
    check_watches,
)


def check_installation(settings: Settings, *, now: datetime, freshness: bool = False) -> list[CheckResult]:
    """Every check of this installation; with `freshness`, only whether the runs are in time."""
    today = find_london_day(now)
    try:
        landlords = list_landlords_to_run(settings)
    except SettingsError as reason:
        return [CheckResult("own folder", False, str(reason))]
    if freshness:
        each = (partial(_check_freshness, settings, name, now) for name in landlords)
        return [item for check in each for item in _run_check(check)]
    checks: list[Callable[[], Iterator[CheckResult]]] = [
        lambda: check_folders(settings),
        lambda: check_machines(settings),
        lambda: _check_code_lists(settings),
        lambda: _check_unread_files(settings),
        lambda: _check_calendars(settings, today),
        lambda: _check_register(settings, now),
        lambda: _check_whole_drops(settings),
        lambda: _check_clocks(settings, now),
        lambda: check_findings_without_settings(settings),
        lambda: _check_runs(settings, now),
        lambda: _check_mail_settings(settings),
        *(partial(_check_landlord, settings, name, today) for name in landlords),
        *(partial(check_fetch_place, settings, name, find_connection=read_connection) for name in landlords),
    ]
    return [item for check in checks for item in _run_check(check)]


def _run_check(check: Callable[[], Iterator[CheckResult]]) -> list[CheckResult]:
    try:
        return list(check())
    except DueRegardError as reason:
        return [CheckResult("settings", False, str(reason))]


def _check_code_lists(settings: Settings) -> Iterator[CheckResult]:
    lists = load_code_lists(settings.codes_dir)
    own = [word.code for word in lists.list_own_words()]
    yield CheckResult("code lists", True, f"{len(lists.lists)} lists; own words: {', '.join(own) or 'none'}")


def _check_unread_files(settings: Settings) -> Iterator[CheckResult]:
    """Files and folders that look like a landlord's and are read by nobody: a slip in their name."""
    known, listed = list_landlord_ids(settings.landlords_dir), list_landlords_to_run(settings)
    folders = [entry for layer in settings.policies_dir.layers if layer.is_dir() for entry in layer.iterdir()]
    unread = [str(entry) for entry in folders if entry.is_dir() and entry.name not in known]
    for layer in (*settings.landlords_dir.layers, *settings.sources_dir.layers, *settings.reports_dir.layers):
        unread += [str(file) for file in layer.rglob("*.yml")]
    says = f"nothing reads {', '.join(sorted(unread))}; a landlord's id or .yaml is misspelt"
    yield CheckResult("unread files", not unread, says if unread else "none")
    if idle := [name for name in known if name not in listed]:
        says = f"{', '.join(idle)}: settings are here, and DUE_REGARD_LANDLORDS does not run them"
        yield CheckResult("landlords", True, says, is_warning=True)


def _check_calendars(settings: Settings, today: date) -> Iterator[CheckResult]:
    for division in SUBDIVISIONS:
        snapshot = read_calendar_snapshot(settings.calendars_dir, division)
        calendar = load_calendar(division, folder=settings.calendars_dir)
        ok = snapshot.published_to > today.year
        says = f"{calendar.first_year} to {calendar.last_year}, as published to {snapshot.published_to}"
        mend = "; upgrade the holidays library and run `due-regard calendar refresh`: later years are computed only"
        yield CheckResult(f"calendar {division}", ok, says + ("" if ok else mend))


def _check_register(settings: Settings, now: datetime) -> Iterator[CheckResult]:
    from due_regard.register.register_urls import name_place
    from due_regard.services.audit_heads import compare_noted_heads

    failures = LandlordFailures()  # a landlord without settings is said by its own check
    for names in settings.registers(failures.list_known(settings, list_landlords_to_run(settings))).values():
        try:
            with open_landlord_register(settings, names[0]) as engine:
                place = f"{engine.dialect.name}, {name_place(engine.url)}"
                yield check_not_moved(engine, f"opens and is up to date ({place})")
                yield check_guards(engine)
                report, noted = compare_noted_heads(engine, find_head_file(settings, names[0]))
                yield CheckResult("audit chain", True, f"{report.rows} rows hold; head {report.head or 'none yet'}")
                yield from check_noted_heads(settings, report, noted)
                yield from check_backups(settings, engine, names[0], now)
                yield check_nightly_proof(engine, now)
                yield from check_watches(engine, names, now)
        except AuditError as reason:
            yield CheckResult("audit chain", False, str(reason))
        except RegisterError as reason:
            yield CheckResult("register", False, str(reason))


def _check_whole_drops(settings: Settings) -> Iterator[CheckResult]:
    half = list(list_half_drops(settings))
    yield CheckResult("whole drops", not half, "; ".join(half) or "no drop is half loaded")


def _check_clocks(settings: Settings, now: datetime) -> Iterator[CheckResult]:
    future = list(list_future_acts(settings, now=now))
    is_harm = any("redate" in words for words in future)
    yield CheckResult("clocks", not is_harm, "; ".join(future) or "nothing is dated in the future", bool(future))


def _check_runs(settings: Settings, now: datetime) -> Iterator[CheckResult]:
    """Work that failed or never ended, and that no later run has made good."""
    from due_regard.register.task_runs import list_overdue_runs

    left: list[str] = []
    for names in settings.registers(list_landlords_to_run(settings)).values():
        with suppress(RegisterError), open_landlord_register(settings, names[0]) as engine:  # named by another check
            overdue = list_overdue_runs(engine, now=now, unmended=True)
            left += [
                f"{run.key.dag_id} {run.key.verb}, begun {run.started_at:%Y-%m-%d %H:%M} UTC, "
                + ("failed" if run.has_failed else "never ended")
                for run in overdue
            ]
    mend = "; ".join(left) + ": see the run in Airflow and clear its task"
    yield CheckResult("runs", not left, mend if left else "none failed or was left open")


def _check_mail_settings(settings: Settings) -> Iterator[CheckResult]:
    from due_regard.mail.login import check_mail_settings
    from due_regard.mail.wording import load_mail_wording

    try:
        yield CheckResult("mail", True, check_mail_settings(settings))
    except DueRegardError as reason:
        yield CheckResult("mail", False, str(reason))
    if settings.base_url is None and settings.mail_mode == "live":
        says = "DUE_REGARD_BASE_URL is not set: mails link to no page, and say whom to ask about a reference"
        yield CheckResult("mail links", True, says, is_warning=True)
    try:
        load_mail_wording(settings.reports_dir / "mail")
        yield CheckResult("mail wording", True, "every sentence is there, with its placeholders")
    except DueRegardError as reason:
        yield CheckResult("mail wording", False, str(reason))
    yield _check_paper_wording(settings)


def _check_paper_wording(settings: Settings) -> CheckResult:
    from due_regard.packs.content.paper_wording import load_paper_wording

    try:
        load_paper_wording(settings.reports_dir / "paper")
    except DueRegardError as reason:
        return CheckResult("paper wording", False, str(reason))
    return CheckResult("paper wording", True, "every sentence is there, with its figures")


def _check_landlord(settings: Settings, name: str, today: date) -> Iterator[CheckResult]:
    from due_regard.alerts.run_lateness import find_slow_cadences

    found = check_landlord_files(settings, name, today=today)
    yield CheckResult(name, not found.wrong, "; ".join(found.wrong or found.good[:1]))
    yield from (CheckResult(name, True, words, is_warning=True) for words in found.warnings)
    if not found.wrong:
        slow = find_slow_cadences(
            load_landlord(settings.landlords_dir, name), load_policies(settings.policies_dir, name), on=today
        )
        yield CheckResult(f"{name} cadence", not slow, "; ".join(slow) or "drops come in time for every duty's notice")


def _check_freshness(settings: Settings, name: str, now: datetime) -> Iterator[CheckResult]:
    """Whether intake, assessment and alerts of a landlord ran in time, and somebody looks whether they do."""
    from due_regard.alerts.run_lateness import find_late_runs
    from due_regard.mail.wording import load_mail_wording

    wording = load_mail_wording(settings.reports_dir / "mail")
    context = load_landlord_context(settings, name)
    with open_landlord_register(settings, name) as engine:
        late = find_late_runs(engine, context.landlord, context.calendar, wording, now=now)
        watches = list(check_watches(engine, [name], now))
    yield CheckResult(f"{name} freshness", not late, "; ".join(late) or "intake, assessment and alerts ran in time")
    yield from (replace(each, what=f"{name} {each.what}") for each in watches)
