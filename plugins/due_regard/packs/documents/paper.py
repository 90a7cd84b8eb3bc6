"""The same pack as a paper to read or print: an accessible PDF (PDF/UA-1), set by typst.

The template is include/reports/paper/pack.typ; what it prints goes in as data and stays inert. typst refuses a paper
that lacks alt text or skips a heading.
"""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import shorten
from typing import Any

import matplotlib as mpl
import typst

from due_regard.config.layered_folders import Folder, find_file
from due_regard.errors import PackError
from due_regard.packs.content.pack_content import EDITIONS, PackContent, SectionContent
from due_regard.packs.documents.display_grid import SHORTHAND, Cell, DisplayGrid, Form, build_grid

ROWS_SHOWN = 25
"""Rows of one table on the paper: about half a page. A longer one is read, sorted and filtered in the workbook."""

_LONGEST_CELL = 400
"""Characters of one cell, which a table of a page's width still holds."""


def build_paper(content: PackContent, folder: Folder) -> bytes:
    """`content` as PDF bytes, by the template in `folder`; the same content gives the same bytes.

    Raises:
        PackError: the template is missing, or cannot be set.
    """
    template = find_file(folder, "pack.typ")
    if not template.is_file():
        raise PackError(f"{template}: the paper's template is missing")
    with TemporaryDirectory() as place:
        root = Path(place)
        shutil.copy(template, root)
        for section in content.sections:
            if section.chart is not None:
                (root / f"{section.chart.name}.png").write_bytes(section.chart.png)
        (root / "pack.json").write_text(json.dumps(_make_paper_data(content), ensure_ascii=False), encoding="utf-8")
        return _set_paper(root, template, int(content.quarter.closes_at.timestamp()))


def _set_paper(root: Path, template: Path, timestamp: int) -> bytes:
    # matplotlib brings DejaVu Sans along, so the paper looks the same on every machine.
    fonts = [str(Path(mpl.get_data_path()) / "fonts" / "ttf")]
    try:
        done = typst.compile(
            str(root / template.name), root=str(root), font_paths=fonts, ignore_system_fonts=True, format="pdf",
            pdf_standards="ua-1", timestamp=timestamp,
        )  # fmt: skip
    except typst.TypstError as reason:
        raise PackError(f"{template}: the paper cannot be set: {reason.message}") from None
    return bytes(done)


def _make_paper_data(content: PackContent) -> dict[str, Any]:
    return {
        "title": content.title,
        "audience": content.audience,
        "landlord": content.landlord_name,
        "quarter": content.quarter_label,
        "as_at": f"{content.quarter.ends_on:%-d %B %Y}",
        "introduction": content.introduction,
        "correction": content.correction,
        "decision": content.decision_asked,
        "basis": content.basis,
        "standing": content.standing,
        "edition": EDITIONS[content.edition],
        "shorthand": [f"{mark} {meaning}" for mark, meaning in SHORTHAND.items()],
        "points": [sentence for section in content.sections for sentence in section.sentences],
        "notes": content.notes,
        "sections": [_make_section_data(section) for section in content.sections],
    }


def _make_section_data(section: SectionContent) -> dict[str, Any]:
    found = _select_paper_columns(build_grid(section.table, section.revised))
    rows = found.rows[:ROWS_SHOWN]
    chart = section.chart
    return {
        "heading": f"{section.number} {section.title}",
        "why": section.why,
        "sentences": section.sentences,
        "commentary": section.commentary,
        "notes": section.notes,
        "chart": None if chart is None else {"file": f"{chart.name}.png", "alt": chart.alt},
        "headings": found.headings,
        "is_text": [form == "text" for form in found.forms],
        "rows": [[_format_cell(cell, form) for cell, form in zip(row, found.forms, strict=True)] for row in rows],
        "shown": len(rows),
        "total": f"{len(found.rows):,}" if len(found.rows) > len(rows) else "",
    }


def _select_paper_columns(found: DisplayGrid) -> DisplayGrid:
    """The columns that fit a page: of a table of figures, every quarter's number and the reported quarter's out-of."""
    if not any(heading.endswith(", number") for heading in found.headings):
        return found
    keep = [place for place, heading in enumerate(found.headings) if place <= 2 or heading.endswith(", number")]
    headings = [found.headings[place].removesuffix(", number") for place in keep]
    headings[2] = "out of"
    return DisplayGrid(
        tuple(headings),
        tuple(found.forms[place] for place in keep),
        tuple(tuple(row[place] for place in keep) for row in found.rows),
    )


def _format_cell(cell: Cell, form: Form) -> str:
    if isinstance(cell, date):
        return f"{cell:%B %Y}" if form == "month" else f"{cell:%-d %B %Y}"
    if isinstance(cell, str):
        return shorten(cell, _LONGEST_CELL, placeholder=" …") if len(cell) > _LONGEST_CELL else cell
    if form == "percent":
        return f"{cell:.0%}"
    return f"{cell:,.1f}" if cell % 1 else f"{cell:,.0f}"
