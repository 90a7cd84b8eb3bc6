"""Assessments that change nothing: of the register as known at an instant, or of a drop alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from due_regard.config.landlord import load_landlord
from due_regard.config.settings import Settings
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register

if TYPE_CHECKING:
    import pandas as pd

    from due_regard.records.canonical import Records
    from due_regard.records.validated_drop import ValidatedDrop


@dataclass(frozen=True)
class RecordChoice:
    """Which records are assessed: those of the register, as known at `known_at`, or those of `drop` alone.

    Attributes:
        known_at: None means as known now.
        drop: folder of an export; the register is then not touched.
        source: source mapping of the drop; None means the landlord's own.
    """

    known_at: datetime | None = None
    drop: Path | None = None
    source: str | None = None


FROM_REGISTER = RecordChoice()
"""What the register holds now."""


def read_assessments(
    settings: Settings, landlord: str, choice: RecordChoice = FROM_REGISTER, *, as_at: date
) -> tuple[pd.DataFrame, ValidatedDrop | None]:
    """Assessments of the chosen records (columns: `assess_records`), and the validated drop where one was chosen."""
    from due_regard.assessment import assess_records

    context = load_landlord_context(settings, landlord)
    records, validated = read_chosen_records(settings, landlord, choice, as_at)
    return assess_records(records, context.history, context.calendar, as_at), validated


def explain_assessment(
    settings: Settings, landlord: str, rule: str, subject: str, choice: RecordChoice = FROM_REGISTER, *, as_at: date
) -> list[str]:
    """Lines that say how the assessments of one rule and subject came about (assessment/explanation.py)."""
    from due_regard.assessment.explanation import explain_rule

    context = load_landlord_context(settings, landlord)
    records, _ = read_chosen_records(settings, landlord, choice, as_at)
    return explain_rule(records, context.history, context.calendar, as_at, rule, subject)


def read_chosen_records(
    settings: Settings, landlord: str, choice: RecordChoice, as_at: date
) -> tuple[Records, ValidatedDrop | None]:
    """The chosen records, and the validated drop if there is one."""
    from due_regard.intake.drop_reading import read_drop
    from due_regard.intake.source_mapping import load_source_mapping

    if choice.drop is None:
        with open_landlord_register(settings, landlord) as engine:
            from due_regard import register

            return register.read_records(engine, landlord, known_at=choice.known_at), None
    source = choice.source or load_landlord(settings.landlords_dir, landlord).source
    mapping = load_source_mapping(settings.sources_dir, source)
    validated = read_drop(choice.drop, landlord, mapping, on=as_at, known=lambda _: None, great_expectations=False)
    return validated.records(), validated
