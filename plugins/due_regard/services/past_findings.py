"""Findings as they stood at the end of a judged day: now where that was the last one, else rebuilt.

Which findings were open is what their events say. Due dates and days overdue of a past day are worked out anew from
what was known then and the texts that the run kept (judge_run_again.py), and count only where they are what the run
recorded.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from due_regard.config.settings import Settings
from due_regard.errors import PolicyError, SettingsError
from due_regard.policy import Duty, PolicyHistory
from due_regard.services.judge_run_again import Verdict, judge_run_again
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
    from due_regard.register.findings.recorded_runs import read_recorded_run

    if judged.is_last:
        found, history = register.read_open_findings(engine, landlord, as_at=judged.as_at), None
        with suppress(SettingsError):
            history = _load_history(settings, landlord)
        return _add_days_unit(found, history), True
    proof = judge_run_again(engine, settings, read_recorded_run(engine, landlord, judged.run_id))
    every = proof.every if proof.verdict is Verdict.PROVED else None
    found = _read_past_findings(engine, landlord, every, judged)
    return _add_days_unit(found, proof.history), every is not None


def _load_history(settings: Settings, landlord: str) -> PolicyHistory:
    from due_regard.packs import add_report_duty

    context = load_landlord_context(settings, landlord)
    return add_report_duty(context.history, context.landlord, reports=settings.reports_dir)


def _read_past_findings(engine: Engine, landlord: str, rebuilt: pd.DataFrame | None, judged: JudgedDay) -> pd.DataFrame:
    """Findings open then, with what `rebuilt` says of them; None where that cannot be told."""
    import pandas as pd

    from due_regard import register
    from due_regard.register.findings.finding_transitions import KEY

    then = register.read_findings_open_on(engine, landlord, judged.as_at).assign(landlord=landlord)
    then = then.merge(register.read_new_owners_on(engine, landlord, judged.as_at), on="finding_id", how="left")
    if rebuilt is None:
        untold = dict.fromkeys(("days_overdue", "severity", "clause", "owner_role", "policy_version"))
        return then.assign(due_on=pd.Series(pd.NaT, index=then.index, dtype="datetime64[s]"), **untold)
    rebuilt = rebuilt.assign(policy_version=rebuilt["policy_version"].dt.strftime("%Y-%m-%d"))
    return then.drop(columns=["state", "landlord"]).merge(rebuilt, on=KEY, how="left")


def _add_days_unit(found: pd.DataFrame, history: PolicyHistory | None) -> pd.DataFrame:
    return found.assign(days_unit=_list_days_units(history, found))[[*COLUMNS]]


def _list_days_units(history: PolicyHistory | None, found: pd.DataFrame) -> pd.Series:
    import pandas as pd

    if history is None or found.empty:
        return pd.Series(None, index=found.index, dtype="object")
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
