"""The paper as a Word file, of the same content as the PDF: for officers who put it into an agenda of their own.

The parts of the file are templates in include/reports/paper/word; what they print goes in as text, with every mark of
XML escaped. No library that writes Word files is needed for headings, paragraphs, a picture and one table.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from jinja2 import DictLoader, Environment, StrictUndefined, TemplateError
from PIL import Image

from due_regard.config.layered_folders import Folder, find_file
from due_regard.errors import PackError
from due_regard.packs.content.paper_content import PaperContent
from due_regard.packs.documents.paper import make_paper_data

_PARTS = {
    "[Content_Types].xml": "content_types.xml",
    "_rels/.rels": "package_links.xml",
    "docProps/core.xml": "properties.xml.j2",
    "word/_rels/document.xml.rels": "document_links.xml.j2",
    "word/styles.xml": "styles.xml",
    "word/numbering.xml": "numbering.xml",
    "word/settings.xml": "settings.xml",
    "word/footer.xml": "footer.xml.j2",
    "word/document.xml": "document.xml.j2",
}
"""Part of the file -> its template."""
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The date of every part: a file holds no clock."""
_PICTURE_WIDTH = 5_600_000
"""English metric units: as wide as on the PDF."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def build_word_paper(paper: PaperContent, folder: Folder) -> bytes:
    """`paper` as .docx bytes, by the templates in `folder`/word; the same content gives the same bytes.

    Raises:
        PackError: a template is missing, or cannot be filled.
    """
    sources = {name: _read_template(find_file(folder, f"word/{name}")) for name in _PARTS.values()}
    environment = Environment(loader=DictLoader(sources), autoescape=True, undefined=StrictUndefined)
    environment.finalize = _tame_text
    values = {"paper": make_paper_data(paper), "picture": _measure_picture(paper)}
    try:
        parts = {part: environment.get_template(name).render(values) for part, name in _PARTS.items()}
    except TemplateError as reason:
        raise PackError(f"{find_file(folder, 'word')}: the Word paper cannot be made: {reason}") from None
    return _pack_parts(parts, paper)


def _read_template(file: Path) -> str:
    if not file.is_file():
        raise PackError(f"{file}: a template of the Word paper is missing")
    return file.read_text(encoding="utf-8")


def _tame_text(value: object) -> object:
    """Text without control characters, which XML cannot hold."""
    return _CONTROL.sub("", value) if type(value) is str else value


def _measure_picture(paper: PaperContent) -> dict[str, int] | None:
    if paper.chart is None:
        return None
    with Image.open(io.BytesIO(paper.chart.png)) as picture:
        return {"width": _PICTURE_WIDTH, "height": round(_PICTURE_WIDTH * picture.height / picture.width)}


def _pack_parts(parts: dict[str, str], paper: PaperContent) -> bytes:
    whole: dict[str, str | bytes] = dict(parts)
    if paper.chart is not None:
        whole["word/media/chart.png"] = paper.chart.png
    out = io.BytesIO()
    with ZipFile(out, "w") as package:
        for name, body in whole.items():
            entry = ZipInfo(name, _FIRST_DAY)
            entry.compress_type = ZIP_DEFLATED
            package.writestr(entry, body)
    return out.getvalue()
