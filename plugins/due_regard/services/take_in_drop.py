"""Take in one drop: read and validate it, load what is good, hand back what is not.

A drop that looks wrong as a whole is held for a person. Reading files is intake's; keeping rows is the register's.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.config.storage import bring_here
from due_regard.policy import LandlordContext
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register
from due_regard.services.post_mail import post_rows_to_mend
from due_regard.services.result import Result
from due_regard.services.steps import report_step

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.intake import SourceMapping
    from due_regard.records.validated_drop import ValidatedDrop


def take_in_drop(
    settings: Settings, landlord: str, *, drop: Path | None = None, source: str | None = None, now: datetime
) -> Result:
    """Stage, validate and load one drop.

    Returns:
        landlord, batch_id, status (loaded, unchanged, refused, missing, waiting, held), files (file, entity, read,
        loaded, unchanged, rejected, refused), rejections and quarantine (folders, where something lies there),
        exit_code.

    Raises:
        SettingsError: settings or source mapping are wrong.
        DropError: a drop named by hand is missing.
    """
    from due_regard.intake import check_completeness, load_source_mapping

    context = load_landlord_context(settings, landlord)
    folder = drop or settings.drops / context.landlord.drop_folder
    if drop is None and not folder.is_dir():
        return report_no_drop(landlord, "missing", f"no folder {context.landlord.drop_folder} below the drops folder")
    mapping = load_source_mapping(settings.sources_dir, source or context.landlord.source)
    with bring_here(folder) as here:
        if drop is None and not (complete := check_completeness(here, mapping, now=now)).is_ready:
            return report_no_drop(landlord, "waiting", complete.why)
        return load_complete_drop(settings, context, here, mapping, now)


def load_complete_drop(
    settings: Settings, context: LandlordContext, folder: Path, mapping: SourceMapping, now: datetime
) -> Result:
    """Validate a drop that is all there, load it unless it must wait for a person, and hand back the rest."""
    from due_regard import register

    landlord = context.landlord.id
    with open_landlord_register(settings, landlord, upgrade=True) as engine:
        report_step(f"{landlord}: reading and checking")
        validated = validate_drop(engine, settings, landlord, folder, mapping, now)
        content = register.hash_drop((*validated.files, *validated.refused))
        if validated.held and not register.is_released(engine, landlord, content):
            return hold_validated_drop(engine, validated, content, now)
        report_step(f"{landlord}: loading")
        report = register.load_drop(engine, validated, now=now)
        result = report_loaded_drop(settings, validated, folder, report, content, now)
        if report.status != "unchanged" and result["exit_code"]:
            post_rows_to_mend(engine, settings, context, validated, result, now=now)
    return result


def validate_drop(
    engine: Engine, settings: Settings, landlord: str, folder: Path, mapping: SourceMapping, now: datetime
) -> ValidatedDrop:
    """The drop, validated against what the register holds."""
    from due_regard import register
    from due_regard.intake import find_rows_before, read_drop

    return read_drop(
        folder,
        landlord,
        mapping,
        on=find_london_day(now),
        known=lambda entity: register.read_known_refs(engine, landlord, entity),
        previous_rows=lambda entity: find_rows_before(
            register.list_record_counts(engine, landlord, entity), mapping.max_shrink
        ),
        project=settings.validation_dir / landlord,
    )


def report_no_drop(landlord: str, status: str, why: str) -> dict[str, Any]:
    """The result of a drop that was not taken, and why."""
    return {"landlord": landlord, "batch_id": None, "status": status, "why": why, "files": [], "exit_code": 5}


def hold_validated_drop(engine: Engine, validated: ValidatedDrop, content: str, now: datetime) -> dict[str, Any]:
    """Note a drop that waits for a person, and say so."""
    from due_regard import register

    why, drop = "; ".join(validated.held), validated.drop
    batch = register.hold_drop(
        engine, landlord=validated.landlord, source=validated.source, drop=drop, sha256=content, why=why, now=now
    )
    return report_no_drop(validated.landlord, "held", why) | {"batch_id": batch}


def report_loaded_drop(
    settings: Settings, validated: ValidatedDrop, folder: Path, report: Any, content: str, now: datetime
) -> dict[str, Any]:
    """Write what goes back to the landlord; the result of a drop that was taken."""
    from due_regard.intake import publish_data_docs, quarantine_files, write_rejections

    # Named by content, so that the same drop taken again leaves no second copy of its rows behind.
    place = Path(validated.landlord) / f"drop-{content[:12]}"
    rejections = write_rejections(validated, settings.rejections / place)
    refused = quarantine_files(validated, folder, settings.quarantine / place)
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
