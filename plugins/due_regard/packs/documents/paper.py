"""The paper as an accessible PDF (PDF/UA-1), set by typst.

The template is include/reports/paper/pack.typ; what it prints goes in as data and stays inert. typst refuses a paper
that lacks alt text or skips a heading.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib as mpl
import typst

from due_regard.config.layered_folders import Folder, find_file
from due_regard.errors import PackError
from due_regard.packs.content.paper_parts import PaperContent

PAGES = 2
_TIGHTEST = 3
"""Steps of the template, each with smaller letters."""
_CHART = "chart.png"


def build_paper(paper: PaperContent, folder: Folder) -> bytes:
    """`paper` as PDF bytes, by the template in `folder`; the same content gives the same bytes.

    Raises:
        PackError: the template is missing, or cannot be set.
    """
    template = find_file(folder, "pack.typ")
    if not template.is_file():
        raise PackError(f"{template}: the paper's template is missing")
    with TemporaryDirectory() as place:
        root = Path(place)
        shutil.copy(template, root)
        if paper.chart is not None:
            (root / _CHART).write_bytes(paper.chart.png)
        return _set_two_pages(root, template, paper)


def make_paper_data(paper: PaperContent) -> dict[str, Any]:
    """`paper` as JSON values, its chart as the name of its file with title and alt text."""
    chart = None if paper.chart is None else {"file": _CHART, "title": paper.chart.title, "alt": paper.chart.alt}
    return {**asdict(paper), "chart": chart}


def _set_two_pages(root: Path, template: Path, paper: PaperContent) -> bytes:
    """The paper as loose as two pages allow: what is long is set in smaller letters, never cut off."""
    done = b""
    for tightness in range(_TIGHTEST + 1):
        data = {**make_paper_data(paper), "tightness": tightness}
        (root / "pack.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        done = _set_paper(root, template, paper.dated)
        if count_pages(done) <= PAGES:
            break
    return done


def count_pages(pdf: bytes) -> int:
    """Pages of a PDF that typst made."""
    return max(int(n) for n in re.findall(rb"/Type\s*/Pages.{0,200}?/Count (\d+)", pdf, re.DOTALL))


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
