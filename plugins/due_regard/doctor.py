"""Is this installation sound? One `Item` a check: what, whether it is well, and how to mend it.

Checks read and never change anything; no mail is sent. Add a check when something failed in a way nobody could see.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

from due_regard.errors import DueRegardError
from due_regard.landlord_files import check_landlord
from due_regard.landlords import load_landlord
from due_regard.policy import load_policies
from due_regard.quarters import LONDON
from due_regard.settings import Settings
from due_regard.terms import register_of, run_here, terms
from due_regard.working_days import SUBDIVISIONS, load_calendar, read_snapshot


@dataclass(frozen=True)
class Item:
    """One check's answer."""

    what: str
    ok: bool
    says: str


def examine(settings: Settings, *, now: datetime, freshness: bool = False) -> list[Item]:
    """Every check of this installation; with `freshness`, only whether the runs are in time."""
    today = now.astimezone(LONDON).date()
    if freshness:
        return _safely(lambda: _fresh(settings, now))
    landlords = run_here(settings)
    checks: list[Callable[[], Iterator[Item]]] = [
        lambda: _folders(settings),
        lambda: _calendars(settings, today),
        lambda: _register(settings),
        lambda: _mail(settings),
        *(partial(_landlord, settings, name, today) for name in landlords),
    ]
    return [item for check in checks for item in _safely(check)]


def _safely(check: Callable[[], Iterator[Item]]) -> list[Item]:
    try:
        return list(check())
    except DueRegardError as reason:
        return [Item("settings", False, str(reason))]


def _folders(settings: Settings) -> Iterator[Item]:
    for name, folder in (("include", settings.include_dir), ("drops", settings.drops)):
        there = folder.is_dir()
        says = str(folder) if there else f"no folder {folder}; make it or set DUE_REGARD_{name.upper()}_DIR"
        yield Item(f"{name} folder", there, says)
    parent = next(path for path in [settings.var_dir, *settings.var_dir.resolve().parents] if Path(path).exists())
    writable = os.access(parent, os.W_OK)
    yield Item("var folder", writable, str(settings.var_dir) if writable else f"cannot write below {parent}")


def _calendars(settings: Settings, today: date) -> Iterator[Item]:
    for division in SUBDIVISIONS:
        snapshot = read_snapshot(settings.include_dir / "calendars", division)
        calendar = load_calendar(division, folder=settings.include_dir / "calendars")
        ok = snapshot.published_to > today.year
        says = f"{calendar.first_year} to {calendar.last_year}, as published to {snapshot.published_to}"
        mend = "; upgrade the holidays library and run `due-regard calendar refresh`: later years are computed only"
        yield Item(f"calendar {division}", ok, says + ("" if ok else mend))


def _register(settings: Settings) -> Iterator[Item]:
    from due_regard import register

    for names in settings.registers(run_here(settings)).values():
        with register_of(settings, names[0]) as engine:
            report = register.audit_verify(engine)
            yield Item("register", True, f"opens and is upgraded ({engine.dialect.name})")
            yield Item("audit chain", True, f"{report.rows} rows hold; head {report.head or 'none yet'}")


def _mail(settings: Settings) -> Iterator[Item]:
    from due_regard.alerts.login import check_mail

    try:
        yield Item("mail", True, check_mail(settings))
    except DueRegardError as reason:
        yield Item("mail", False, str(reason))


def _landlord(settings: Settings, name: str, today: date) -> Iterator[Item]:
    from due_regard.alerts.watch import slow_cadences

    good, wrong = check_landlord(settings, name)
    yield Item(name, not wrong, "; ".join(wrong) if wrong else good[0])
    if not wrong:
        slow = slow_cadences(
            load_landlord(settings.landlords_dir, name), load_policies(settings.policies_dir, name), on=today
        )
        yield Item(f"{name} cadence", not slow, "; ".join(slow) or "drops come in time for every duty's notice")


def _fresh(settings: Settings, now: datetime) -> Iterator[Item]:
    """Whether intake, assessment and alerts of each landlord ran in time."""
    from due_regard.alerts.watch import stale

    for name in run_here(settings):
        known = terms(settings, name)
        with register_of(settings, name) as engine:
            late = stale(engine, known.landlord, known.calendar, now=now)
        yield Item(f"{name} freshness", not late, "; ".join(late) or "intake, assessment and alerts ran in time")
