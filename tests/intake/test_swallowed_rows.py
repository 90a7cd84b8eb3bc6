"""A stray quotation mark never swallows a row: the file is refused with its line, or every row is accounted for."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from due_regard.intake import csv_reader
from due_regard.records.validated_drop import RefusedFile, ValidatedDrop
from tests.intake.drops import only, read, reasons, write
from tests.intake.test_properties import EXAMPLES

HEADER = ["Incident No", "Person Ref", "Incident Date", "Incident Heading", "Channel", "Narrative", "Team"]


def incident(number: int, narrative: str = "Shouted at staff") -> list[str]:
    return [
        f"I{number:04d}", f"P{number % 7}", f"{number % 28 + 1:02d}/03/2026", "Harassment of staff", "Phone", narrative,
        "North",
    ]  # fmt: skip


def join_plainly(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    """Rows joined without quoting, as a careless export writes them."""
    return "".join(delimiter.join(row) + end for row in rows)


def take(folder: Path, text: str) -> ValidatedDrop:
    return read(write(folder, **{"UB_INCIDENTS__csv": text}), name="dmy_csv")


def refuse(folder: Path, text: str) -> RefusedFile:
    (refused,) = take(folder, text).refused
    assert refused.code == "open_quote"
    return refused


def test_two_stray_marks_187_rows_apart_swallow_none_of_200_incidents(tmp_path: Path) -> None:
    rows = [incident(number) for number in range(2, 202)]
    header = [*HEADER[:5], "Team", "Narrative"]
    text = [header, *([*row[:5], row[6], row[5]] for row in rows)]
    text[2][6] = '"Front door; lock broken'
    text[189][6] = 'crack of 5"'
    told = refuse(tmp_path, join_plainly(text)).message
    assert "line 3 opens a quotation mark in column G" in told
    assert "line 4" in told
    assert "UB_INCIDENTS.csv" in told
    assert "door" not in told


@pytest.mark.parametrize("position", range(7))
def test_two_stray_marks_in_any_column_swallow_no_row(tmp_path: Path, position: int) -> None:
    rows = [HEADER, *(incident(number) for number in range(2, 202))]
    rows[2][position] = f'"{rows[2][position]}, lock broken'
    rows[189][position] += '"'
    assert "line 3 opens" in refuse(tmp_path, join_plainly(rows)).message


def test_a_mark_that_stays_open_swallows_none_of_five_rows(tmp_path: Path) -> None:
    rows = [HEADER, *(incident(number) for number in range(2, 7))]
    rows[2][5] = '"stray, open'
    assert "line 3 opens a quotation mark in column F" in refuse(tmp_path, join_plainly(rows)).message


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""])
def test_a_mark_that_stays_open_in_the_last_row_is_a_file_cut_short(tmp_path: Path, end: str) -> None:
    rows = [HEADER, *(incident(number) for number in range(2, 5))]
    text = join_plainly(rows, end=end or "\n") + '"I9,P1,01/03/2026,Harassment of staff,Phone,x,North' + end
    assert "line 5 opens a quotation mark in column A that is never closed" in refuse(tmp_path, text).message


def test_a_mark_in_the_middle_of_a_cell_is_a_sign_like_any_other(tmp_path: Path) -> None:
    rows = [incident(2, 'a 5" pipe'), incident(3, 'says "no" twice'), incident(4, 'size 6"')]
    assert len(only(take(tmp_path, join_plainly([HEADER, *rows])), "incidents").rows) == 3


def test_the_line_is_the_files_own_below_narratives_and_titles(tmp_path: Path) -> None:
    text = 'Incidents\n"All areas,\nall teams"\n' + join_plainly([HEADER, incident(5, '"two\nlines"'), incident(7)])
    text += join_plainly([incident(8, '"open'), incident(9), incident(10, '5"')])
    assert "line 8 opens" in refuse(tmp_path, text).message


@pytest.mark.parametrize(
    ("delimiter", "end"), [(";", "\n"), (";", "\r\n"), ("\t", "\r\n"), ("|", "\r"), (",", "\r\n"), (",", "\r")]
)
def test_whatever_parts_cells_and_lines(tmp_path: Path, delimiter: str, end: str) -> None:
    rows = [
        HEADER,
        incident(2),
        incident(3, '"open'),
        *(incident(number) for number in range(4, 20)),
        incident(20, '5"'),
    ]
    assert "line 3 opens" in refuse(tmp_path, join_plainly(rows, delimiter, end)).message


def test_swallowed_rows_that_do_not_fit_the_header_are_seen_by_their_reference_and_date(tmp_path: Path) -> None:
    rows = [HEADER, incident(2), incident(3), incident(4, '"open'), incident(5)[:4], incident(6)[:3], incident(7, '5"')]
    rows[6] = ['note 5"', "North"]
    assert "line 4 opens" in refuse(tmp_path, join_plainly(rows)).message


def test_a_swallowed_row_with_a_quoted_cell_of_its_own(tmp_path: Path) -> None:
    rows = [HEADER, incident(2), incident(3, '"open'), incident(4, '"He said, no"'), incident(5)]
    assert "line 3 opens" in refuse(tmp_path, join_plainly(rows)).message
    rows = [HEADER, incident(2), incident(3, '"open'), incident(4, '"two\nlines"'), incident(5)]
    assert "line 3 opens" in refuse(tmp_path / "lines", join_plainly(rows)).message


def test_a_mark_in_a_file_larger_than_what_is_parsed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "_BLOCK", 1000)
    rows = [HEADER, incident(2), incident(3, '"open'), *(incident(number) for number in range(4, 200))]
    assert "line 3 opens" in refuse(tmp_path, join_plainly(rows)).message


NARRATIVES = [
    "Came to the office.\nShouted at staff, swore, and left.",
    'Rang on 01/03/2026, 02/03/2026 and 03/03/2026.\n04/03/2026, rang again, said "I will be back", hung up.',
    'He said "no".\n\n"Never", he said,\n"not today".',
    "1, High Street,\nFlat 2, Glasgow,\nG1 1AA",
    "I0001 saw it.\nSee I0003, P4, and the notes of 05/03/2026.",
    "Phone, letter, email, visit, text, social media, office\nall of them, Phone, North, South, East, West, Centre",
    "a,b\nc,d,e\nf",
    "Ends with a line break\n",
    "\nBegins with one",
    "Lines ended by Excel\r\nin two ways\nand a third,\rthis one",
    "Team: North\nChannel: Phone; Harassment of staff",
    '- broke a door, lock and frame\n- broke a window, 5" wide\n- left',
    "x" * 200_000 + "\nlong",
]


@pytest.mark.parametrize("narrative", NARRATIVES)
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_real_narratives_load(tmp_path: Path, narrative: str, quoting: int) -> None:
    text = io.StringIO(newline="")
    rows = [incident(2), incident(3, narrative), incident(4, narrative), incident(5)]
    csv.writer(text, quoting=quoting).writerows([HEADER, *rows])  # type: ignore[arg-type]
    accepted = only(take(tmp_path, text.getvalue()), "incidents")
    assert accepted.rows["incident_ref"].tolist() == ["I0002", "I0003", "I0004", "I0005"]
    assert accepted.read == 4


def test_a_file_in_which_every_row_has_a_narrative_of_several_lines(tmp_path: Path) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADER, *(incident(n, NARRATIVES[n % 8]) for n in range(50))])
    assert len(only(take(tmp_path, text.getvalue()), "incidents").rows) == 50


def test_quoted_headers_of_two_lines_and_blank_lines(tmp_path: Path) -> None:
    header = ",".join(f'"{name}"' for name in HEADER).replace("Incident No", "Incident\nNo")
    text = header + "\n\n" + join_plainly([incident(2)]) + "  \n\n" + join_plainly([incident(3)]) + "\n\n"
    accepted = only(take(tmp_path, text), "incidents")
    assert accepted.rows["incident_ref"].tolist() == ["I0002", "I0003"]
    assert (accepted.read, reasons(accepted)) == (2, [])


def test_an_open_mark_in_the_header_refuses_the_file(tmp_path: Path) -> None:
    header = [*HEADER[:6], '"Team']
    assert take(tmp_path, join_plainly([header, *(incident(n) for n in range(5))])).refused
    header = ['"Incident No', *HEADER[1:]]
    assert take(tmp_path / "first", join_plainly([header, *(incident(n) for n in range(5))])).refused


TEXTS = st.text("abc 5\",;\n\r.'", max_size=12)


def join_quoted(rows: list[list[str]], delimiter: str, end: str, *, all_cells: bool) -> str:
    """Rows as a careful export writes them (Python's own writer leaves foreign line ends unquoted)."""
    return "".join(
        delimiter.join(
            '"' + text.replace('"', '""') + '"' if all_cells or set(text) & set(f'"\r\n{delimiter}') else text
            for text in row
        )
        + end
        for row in rows
    )


@pytest.mark.timeout(240)
@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(
    st.lists(TEXTS, min_size=1, max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.integers(0, 10**6),
)
@example(["", ""], ",", "\n", False, 100)
def test_a_mark_planted_anywhere(narratives: list[str], delimiter: str, end: str, all_cells: bool, at: int) -> None:
    """Each incident loads, comes back as a row of its own, or the file is refused with a line."""
    rows = [incident(number, text) for number, text in enumerate(narratives)]
    whole = join_quoted([HEADER, *rows], delimiter, end, all_cells=all_cells)
    body = len(join_quoted([HEADER], delimiter, end, all_cells=all_cells))
    place = body + at % (len(whole) - body)
    with TemporaryDirectory() as folder:
        before = take(Path(folder) / "whole", whole)
        after = take(Path(folder) / "planted", whole[:place] + '"' + whole[place:])
    assert len(only(before, "incidents").rows) == len(narratives)
    if after.refused:
        assert re.search(r"line \d+", after.refused[0].message)
        return
    accepted = only(after, "incidents")
    handed_back = [cells for sheet in after.mending for _, _, cells in sheet.rows]
    alone = set(accepted.rows["incident_ref"]) | {cells[0] for cells in handed_back}
    found = {match for ref in alone for match in re.findall(r"I\d{4}", ref.replace('"', ""))}
    assert accepted.read == len(accepted.rows) + len(accepted.rejections)
    missing = {f"I{number:04d}" for number in range(len(narratives))} - found
    # The mark may stand inside the reference itself.
    assert len(missing) <= 1
    assert accepted.read >= len(narratives)
