"""Take in one drop: read and validate it, load what is good, hand back what is not.

A drop that looks wrong as a whole is held for a person. Reading files is intake's; keeping rows is the register's.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.config.storage import StoredPath, bring_here
from due_regard.errors import OlderDrop
from due_regard.policy import LandlordContext
from due_regard.services.handed_back import describe_taken_drop, find_handback_place
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register
from due_regard.services.post_mail import open_mail_context, post_rows_to_mend
from due_regard.services.repeat_drop import remember_taken_drop, repeat_drop
from due_regard.services.result import Result
from due_regard.services.steps import report_step

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from due_regard.intake.source_mapping import SourceMapping
    from due_regard.records.validated_drop import ValidatedDrop
    from due_regard.register.loading.load import TellOwner


_ROWS_SHOWN = 10


def take_in_drop(
    settings: Settings, landlord: str, *, drop: StoredPath | None = None, source: str | None = None, now: datetime
) -> Result:
    """Stage, validate and load one drop.

    Returns:
        landlord, batch_id, status (loaded, unchanged, refused, missing, waiting, held), files (file, entity, read,
        loaded, unchanged, rejected, refused), not_known (entity, column, cells, rows: the first of them), rejections
        and quarantine (folders, where something lies there), exit_code.

    Raises:
        SettingsError: settings or source mapping are wrong.
        DropError: a drop named by hand is missing.
    """
    from due_regard.intake.completeness import check_completeness
    from due_regard.intake.source_mapping import load_source_mapping

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
    from due_regard.intake.drop_identity import identify_drop

    landlord = context.landlord.id
    with open_landlord_register(settings, landlord, upgrade=True) as engine:
        identity = identify_drop(folder, mapping)
        if repeated := repeat_drop(engine, settings, landlord, folder, identity, now):
            return repeated
        report_step(f"{landlord}: reading and checking")
        validated = validate_drop(engine, settings, landlord, folder, mapping, now)
        content = register.hash_drop((*validated.files, *validated.refused))
        if validated.held and not register.is_released(engine, landlord, content):
            return hold_validated_drop(engine, validated, content, find_older_drop(engine, validated), now)
        report_step(f"{landlord}: loading")
        tell_owner = prepare_rows_to_mend(settings, context, validated, content, now)
        try:
            report = register.load_drop(engine, validated, now=now, keep_newer=True, tell_owner=tell_owner)
        except OlderDrop as reason:
            return hold_validated_drop(engine, validated, content, reason, now)
        # After the load: what goes back of a drop that was not loaded would be mended in vain. A run that is killed
        # here has told the data owner already, and the same drop taken again writes the files.
        result = report_loaded_drop(settings, validated, folder, report, content, now)
        # A file that changed while the drop was read leaves it unknown.
        if identify_drop(folder, mapping) == identity:
            remember_taken_drop(engine, settings, validated, identity, result, now)
        return result


def prepare_rows_to_mend(
    settings: Settings, context: LandlordContext, validated: ValidatedDrop, content: str, now: datetime
) -> TellOwner:
    """What writes, with the drop, the mail about its rows to mend: told once, and again where they are others.

    Raises:
        WordingError: the wording of mails is wrong; before anything is loaded.
    """
    from due_regard.register.loading.batch_rows import LoadReport
    from due_regard.register.loading.drop_history import has_new_faults
    from due_regard.register.loading.load import tell_nobody

    if not validated.refused and not any(file.rejections or file.list_not_known() for file in validated.files):
        return tell_nobody
    mail_context = open_mail_context(settings, context, now=now)
    folder = settings.rejections / find_handback_place(validated.landlord, content)

    def tell_owner(connection: Connection, report: LoadReport) -> None:
        if report.status != "unchanged" or has_new_faults(connection, validated.landlord, report.batch_id):
            post_rows_to_mend(connection, mail_context, validated, report.batch_id, folder)

    return tell_owner


def validate_drop(
    engine: Engine, settings: Settings, landlord: str, folder: Path, mapping: SourceMapping, now: datetime
) -> ValidatedDrop:
    """The drop, validated against what the register holds."""
    from due_regard import register
    from due_regard.intake.completeness import find_rows_before
    from due_regard.intake.drop_reading import read_drop

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


def list_not_known(validated: ValidatedDrop) -> list[dict[str, Any]]:
    """Where cells hold words that are not known: entity, column, how many, and in which rows first; never a word."""
    return [
        {"entity": accepted.entity, "column": column, "cells": len(rows), "rows": rows[:_ROWS_SHOWN]}
        for accepted in validated.files
        for column, _, rows in accepted.list_not_known()
    ]


def report_no_drop(landlord: str, status: str, why: str) -> dict[str, Any]:
    """The result of a drop that was not taken, and why."""
    return {
        "landlord": landlord,
        "batch_id": None,
        "status": status,
        "why": why,
        "files": [],
        "not_known": [],
        "exit_code": 5,
    }


def find_older_drop(engine: Engine, validated: ValidatedDrop) -> OlderDrop | None:
    """That a drop which is held anyway is an older one too: whoever releases it lets it in as it is."""
    from due_regard import register
    from due_regard.register.loading.older_drops import find_newer_drop

    with register.reading(engine, validated.landlord) as connection:
        return find_newer_drop(connection, validated)


def hold_validated_drop(
    engine: Engine, validated: ValidatedDrop, content: str, older: OlderDrop | None, now: datetime
) -> dict[str, Any]:
    """Note a drop that waits for a person, and say so."""
    from due_regard import register

    why, drop = "; ".join([*validated.held, *([str(older)] if older else [])]), validated.drop
    newer = older.newer_batch if older else None
    batch = register.hold_drop(
        engine,
        landlord=validated.landlord,
        source=validated.source,
        drop=drop,
        sha256=content,
        why=why,
        now=now,
        newer_batch=newer,
    )
    return report_no_drop(validated.landlord, "held", why) | {"batch_id": batch}


def report_loaded_drop(
    settings: Settings, validated: ValidatedDrop, folder: Path, report: Any, content: str, now: datetime
) -> dict[str, Any]:
    """Write what goes back to the landlord; the result of a drop that was taken."""
    from due_regard.intake.data_docs import publish_data_docs
    from due_regard.intake.rejections import quarantine_files, write_rejections

    place = find_handback_place(validated.landlord, content)
    rejections = write_rejections(validated, settings.rejections / place)
    refused = quarantine_files(validated, folder, settings.quarantine / place)
    publish_data_docs(validated, settings.data_docs, run=f"batch-{report.batch_id:06d}", now=now)
    return describe_taken_drop(
        validated.landlord,
        report,
        not_known=list_not_known(validated),
        rejections=settings.rejections / place if rejections else None,
        quarantine=settings.quarantine / place if refused else None,
    )
