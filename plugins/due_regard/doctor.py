"""Is this installation sound? One `Item` a check: what, whether it is well, and how to mend it.

Checks read and never change anything; no mail is sent. Add a check when something failed in a way nobody could see.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from due_regard.errors import DueRegardError
from due_regard.landlord_files import check_landlord
from due_regard.landlords import Landlord, landlord_ids, load_landlord
from due_regard.policy import load_policies
from due_regard.settings import Settings
from due_regard.working_days import SUBDIVISIONS, load_calendar, read_snapshot

_DAYS_BETWEEN = {"daily": 1, "weekly": 7, "fortnightly": 14, "monthly": 31}


@dataclass(frozen=True)
class Item:
    """One check's answer."""

    what: str
    ok: bool
    says: str


def examine(settings: Settings, *, now: datetime, freshness: bool = False) -> list[Item]:
    """Every check of this installation; with `freshness`, only whether the runs are in time."""
    today = now.astimezone(ZoneInfo("Europe/London")).date()
    if freshness:
        return list(_fresh(settings, today))
    landlords = settings.landlords or landlord_ids(settings.landlords_dir)
    checks: list[Callable[[], Iterator[Item]]] = [
        lambda: _folders(settings),
        lambda: _calendars(settings, today),
        lambda: _register(settings),
        lambda: _mail(settings),
        *((lambda name=name: _landlord(settings, name)) for name in landlords),
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

    engine = register.open_register(settings.register)
    try:
        report = register.audit_verify(engine)
        yield Item("register", True, f"opens and is upgraded ({engine.dialect.name})")
        yield Item("audit chain", True, f"{report.rows} rows hold; head {report.head or 'none yet'}")
    finally:
        engine.dispose()


def _mail(settings: Settings) -> Iterator[Item]:
    if settings.mail_mode == "folder":
        yield Item("mail", True, f"written to {settings.mail_dir}, not sent; DUE_REGARD_MAIL_MODE=live sends")
        return
    from due_regard import alerts

    problem = alerts.try_login(settings)
    yield Item("mail", problem is None, problem or f"logged in to {settings.smtp_host}; nothing was sent")


def _landlord(settings: Settings, name: str) -> Iterator[Item]:
    good, wrong = check_landlord(settings, name)
    yield Item(name, not wrong, "; ".join(wrong) if wrong else good[0])
    if not wrong:
        yield from _cadence(settings, load_landlord(settings.landlords_dir, name))


def _cadence(settings: Settings, landlord: Landlord) -> Iterator[Item]:
    """A duty whose notice is shorter than the time between two drops lapses before anybody can be told."""
    between = _DAYS_BETWEEN[landlord.cadence]
    short = [
        duty.rule
        for duty in load_policies(settings.policies_dir, landlord.id).versions[-1].duties
        if _notice_days(duty) is not None and (_notice_days(duty) or 0) < between
    ]
    says = f"drops come {landlord.cadence}, in time for every duty's notice"
    if short:
        says = f"drops come {landlord.cadence}, slower than the notice of {', '.join(short)}; deliver more often"
    yield Item(f"{landlord.id} cadence", not short, says)


def _notice_days(duty: Any) -> int | None:
    notice = getattr(duty, "notice", None)
    if notice is None:
        return None
    days: int | None = notice.days
    return days if days is not None else notice.working_days


def _fresh(settings: Settings, today: date) -> Iterator[Item]:
    """Whether each landlord's last drop and last assessment are no older than its cadence allows."""
    from due_regard import register

    engine = register.open_register(settings.register)
    try:
        for name in settings.landlords or landlord_ids(settings.landlords_dir):
            landlord = load_landlord(settings.landlords_dir, name)
            allowed = timedelta(days=_DAYS_BETWEEN[landlord.cadence] + 1)
            for what, last in register.last_runs(engine, name).items():
                limit = allowed if what == "intake" else timedelta(days=4)
                ok = last is not None and today - last <= limit
                yield Item(f"{name} {what}", ok, f"last on {last}" if last else "has never run")
    finally:
        engine.dispose()
