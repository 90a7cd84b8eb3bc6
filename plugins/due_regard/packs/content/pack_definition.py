"""What a pack definition may say: audience, the clause that asks for it, sections, their order and wording.

One YAML file a pack in `include/reports/packs`, which a governance officer may edit. Tables are named, never made,
there; sentences are written with figures' names in braces (headlines.py).
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from due_regard.calendars.reporting_years import Period, ReportingYear
from due_regard.config.landlord import Identifier
from due_regard.config.layered_folders import Folder, list_files
from due_regard.config.yaml_files import read_named_yaml
from due_regard.errors import DefinitionError
from due_regard.packs.content.headlines import check_headline
from due_regard.packs.content.measure_tables import SPECS

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _DefinitionPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PackBasis(_DefinitionPart):
    """What in one landlord's policy asks for the pack: its clause, a short quotation, and our reading of the time.

    With `due` the duty to report is watched (report_duties.py); without, it is only quoted.
    """

    clause: Words
    promise: Words
    reading: Words | None = None
    due: Literal["end_of_next_quarter"] | None = None


class PackSection(_DefinitionPart):
    """One table, with its heading, what to look for in it, and the sentences computed from it."""

    table: Words
    title: Words | None = None
    why: Words = Field(description="what the reader should look for, in a sentence")
    headlines: tuple[Words, ...] = ()
    annual: tuple[Words, ...] = Field(
        default=(), description="the sentences of an annual edition; none: those that name no quarter and no change"
    )
    chart: bool = Field(default=True, description="draw the table's chart, where it has one")
    asked_by: dict[Identifier, Words] = Field(
        default_factory=dict, description="landlord -> clause that asks for this figure; others have it for information"
    )
    landlords: tuple[Identifier, ...] = Field(default=(), description="only these landlords' packs have it; none: all")

    @field_validator("table")
    @classmethod
    def _check_table(cls, value: str) -> str:
        if value not in SPECS:
            raise ValueError(f"no such table; there are: {', '.join(sorted(SPECS))}")
        return value

    @field_validator("headlines", "annual")
    @classmethod
    def _check_headlines(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for line in value:
            check_headline(line)
        return value

    def list_annual_sentences(self) -> tuple[str, ...]:
        """The sentences of an annual edition: its own, else those that hold of a year as they stand."""
        return self.annual or tuple(text for text in self.headlines if not _OF_QUARTERS.search(text))


_OF_QUARTERS = re.compile(r"\bquarters?\b|\.(change|year|percent_before|percent_year)\b")


class PackDefinition(_DefinitionPart):
    """One pack."""

    name: Identifier
    title: Words
    audience: Words
    edition: Literal["confidential", "publishable"] = Field(
        default="confidential", description="the edition that the audience is given: no other one reports to it"
    )
    introduction: Words
    annual_introduction: Words | None = Field(default=None, description="of an annual edition; none: the same")
    reader: Literal["committee", "management"] = Field(
        default="committee", description="management's action list has one row a finding, a committee's one a duty"
    )
    fragments_for: tuple[Identifier, ...] = Field(
        default=(),
        description="landlords whose policy puts these figures inside other reports: sentences, tables, charts",
    )
    asked_for: dict[Identifier, PackBasis] = Field(
        default_factory=dict, description="landlord -> what asks for the pack"
    )
    sections: Annotated[tuple[PackSection, ...], Field(min_length=1)]

    def choose_sentences(self, period: Period) -> PackDefinition:
        """The definition as it speaks of a quarter, or of a year."""
        if not isinstance(period, ReportingYear):
            return self
        said = tuple(one.model_copy(update={"headlines": one.list_annual_sentences()}) for one in self.sections)
        return self.model_copy(update={"sections": said, "introduction": self.annual_introduction or self.introduction})

    def list_sections(self, landlord: str) -> tuple[PackSection, ...]:
        """The sections that this landlord's pack has."""
        return tuple(section for section in self.sections if not section.landlords or landlord in section.landlords)

    @model_validator(mode="after")
    def _check_tables_once(self) -> PackDefinition:
        names = [section.table for section in self.sections]
        if len(names) != len(set(names)):
            raise ValueError("a table stands in a pack once")
        return self


def list_definition_names(folder: Folder) -> set[str]:
    """Names of all packs that `<folder>/packs` defines."""
    return {file.stem for file in list_files(folder / "packs", "*.yaml")}


def load_pack_definition(folder: Folder, name: str) -> PackDefinition:
    """Definition of pack `name`, from `<folder>/packs/<name>.yaml`.

    Raises:
        DefinitionError: there is no such file, it is wrong, or its name is not the file's.
    """
    return read_named_yaml(folder / "packs", name, PackDefinition, DefinitionError, kind="pack")
