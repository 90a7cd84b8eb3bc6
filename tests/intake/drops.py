"""Small drops for the tests of intake: written as text, read through the real mappings."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import SourceMapping, load_source_mapping
from due_regard.records.validated_drop import AcceptedFile, ValidatedDrop

SOURCES = Path(__file__).parents[2] / "include" / "sources"
ON = date(2026, 6, 30)

CUSTOMERS = "customer_ref,customer_type,receives_support_service\n001,tenant,yes\n002,factored_owner,\n"
RESTRICTIONS = (
    "restriction_ref,customer_ref,measure,decided_on,decided_by,starts_on\n"
    "R1,001,named_contact;set_times,2026-01-05,S1,2026-01-06\n"
    "R2,002,writing_only,2026-02-05,S1,2026-02-06\n"
)
APPEALS = "appeal_ref,restriction_ref,received_on\nA1,R1,2026-03-01\nA2,R2,2026-03-02\n"


@cache
def source(name: str = "canonical") -> SourceMapping:
    return load_source_mapping(SOURCES, name)


def write(folder: Path, **files: str | bytes) -> Path:
    """A drop of `<entity>.csv` files; a name with `__` for a dot keeps its own ending."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / (name.replace("__", ".") if "__" in name else f"{name}.csv")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def workbook(path: Path, sheets: dict[str, list[list[Any]]], merged: dict[str, list[str]] | None = None) -> Path:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for area in (merged or {}).get(name, []):
            sheet.merge_cells(area)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def read(
    folder: Path, *, known: dict[str, set[str]] | None = None, name: str = "canonical", **more: Any
) -> ValidatedDrop:
    """The drop read; without Great Expectations, which takes a second a drop and has a test module of its own."""
    more.setdefault("great_expectations", False)
    register = {entity: frozenset(refs) for entity, refs in (known or {}).items()}
    return read_drop(folder, "a_landlord", source(name), on=ON, known=register.get, **more)


def only(validated: ValidatedDrop, entity: str) -> AcceptedFile:
    (found,) = [accepted for accepted in validated.files if accepted.entity == entity]
    return found


def reasons(accepted: AcceptedFile) -> list[tuple[int, str, str]]:
    return [(rejection.row_number, rejection.column, rejection.reason) for rejection in accepted.rejections]
