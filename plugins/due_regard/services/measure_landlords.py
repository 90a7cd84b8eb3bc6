"""Figures for whoever watches the installation from outside: one number a landlord and figure, of nobody in particular.

A duty that a policy restricts to certain roles is in no figure: whoever watches may see that a count has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError
from due_regard.services.landlord_context import list_landlords_to_run, open_landlord_register
from due_regard.services.landlord_failures import LandlordFailures
from due_regard.services.page_context import load_page_context
from due_regard.services.result import Result
from due_regard.services.visible_rules import list_visible_rules

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.register.landlord_figures import RuleFigures

FIGURES = {
    "drops_loaded": "drops loaded into the register so far",
    "rows_rejected": "rows handed back so far",
    "mails_waiting": "mails that have still to leave",
    "assessment_age_seconds": "seconds since the last assessment; none where there never was one",
    "findings_open": "open findings, but for those of duties that only certain roles may hear of",
    "oldest_overdue_days": "calendar days since the oldest overdue one of these was due; 0 where none is overdue",
}
"""Figure -> what it says."""


def measure_landlords(settings: Settings, *, now: datetime) -> Result:
    """Every figure of every landlord.

    Returns:
        measured_at, landlords (landlord -> figure -> number), failed (landlord -> why) and exit_code, where a
        landlord's figures, or those of its findings alone, could not be worked out.

    Raises:
        DueRegardError: no figure of any landlord could be worked out.
    """
    failures, asked = LandlordFailures(), list_landlords_to_run(settings)
    found: dict[str, dict[str, int]] = {}
    for names in settings.registers(failures.list_known(settings, asked)).values():
        with failures.hold_back(*names), open_landlord_register(settings, names[0]) as engine:
            figures, rules = _read_figures(engine, settings, names, now)
            found |= figures
            for name in names:
                with failures.hold_back(name):
                    found[name] |= _measure_findings(settings, name, rules, now)
    if not found:
        failures.raise_if_all(asked)
    return {"measured_at": now.isoformat(), "landlords": found, **failures.summarise()}


def _read_figures(
    engine: Engine, settings: Settings, names: list[str], now: datetime
) -> tuple[dict[str, dict[str, int]], list[RuleFigures]]:
    """What of one register can be said without a policy, and the counts that need one."""
    from due_regard import register
    from due_regard.mail.mail_mode import choose_mail_mode
    from due_regard.register import landlord_figures

    mode = choose_mail_mode(settings)
    with register.reading(engine) as connection:
        drops = landlord_figures.count_drops(connection)
        waiting = landlord_figures.count_waiting_mails(connection, {mode.word, mode.way})
        assessed = landlord_figures.read_last_assessments(connection)
        rules = landlord_figures.count_findings_by_rule(connection)
    figures: dict[str, dict[str, int]] = {}
    for name in names:
        loaded, rejected = drops.get(name, (0, 0))
        figures[name] = {"drops_loaded": loaded, "rows_rejected": rejected, "mails_waiting": waiting.get(name, 0)}
        if name in assessed:
            figures[name]["assessment_age_seconds"] = max(0, int((now - assessed[name]).total_seconds()))
    return figures, rules


def _measure_findings(settings: Settings, landlord: str, rules: list[RuleFigures], now: datetime) -> dict[str, int]:
    visible = list_visible_rules(load_page_context(settings, landlord).known.history, sees_restricted=False) or ()
    shown = [each for each in rules if each.landlord == landlord and each.rule in visible]
    oldest = min((each.oldest_due_on for each in shown if each.oldest_due_on is not None), default=None)
    days = 0 if oldest is None else (find_london_day(now) - oldest).days
    return {"findings_open": sum(each.open for each in shown), "oldest_overdue_days": max(0, days)}


def emit_figures(result: Mapping[str, Any], gauge: Callable[..., None]) -> int:
    """Hand every figure over to `gauge` (name, value, tags), as Airflow's own metrics take it; returns how many.

    The landlord stands in the name too: StatsD knows no tags, and one landlord's figure would be another's.
    """
    named = list(list_named_figures(result))
    for landlord, figure, value in named:
        gauge(f"due_regard.{landlord}.{figure}", value, tags={"landlord": landlord})
    gauge("due_regard.landlords_failed", len(result.get("failed", {})))
    return len(named)


def list_named_figures(result: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Landlord, figure and number of each, figure by figure."""
    for figure in FIGURES:
        for landlord, figures in sorted(result["landlords"].items()):
            if figure in figures:
                yield landlord, figure, figures[figure]


def check_all_measured(result: Mapping[str, Any]) -> None:
    """Fail the task where a landlord's figures could not be worked out, once those of the others are out.

    Raises:
        DueRegardError: whose, and why.
    """
    if failed := result.get("failed"):
        raise DueRegardError("; ".join(f"{landlord}: {why}" for landlord, why in failed.items()))
