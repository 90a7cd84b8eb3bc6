"""One check's answer, and the check that every folder needs."""

from __future__ import annotations

from dataclasses import dataclass

from due_regard.config.storage import StoredPath, check_can_write
from due_regard.errors import StorageError


@dataclass(frozen=True)
class CheckResult:
    """One check's answer; a warning is `ok`, and a person must say whether it is meant."""

    what: str
    ok: bool
    says: str
    is_warning: bool = False


def check_writing(what: str, folder: StoredPath, says: str) -> CheckResult:
    """Whether `folder` can be written; `says` is the answer where it can."""
    try:
        check_can_write(folder)
    except StorageError as reason:
        return CheckResult(what, False, str(reason))
    return CheckResult(what, True, says)
