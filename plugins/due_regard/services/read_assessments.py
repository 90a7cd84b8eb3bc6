"""Assessments that change nothing: of the register as known at an instant, or of a drop alone."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register

if TYPE_CHECKING:
    import pandas as pd

    from due_regard.records.canonical import Records
    from due_regard.records.validated_drop import ValidatedDrop


def read_assessments(
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
    from due_regard.assessment import assess_records

    context = load_landlord_context(settings, landlord)
    records, validated = read_chosen_records(settings, landlord, as_at, known_at, drop, source)
    return assess_records(records, context.history, context.calendar, as_at), validated


def explain_assessment(
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
    from due_regard.assessment.explanation import explain_rule

    context = load_landlord_context(settings, landlord)
    records, _ = read_chosen_records(settings, landlord, as_at, known_at, drop, source)
    return explain_rule(records, context.history, context.calendar, as_at, rule, subject)


def read_chosen_records(
    settings: Settings, landlord: str, as_at: date, known_at: datetime | None, drop: Path | None, source: str
) -> tuple[Records, ValidatedDrop | None]:
    """The records of the register as known at `known_at`, or those of a drop, and the drop where one was given."""
    from due_regard.intake import load_source_mapping, read_drop

    if drop is None:
        with open_landlord_register(settings, landlord) as engine:
            from due_regard import register

            return register.read_records(engine, landlord, known_at=known_at), None
    mapping = load_source_mapping(settings.sources_dir, source)
    validated = read_drop(drop, landlord, mapping, on=as_at, known=lambda _: None, great_expectations=False)
    return validated.records(), validated
