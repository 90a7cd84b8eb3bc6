"""Every figure of every pack opens: to as many rows as it counts, each with its file, row and clause."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, select

from due_regard.calendars.quarters import Quarter
from due_regard.config.settings import Settings
from due_regard.errors import PackError, SettingsError, UnknownReference
from due_regard.packs import record_issue
from due_regard.packs.build import build_pack
from due_regard.packs.content.case_order import BY_DAY, BY_DAYS, BY_FILE, BY_REFERENCE
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.opened_figure import OpenedFigure, open_counted_figure
from due_regard.packs.known_state import read_known_snapshot
from due_regard.packs.life.figure_addresses import parse_figure_address
from due_regard.packs.life.figure_rows import list_figure_rows
from due_regard.packs.measures import Figure, QuarterSnapshot
from due_regard.records.canonical import ENTITIES
from due_regard.register import load_drop, reading, upgrade_register, writing
from due_regard.register.schema.pack_tables import PackRow
from due_regard.services.open_figure import open_figure
from due_regard.services.verify_pack_file import verify_pack_file
from tests.packs.known import IS_LONG, LANDLORDS, QUARTER, REPORTS, TAKEN_IN, context_of, example_drop, example_tables
from tests.packs.registers import BUILT, NAME, PACK, Made

EDITIONS = [(name, edition) for name in LANDLORDS for edition in ("confidential", "publishable")]
"""Every pack; the short form takes one landlord's confidential edition, and both of one whose policy has few duties."""


@pytest.mark.usefixtures("publish_the_least")
@pytest.mark.parametrize(
    ("name", "edition"),
    [each for each in EDITIONS if IS_LONG or each[0] == "united_welsh" or each == ("queens_cross", "confidential")],
)
def test_every_figure_of_every_pack_opens(name: str, edition: str, tmp_path: Path) -> None:
    engine = upgrade_register(f"sqlite:///{tmp_path / 'register.db'}")
    load_drop(engine, example_drop(name), now=TAKEN_IN)
    context = context_of(name)
    figures: dict[str, Any] = {}
    for switch in context.landlord.packs:
        report = build_pack(
            engine, context, quarter=QUARTER, pack=switch.name, edition=edition, out=tmp_path, now=BUILT,
            reports=REPORTS,
        )  # fmt: skip
        with reading(engine, name) as connection:
            row = connection.execute(select(PackRow.figures, PackRow.published).where(PackRow.id == report.pack_id))
            frozen, published = row.one()
        shown = frozen if edition == "confidential" else choose_shown(frozen, published)
        figures |= shown
    check_figures(engine, name, figures)
    engine.dispose()
    listed = {key.split("/")[0] for key in figures} & LISTINGS
    if edition == "confidential":
        assert listed >= {"lateness", "in_force_over_time"}
    assert edition == "confidential" or all(SPECS[each].is_publishable for each in listed)


_NO_RECORDS = {"duty", "landlord", "policy"}
"""What a listing counts, and no row of a drop is."""
LISTINGS = {name for name, spec in SPECS.items() if spec.listing is not None}


def choose_shown(frozen: dict[str, Any], published: dict[str, float | None]) -> dict[str, Any]:
    return {key: values for key, values in frozen.items() if published.get(key) is not None}


@pytest.mark.parametrize("name", LANDLORDS)
def test_every_number_of_a_listing_has_an_address(name: str) -> None:
    """What is printed of a listing is what its figures count, number for number."""
    seen = 0
    for table in (example_tables(name)[listing] for listing in sorted(LISTINGS - {"readings"})):
        assert table.listing is not None and table.counted is not None
        of_policy = {"Working days to decide", "Limit in working days"}
        printed = [list_numbers(table.listing[column]) for column in table.listing if column not in of_policy]
        numbers = sorted(number for column in printed for number in column)
        counted = table.counted[table.counted["measure"] != "rows"]
        # Of a listing without a row nothing is printed, also no nought.
        figures = [] if table.listing.empty else sorted(float(value) for value in counted["numerator"])
        if table.name == "incidents_by_month" and "baseline" in set(counted["measure"]):
            baseline = float(counted.set_index("measure").at["baseline", "numerator"])
            for _ in range(23):
                numbers.remove(baseline)  # one number, printed beside each of the 24 months
        assert numbers == figures, table.name
        assert not counted.duplicated(["quarter", "measure"]).any()
        seen += len(figures)
    assert seen > 150


def list_numbers(values: Any) -> list[float]:
    return [float(value) for value in values if isinstance(value, int | float | np.number)]


def check_figures(engine: Engine, name: str, figures: dict[str, Any]) -> None:
    opened = 0

    @cache
    def snapshot(quarter: str) -> tuple[QuarterSnapshot, Any]:
        place = (Quarter.parse(quarter), QUARTER, TAKEN_IN)
        return read_known_snapshot(engine, context_of(name), *place)

    @cache
    def counted(table: str, quarter: str) -> dict[str, Figure]:
        return {one.measure: one for one in SPECS[table].list_figures(snapshot(quarter)[0])}

    for key, values in figures.items():
        table, measure, quarter = key.split("/")
        for is_whole, value in enumerate(values):
            if value is not None:
                found, records = snapshot(quarter)
                figure = open_counted_figure(found, counted(table, quarter)[measure], is_whole=bool(is_whole))
                assert figure.number == value, key
                assert is_in_order(figure), key
                if figure.unit == "count" and not figure.is_of_files:
                    assert len(figure.cases) == value, (key, is_whole)
                with reading(engine, name) as connection:
                    rows = list_figure_rows(connection, name, figure, records, known_at=TAKEN_IN, most=20)
                assert all((row["file"] and row["batch_id"]) or row["kind"] in _NO_RECORDS for row in rows), key
                assert all(row["file"] or row["origin"] for row in rows), key
                opened += 1
    assert opened >= len(figures) > 0


def is_in_order(figure: OpenedFigure) -> bool:
    """By the longest, or by the day due, and equal ones by their reference; in words, too."""
    rows = figure.cases.assign(
        ref=figure.cases["ref"].astype("str").str.zfill(12) if figure.is_of_files else figure.cases["ref"]
    )
    first = {BY_DAYS: "days", BY_REFERENCE: "kind", BY_FILE: "kind"}.get(figure.order, "due_on")
    if first not in rows:  # by the day of the record, which test_case_order looks at
        return figure.order == BY_DAY and rows["kind"].isin([e.name for e in ENTITIES if e.opened_on]).any()
    places = [
        (day, row.kind, str(row.ref)) for day, row in zip(rows[first], rows.itertuples(), strict=True) if pd.notna(day)
    ]
    if first == "days":
        places = [(-day, *rest) for day, *rest in places]
    return places == sorted(places)


@pytest.fixture
def settings(made: Made, tmp_path: Path) -> Settings:
    """An installation whose register holds one pack, handed to its audience."""
    (tmp_path / "register.db").write_bytes(made.file.read_bytes())
    engine = upgrade_register(f"sqlite:///{tmp_path / 'register.db'}")
    with writing(engine, NAME) as connection:
        record_issue(connection, NAME, made.report.pack_id, how="by hand", now=BUILT)
    engine.dispose()
    return Settings(var_dir=tmp_path, landlords=(NAME,))


@pytest.mark.parametrize("figure", ["lateness/incident_manager_informed_lapsed", "in_force_over_time/all_2025_q1"])
def test_a_number_of_a_listing_opens_by_its_address(settings: Settings, figure: str) -> None:
    address = f"{NAME}/2026-Q2/{PACK}/confidential/1/{figure}/2026-Q2"
    found = open_figure(settings, address, sees_rows=True, sees_restricted=True)
    assert found["number"] == found["row_count"] == len(found["rows"]) > 0
    assert all(row["file"] and row["row_number"] > 1 for row in found["rows"])
    assert (found["rows"][0]["clause"] is not None) is figure.startswith("lateness")


def test_a_figure_opens_by_its_address(settings: Settings) -> None:
    address = f"{NAME}/2026-Q2/{PACK}/confidential/1/reviews/reviews_late/2026-Q2"
    found = open_figure(settings, address, sees_rows=True, sees_restricted=True)
    assert found["number"] == found["row_count"] == len(found["rows"]) and found["state"] == "issued"
    assert str(parse_figure_address(address)) == address
    for row in found["rows"]:
        assert row["rule"] and row["clause"] and row["policy_version"] and row["state"] == "late"
        assert row["drop_sha256"] and row["row_number"] > 1
    withheld = open_figure(settings, address, sees_rows=False, sees_restricted=True)
    assert (withheld["rows"], withheld["may_see_rows"], withheld["number"]) == ([], False, found["number"])


@pytest.mark.parametrize(
    "address",
    [
        "x", "", f"{NAME}/2026-Q2/{PACK}/confidential/1/restrictions/no_such/2026-Q2",
        f"{NAME}/2026-Q2/{PACK}/confidential/2/restrictions/new/2026-Q2",
        f"{NAME}/2026-Q2/{PACK}/publishable/1/restrictions/new/2026-Q2",
        f"{NAME}/2026-Q9/{PACK}/confidential/1/restrictions/new/2026-Q2",
        f"no_landlord/2026-Q2/{PACK}/confidential/1/restrictions/new/2026-Q2",
    ],
)  # fmt: skip
def test_an_unknown_figure_is_said_so(settings: Settings, address: str) -> None:
    with pytest.raises(UnknownReference, match=r"address|figure"):
        open_figure(settings, address, sees_rows=True, sees_restricted=True)


def test_a_planted_change_is_found_1000_times_of_1000(settings: Settings, made: Made, tmp_path: Path) -> None:
    (file,) = (one for one in made.report.files if one.suffix == ".pdf")
    assert verify_pack_file(settings, Path(str(file)))["is_issued"]
    assert verify_pack_file(settings, Path(str(file)), digest=made.report.sha256)["is_issued"]
    body, changed, found = file.read_bytes(), tmp_path / "changed.pdf", 0
    chance = random.Random(28)
    for _ in range(1000):
        place = chance.randrange(len(body))
        changed.write_bytes(body[:place] + bytes([body[place] ^ (1 << chance.randrange(8))]) + body[place + 1 :])
        try:
            verify_pack_file(settings, changed)
        except PackError:
            found += 1
    assert found == 1000
    with pytest.raises(PackError, match="no file of this checksum"):
        verify_pack_file(settings, changed, digest=made.report.sha256)
    with pytest.raises(SettingsError, match="64"):
        verify_pack_file(settings, changed, digest="abc")
