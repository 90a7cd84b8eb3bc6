"""Judge a recorded run again: by the texts it rested on and the records known then, against its digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from due_regard import __version__
from due_regard.config.settings import Settings
from due_regard.errors import AuditError, CalendarError, SettingsError
from due_regard.policy import PolicyHistory
from due_regard.services.assess_landlord import ISSUED, assess_every_duty
from due_regard.services.landlord_context import load_landlord_context
from due_regard.services.used_files import lay_out_texts

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

    from due_regard.register.findings.recorded_runs import RecordedRun


class Verdict(StrEnum):
    """Whether a run is what judging gives again: it is, it is not, or nobody can tell."""

    PROVED = "proved"
    WRONG = "wrong"
    UNPROVED = "unproved"


@dataclass(frozen=True)
class RunProof:
    """A run judged again.

    Attributes:
        run: the run.
        verdict: whether it is what was recorded.
        says: why not, in a sentence.
        every: its assessments, where they could be judged.
        history: its policy with the duty to report, where it could be read.
    """

    run: RecordedRun
    verdict: Verdict
    says: str = ""
    every: pd.DataFrame | None = field(default=None, repr=False, compare=False)
    history: PolicyHistory | None = field(default=None, repr=False, compare=False)


def judge_run_again(engine: Engine, settings: Settings, run: RecordedRun) -> RunProof:
    """Judge a run again by its own texts; one of an earlier revision, which kept none, by today's files.

    Raises:
        RegisterError: the register cannot be read.
    """
    texts = _read_texts(engine, run)
    if run.used_texts is not None and (not texts or texts.keys() != run.used_texts.keys()):
        return RunProof(run, Verdict.WRONG, "it rests on a text that is not there, or is not what its digest says")
    try:
        with _choose_files(settings, texts) as files:
            return _judge_run(engine, files, run, texts)
    except (SettingsError, CalendarError, AuditError, ValueError, LookupError, TypeError) as reason:
        # What was tampered with can fail anywhere; its words may hold a cell, so the kind of error alone is said.
        return _say_why(run, texts, f"it cannot be judged again ({type(reason).__name__})")


def _read_texts(engine: Engine, run: RecordedRun) -> dict[str, str]:
    from due_regard.register import reading
    from due_regard.register.findings.used_texts import read_used_texts

    with reading(engine, run.landlord) as connection:
        return read_used_texts(connection, run.landlord, run.used_texts or {})


@contextmanager
def _choose_files(settings: Settings, texts: Mapping[str, str]) -> Iterator[Settings]:
    if not texts:
        yield settings
        return
    from due_regard.register.findings.used_texts import PROGRAM

    with lay_out_texts(settings, {name: text for name, text in texts.items() if name not in {ISSUED, PROGRAM}}) as own:
        yield own


def _judge_run(engine: Engine, settings: Settings, run: RecordedRun, texts: Mapping[str, str]) -> RunProof:
    from due_regard.packs import add_report_duty, parse_first_issues
    from due_regard.register.findings.assessment_runs import hash_assessments

    context = load_landlord_context(settings, run.landlord)
    issued = parse_first_issues(texts[ISSUED]) if texts else None
    every = assess_every_duty(engine, settings, context, run.as_at, known_at=run.known_at, issued=issued).every
    history = add_report_duty(context.history, context.landlord, reports=settings.reports_dir)
    if (hash_assessments(every), len(every)) != (run.sha256, run.rows):
        return _say_why(run, texts, "judged again, it gives other assessments than those recorded")
    if context.history.find_version(run.as_at).effective_from.isoformat() != run.policy_version:
        return RunProof(run, Verdict.WRONG, "it names another version of the policy than the one in force on its day")
    return RunProof(run, Verdict.PROVED, every=every, history=history)


def _say_why(run: RecordedRun, texts: Mapping[str, str], says: str) -> RunProof:
    """A fault, unless a text that was not kept or another version of this program may be why."""
    from due_regard.register.findings.used_texts import PROGRAM

    if not texts:
        return RunProof(run, Verdict.UNPROVED, f"its policy text was not kept; by today's files {says}")
    if (version := texts.get(PROGRAM)) not in {None, __version__}:
        return RunProof(run, Verdict.UNPROVED, f"version {version} judged it; by version {__version__} {says}")
    return RunProof(run, Verdict.WRONG, says)
