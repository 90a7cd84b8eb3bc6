"""A table's chart as Excel's own, beside the picture: drawn from the cells, so that officers can restyle it.

The picture is what was checked to be read in black and white; this one follows whatever is done to the cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from openpyxl.chart import BarChart, LineChart, Reference, Series
from openpyxl.chart.data_source import StrRef
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, OneCellAnchor
from openpyxl.drawing.xdr import XDRPositiveSize2D
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from due_regard.packs.charts import DrawnChart
from due_regard.packs.charts.incident_run_chart import BASELINE
from due_regard.packs.charts.kept_chart import STEPS
from due_regard.packs.charts.timeliness_chart import FILLS
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.documents.display_grid import DisplayGrid
from due_regard.packs.measures.timeliness import LATENESS, OVERDUE_BANDS

_SIZE = (16 * 360_000, 8 * 360_000)
"""Width and height in English metric units: 16 by 8 cm."""
_NAVY, _GREY = "12436D", "595959"
NativeChart: TypeAlias = BarChart | LineChart


class _DescribedAnchor(OneCellAnchor):
    """An anchor whose chart carries an alt text: openpyxl makes the frame as it saves, and would give it none."""

    __elements__ = OneCellAnchor.__elements__
    alt = ""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "graphicFrame" and value is not None:
            value.nvGraphicFramePr.cNvPr.descr = self.alt
        super().__setattr__(name, value)


def place_native_chart(
    sheet: Worksheet, table: MeasureTable, drawn: DrawnChart, head: int, found: DisplayGrid, row: int, column: int
) -> None:
    """Put the chart of a table whose header stands in row `head` at (row, column), counted from 1."""
    chart = _MAKERS[table.name](sheet, table, head, found)
    chart.title = None
    if chart.legend is not None:
        chart.legend.position = "b"
    anchor = _DescribedAnchor(_from=AnchorMarker(col=column - 1, row=row - 1), ext=XDRPositiveSize2D(*_SIZE))
    anchor.alt = f"Excel's own chart of this table, to be restyled. {drawn.alt}"
    chart.anchor = anchor  # type: ignore[assignment]
    sheet.add_chart(chart)


def _make_lateness(sheet: Worksheet, table: MeasureTable, head: int, found: DisplayGrid) -> NativeChart:
    columns = [found.headings.index(name) + 1 for name in LATENESS]
    return _make_stacked(sheet, head, len(found.rows), columns, FILLS)


def _make_stacked(sheet: Worksheet, head: int, rows: int, columns: Sequence[int], fills: Sequence[str]) -> BarChart:
    chart = _make_bars(grouping="percentStacked", overlap=100)
    for column, fill in zip(columns, fills, strict=True):
        series = Series(Reference(sheet, min_col=column, min_row=head, max_row=head + rows), title_from_data=True)
        series.graphicalProperties = _fill_with(fill.removeprefix("#"))
        chart.append(series)
    chart.set_categories(Reference(sheet, min_col=1, min_row=head + 1, max_row=head + rows))
    return chart


def _make_bars(**more: Any) -> BarChart:
    chart = BarChart(barDir="bar", gapWidth=40, **more)
    chart.y_axis.delete = chart.x_axis.delete = False
    # Excel draws the first category at the bottom; a table is read from the top.
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.number_format = "0%" if more else "0"
    return chart


def _fill_with(colour: str) -> GraphicalProperties:
    shape = GraphicalProperties(solidFill=colour)
    shape.line.solidFill = _GREY
    return shape


def _make_kept(sheet: Worksheet, table: MeasureTable, head: int, found: DisplayGrid) -> NativeChart:
    """Three rows of the table, one bar a quarter: the numbers stand in every other column or so."""
    columns = [place for place, heading in enumerate(found.headings, 1) if heading.endswith(", number")]
    chart = _make_bars(grouping="percentStacked", overlap=100)
    heads = _name_cells(sheet, [(head, column) for column in columns])
    for down, step in zip((2, 3, 4), STEPS, strict=True):
        first = Reference(sheet, min_col=columns[0], min_row=head + down)
        series = Series(first, title=None)
        series.val.numRef.f = _name_cells(sheet, [(head + down, column) for column in columns])
        series.tx = _name_series(sheet, head + down)
        series.graphicalProperties = _fill_with(FILLS[step].removeprefix("#"))
        chart.append(series)
    chart.set_categories(Reference(sheet, min_col=columns[0], min_row=head))
    for series in chart.series:
        series.cat.numRef.f = heads
    return chart


def _name_series(sheet: Worksheet, row: int) -> SeriesLabel:
    return SeriesLabel(strRef=StrRef(_name_cells(sheet, [(row, 1)])))


def _name_cells(sheet: Worksheet, cells: Sequence[tuple[int, int]]) -> str:
    names = [f"'{sheet.title}'!${get_column_letter(column)}${row}" for row, column in cells]
    return names[0] if len(names) == 1 else f"({','.join(names)})"


def _make_ages(sheet: Worksheet, table: MeasureTable, head: int, found: DisplayGrid) -> NativeChart:
    """The bands, which stand below the first row of the table."""
    last = head + 1 + len(OVERDUE_BANDS)
    chart = _make_bars()
    series = Series(Reference(sheet, min_col=2, min_row=head + 2, max_row=last), title="Reviews overdue")
    series.graphicalProperties = _fill_with(_NAVY)
    chart.append(series)
    chart.set_categories(Reference(sheet, min_col=1, min_row=head + 2, max_row=last))
    chart.legend = None
    return chart


def _make_lines(sheet: Worksheet, head: int, rows: int, columns: Sequence[int]) -> LineChart:
    chart = LineChart()
    chart.y_axis.delete = chart.x_axis.delete = False
    for column in columns:
        series = Series(Reference(sheet, min_col=column, min_row=head, max_row=head + rows), title_from_data=True)
        series.smooth = False
        chart.append(series)
    chart.set_categories(Reference(sheet, min_col=1, min_row=head + 1, max_row=head + rows))
    return chart


def _make_in_force(sheet: Worksheet, table: MeasureTable, head: int, found: DisplayGrid) -> NativeChart:
    used = [place for place in range(2, len(found.headings) + 1) if any(row[place - 1] for row in found.rows)]
    chart = _make_lines(sheet, head, len(found.rows), used)
    # Lines told apart by their dashes and marks too, not by colour alone.
    for place, series in enumerate(chart.series):
        series.marker.symbol = ("circle", "square", "triangle", "diamond", "x", "plus")[place % 6]
        series.graphicalProperties.line.dashStyle = "solid" if place < 6 else "dash"
        series.graphicalProperties.line.width = 28_000 if place == 0 else 12_700
    return chart


def _make_run(sheet: Worksheet, table: MeasureTable, head: int, found: DisplayGrid) -> NativeChart:
    place = found.headings.index(BASELINE) + 1
    has_baseline = not isinstance(found.rows[-1][place - 1], str)
    chart = _make_lines(sheet, head, len(found.rows), [2, *([place] if has_baseline else [])])
    counts = chart.series[0]
    counts.marker.symbol = "circle"
    counts.graphicalProperties.line.solidFill = _NAVY
    if has_baseline:
        chart.series[1].graphicalProperties.line.solidFill = _GREY
        chart.series[1].graphicalProperties.line.dashStyle = "dash"
    chart.x_axis.number_format = "mmm yyyy"
    return chart


def _make_days(sheet: Worksheet, table: MeasureTable, head: int, found: DisplayGrid) -> NativeChart:
    """Appeals by quarter and working days: both stand as the bar's name."""
    rows = len(found.rows)
    chart = _make_bars()
    series = Series(Reference(sheet, min_col=3, min_row=head, max_row=head + rows), title_from_data=True)
    series.graphicalProperties = _fill_with(_NAVY)
    chart.append(series)
    chart.set_categories(Reference(sheet, min_col=1, max_col=2, min_row=head + 1, max_row=head + rows))
    return chart


_MAKERS: Mapping[str, Callable[[Worksheet, MeasureTable, int, DisplayGrid], NativeChart]] = {
    "lateness": _make_lateness,
    "duties_kept": _make_kept,
    "overdue_reviews": _make_ages,
    "in_force_over_time": _make_in_force,
    "incidents_by_month": _make_run,
    "days_to_decide": _make_days,
}
"""Table -> what makes its chart; one for each of `charts.CHARTS`."""
