"""The sentences of mails to the data owner: rows to mend, runs that failed; a part of `wording.yaml`."""

from __future__ import annotations

from typing import Annotated

from due_regard.mail.sentences import Sentences, require_placeholders


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
    unassessed_title: Annotated[str, require_placeholders("by", "day")]
    unassessed: Annotated[str, require_placeholders("by", "days")]
    unproved_title: Annotated[str, require_placeholders("day")]
    unproved: Annotated[str, require_placeholders("tables", "landlord")]
