"""A Word file from templates of its parts: what a pack's Word papers have in common.

What the templates print goes in as text, with every mark of XML escaped. No library that writes Word files is needed
for headings, paragraphs, pictures and tables.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from jinja2 import DictLoader, Environment, StrictUndefined, TemplateError
from PIL import Image

from due_regard.config.layered_folders import Folder, find_file
from due_regard.errors import PackError
from due_regard.packs.charts import DrawnChart

_PARTS = {
    "[Content_Types].xml": "content_types.xml",
    "_rels/.rels": "package_links.xml",
    "docProps/core.xml": "properties.xml.j2",
    "word/_rels/document.xml.rels": "document_links.xml.j2",
    "word/styles.xml": "styles.xml",
    "word/numbering.xml": "numbering.xml",
    "word/settings.xml": "settings.xml",
    "word/footer.xml": "footer.xml.j2",
}
"""Part of the file -> its template; the document's own is the caller's."""
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The date of every part: a file holds no clock."""
_PICTURE_WIDTH = 5_600_000
"""English metric units: as wide as on the PDF."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class WordPicture:
    """A picture of a Word file: what links to it, its file, its size and what it shows."""

    link: str
    number: int
    width: int
    height: int
    alt: str


def measure_pictures(charts: Sequence[DrawnChart]) -> tuple[WordPicture, ...]:
    """The charts as pictures, in their order."""
    return tuple(_measure_picture(chart, number) for number, chart in enumerate(charts, 1))


def _measure_picture(chart: DrawnChart, number: int) -> WordPicture:
    with Image.open(io.BytesIO(chart.png)) as picture:
        height = round(_PICTURE_WIDTH * picture.height / picture.width)
    return WordPicture(f"rIdPicture{number}", number, _PICTURE_WIDTH, height, chart.alt)


def build_word_file(document: str, values: Mapping[str, Any], charts: Sequence[DrawnChart], folder: Folder) -> bytes:
    """The file whose document is the template of that name in `folder`/word; the same values give the same bytes.

    `values` hold title, subtitle, landlord and footer, and what the document's template asks for.

    Raises:
        PackError: a template is missing, or cannot be filled.
    """
    names = {**_PARTS, "word/document.xml": document}
    sources = {name: _read_template(folder, name) for name in (*names.values(), "parts.xml.j2")}
    environment = Environment(loader=DictLoader(sources), autoescape=True, undefined=StrictUndefined)
    environment.finalize = _tame_text
    told = {**values, "pictures": measure_pictures(charts)}
    try:
        parts = {part: environment.get_template(name).render(told) for part, name in names.items()}
    except TemplateError as reason:
        raise PackError(f"{find_file(folder, f'word/{document}')}: the Word file cannot be made: {reason}") from None
    return _pack_parts(parts, charts)


def _read_template(folder: Folder, name: str) -> str:
    file = find_file(folder, f"word/{name}")
    if not file.is_file():
        raise PackError(f"{file}: a template of the Word paper is missing")
    return file.read_text(encoding="utf-8")


def _tame_text(value: object) -> object:
    """Text without control characters, which XML cannot hold."""
    return _CONTROL.sub("", value) if type(value) is str else value


def _pack_parts(parts: Mapping[str, str], charts: Sequence[DrawnChart]) -> bytes:
    whole: dict[str, str | bytes] = dict(parts)
    whole |= {f"word/media/chart{number}.png": chart.png for number, chart in enumerate(charts, 1)}
    out = io.BytesIO()
    with ZipFile(out, "w") as package:
        for name, body in whole.items():
            entry = ZipInfo(name, _FIRST_DAY)
            entry.compress_type = ZIP_DEFLATED
            package.writestr(entry, body)
    return out.getvalue()
