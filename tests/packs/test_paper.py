"""The paper: two pages, worst first, from tables that its annex shows; the same in PDF and Word."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pandas as pd
import pytest
from defusedxml.ElementTree import fromstring
from openpyxl import load_workbook

from due_regard.config.landlord import PackSwitch
from due_regard.errors import DefinitionError, WordingError
from due_regard.packs.charts import draw_table_chart
from due_regard.packs.content.disclosure_control import protect_tables
from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.headlines import compute_headline
from due_regard.packs.content.pack_content import PackContent, SectionContent
from due_regard.packs.content.pack_definition import load_pack_definition
from due_regard.packs.content.paper_content import compose_paper
from due_regard.packs.content.paper_parts import PaperContent, PaperSources
from due_regard.packs.content.paper_points import describe_clauses
from due_regard.packs.content.paper_wording import load_paper_wording
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.documents.paper import PAGES, build_paper, count_pages
from due_regard.packs.documents.word_paper import build_word_paper
from due_regard.packs.documents.workbook import build_committee_workbook
from tests.packs.known import (
    IS_LONG,
    LANDLORDS,
    REPORTS,
    content,
    example_snapshots,
    example_tables,
    frame,
    landlord,
    paper_of,
    snapshots,
)

FOLDER = REPORTS / "paper"
PACKS = [(name, switch.name) for name in LANDLORDS for switch in landlord(name).packs]
NAME, PACK = "queens_cross", "health_and_safety_committee"
SWITCH = PackSwitch.model_validate({
    "name": PACK, "clerk": "clerk@landlord.example", "meets_on": ["2026-09-09", "2026-08-12"],
    "author": "Head of Homes",
    "agenda_item": "7(b)", "marking": "Private: staff safety", "distribution": ["Members", "Internal audit"],
    "retention": "Six years, by the retention schedule",
})  # fmt: skip


@cache
def protected(name: str) -> dict[str, MeasureTable]:
    return protect_tables(example_tables(name), example_snapshots(name)).tables


@cache
def made(name: str = NAME, pack: str = PACK, edition: str = "confidential") -> PackContent:
    tables = protected(name) if edition == "publishable" else None
    found = content(name, pack, tables, edition)
    return replace(found, sections=tuple(draw_key_chart(section) for section in found.sections))


def draw_key_chart(section: SectionContent) -> SectionContent:
    """The section with its chart where it is the paper's: the others' would take most of the tests' time."""
    return replace(section, chart=draw_table_chart(section.table)) if section.table.name == "duties_kept" else section


def paper(name: str = NAME, pack: str = PACK, edition: str = "confidential") -> PaperContent:
    return paper_of(made(name, pack, edition), name)


def list_words(document: PaperContent) -> str:
    return " ".join(str(value) for value in vars(document).values())


@pytest.mark.parametrize(("name", "pack"), PACKS)
def test_it_has_two_pages(name: str, pack: str) -> None:
    found = paper(name, pack)
    assert count_pages(build_paper(found, FOLDER)) == PAGES == 2
    assert 3 <= len(found.points) <= 5 and len(found.asked) <= 3
    assert found.key_figure and found.chart is not None


def lengthen(made_before: PackContent) -> PackContent:
    """A bad quarter of a landlord with long names: every figure large, every label as long as labels get."""

    def change(table: MeasureTable) -> MeasureTable:
        if table.figures is not None:
            # One whole for all, or shares would be above one.
            large = table.figures.assign(
                numerator=table.figures["numerator"].mask(table.figures["numerator"].notna(), 98_765)
            )
            whole = large["denominator"].mask(large["denominator"].notna(), 123_456)
            return replace(table, figures=large.assign(denominator=whole))
        listing = table.listing
        if listing is None or listing.empty or "Duty" not in listing.columns:
            return table
        return replace(table, listing=listing.assign(Duty=listing["Duty"] + " of a very long name" * 9))

    sections = tuple(replace(section, table=change(section.table)) for section in made_before.sections)
    name = "The Very Long Named Housing Association of the North, the Islands and the Eastern Parishes Group " * 2
    long = {"author": "A" * 90, "marking": "Private " * 11, "distribution": ["Post of a long name " * 4] * 6}
    switch = PackSwitch.model_validate({**SWITCH.model_dump(), **long})
    return replace(
        made_before, sections=sections, landlord_name=name, switch=switch, title="A title that is long " * 8,
        standing=made_before.standing + ("The standing of the figures is a long sentence. " * 4,) * 5,
    )  # fmt: skip


@pytest.mark.parametrize(("name", "pack"), [(NAME, PACK), ("united_welsh", "senior_management")])
def test_a_bad_quarter_with_long_names_still_has_two_pages(name: str, pack: str) -> None:
    found = paper_of(lengthen(made(name, pack)), name)
    assert len(found.points) == 5
    assert count_pages(build_paper(found, FOLDER)) == 2


def test_what_officers_wrote_is_printed_as_far_as_two_pages_hold_it() -> None:
    content = lengthen(made())
    sections = tuple(replace(section, commentary="Officers say so. " * 40) for section in content.sections)
    asked, correction = "Decide on a third reviewer.", "This is version 2."
    content = replace(content, sections=sections, decision_asked=asked, correction=correction)
    found = paper_of(replace(content, provenance=(("Drop 1", "a"), ("The definition", "b"))), NAME)
    assert (
        found.asked[0] == asked
        and found.correction == correction
        and any("rests on: 1." in line for line in found.made)
    )
    said = [*found.commentary, *(text for point in found.points for text in point.commentary)]
    assert all("the whole stands in the annex" in text for text in said)
    assert [section.title for section in sections if not any(section.title in text for text in said)] == []
    assert count_pages(build_paper(found, FOLDER)) == 2
    words = " ".join(text for _, text in read_paragraphs(build_word_paper(found, FOLDER)))
    assert [text for text in (asked, correction, *said) if text not in words] == []


def test_points_are_ranked_worst_first_and_none_is_one_line() -> None:
    none_left = move_figure(move_figure(made(), "markers", "left_behind", 0), "appeals", "quashed_not_given_effect", 0)
    found = paper_of(none_left, NAME)
    titles = [point.title for point in found.points]
    assert [point.number for point in found.points] == list(range(1, len(titles) + 1))
    assert titles[0] in {"Overdue reviews and appeals", "Duties late or not done"}
    assert titles[-1] == "Incidents that staff met"
    (none,) = (line for line in found.rest if line.startswith("None this quarter: "))
    assert not any(said.startswith("No ") for point in found.points for said in point.says[:1])
    assert "restrictions in force though quashed on appeal and markers left on after a restriction" in none


def move_figure(before: PackContent, table: str, measure: str, value: float) -> PackContent:
    sections = []
    for section in before.sections:
        figures = section.table.figures
        if section.table.name == table and figures is not None:
            now = (figures["measure"] == measure) & (figures["quarter"] == str(before.quarter))
            changed = figures.assign(numerator=figures["numerator"].mask(now, value))
            section = replace(section, table=replace(section.table, figures=changed))
        sections.append(section)
    return replace(before, sections=tuple(sections))


def test_what_went_wrong_moves_point_and_question() -> None:
    worse = paper_of(move_figure(made(), "appeals", "quashed_not_given_effect", 50), NAME)
    assert worse.points[0].title == "Quashed on appeal, but still in force"
    assert "50 restrictions are still in force although quashed on appeal." in worse.points[0].says
    assert "why a restriction quashed on appeal is still in force" in worse.asked[-1]
    assert not any("quashed" in line for line in worse.rest if line.startswith("None"))


_WRONG = {
    "duties_kept": ("lapsed", "late"), "safeguards": ("missing",), "overdue_reviews": ("overdue",),
    "overdue_appeals": ("overdue",), "continuous_time": ("over_2_years",), "markers": ("left_behind",),
    "appeals": ("quashed_not_given_effect",), "incidents": ("named",),
}  # fmt: skip


def make_clean(name: str = NAME, pack: str = PACK) -> PackContent:
    """A quarter in which nothing went wrong."""
    good = made(name, pack)
    for table, measures in _WRONG.items():
        for measure in measures:
            good = move_figure(good, table, measure, 0)
    return good


@pytest.mark.parametrize(("name", "pack"), PACKS)
def test_a_clean_quarter_names_three_standards_at_least(name: str, pack: str) -> None:
    found = paper_of(make_clean(name, pack), name)
    assert len(found.points) >= 3
    titles = [point.title for point in found.points]
    assert "Duties kept on time" in titles and "Duties late or not done" not in titles
    for point in found.points:
        assert any(sign.isdigit() for text in point.says for sign in text), point.title
        assert point.standard and point.where and point.change, point.title
    none = next((line for line in found.rest if line.startswith("None")), "")
    assert "duties late or not done" not in none, "what is a point is not said again among the others"
    assert count_pages(build_paper(found, FOLDER)) == 2


def test_where_enough_went_wrong_no_kept_standard_is_a_point() -> None:
    titles = [point.title for point in paper().points]
    assert len(titles) > 3 and "Duties kept on time" not in titles


def test_where_nothing_went_wrong_nothing_is_asked() -> None:
    found = paper_of(replace(make_clean(), edition="publishable"), NAME)
    assert [line.split(" ")[0] for line in found.asked] == ["Note", "Note"] and not found.actions
    assert "no action is proposed" in found.asked[1]


def test_each_point_says_where_in_the_annex_it_stands() -> None:
    book = load_workbook(io.BytesIO(build_committee_workbook(made(), paper())))
    for point in paper().points:
        places = re.findall(r"table (\d+), sheet “([^”]+)”", point.where)
        assert places and all(sheet in book.sheetnames and sheet.startswith(f"{n} ") for n, sheet in places)


def test_the_head_names_what_the_clerk_must_complete() -> None:
    assert paper().to_complete == (
        "To be completed by the clerk: author, meeting date, agenda item, marking, distribution and retention."
    )
    whole = paper_of(replace(made(), switch=SWITCH), NAME)
    assert dict(whole.particulars) == {
        "Author": "Head of Homes", "Meeting date": "12 August 2026", "Agenda item": "7(b)",
        "Marking": "Private: staff safety", "Distribution": "Members; Internal audit",
        "Retention": "Six years, by the retention schedule",
    }  # fmt: skip
    assert whole.to_complete == "" and whole.actions[0][3] == "9 September 2026"
    cover = load_workbook(io.BytesIO(build_committee_workbook(made(), whole)))["Cover"]
    assert "Marking: Private: staff safety" in {row[0].value for row in cover}


def test_a_published_paper_is_marked_public_whatever_the_settings_say() -> None:
    found = paper_of(replace(made(edition="publishable"), switch=SWITCH), NAME)
    head = dict(found.particulars)
    assert head["Marking"].startswith("Public.") and "Distribution" not in head
    assert "Private" not in list_words(found)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"author": "a@b.example"}, "name a post"), ({"author": "x" * 91}, "90"), ({"agenda_item": "  "}, "1 character")],
)
def test_a_wrong_particular_is_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        PackSwitch.model_validate({**SWITCH.model_dump(), **wrong})


def list_numbers(text: str) -> set[str]:
    """Numbers in a sentence, without those of dates, clauses and places in the annex."""
    plain = re.sub(r"\(clauses?[^)]*\)|clauses? [\d., and-]+|table \d+, sheet “[^”]+”|\d+ [A-Z][a-z]+ \d{4}", "", text)
    return set(re.findall(r"\d[\d,.]*\d|\d", plain))


def list_sheet_numbers(book: PackContent) -> set[str]:
    found: set[str] = set()
    for section in book.sections:
        figures = section.table.figures
        if figures is not None:
            known = figures.dropna(subset=["numerator"])
            found |= {f"{value:,.1f}" if value % 1 else f"{value:,.0f}" for value in known["numerator"].astype(float)}
            found |= {f"{value:,}" for value in known["denominator"].dropna().astype(int)}
    return found


@pytest.mark.parametrize("name", LANDLORDS if IS_LONG else LANDLORDS[3:4])
def test_a_published_paper_shows_no_figure_that_its_annex_hides(name: str) -> None:
    """Every number of a point is one of the annex; a difference only where both quarters are shown there."""
    shown = made(name, "senior_management", "publishable")
    found = paper_of(shown, name)
    annex = list_sheet_numbers(shown)
    words = {"100", "30", "90", "31", "91", "180", "181", "365", "1"}
    for point in found.points:
        for said in point.says:
            if "per cent" not in said:
                assert list_numbers(said) <= annex | words, said
    assert all(row[1] == "" for row in found.actions)
    assert not any(
        re.search(r"\d", re.sub(r"\d+ [A-Z][a-z]+ \d{4}", "", cell)) for row in found.actions for cell in row[1:]
    )


@pytest.mark.parametrize("name", LANDLORDS if IS_LONG else LANDLORDS[3:4])
def test_a_published_paper_is_worked_out_from_its_annex_alone(name: str) -> None:
    """The same tables give the same paper, whatever the register behind them holds."""
    shown = made(name, "senior_management", "publishable")
    now = example_snapshots(name)[0]

    wording = load_paper_wording(FOLDER)
    none = now.assessments.iloc[:0]
    bare = compose_paper(shown, wording, PaperSources(now.duties, none, date(2026, 7, 28)))
    full = compose_paper(shown, wording, PaperSources(now.duties, now.assessments, date(2026, 7, 28)))
    assert bare == full


def test_a_hidden_point_is_named_and_not_numbered() -> None:
    hidden = made()
    for measure in ("overdue",):
        for table in ("overdue_reviews", "overdue_appeals"):
            hidden = hide_figure(hidden, table, measure)
    found = paper_of(replace(hidden, edition="publishable"), NAME)
    assert "Overdue reviews and appeals" not in [point.title for point in found.points]
    (line,) = (line for line in found.rest if line.startswith("Not shown"))
    assert "overdue reviews and appeals" in line


def test_points_in_a_row_are_told_apart_where_their_titles_have_commas() -> None:
    hidden = made()
    for name in ("appeals/quashed_not_given_effect", "markers/left_behind"):
        hidden = hide_figure(hidden, *name.split("/"))
    found = paper_of(replace(hidden, edition="publishable"), NAME)
    (line,) = (line for line in found.rest if line.startswith("Not shown"))
    assert line.endswith(": quashed on appeal, but still in force; and markers left on after the restriction ended.")


def hide_figure(before: PackContent, table: str, measure: str) -> PackContent:
    sections = []
    for section in before.sections:
        figures = section.table.figures
        if section.table.name == table and figures is not None:
            here = figures["measure"] == measure
            why = figures["why"].mask(here, "hidden")
            section = replace(section, table=replace(section.table, figures=figures.assign(
                numerator=figures["numerator"].mask(here), why=why)))  # fmt: skip
        sections.append(section)
    return replace(before, sections=tuple(sections))


def test_the_pdf_is_accessible_and_the_same_each_time() -> None:
    first = build_paper(paper(), FOLDER)
    assert first == build_paper(paper(), FOLDER)
    assert first.startswith(b"%PDF-1.7") and b"<pdfuaid:part>1" in first.replace(b" ", b"")


_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def read_paragraphs(file: bytes) -> Iterator[tuple[str, str]]:
    """Style and text of each paragraph of a Word file."""
    with ZipFile(io.BytesIO(file)) as parts:
        body = fromstring(parts.read("word/document.xml"))
    for paragraph in body.iter(f"{_W}p"):
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        yield "" if style is None else style.get(f"{_W}val"), "".join(t.text or "" for t in paragraph.iter(f"{_W}t"))


@pytest.mark.parametrize("edition", ["confidential", "publishable"])
def test_word_says_what_the_pdf_says(edition: str) -> None:
    found = paper(edition=edition)
    file = build_word_paper(found, FOLDER)
    assert file == build_word_paper(found, FOLDER)
    told = list(read_paragraphs(file))
    words = " ".join(text for _, text in told)
    assert [style for style, _ in told].count("Heading1") == 1
    said = [*found.asked, found.key, found.measured, *found.made, *found.rest]
    said += [text for point in found.points for text in (*point.says, point.change, point.where)]
    said += [cell for row in found.actions for cell in row]
    assert [text for text in said if text not in words] == []
    with ZipFile(io.BytesIO(file)) as parts:
        document = parts.read("word/document.xml").decode()
        assert all(entry.date_time == (1980, 1, 1, 0, 0, 0) for entry in parts.infolist())
    assert document.count("<w:tblHeader/>") == (1 if found.actions else 0)
    assert (found.chart is None) == ("descr=" not in document)


@pytest.mark.parametrize(("name", "pack"), PACKS)
def test_the_word_paper_can_be_read_without_looking(name: str, pack: str) -> None:
    """Headings lead, every table has a row of headings, every picture words of its own, and no paragraph is empty."""
    file = build_word_paper(paper(name, pack), FOLDER)
    styles = [style for style, _ in read_paragraphs(file) if style.startswith("Heading")]
    assert styles[0] == "Heading1" and set(styles[1:]) == {"Heading2"}
    with ZipFile(io.BytesIO(file)) as parts:
        body = fromstring(parts.read("word/document.xml"))
        assert b"<dc:title>" in parts.read("docProps/core.xml") and b'w:val="en-GB"' in parts.read("word/styles.xml")
    for table in body.iter(f"{_W}tbl"):
        head, *rows = table.findall(f"{_W}tr")
        assert head.find(f"{_W}trPr/{_W}tblHeader") is not None and rows
        assert all("".join(t.text or "" for t in one.iter(f"{_W}t")) for one in head.iter(f"{_W}tc"))
    assert all(len(one.get("descr") or "") > 40 for one in body.iter() if one.tag.endswith("}docPr"))
    standing = [one for one in body.iter(f"{_W}p") if not list(one.iter(f"{_W}drawing"))]
    cells = {id(one) for cell in body.iter(f"{_W}tc") for one in cell.iter(f"{_W}p")}
    assert [one for one in standing if id(one) not in cells and not _read_text(one)] == []


def _read_text(paragraph: Any) -> str:
    return "".join(text.text or "" for text in paragraph.iter(f"{_W}t")).strip()


def test_text_in_word_is_no_markup() -> None:
    odd = replace(paper(), title='A <b> & "title"\x0b', made=("<w:p/>",))
    told = list(read_paragraphs(build_word_paper(odd, FOLDER)))
    assert ("Heading1", 'A <b> & "title"') in told and ("Source", "<w:p/>") in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("{duties_kept/on_time.percent}", "{duties_keep/on_time.percent}"), "no such table: duties_keep"),
        (("{parts}", "{part}"), "must hold {parts}"),
        (("weight: 2", "weight: 0"), "points.weight must be 1 or more"),
        (("  nothing: ", "  anything: "), "nothing"),
        (("{incidents/violent}", "{incidents/violent"), "braces hold"),
        (("name: markers", "name: duties"), "stands once"),
    ],
)
def test_a_wrong_sentence_is_named(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    sound = (FOLDER / "wording.yaml").read_text(encoding="utf-8")
    assert change[0] in sound
    (tmp_path / "wording.yaml").write_text(sound.replace(*change, 1), encoding="utf-8")
    with pytest.raises(WordingError, match=re.escape(told)) as caught:
        load_paper_wording(tmp_path)
    assert "wording.yaml" in str(caught.value)


def test_a_figure_that_no_table_has_is_named(tmp_path: Path) -> None:
    from due_regard.packs.content.paper_points import rank_points

    sound = (FOLDER / "wording.yaml").read_text(encoding="utf-8")
    (tmp_path / "wording.yaml").write_text(sound.replace("{incidents/violent}", "{incidents/violet}"), encoding="utf-8")
    with pytest.raises(DefinitionError, match="violet"):
        rank_points(made().tables, load_paper_wording(tmp_path), example_snapshots(NAME)[0].duties)


def test_every_point_is_worked_out_for_some_landlord() -> None:
    """A point that no pack of any landlord can make would be a sentence that nobody tests."""
    names = {point.name for point in load_paper_wording(FOLDER).points}
    tables = {table for name, pack in PACKS for table in made(name, pack).tables}
    assert {point.name for point in load_paper_wording(FOLDER).points if set(point.tables) <= tables} == names


def test_incidents_for_every_100_staff_are_of_the_newest_staff_alone() -> None:
    met = [{"incident_ref": f"I{n}", "customer_ref": "C1", "occurred_on": "2026-05-05"} for n in range(7)]
    people = [{"staff_ref": f"S{n}", "role": "manager", "is_active": (True, True, None, False)[n]} for n in range(4)]
    records = {"incidents": frame("incidents", *met), "staff": frame("staff", *people)}
    table = build_measure_table("incidents", snapshots(records, NAME))
    assert table.figures is not None
    wide = table.figures.set_index(["measure", "quarter"])["numerator"]
    assert (wide["staff", "2026-Q2"], wide["per_100_staff", "2026-Q2"]) == (3, pytest.approx(233.3))
    assert pd.isna(wide["per_100_staff", "2026-Q1"])


_WRONG_ENGLISH = re.compile(
    r"(?<!of )\b1 (?:duties|customers|restrictions|reviews|appeals|incidents|days|markers|rows|files|others)\b"
    r"|\b1 (?:were|are|have|lack)\b|\b[Nn]o [^.;,]*\b(?:no|was|is|has)\b|\bof 0\b"
    r"|clause [\d.]+ and|[\d.]+ and [\d.-]+ and"
)
"""One with a word for many, a double no, a part of nothing, one clause where there are two."""


def set_every_figure(before: PackContent, value: int) -> PackContent:
    def change(table: MeasureTable) -> MeasureTable:
        if table.figures is None:
            return table
        alike = {
            name: table.figures[name].mask(table.figures[name].notna(), value) for name in ("numerator", "denominator")
        }
        return replace(table, figures=table.figures.assign(**alike))

    return replace(before, sections=tuple(replace(each, table=change(each.table)) for each in before.sections))


@pytest.mark.parametrize(("name", "pack"), PACKS)
def test_sentences_are_english_whatever_the_figures(name: str, pack: str) -> None:
    """As they are, and where every figure is nought, one or two."""
    definition = load_pack_definition(REPORTS, pack)
    for book in (made(name, pack), *(set_every_figure(made(name, pack), value) for value in (0, 1, 2))):
        found = paper_of(book, name)
        said = [*found.asked, found.key, *found.rest, found.actions_line, found.measured, *found.made]
        said += [text for point in found.points for text in (*point.says, point.change, point.standard)]
        headlines = {one.table: one.headlines for one in definition.sections}
        said += [compute_headline(text, table) for key, table in book.tables.items() for text in headlines.get(key, ())]
        wrong = [text for text in said if _WRONG_ENGLISH.search(text)]
        assert wrong == []


def test_a_quarter_in_which_nothing_fell_due_is_no_secret() -> None:
    nothing = paper_of(set_every_figure(made(), 0), NAME)
    assert nothing.key_figure == "" and nothing.key.startswith("No duty with a date fell due in the quarter")
    hidden = paper_of(hide_figure(made(edition="publishable"), "duties_kept", "due"), NAME)
    assert hidden.key_figure == "" and hidden.key.endswith("to protect people where numbers are small.")


def test_clauses_are_named_once_each() -> None:
    assert describe_clauses(["12"]) == "clause 12"
    assert describe_clauses(["6.5", "6.4 and 6.5"]) == "clauses 6.4 and 6.5"
    assert describe_clauses(["7.1", "6.6 and 7.1"], "and others") == "clauses 6.6, 7.1 and others"


def test_the_clause_that_asks_for_a_figure_stands_beside_the_duties_behind_it() -> None:
    (restricted,) = [point for point in paper().points if point.title.startswith("People restricted")]
    assert restricted.standard.startswith("Asked for by clause 12 of the policy. A restriction is meant to end: ")


def test_a_change_that_cannot_be_said_does_not_keep_back_the_other() -> None:
    """Hanover promises customers no appeal: the change in overdue reviews is said all the same."""
    (overdue,) = [point for point in paper("hanover", "senior_management").points if point.title.startswith("Overdue")]
    assert overdue.change.startswith("Reviews: ") and "Appeals" not in overdue.change


def test_actions_say_what_their_numbers_count() -> None:
    assert "all that is open" in paper().actions_line
    assert "all that is open" not in paper(edition="publishable").actions_line


def test_the_words_actions_stand_on_one_page() -> None:
    body = ZipFile(io.BytesIO(build_word_paper(paper(), FOLDER))).read("word/document.xml").decode()
    rows = body.partition("<w:tbl>")[2].partition("</w:tbl>")[0].split("</w:tr>")[:-1]
    assert [("<w:keepNext/>" in row) for row in rows] == [True] * (len(rows) - 1) + [False]
