"""The sample drops: as committed they are what the generator writes, and they are believable, dirty and nobody's."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from demo.place import DemoPlace
from demo.run import list_sample_landlords
from demo.samples import write_samples
from demo.samples.write import lay_sample_folders
from due_regard.config.landlord import list_landlord_ids, load_landlord
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.records.validated_drop import ValidatedDrop
from tests.journeys.installations import small_include

INCLUDE = Path(__file__).resolve().parents[2] / "include"
SAMPLES = INCLUDE / "samples"
AS_AT = date(2026, 6, 30)
FOLDERS = lay_sample_folders(INCLUDE)
LANDLORDS = list_landlord_ids(FOLDERS / "landlords")


def _digests(folder: Path) -> dict[str, str]:
    files = [
        file for file in folder.rglob("*") if file.is_file() and file.name != "samples.yaml" and "own" not in file.parts
    ]
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_make_samples_writes_what_is_committed(tmp_path: Path) -> None:
    write_samples(INCLUDE, tmp_path)
    written, committed = _digests(tmp_path), _digests(SAMPLES)
    assert len(written) > 20
    assert written == committed


def test_a_small_sample_keeps_the_header_of_what_it_has_none_of(tmp_path: Path) -> None:
    include = small_include(tmp_path / "include", ["hanover"], incidents=60)
    files = sorted(file.name for file in (include / "samples" / "hanover").iterdir())
    assert files == sorted(file.name for file in (SAMPLES / "hanover").iterdir())
    validated = read_drop(
        include / "samples" / "hanover", "hanover", load_source_mapping(INCLUDE / "sources", "titled_workbook"),
        on=AS_AT, known=lambda _: None, great_expectations=False,
    )  # fmt: skip
    assert validated.refused == ()
    assert min(len(file.rows) for file in validated.files) == 0


@pytest.fixture(scope="module")
def drops() -> dict[str, ValidatedDrop]:
    found = {}
    for landlord in LANDLORDS:
        settings = load_landlord(FOLDERS / "landlords", landlord)
        source = load_source_mapping(FOLDERS / "sources", settings.source)
        found[landlord] = read_drop(SAMPLES / settings.drop_folder, landlord, source, on=AS_AT, known=lambda _: None)
    return found


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_every_file_is_read_and_a_few_rows_are_rejected_for_cause(
    drops: dict[str, ValidatedDrop], landlord: str
) -> None:
    drop = drops[landlord]
    assert drop.refused == ()
    assert len(drop.records()) == 9
    reasons = Counter(rejection.reason for file in drop.files for rejection in file.rejections)
    assert set(reasons) == {"unreadable_date", "unknown_code", "required", "conflicting_duplicate", "orphan"}
    not_known = [reason for file in drop.files for _, reason, _ in file.list_not_known()]
    assert not_known == ["unreadable_yes_no"]
    assert sum(file.collapsed for file in drop.files) == 1


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_believable(drops: dict[str, ValidatedDrop], landlord: str) -> None:
    records = drops[landlord].records()
    incidents, restrictions = records["incidents"], records["restrictions"]
    assert 0.88 <= (incidents["violence"] == "none").mean() <= 0.95
    assert 20 <= len(incidents) / len(restrictions) <= 30
    per_customer = incidents["customer_ref"].value_counts()
    assert per_customer.head(len(per_customer) // 10).sum() / len(incidents) > 0.25
    assert per_customer.max() >= 10
    assert (incidents["occurred_on"] <= pd.Timestamp(AS_AT)).all()
    assert (records["customers"]["customer_ref"].str.len() == 8).all()


def test_each_landlord_has_a_shape_of_its_own() -> None:
    sources = [load_landlord(FOLDERS / "landlords", landlord).source for landlord in LANDLORDS]
    assert len(set(sources)) == len(LANDLORDS)


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_addresses_are_roles_at_domains_that_cannot_exist(drops: dict[str, ValidatedDrop], landlord: str) -> None:
    staff = drops[landlord].records()["staff"]
    roles = staff["role"].str.replace("_", ".")
    assert staff["email"].str.endswith(".example").all()
    assert all(address.startswith(role) for address, role in zip(staff["email"], roles, strict=True))


def test_the_demo_runs_every_landlord_that_has_a_sample_drop() -> None:
    place = DemoPlace(Path("out"), SAMPLES.parent)
    drops = {folder.name for folder in SAMPLES.iterdir() if folder.is_dir() and folder.name != place.own.name}
    assert set(list_sample_landlords(place)) == drops
    assert len(drops) == 6
