"""Names of the annex's worksheets: the workbook gives them, and the paper refers to them."""

from __future__ import annotations

from collections.abc import Iterable

from due_regard.packs.content.pack_content import SectionContent


def make_sheet_name(section: SectionContent) -> str:
    """Name of a section's worksheet: its number and as much of its title as fits 31 characters, in whole words."""
    name = f"{section.number} {section.title}".translate({ord(mark): None for mark in "[]:*?/\\'"})
    while len(name) > 31:
        name = name.rsplit(" ", 1)[0].rstrip(",")
    return name


def list_sheet_places(sections: Iterable[SectionContent]) -> dict[str, str]:
    """Table -> its number and the sheet it stands on."""
    return {section.table.name: f"{section.number}, sheet “{make_sheet_name(section)}”" for section in sections}
