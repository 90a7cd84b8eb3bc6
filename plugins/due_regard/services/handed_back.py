"""Where what goes back of a drop lies, and how a drop that was taken in is told as a result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from due_regard.config.storage import StoredPath
from due_regard.services.result import Result

if TYPE_CHECKING:
    from due_regard.register.loading.batch_rows import LoadReport

_FILE = ("file", "entity", "read", "loaded", "unchanged", "rejected", "refused")


def find_handback_place(landlord: str, content: str) -> Path:
    """Where, below each folder, what goes back of a drop lies.

    Named by content, so that the same drop taken again leaves no second copy of its rows behind.
    """
    return Path(landlord) / f"drop-{content[:12]}"


def describe_taken_drop(
    landlord: str,
    report: LoadReport,
    *,
    not_known: list[dict[str, Any]],
    rejections: StoredPath | None = None,
    quarantine: StoredPath | None = None,
) -> Result:
    """The result of a drop that was taken; the folders where something went back."""
    files = [{name: getattr(file, name) for name in _FILE} for file in report.files]
    is_refused = any(file["refused"] for file in files)
    return {
        "landlord": landlord,
        "batch_id": report.batch_id,
        "status": report.status,
        "files": files,
        "not_known": not_known,
        "rejections": None if rejections is None else str(rejections),
        "quarantine": None if quarantine is None else str(quarantine),
        "exit_code": 4 if is_refused else 3 if any(file["rejected"] for file in files) else 0,
    }
