"""A chart as a picture of a worksheet, with its alt text (openpyxl would write "Picture" for every one)."""

from __future__ import annotations

import io

from openpyxl.drawing.fill import Blip
from openpyxl.drawing.geometry import PresetGeometry2D
from openpyxl.drawing.image import Image
from openpyxl.drawing.picture import PictureFrame
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, OneCellAnchor
from openpyxl.drawing.xdr import XDRPositiveSize2D
from openpyxl.worksheet.worksheet import Worksheet

from due_regard.packs.charts import DrawnChart

_SCREEN_DPI = 96
_EMU = 9525
"""English metric units in a pixel of a screen."""


def place_chart(sheet: Worksheet, chart: DrawnChart, row: int, column: int, *, dpi: int) -> int:
    """Put `chart` with its upper left corner at (row, column), counted from 1; returns its height in pixels."""
    image = Image(io.BytesIO(chart.png))
    width, height = (round(side * _SCREEN_DPI / dpi) for side in (image.width, image.height))
    anchor = OneCellAnchor(
        _from=AnchorMarker(col=column - 1, row=row - 1),
        ext=XDRPositiveSize2D(width * _EMU, height * _EMU),
    )
    anchor.pic = _make_frame(chart)
    image.anchor = anchor
    sheet.add_image(image)
    return height


def _make_frame(chart: DrawnChart) -> PictureFrame:
    frame = PictureFrame()
    described = frame.nvPicPr.cNvPr
    described.id, described.name, described.descr = 2, chart.name, chart.alt
    frame.blipFill.blip = Blip(embed="rId1", cstate="print")
    frame.spPr.prstGeom = PresetGeometry2D(prst="rect")
    frame.spPr.ln = None
    return frame
