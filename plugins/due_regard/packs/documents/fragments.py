"""A pack's figures as pieces that drop into other reports: each section's sentences, table and chart.

Where a policy says that its figures go inside a report of somebody else's, that report's author copies a piece and
leaves the rest. The charts are files of their own beside these.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from due_regard.config.layered_folders import Folder
from due_regard.packs.content.pack_content import PackContent, SectionContent, describe_clause
from due_regard.packs.documents.display_grid import Cell, DisplayGrid, Form, build_grid
from due_regard.packs.documents.word_file import build_word_file

ROWS_SHOWN = 25
"""Rows of a piece's table; the annex has them all."""


def build_fragments(content: PackContent, folder: Folder) -> dict[str, bytes]:
    """Ending of a file's name -> its bytes: the pieces as a Word file, and their sentences as text."""
    pieces = [section for section in content.sections if section.sentences]
    charts = [section.chart for section in pieces if section.chart is not None]
    places = {id(section): number for number, section in enumerate([one for one in pieces if one.chart is not None])}
    head = {
        "title": f"{content.title}: figures for other reports", "subtitle": content.quarter_label,
        "landlord": content.landlord_name, "footer": f"{content.landlord_name} · {content.quarter_label}",
    }  # fmt: skip
    values = {**head, "pieces": [_make_piece(section, places.get(id(section))) for section in pieces]}
    return {
        "fragments.docx": build_word_file("fragments.xml.j2", values, charts, folder),
        "sentences.txt": _list_sentences(content, pieces).encode("utf-8"),
    }


def _list_sentences(content: PackContent, pieces: list[SectionContent]) -> str:
    lines = [f"{content.landlord_name}, {content.quarter_label}", ""]
    for section in pieces:
        lines += [section.title, *section.sentences, describe_clause(section), ""]
    return "\n".join(lines)


def _make_piece(section: SectionContent, picture: int | None) -> dict[str, Any]:
    found = _select_numbers(build_grid(section.table, section.revised))
    rows = [
        [_format_cell(cell, form) for cell, form in zip(row, found.forms, strict=True)]
        for row in found.rows[:ROWS_SHOWN]
    ]
    return {
        "title": section.title, "sentences": section.sentences, "clause": describe_clause(section),
        "headings": found.headings, "rows": rows, "left": max(len(found.rows) - ROWS_SHOWN, 0), "picture": picture,
    }  # fmt: skip


def _select_numbers(found: DisplayGrid) -> DisplayGrid:
    """The columns that fit a page: of a table of figures, each quarter's number and the reported one's out-of."""
    if not any(heading.endswith(", number") for heading in found.headings):
        return found
    keep = [place for place, heading in enumerate(found.headings) if place <= 2 or heading.endswith(", number")]
    headings = [found.headings[place].removesuffix(", number") for place in keep]
    headings[2] = "out of"
    rows = tuple(tuple(row[place] for place in keep) for row in found.rows)
    return DisplayGrid(tuple(headings), tuple(found.forms[place] for place in keep), rows)


def _format_cell(cell: Cell, form: Form) -> str:
    if isinstance(cell, date):
        return f"{cell:%B %Y}" if form == "month" else f"{cell:%-d %B %Y}"
    if isinstance(cell, str):
        return cell
    if form == "percent":
        return f"{cell:.0%}"
    return f"{cell:,.1f}" if cell % 1 else f"{cell:,.0f}"
