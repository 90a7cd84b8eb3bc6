"""A word that is not known rejects its row only in a required column; elsewhere the cell counts as unknown."""

from __future__ import annotations

import stat
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from due_regard.intake.drop_reading import read_drop
from due_regard.intake.rejections import summarise_rejections, write_rejections
from due_regard.intake.source_check import check_source
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.records.canonical import UNKNOWN_CELLS
from due_regard.records.validated_drop import AcceptedFile, ValidatedDrop
from tests.intake.drops import APPEALS, ON, RESTRICTIONS, SOURCES, only, read, reasons, source, write

WORD = "Wibblestone"
HEADER = "incident_ref,customer_ref,occurred_on,category,channel,violence,harassment\n"
INCIDENTS = (
    HEADER + "I1,C1,2026-01-05,harassment,phone,none,no\n"
    f"I2,C1,2026-01-06,harassment,phone,{WORD},{WORD} too\n"
    "I3,C1,2026-01-07,harassment,phone,threat,perhaps\n"
    "I4,C1,2026-01-08,harassment,phone,,\n"
)


def incidents(folder: Path, text: str = INCIDENTS, **more: object) -> AcceptedFile:
    return only(read(write(folder, incidents=text), **more), "incidents")  # type: ignore[arg-type]


def test_the_row_loads_and_its_cell_is_unknown_not_blank(tmp_path: Path) -> None:
    accepted = incidents(tmp_path)
    assert reasons(accepted) == []
    assert accepted.rows["violence"].isna().tolist() == [False, True, False, True]
    assert accepted.rows[UNKNOWN_CELLS].tolist()[1:3] == ["harassment;violence", "harassment"]
    assert accepted.rows[UNKNOWN_CELLS].isna().tolist() == [True, False, False, True]
    assert UNKNOWN_CELLS not in accepted.columns


def test_a_drop_whose_every_word_is_known_has_no_such_column(tmp_path: Path) -> None:
    assert UNKNOWN_CELLS not in incidents(tmp_path, HEADER + "I1,C1,2026-01-05,harassment,phone,none,no\n").rows


def test_a_required_word_still_rejects_its_row_alone(tmp_path: Path) -> None:
    text = HEADER + f"I1,C1,2026-01-05,{WORD},phone,{WORD},\nI2,C1,2026-01-05,harassment,phone,none,\n"
    accepted = incidents(tmp_path, text)
    assert reasons(accepted) == [(2, "category", "unknown_code")]
    assert accepted.list_not_known() == []
    assert UNKNOWN_CELLS not in accepted.rows


def test_one_unknown_word_of_an_optional_list_makes_the_cell_unknown(tmp_path: Path) -> None:
    head, *rows = RESTRICTIONS.splitlines()
    text = f"{head},channels_restricted\n{rows[0]},phone;{WORD}\n{rows[1]},phone;email\n"
    accepted = only(read(write(tmp_path, restrictions=text)), "restrictions")
    assert accepted.rows["channels_restricted"].tolist()[1] == "phone;email"
    assert accepted.rows[UNKNOWN_CELLS].tolist()[0] == "channels_restricted"


def test_a_cell_that_cannot_be_read_at_all_still_rejects_its_row(tmp_path: Path) -> None:
    accepted = incidents(tmp_path, HEADER + "I1,C1,2026-01-05,harassment,phone,\ue000#N/A,\n")
    assert reasons(accepted) == [(2, "violence", "unreadable_cell")]


def test_the_same_reference_with_a_blank_and_with_an_unknown_word_is_a_conflict(tmp_path: Path) -> None:
    row = "I1,C1,2026-01-05,harassment,phone"
    assert [reason for *_, reason in reasons(incidents(tmp_path, f"{HEADER}{row},,\n{row},{WORD},\n"))] == [
        "conflicting_duplicate"
    ] * 2


def test_the_sources_own_words_come_first(tmp_path: Path) -> None:
    text = (
        "name: own\ntitle: t\ndate_order: iso\ncodes: {heat: {" + WORD + ": threat}}\nfiles:\n- files: incidents.csv\n"
    )
    text += "  entities:\n    incidents:\n" + "".join(
        f"      {name}: {name}\n" for name in HEADER.strip().split(",") if name != "violence"
    )
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "own.yaml").write_text(
        text + "      violence: {header: violence, codes: heat}\n", encoding="utf-8"
    )
    mapping = load_source_mapping(tmp_path / "sources", "own")
    drop = write(tmp_path / "drop", incidents=HEADER + f"I1,C1,2026-01-05,harassment,phone,{WORD},no\n")
    validated = read_drop(drop, "l", mapping, on=ON, known=lambda _: None, great_expectations=False)
    assert only(validated, "incidents").rows["violence"].tolist() == ["threat"]


def test_the_word_is_counted_and_told_and_stands_in_the_handed_back_file_alone(tmp_path: Path) -> None:
    validated = read(write(tmp_path / "drop", incidents=INCIDENTS))
    summary, written = write_rejections(validated, tmp_path / "out")
    told = summarise_rejections(validated)
    assert "incidents.csv: 1 incidents loaded with a word in violence that is not known" in told
    assert "incidents.csv: 2 incidents loaded with a word in harassment that is not known\n  rows 3, 4;" in told
    for text in (told, summary.read_text(encoding="utf-8"), repr(validated), repr(only(validated, "incidents").notes)):
        assert WORD not in text
        assert "perhaps" not in text
    _, *rows = openpyxl.load_workbook(written).active.iter_rows(values_only=True)
    assert [row[3] for row in rows] == ["I2", "I3"]
    assert WORD in rows[0]
    assert "the row is loaded, and this cell counts as not known" in rows[0][0]
    assert rows[1][1] == "G4", "the cell of the export"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_a_mended_row_that_comes_back_is_known(tmp_path: Path) -> None:
    _, written = write_rejections(read(write(tmp_path / "drop", incidents=INCIDENTS)), tmp_path / "out")
    book = openpyxl.load_workbook(written)
    mended = {f"{WORD} too": "yes", WORD: "threat", "perhaps": None}
    for cell in [cell for row in book.active.iter_rows(min_row=2, min_col=4) for cell in row if cell.value in mended]:
        cell.value = mended[cell.value]
    book.save(written)
    accepted = only(read(tmp_path / "out"), "incidents")
    assert (accepted.delivery, len(accepted.rows), accepted.list_not_known()) == ("changes", 2, [])
    assert accepted.rows["violence"].tolist() == ["threat", "threat"]


def test_trying_a_mapping_says_what_would_load_unknown(tmp_path: Path) -> None:
    found = check_source(source(), write(tmp_path, incidents=INCIDENTS), ON)
    (table,) = found.tables
    assert (found.exit_code, table.rejected) == (0, {})
    assert table.not_known == {"unknown_code": 1, "unreadable_yes_no": 2}
    assert table.unknown_words == {"violence": (WORD,), "harassment": (f"{WORD} too", "perhaps")}
    assert "would load with a cell not known, unreadable_yes_no: 2" in "\n".join(found.describe_lines())


def test_a_drop_that_names_englands_ombudsman_loads_whole(tmp_path: Path) -> None:
    head, *rows = APPEALS.splitlines()
    text = "\n".join([f"{head},external_body,considered_by_role", *(f"{row},Housing_Ombudsman,panel" for row in rows)])
    accepted = only(read(write(tmp_path, appeals=text)), "appeals")
    assert (accepted.rejections, set(accepted.rows["external_body"])) == ((), {"housing_ombudsman"})


@pytest.mark.parametrize("text", ["name: channels\nwords: {fax: By fax.}\n", None])
def test_an_installations_own_word_is_known_where_its_file_lies(tmp_path: Path, text: str | None) -> None:
    from due_regard.config.layered_folders import LayeredFolder

    if text:
        (tmp_path / "own" / "codes").mkdir(parents=True)
        (tmp_path / "own" / "codes" / "channels.yaml").write_text(text, encoding="utf-8")
    mapping = load_source_mapping(LayeredFolder((tmp_path / "own" / "sources", SOURCES)), "canonical")
    drop = write(tmp_path / "drop", incidents=HEADER + "I1,C1,2026-01-05,harassment,fax,none,no\n")
    validated: ValidatedDrop = read_drop(drop, "l", mapping, on=ON, known=lambda _: None, great_expectations=False)
    accepted = only(validated, "incidents")
    assert reasons(accepted) == ([] if text else [(2, "channel", "unknown_code")])
    if not text:
        assert "one of: in_person, phone" in accepted.rejections[0].message


def test_many_rows_are_marked_by_their_distinct_words(tmp_path: Path) -> None:
    rows = "".join(
        f"I{n},C1,2026-01-05,harassment,phone,{'threat' if n % 2 else WORD},{'no' if n % 3 else 'eh'}\n"
        for n in range(6)
    )
    found = incidents(tmp_path, HEADER + rows).rows[UNKNOWN_CELLS]
    expected = ["harassment;violence", None, "violence", "harassment", "violence", None]
    assert [None if pd.isna(cell) else cell for cell in found] == expected
