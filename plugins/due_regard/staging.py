"""The steps of the intake verb: validate a drop against the register, hold it, or give back what was not taken.

pipeline.intake says in which order; reading is intake's and loading the register's.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from due_regard.quarters import LONDON
from due_regard.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.batch import ValidatedDrop
    from due_regard.intake import Source


def validated(engine: Engine, landlord: str, folder: Path, mapping: Source, now: datetime) -> ValidatedDrop:
    """The drop, validated against what the register holds."""
    from due_regard import register
    from due_regard.intake import read_drop

    return read_drop(
        folder,
        landlord,
        mapping,
        on=now.astimezone(LONDON).date(),
        known=lambda entity: register.known_refs(engine, landlord, entity),
        previous_rows=lambda entity: register.previous_rows(engine, landlord, entity),
    )


def no_drop(landlord: str, status: str, why: str) -> dict[str, Any]:
    """The ticket of a drop that was not taken, and why."""
    return {"landlord": landlord, "batch_id": None, "status": status, "why": why, "files": [], "exit_code": 5}


def held(engine: Engine, validated: ValidatedDrop, content: str, now: datetime) -> dict[str, Any]:
    """Note a drop that waits for a person; its ticket."""
    from due_regard import register

    why, drop = "; ".join(validated.held), validated.drop
    batch = register.hold_drop(
        engine, landlord=validated.landlord, source=validated.source, drop=drop, sha256=content, why=why, now=now
    )
    return no_drop(validated.landlord, "held", why) | {"batch_id": batch}


def loaded(
    settings: Settings, validated: ValidatedDrop, folder: Path, report: Any, content: str, now: datetime
) -> dict[str, Any]:
    """Write what goes back to the landlord; the ticket of a drop that was taken."""
    from due_regard.intake import publish_data_docs, quarantine, write_rejections

    # Named by content, so that the same drop taken again leaves no second copy of its rows behind.
    place = Path(validated.landlord) / f"drop-{content[:12]}"
    rejections = write_rejections(validated, folder, settings.rejections / place)
    refused = quarantine(validated, folder, settings.quarantine / place)
    publish_data_docs(validated, settings.data_docs, run=f"batch-{report.batch_id:06d}", now=now)
    names = ("file", "entity", "read", "loaded", "unchanged", "rejected", "refused")
    files = [{name: getattr(file, name) for name in names} for file in report.files]
    return {
        "landlord": validated.landlord,
        "batch_id": report.batch_id,
        "status": report.status,
        "files": files,
        "rejections": str(settings.rejections / place) if rejections else None,
        "quarantine": str(settings.quarantine / place) if refused else None,
        "exit_code": 4 if validated.refused else 3 if any(file["rejected"] for file in files) else 0,
    }
