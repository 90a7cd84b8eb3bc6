"""Findings as they stood at the end of a judged day: now where that was the last one, else rebuilt.

Which findings were open is what their events say. Due dates and days overdue of a past day are worked out anew from
what was known then, and count only where they are what the run recorded.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError, PolicyError, SettingsError
from due_regard.policy import Duty, LandlordContext, PolicyHistory
from due_regard.services.assess_landlord import assess_every_duty
from due_regard.services.landlord_context import load_landlord_context

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

    from due_regard.register import JudgedDay


COLUMNS = (
    *("register_ref", "landlord", "rule", "subject_type", "subject_ref", "occurrence", "owner_role", "state", "due_on"),
    *("days_overdue", "days_unit", "severity", "clause", "policy_version", "handed_to"),
)
"""What is said of a finding as at a day."""


def read_findings_as_at(
    engine: Engine, settings: Settings, landlord: str, judged: JudgedDay
) -> tuple[pd.DataFrame, bool]:
    """Findings open at the end of a judged day (`COLUMNS`), and whether every column could be told."""
    from due_regard import register

    context, is_whole = None, True
    with suppress(SettingsError):
        context = load_landlord_context(settings, landlord)
    if judged.is_last:
        found = register.read_open_findings(engine, landlord, as_at=judged.as_at)
    else:
        found, is_whole = _read_past_findings(engine, settings, landlord, context, judged)
    return found.assign(days_unit=_list_days_units(settings, context, found))[[*COLUMNS]], is_whole


def _read_past_findings(
    engine: Engine, settings: Settings, landlord: str, context: LandlordContext | None, judged: JudgedDay
) -> tuple[pd.DataFrame, bool]:
    import pandas as pd

    from due_regard import register
    from due_regard.register.findings.finding_transitions import KEY

    then = register.read_findings_open_on(engine, landlord, judged.as_at).assign(landlord=landlord)
    then = then.merge(register.read_new_owners_on(engine, landlord, judged.as_at), on="finding_id", how="left")
    rebuilt = _rebuild_assessments(engine, settings, context, judged)
    if rebuilt is None:
        untold = dict.fromkeys(("days_overdue", "severity", "clause", "owner_role", "policy_version"))
        return then.assign(due_on=pd.Series(pd.NaT, index=then.index, dtype="datetime64[s]"), **untold), False
    rebuilt = rebuilt.assign(policy_version=rebuilt["policy_version"].dt.strftime("%Y-%m-%d"))
    return then.drop(columns=["state", "landlord"]).merge(rebuilt, on=KEY, how="left"), True


def _rebuild_assessments(
    engine: Engine, settings: Settings, context: LandlordContext | None, judged: JudgedDay
) -> pd.DataFrame | None:
    """The run's assessments, worked out again; None where policy, calendar or settings now say otherwise."""
    from due_regard.register.findings.assessment_runs import hash_assessments

    if context is None:
        return None
    with suppress(DueRegardError):
        every, _ = assess_every_duty(engine, settings, context, judged.as_at, known_at=judged.known_at)
        if hash_assessments(every) == judged.sha256:
            return every
    return None


def _list_days_units(settings: Settings, context: LandlordContext | None, found: pd.DataFrame) -> pd.Series:
    import pandas as pd

    from due_regard.packs import add_report_duty

    if context is None or found.empty:
        return pd.Series(None, index=found.index, dtype="object")
    history = add_report_duty(context.history, context.landlord, reports=settings.reports_dir)
    pairs = list(zip(found["rule"], found["policy_version"], strict=True))
    duties = {pair: find_assessed_duty(history, *pair) for pair in dict.fromkeys(pairs)}
    units = {pair: None if duty is None else duty.days_unit for pair, duty in duties.items()}
    return pd.Series([units[pair] for pair in pairs], index=found.index, dtype="object")


def find_assessed_duty(history: PolicyHistory, rule: str, policy_version: Any) -> Duty | None:
    """The duty in the version by which a finding was assessed; None where no version has it any more."""
    version = date.fromisoformat(policy_version[:10]) if isinstance(policy_version, str) else None
    with suppress(PolicyError):
        return history.find_duty(rule, version)
    return None
