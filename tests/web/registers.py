"""Registers for tests of pages: a landlord's records loaded, judged, and opened as pages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from due_regard import register
from due_regard.config.settings import Settings
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.records.validated_drop import AcceptedFile
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.landlord_context import open_landlord_register
from tests.contract_examples import CONTRACT
from tests.register.drops import drop

NOW, AS_AT = datetime(2026, 7, 1, 9, tzinfo=UTC), date(2026, 7, 1)


def keep_records(
    var: Path, landlord: str, *files: AcceptedFile, is_judged: bool = True, own_dir: Path | None = None
) -> Settings:
    """An installation whose register holds these records, judged as at `AS_AT`."""
    settings = Settings(var_dir=var, landlords=(landlord,), own_dir=own_dir)
    with open_landlord_register(settings, landlord, upgrade=True) as engine:
        register.load_drop(engine, drop(*files, landlord=landlord), now=NOW)
    if is_judged:
        assess_landlord(settings, landlord, as_at=AS_AT, now=NOW)
    return settings


def keep_example(var: Path, landlord: str, register_url: str | None = None) -> Settings:
    """An installation whose register holds the contract's example of a landlord, judged as at `AS_AT`."""
    settings = Settings(var_dir=var, landlords=(landlord,), register_url=register_url)
    source = load_source_mapping(settings.sources_dir, "canonical")
    exports = CONTRACT / "examples" / landlord / "exports"
    validated = read_drop(exports, landlord, source, on=AS_AT, known=lambda _: None, great_expectations=False)
    with open_landlord_register(settings, landlord, upgrade=True) as engine:
        register.load_drop(engine, validated, now=NOW)
    assess_landlord(settings, landlord, as_at=AS_AT, now=NOW)
    return settings


def restrict_duty(own_dir: Path, landlord: str, rule: str) -> Path:
    """An own folder in which only the services manager may hear of one duty of the landlord's policy."""
    (shipped,) = Path("include/policies", landlord).glob("*.yaml")
    text = shipped.read_text(encoding="utf-8")
    assert f"- rule: {rule}\n" in text
    folder = own_dir / "policies" / landlord
    folder.mkdir(parents=True)
    restricted = text.replace(f"- rule: {rule}\n", f"- rule: {rule}\n    restricted_to: [services_manager]\n")
    (folder / shipped.name).write_text(restricted, encoding="utf-8")
    return own_dir
