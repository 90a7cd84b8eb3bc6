"""Excel's own charts beside the pictures: drawn from the cells of their table, with an alt text."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import cache
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

from due_regard.packs import charts
from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.pack_content import PackContent
from due_regard.packs.documents.workbook import build_committee_workbook
from tests.packs.checklist import faults
from tests.packs.known import content, snapshots
from tests.packs.made_up import records

PACK = "health_and_safety_committee"


@cache
def made() -> PackContent:
    """A pack with every chart there is."""
    found = snapshots(records(40), "queens_cross")
    whole = content("queens_cross", PACK, {name: build_measure_table(name, found) for name in charts.CHARTS})
    drawn = (replace(section, chart=charts.draw_table_chart(section.table)) for section in whole.sections)
    return replace(whole, sections=tuple(drawn))


def read_charts(book: bytes) -> list[str]:
    with ZipFile(io.BytesIO(book)) as parts:
        return [parts.read(name).decode() for name in sorted(parts.namelist()) if name.startswith("xl/charts/chart")]


def test_every_picture_has_a_chart_of_excels_own() -> None:
    book = build_committee_workbook(made())
    assert len(read_charts(book)) == len(charts.CHARTS) == len(made().sections)
    assert faults(book) == {}
    assert read_charts(build_committee_workbook(replace(made(), edition="publishable"))) == []


def test_they_are_drawn_from_the_cells_of_their_own_table() -> None:
    book = build_committee_workbook(made())
    sheets = {sheet.title: sheet for sheet in load_workbook(io.BytesIO(book)).worksheets}
    for chart in read_charts(book):
        refs = re.findall(r"'([^']+)'!\$([A-Z]+)\$(\d+)(?::\$([A-Z]+)\$(\d+))?", chart)
        assert refs
        (title,) = {ref[0] for ref in refs}
        (table,) = sheets[title].tables.values()
        left, top, right, bottom = range_boundaries(table.ref)
        for _, column, row, other, last in refs:
            area = f"{column}{row}:{other or column}{last or row}"
            a, b, c, d = range_boundaries(area)
            assert left <= a <= c <= right and top <= b <= d <= bottom, (title, area)


def test_not_done_is_the_darkest_of_a_native_chart_too() -> None:
    stacked = [chart for chart in read_charts(build_committee_workbook(made())) if "percentStacked" in chart]
    assert len(stacked) == 2
    for chart in stacked:
        fills = re.findall(r"<ser>.*?<a:solidFill><a:srgbClr val=\"(\w{6})\"", chart, re.DOTALL)
        fills = fills or re.findall(r"<ser>.*?srgbClr val=\"(\w{6})\"", chart, re.DOTALL)
        shades = [sum(int(fill[place : place + 2], 16) for place in (0, 2, 4)) for fill in fills]
        assert len(shades) >= 3 and shades == sorted(shades, reverse=True)


def test_the_same_content_gives_the_same_bytes() -> None:
    assert build_committee_workbook(made()) == build_committee_workbook(made())
