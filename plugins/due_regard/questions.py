"""Questions that change nothing: assessments of a register or a drop, how one came about, what a policy would change.

The command line asks them; DAGs have no need to. Verbs that change something are pipeline.py's.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from due_regard.errors import PolicyError
from due_regard.policy import PolicyHistory
from due_regard.settings import Settings
from due_regard.terms import register_of, run_here, terms

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

    from due_regard.batch import ValidatedDrop
    from due_regard.contract import Records


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
        with register_of(settings, landlord) as engine:
            from due_regard import register

            return register.read_records(engine, landlord, known_at=known_at), None
    mapping = load_source(settings.sources_dir, source)
    validated = read_drop(drop, landlord, mapping, on=as_at, known=lambda _: None, great_expectations=False)
    return validated.records(), validated


def findings(settings: Settings, *, as_at: date, landlord: str | None = None) -> pd.DataFrame:
    """Open findings, oldest due first (columns: register.open_findings)."""
    import pandas as pd

    from due_regard import register

    held = settings.registers([landlord] if landlord else run_here(settings))
    frames = []
    for names in held.values():
        with register_of(settings, names[0]) as engine:
            frames.append(register.open_findings(engine, landlord, as_at=as_at))
    if len(frames) == 1:
        return frames[0]
    return pd.concat(frames).sort_values(["due_on", "register_ref"], na_position="last", ignore_index=True)


def judged_to(engine: Engine, landlord: str) -> date:
    """The latest date that a landlord's findings stand at; the earliest date there is where it was never judged."""
    from sqlalchemy import func, select

    from due_regard.register import reading
    from due_regard.register.finding_tables import AssessmentRun as Run

    with reading(engine, landlord) as connection:
        found = connection.scalar(select(func.max(Run.as_at)).where(Run.landlord == landlord, Run.moved))
    return found or date.min


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
