"""The sentences of mails to the data owner: rows to mend, runs that failed; a part of `wording.yaml`."""

from __future__ import annotations

from typing import Annotated

from due_regard.mail.sentences import OfDay, Plain, Sentences, require_placeholders


class DataOwnerSentences(Sentences):
    """Mails to the data owner alone."""

    rows_title: Annotated[str, require_placeholders("batch")]
    rows_to_mend: Annotated[str, require_placeholders("summary", "folder", "batch")]
    failure_title: Annotated[str, require_placeholders("dag")]
    failure: Annotated[str, require_placeholders("task", "dag", "run", "day")]
    unended_title: Annotated[str, require_placeholders("dag")]
    unended: Annotated[str, require_placeholders("task", "dag", "run", "day")]
    backup_failure_title: Annotated[str, require_placeholders("day")]
    backup_failure: Annotated[str, require_placeholders("task", "run", "day")]
    proof_failure_title: Annotated[str, require_placeholders("day")]
    proof_failure: Annotated[str, require_placeholders("task", "run", "day")]
    unassessed_title: Annotated[str, require_placeholders("by", "day")]
    unassessed: Annotated[str, require_placeholders("by", "days", "why")]
    day_not_assessed: OfDay
    day_assessed_late: Annotated[str, require_placeholders("day", "at")]
    why_switched_off: Annotated[str, require_placeholders("dag")]
    why_unknown_dag: Annotated[str, require_placeholders("dag")]
    why_not_begun: Plain
    why_running: Annotated[str, require_placeholders("task", "at")]
    why_failed: Annotated[str, require_placeholders("task", "at")]
    why_ended: Annotated[str, require_placeholders("task", "at")]
    why_over: Plain
    silent_watch_title: OfDay
    silent_airflow: Annotated[str, require_placeholders("at")]
    silent_outside: Annotated[str, require_placeholders("at")]
    unproved_title: Annotated[str, require_placeholders("day")]
    unproved: Annotated[str, require_placeholders("tables", "landlord")]
