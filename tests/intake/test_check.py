"""Trying a mapping on a drop: what it tells the person who writes it, and that nothing is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from due_regard.errors import DropError
from due_regard.intake.source_check import check_source
from tests.intake.drops import ON, source, write

PERSONS = "Person Ref,Person Type,Shoe Size,Surname\n1,T,9,Nobody\n2,Squatter,9,Nobody\n3,T,9,Nobody,x\n"


def test_a_drop_that_fits(tmp_path: Path) -> None:
    drop = write(tmp_path, **{"UB_PERSONS_1__csv": "Person Ref,Person Type,Surname\n1,T,Nobody\n"})
    found = check_source(source("dmy_csv"), drop, ON)
    assert found.exit_code == 0
    (table,) = found.tables
    assert table.mapped == (("Person Ref", "customers.customer_ref"), ("Person Type", "customers.customer_type"))
    assert (table.ignored, table.absent) == (("Surname",), ("customers.receives_support_service",))


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    drop = write(
        tmp_path, **{"UB_PERSONS_1__csv": PERSONS, "UB_SARS_1__csv": "Person Ref\n1\n", "letter__txt": "Hello"}
    )
    found = check_source(source("dmy_csv"), drop, ON)
    assert found.exit_code == 4
    requests, persons = sorted(found.tables, key=lambda table: table.rows)
    assert persons.unknown == ("column C (row 1)",)
    assert "Support Service" in persons.unused
    assert persons.unknown_words == {"Person Type": ("Squatter",)}
    assert persons.rejected == {"ragged_row": 1, "unknown_code": 1}
    assert requests.missing == ("access_requests.request_ref", "access_requests.received_on")
    assert [file for file, _ in found.refused] == ["letter.txt"]
    text = "\n".join(found.describe_lines())
    assert "Shoe Size" not in text
    for told in (
        "Person Type -> customers.customer_type",
        "column C (row 1)",
        "Support Service",
        "Squatter",
        "unknown_code: 1",
        "letter.txt",
    ):
        assert told in text
    assert json.loads(json.dumps(found.as_dict()))["tables"][0]["file"].startswith("UB_")


def test_no_drop_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DropError):
        check_source(source(), tmp_path / "nowhere", ON)


def test_rows_that_would_be_rejected_alone_end_as_intake_would(tmp_path: Path) -> None:
    drop = write(tmp_path, customers="customer_ref,customer_type\n1,lodger\n")
    assert check_source(source(), drop, ON).exit_code == 3
