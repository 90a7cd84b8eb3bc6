"""The sentences of the two-page paper: `include/reports/paper/wording.yaml`, read strictly.

`annual.yaml` beside it holds those that an annual edition says otherwise.

A governance officer may change any sentence there. Figures stand in braces with a stroke (headlines.py); other braces
are filled in by the program, and a sentence without them, or with others, is refused with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from due_regard.config.landlord import Identifier
from due_regard.config.layered_folders import Folder, find_file
from due_regard.config.yaml_files import read_yaml
from due_regard.errors import WordingError
from due_regard.mail.sentences import OfNumber, Plain, Sentences, require_placeholders
from due_regard.packs.content.headlines import check_headline
from due_regard.packs.content.measure_tables import SPECS
from due_regard.policy.duties import FedFigure, OwnerRole

_NAMED = re.compile(r"\{([a-z_]+)/")
_OfParts = Annotated[str, require_placeholders("parts")]
_OneOrMore = Annotated[
    tuple[str, ...], BeforeValidator(lambda said: (said,) if isinstance(said, str) else said), Field(max_length=3)
]
"""A sentence, or a list of them: one that cannot be said does not keep back the others."""


class ParticularWords(Sentences):
    """What stands at the head of the paper, and what is said of what is not given."""

    author: Plain
    meeting: Plain
    agenda_item: Plain
    marking: Plain
    distribution: Plain
    retention: Plain
    to_complete: _OfParts
    marking_published: Plain


class AskedWords(Sentences):
    """What the readers are asked to do."""

    heading: Annotated[str, require_placeholders("audience")]
    note: Annotated[str, require_placeholders("key")]
    note_without_key: Plain
    approve: OfNumber
    ask: Annotated[str, require_placeholders("post", "day", "issue")]
    nothing: Plain


class KeyWords(Sentences):
    """The one number that matters."""

    table: Plain
    figure: str
    says: str
    change: str
    noted: str
    hidden: Plain
    none: Plain


class PointWords(Sentences):
    """One point: its sentences, what in it is wrong, how much that weighs, and what the policy asks.

    Attributes:
        tables: of the annex, that the point refers to.
        wrong: figures `table/measure` of cases gone wrong, added up.
        worst: table whose worst row is named, in a confidential paper.
        none: what is said, in one line with others, where nothing is wrong.
        kept_title, kept: heading and sentences where nothing is wrong and fewer than three points are.
        issue: what the reader asks the owner about.
        action: what is to be done, in a published paper.
    """

    name: Identifier
    tables: Annotated[tuple[Plain, ...], Field(min_length=1)]
    title: Plain
    wrong: tuple[str, ...] = ()
    weight: int = Field(default=1, ge=1, le=100)
    always: bool = False
    says: Annotated[tuple[str, ...], Field(min_length=1, max_length=3)]
    worst: Literal["lateness", "safeguards"] | None = None
    worst_says: Annotated[str, require_placeholders("what", "n", "of")] | None = None
    change: _OneOrMore = ()
    standard: str
    feeds: tuple[FedFigure, ...] = ()
    kinds: tuple[Literal["deadline", "review", "check"], ...] = ()
    none: Plain | None = None
    kept_title: Plain | None = None
    kept: Annotated[tuple[str, ...], Field(max_length=2)] = ()
    issue: Plain | None = None
    action: Plain | None = None
    owner: OwnerRole | None = None


class LineWords(Sentences):
    """Headings and lines."""

    points: Plain
    where: Annotated[str, require_placeholders("places")]
    place: Annotated[str, require_placeholders("number")]
    none: _OfParts
    more: _OfParts
    hidden: _OfParts
    actions: Plain
    action_columns: Annotated[tuple[Plain, ...], Field(min_length=4, max_length=4)]
    overdue: Annotated[str, require_placeholders("n", "days", "unit")]
    overdue_some: OfNumber
    missing: OfNumber
    due_soon: OfNumber
    more_actions: OfNumber
    all_open: Plain
    no_actions: Plain
    measured: Plain
    not_measured: Annotated[str, require_placeholders("n", "of", "duties", "place")]
    all_measured: Plain
    changed: Annotated[str, require_placeholders("n", "place")]
    made: Plain
    annex: Plain
    provenance: OfNumber
    commentary: Annotated[str, require_placeholders("title", "said")]
    whole: Plain
    and_others: Plain


class PaperWording(Sentences):
    """All sentences of the paper."""

    particulars: ParticularWords
    asked: AskedWords
    key: KeyWords
    points: Annotated[tuple[PointWords, ...], Field(min_length=3)]
    posts: dict[OwnerRole, Plain]
    lines: LineWords

    def name_post(self, role: str) -> str:
        """How the paper names a role."""
        return self.posts.get(role, role.replace("_", " "))  # type: ignore[call-overload, no-any-return]

    def format_post(self, role: str) -> str:
        """A role as it begins a cell: without article, with a capital."""
        bare = self.name_post(role).removeprefix("the ")
        return bare[:1].upper() + bare[1:]

    @model_validator(mode="after")
    def _check_tables(self) -> PaperWording:
        said = [self.key.figure, self.key.says, self.key.change, self.key.noted]
        said += [text for point in self.points for text in (*point.says, *point.kept, *point.change)]
        said += [f"{{{name}}}" for point in self.points for name in point.wrong]
        for text in said:
            check_headline(text)
        asked = {*list_tables_named(said), self.key.table, *(name for point in self.points for name in point.tables)}
        unknown = sorted(asked - set(SPECS))
        if unknown:
            raise ValueError(f"no such table: {', '.join(unknown)}; there are: {', '.join(sorted(SPECS))}")
        return self

    @field_validator("points")
    @classmethod
    def _check_names(cls, value: tuple[PointWords, ...]) -> tuple[PointWords, ...]:
        if len({point.name for point in value}) != len(value):
            raise ValueError("a point's name stands once")
        return value


class AnnualPointWords(Sentences):
    """What a point of an annual edition says otherwise."""

    title: Plain | None = None
    says: Annotated[tuple[str, ...], Field(max_length=3)] | None = None
    change: _OneOrMore = ()
    none: Plain | None = None
    kept: Annotated[tuple[str, ...], Field(max_length=2)] = ()
    kept_title: Plain | None = None
    action: Plain | None = None


class AnnualWording(Sentences):
    """What the paper of an annual edition says otherwise: the key figure, the line of none, and points by name."""

    key: KeyWords
    none: _OfParts
    points: dict[Identifier, AnnualPointWords]

    def change_wording(self, wording: PaperWording) -> PaperWording:
        """The whole wording of an annual edition.

        Raises:
            ValueError: a point is named that there is not, or a sentence names a table that there is not.
        """
        if unknown := set(self.points).difference(point.name for point in wording.points):
            raise ValueError(f"no such point: {', '.join(sorted(unknown))}")
        points = tuple(
            point.model_copy(update=self.points[point.name].model_dump(exclude_unset=True))
            if point.name in self.points
            else point
            for point in wording.points
        )
        lines = wording.lines.model_copy(update={"none": self.none})
        whole = wording.model_copy(update={"key": self.key, "points": points, "lines": lines})
        return PaperWording.model_validate(whole.model_dump())


def list_tables_named(wordings: Iterable[str]) -> set[str]:
    """The tables whose figures sentences name."""
    return {name for text in wordings for name in _NAMED.findall(text)}


def load_paper_wording(folder: Folder, word: str = "quarter") -> PaperWording:
    """The paper's sentences, in `folder`, of a `quarter` or a `year`.

    Raises:
        WordingError: the file is missing, or a sentence is missing, unknown, or has wrong braces; names the line.
    """
    wording = read_yaml(find_file(folder, "wording.yaml"), PaperWording, WordingError)
    if word == "quarter":
        return wording
    file = find_file(folder, "annual.yaml")
    annual = read_yaml(file, AnnualWording, WordingError)
    try:
        return annual.change_wording(wording)
    except ValueError as reason:
        raise WordingError(str(reason), file=file) from None
