"""A landlord's first drops, of which little is there yet: judged, alerted on and reported without a stumble."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from due_regard.config.settings import Settings
from due_regard.records.canonical import ENTITIES, ColumnKind, Entity
from due_regard.records.validated_drop import AcceptedFile
from due_regard.register import load_drop
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.build_packs import build_packs
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.run_alerts import run_alerts
from tests.code_words import list_codes
from tests.journeys.installations import LANDLORDS
from tests.register.drops import accepted, drop

NOW, AS_AT = datetime(2026, 7, 3, 9, tzinfo=UTC), date(2026, 6, 30)
_LONG = bool(os.environ.get("DUE_REGARD_LONG_TESTS"))
EDITIONS = ("confidential", "publishable")


def row(entity: Entity, *, required: bool) -> dict[str, object]:
    """A record of an entity, every column filled, or the `required` ones alone."""
    simple: dict[ColumnKind, object] = {ColumnKind.DATE: "2026-05-05", ColumnKind.YN: True}
    return {
        column.name: list_codes(column)[0] if list_codes(column) else simple.get(column.kind, "X1")
        for column in entity.columns
        if column.required or not required
    }


def first_drops() -> Iterator[tuple[str, list[AcceptedFile]]]:
    """Drops by what is in them: headers alone, one record of everything, one entity alone with or without a record."""
    yield "headers alone", [accepted(entity.name, []) for entity in ENTITIES]
    yield "a record of everything", [accepted(entity.name, [row(entity, required=False)]) for entity in ENTITIES]
    for entity in ENTITIES:
        yield f"a header of {entity.name}", [accepted(entity.name, [])]
        yield f"one of {entity.name}", [accepted(entity.name, [row(entity, required=False)])]
        narrow = row(entity, required=True)
        yield f"the least of {entity.name}", [accepted(entity.name, [narrow], columns=tuple(narrow))]


DROPS = dict(first_drops())
SHORT = [("united_welsh", "headers alone"), ("united_welsh", "a record of everything")]
EVERYWHERE = [(landlord, name) for landlord in LANDLORDS for name in ("headers alone", "a record of everything")]
LONG = [*EVERYWHERE, *(("united_welsh", name) for name in DROPS if ("united_welsh", name) not in EVERYWHERE)]


@pytest.mark.parametrize(("landlord", "name"), LONG if _LONG else SHORT)
def test_every_verb_takes_a_young_register(landlord: str, name: str, tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path / "var", drops_dir=tmp_path / "drops", landlords=(landlord,))
    with open_landlord_register(settings, landlord, upgrade=True) as engine:
        load_drop(engine, drop(*DROPS[name], landlord=landlord), now=NOW - timedelta(days=20))
    assess_landlord(settings, landlord, as_at=AS_AT, now=NOW)
    assert run_alerts(settings, as_at=AS_AT, now=NOW)["refused"] == 0
    for edition in EDITIONS:
        built = build_packs(
            settings, landlord, quarter="2026-Q2", edition=edition, out=tmp_path / "packs", now=NOW, issue=True
        )
        assert built["packs"]
        assert all((tmp_path / "packs" / file).stat().st_size for pack in built["packs"] for file in pack["files"])
