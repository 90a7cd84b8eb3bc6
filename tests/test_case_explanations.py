"""What a page works out from the records of one case is what all records give, on every landlord's own policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.recipients import RecipientDirectory
from due_regard.alerts.record_cells import RecordCells
from due_regard.alerts.told_before import NOTHING_SENT
from due_regard.assessment.explanation import explain_rule
from due_regard.config.settings import Settings
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.mail.wording import load_mail_wording
from due_regard.register import (
    load_drop,
    read_case_records,
    read_open_findings,
    read_records,
    reading,
    upgrade_register,
)
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.landlord_context import load_landlord_context
from tests.contract_examples import CONTRACT

AS_AT, NOW = date(2026, 6, 30), datetime(2026, 6, 30, 9, tzinfo=UTC)
OF_EACH_RULE = 2


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var")


@pytest.mark.parametrize("landlord", [folder.name for folder in sorted((CONTRACT / "examples").iterdir())])
def test_a_case_explains_and_routes_as_all_records_do(settings: Settings, landlord: str) -> None:
    engine = _take_in(settings, landlord)
    context = load_landlord_context(settings, landlord)
    every = read_records(engine, landlord)
    found = read_open_findings(engine, landlord, as_at=AS_AT).groupby("rule").head(OF_EACH_RULE)
    assert len(found) > 5
    for one in found[found["subject_type"] != "report"].itertuples(index=False):
        with reading(engine, landlord) as connection:
            case = read_case_records(connection, landlord, one.subject_type, one.subject_ref)
        asked = (context.history, context.calendar, AS_AT, one.rule, one.subject_ref)
        assert explain_rule(case, *asked) == explain_rule(every, *asked), one
        subject = (one.owner_role, one.subject_type, one.subject_ref)
        owners = [_make_directory(settings, landlord, records).find_owner(*subject) for records in (case, every)]
        assert owners[0] == owners[1], one
    engine.dispose()


def _take_in(settings: Settings, landlord: str) -> Engine:
    engine = upgrade_register(settings.register(landlord))
    source = load_source_mapping(settings.sources_dir, "canonical")
    exports = CONTRACT / "examples" / landlord / "exports"
    validated = read_drop(exports, landlord, source, on=AS_AT, known=lambda _: None, great_expectations=False)
    load_drop(engine, validated, now=NOW)
    assess_landlord(settings, landlord, as_at=AS_AT, now=NOW)
    return engine


def _make_directory(settings: Settings, landlord: str, records: object) -> RecipientDirectory:
    known, wording = load_landlord_context(settings, landlord), load_mail_wording(settings.reports_dir / "mail")
    alerts = AlertContext(known.landlord, known.history, known.calendar, wording, replace(NOTHING_SENT), AS_AT)
    return RecipientDirectory(RecordCells(records), alerts.settings, wording)  # type: ignore[arg-type]
