"""The closed vocabulary of a policy file: fields, dates and conditions, parsed and never evaluated as code.

A condition is one word and what it is about, e.g. `{equals: {outcome: quashed}}`. If a clause cannot be said, add one
general word here; tests/policies/test_vocabulary.py names every other place that must know it.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias, Union, get_args

from pydantic import AfterValidator, BaseModel, Discriminator, Field, StringConstraints, Tag, model_validator

from due_regard.records.canonical import ENTITY

FieldPath = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+){0,2}$")]
"""A column of the subject, or of a record it links to: `decided_on`, `restriction.decided_by`,
`restriction.customer.customer_type`."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Codes = Annotated[tuple[Code, ...], Field(min_length=1)]


def _check_one_field(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) != 1:
        raise ValueError("says one field and what it must be, e.g. {outcome: quashed}")
    return value


def _check_entity(value: str) -> str:
    if value not in ENTITY:
        raise ValueError(f"no entity {value!r}; allowed: {', '.join(ENTITY)}")
    return value


_ONE_FIELD = AfterValidator(_check_one_field)


class Word(BaseModel, frozen=True, extra="forbid", populate_by_name=True):
    """Base of every word: frozen, and nothing unknown is passed over."""


class Present(Word):
    """The field is recorded (not blank)."""

    present: FieldPath


class IsYes(Word):
    """The yes/no field says yes; blank is no."""

    is_yes: FieldPath


class Equals(Word):
    """The field is this code."""

    equals: Annotated[dict[FieldPath, Code], _ONE_FIELD]


class In(Word):
    """The field is one of these codes."""

    in_: Annotated[dict[FieldPath, Codes], _ONE_FIELD] = Field(alias="in")


class Includes(Word):
    """The list field holds this code."""

    includes: Annotated[dict[FieldPath, Code], _ONE_FIELD]


class IncludesAll(Word):
    """The list field holds every one of these codes."""

    includes_all: Annotated[dict[FieldPath, Codes], _ONE_FIELD]


class Differs(Word):
    """Both fields are recorded and are not the same reference."""

    differs: Annotated[dict[FieldPath, FieldPath], _ONE_FIELD]


class MonthsAfter(Word):
    """A number of calendar months after another date field."""

    months: Annotated[int, Field(ge=1, le=600)]
    after: FieldPath


class NoLaterThan(Word):
    """The date is recorded and at most so many months after the other date."""

    no_later_than: Annotated[dict[FieldPath, MonthsAfter], _ONE_FIELD]


class Shifted(Word):
    """A date field moved by calendar months, clamped to the month's end; negative is earlier."""

    field: FieldPath
    months: Annotated[int, Field(ge=-600, le=600)]


BOUNDS = ("after", "before", "not_before", "not_after")
"""What bounds related records in time."""


class Related(Word):
    """Records of another entity that share a reference with the subject, bounded in time.

    Attributes:
        of: entity, e.g. `warnings`.
        same: the subject's field that both share, e.g. `customer_ref`; the other side's column has its last name.
        date: the related record's date; the entity's opening date when left out.
        where: what must hold of the related record.
        after, before: strictly after / before that date of the subject.
        not_before, not_after: on that date counts too.
        standing_until: a related record dated before `not_before` and whose own date in this column is blank or later
            counts as dated on `not_before` itself (a restriction already in force).
    """

    of: Annotated[str, AfterValidator(_check_entity)]
    same: FieldPath
    date: FieldPath | None = None
    where: Condition | None = None
    after: DateOf | None = None
    before: DateOf | None = None
    not_before: DateOf | None = None
    not_after: DateOf | None = None
    standing_until: FieldPath | None = None

    @model_validator(mode="after")
    def _check_dates(self) -> Related:
        if self.date is None and ENTITY[self.of].opened_on is None:
            raise ValueError(f"{self.of} have no opening date; name a date field")
        if self.standing_until is not None and self.not_before is None:
            raise ValueError("standing_until needs not_before: the day on which it must stand")
        return self


class First(Word):
    """The date of the first related record; blank where there is none."""

    first: Related


class EarliestOf(Word):
    """The earliest of several dates; blank where all are."""

    earliest_of: Annotated[tuple[DateOf, ...], Field(min_length=2)]


class Exists(Word):
    """Some related record exists."""

    exists: Related


class Not(Word):
    """The condition does not hold."""

    not_: Condition = Field(alias="not")


class AnyOf(Word):
    """At least one holds."""

    any_of: Annotated[tuple[Condition, ...], Field(min_length=1)]


class AllOf(Word):
    """Every one holds."""

    all_of: Annotated[tuple[Condition, ...], Field(min_length=1)]


def _list_keys(value: Any) -> list[str]:
    """The words that a mapping of the file, or a word already read, holds; none for anything else."""
    return [str(key) for key in (value if isinstance(value, dict) else getattr(type(value), "model_fields", ()))]


def _find_condition_word(value: Any) -> str | None:
    keys = _list_keys(value)
    word = keys[0].rstrip("_") if len(keys) == 1 else ""
    return word if word in WORDS else None


def _find_date_word(value: Any) -> str | None:
    if isinstance(value, str):
        return "field"
    keys = set(_list_keys(value))
    for tag, marks in (("first", {"first"}), ("earliest_of", {"earliest_of"}), ("shifted", {"field", "months"})):
        if keys and keys <= marks:
            return tag
    return None


_AnyCondition: TypeAlias = Union[  # noqa: UP007 - a union of annotated members cannot be written with |
    Annotated[Present, Tag("present")],
    Annotated[IsYes, Tag("is_yes")],
    Annotated[Equals, Tag("equals")],
    Annotated[In, Tag("in")],
    Annotated[Includes, Tag("includes")],
    Annotated[IncludesAll, Tag("includes_all")],
    Annotated[Differs, Tag("differs")],
    Annotated[NoLaterThan, Tag("no_later_than")],
    Annotated[Exists, Tag("exists")],
    Annotated[Not, Tag("not")],
    Annotated[AnyOf, Tag("any_of")],
    Annotated[AllOf, Tag("all_of")],
]
_AnyDate: TypeAlias = Union[  # noqa: UP007
    Annotated[FieldPath, Tag("field")],
    Annotated[Shifted, Tag("shifted")],
    Annotated[First, Tag("first")],
    Annotated[EarliestOf, Tag("earliest_of")],
]


def _list_words(union: Any) -> dict[str, Any]:
    return {get_args(member)[-1].tag: get_args(member)[0] for member in get_args(union)}


CONDITION_WORDS = _list_words(_AnyCondition)
DATE_WORDS = _list_words(_AnyDate)
"""Each word and its class, as the union names them."""
WORDS = tuple(CONDITION_WORDS)

Condition: TypeAlias = Annotated[
    _AnyCondition,
    Discriminator(
        _find_condition_word,
        custom_error_type="condition_word",
        custom_error_message="a condition is one word of: " + ", ".join(WORDS),
    ),
]

DateOf: TypeAlias = Annotated[
    _AnyDate,
    Discriminator(
        _find_date_word,
        custom_error_type="date_word",
        custom_error_message="a date is a field, {field: …, months: …}, {first: …} or {earliest_of: […]}",
    ),
]

for _model in (Related, First, EarliestOf, Exists, Not, AnyOf, AllOf):
    _model.model_rebuild()
