"""A pack's content before it is a file: sections with their tables, sentences, charts, and the words of the cover.

Pure: from a definition and filled tables. Workbook and paper print the same content, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from due_regard.calendars.reporting_years import Period, ReportingYear
from due_regard.config.landlord import Landlord, PackSwitch
from due_regard.errors import DefinitionError
from due_regard.packs.content.headlines import compute_headline
from due_regard.packs.content.pack_definition import PackDefinition, PackSection
from due_regard.packs.content.table_forms import MeasureTable

if TYPE_CHECKING:
    from due_regard.packs.charts import DrawnChart

FOR_INFORMATION = "For information: no clause of the policy asks that this figure be reported."
ANNUAL = "The year's edition, for publication. It does not take the place of the report of any quarter."
NOT_ASKED = "No clause of the landlord's policy asks for this report."
EDITIONS = {
    "confidential": "Confidential: for the committee and officers named on it. Small numbers are shown.",
    "publishable": "For publication: numbers under 5, and others from which they could be worked out, are hidden.",
}


@dataclass(frozen=True)
class SectionContent:
    """One section filled; `notes` are numbers of `PackContent.notes`, counted from 1.

    `clause` is that of the policy which asks for the figure; empty where it is given for information.
    """

    number: int
    title: str
    why: str
    sentences: tuple[str, ...]
    table: MeasureTable
    chart: DrawnChart | None
    notes: tuple[int, ...] = ()
    clause: str = ""
    revised: frozenset[str] = frozenset()
    commentary: str = ""


def describe_clause(section: SectionContent) -> str:
    """What asks for a section's figure, in words."""
    return f"Asked for by clause {section.clause} of the policy." if section.clause else FOR_INFORMATION


@dataclass(frozen=True)
class PackContent:
    """Everything a pack says.

    Attributes:
        decision_asked: what an officer wrote that the audience is asked to decide; empty where nobody did.
        correction: what this version replaces, and why; empty for a first version.
        provenance: what went into it, by name and digest.
    """

    pack: str
    title: str
    audience: str
    introduction: str
    landlord: str
    landlord_name: str
    quarter: Period
    quarter_label: str
    edition: str
    basis: tuple[str, ...]
    standing: tuple[str, ...]
    sections: tuple[SectionContent, ...] = field(repr=False)
    notes: tuple[str, ...] = field(repr=False)
    switch: PackSwitch | None = None
    decision_asked: str = ""
    version: int = 1
    correction: str = ""
    provenance: tuple[tuple[str, str], ...] = ()

    @property
    def tables(self) -> dict[str, MeasureTable]:
        """The tables shown, by name."""
        return {section.table.name: section.table for section in self.sections}


def compose_content(
    definition: PackDefinition,
    landlord: Landlord,
    tables: dict[str, MeasureTable],
    *,
    quarter: Period,
    edition: str,
    standing: tuple[str, ...],
    revised: dict[str, frozenset[str]] | None = None,
    commentary: Mapping[str, str] | None = None,
    version: int = 1,
    correction: str = "",
    provenance: tuple[tuple[str, str], ...] = (),
) -> PackContent:
    """Put filled `tables` (by name, after disclosure control if the edition asks for it) into a definition's words.

    A section whose table is left out is left out too. `edition` is one of `EDITIONS`; `standing` says on the cover what
    the figures rest on; `revised` maps a table to the measures whose figures differ from those issued; `commentary` is
    what officers wrote to a section, or to `decision`.

    Raises:
        DefinitionError: a sentence names a figure that its table does not have.
    """
    wanted = [section for section in definition.list_sections(landlord.id) if section.table in tables]
    notes = tuple(dict.fromkeys(note for section in wanted for note in tables[section.table].notes))
    said = {section: " ".join(words.split()) for section, words in (commentary or {}).items()}
    sections = tuple(
        replace(
            _compose_section(
                place,
                section,
                tables[section.table],
                notes,
                (revised or {}).get(section.table, frozenset()),
                landlord.id,
            ),
            commentary=said.get(section.table, ""),
        )
        for place, section in enumerate(wanted, 1)
    )
    return PackContent(
        definition.name, definition.title, definition.audience, definition.introduction, landlord.id, landlord.name,
        quarter, f"{quarter.label(landlord.reporting_year_starts)} ({quarter.months})", edition,
        describe_basis(definition, landlord.id, quarter), standing, sections, notes,
        landlord.find_switch(definition.name),
        said.get("decision", ""), version, correction, provenance,
    )  # fmt: skip


def describe_basis(definition: PackDefinition, landlord: str, quarter: Period) -> tuple[str, ...]:
    """What asks for the pack, in words; says so where no clause does."""
    if isinstance(quarter, ReportingYear):
        return (ANNUAL,)
    found = definition.asked_for.get(landlord)
    if found is None:
        return (NOT_ASKED,)
    asked = f"Clause {found.clause} of the policy asks for it: “{found.promise}”"
    return (asked, f"Our reading: {found.reading}") if found.reading else (asked,)


def _compose_section(
    number: int,
    section: PackSection,
    table: MeasureTable,
    notes: tuple[str, ...],
    revised: frozenset[str],
    landlord: str,
) -> SectionContent:
    from due_regard.packs.charts import draw_table_chart

    try:
        said = tuple(compute_headline(wording, table) for wording in section.headlines)
    except KeyError as reason:
        raise DefinitionError(f"section {section.table}: no figure {reason} in this table") from None
    return SectionContent(
        number,
        section.title or table.title,
        section.why,
        tuple(dict.fromkeys(sentence for sentence in said if sentence)),
        table,
        draw_table_chart(table) if section.chart else None,
        tuple(notes.index(note) + 1 for note in table.notes),
        section.asked_by.get(landlord, ""),
        revised,
    )
