"""The address of one figure of a pack: stable, readable, and enough by itself to open it.

`LANDLORD/2026-Q2/senior_management/confidential/1/restrictions/new/2026-Q1`: landlord, the pack's quarter, pack,
edition, version, table, figure, and the quarter that the figure is of (or the year, as `2025-26`). `.of` behind the
figure is what it is out of.
"""

from __future__ import annotations

from dataclasses import dataclass

from due_regard.calendars.reporting_years import parse_period
from due_regard.errors import SettingsError, UnknownReference
from due_regard.packs.life.pack_lives import PackKey, make_pack_key

_PARTS = 8
_WHOLE = ".of"
_SHAPE = "LANDLORD/QUARTER/PACK/EDITION/VERSION/TABLE/FIGURE/QUARTER"


@dataclass(frozen=True)
class FigureAddress:
    """One figure of one version of a pack; `is_whole`: what the figure is out of."""

    landlord: str
    key: PackKey
    version: int
    table: str
    measure: str
    quarter: str
    is_whole: bool = False

    def __str__(self) -> str:
        key, measure = self.key, self.measure + (_WHOLE if self.is_whole else "")
        place = f"{self.landlord}/{key.quarter}/{key.pack}/{key.edition}/{self.version}"
        return f"{place}/{self.table}/{measure}/{self.quarter}"

    @property
    def name(self) -> str:
        """How the register names the figure within its pack."""
        return f"{self.table}/{self.measure}/{self.quarter}"


def parse_figure_address(text: str) -> FigureAddress:
    """The figure of an address.

    Raises:
        UnknownReference: it is none; says what one looks like.
    """
    parts = text.strip().strip("/").split("/")
    unknown = UnknownReference(f"no figure has this address; one is written {_SHAPE}, as the pack's page lists them")
    if len(parts) != _PARTS or not all(parts):
        raise unknown
    landlord, period, pack, edition, version, table, measure, quarter = parts
    try:
        key = make_pack_key(pack, str(parse_period(period)), edition)
        of = str(parse_period(quarter))
    except SettingsError:
        raise unknown from None
    if not (version.isascii() and version.isdecimal() and len(version) < 9):
        raise unknown
    name, is_whole = measure.removesuffix(_WHOLE), measure.endswith(_WHOLE)
    return FigureAddress(landlord, key, int(version), table, name, of, is_whole)
