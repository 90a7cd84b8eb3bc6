"""Holds every field a policy names against the canonical contract: it exists, is reached by a link, has the right type.

Pydantic has checked the shape; this walk knows the subject a word stands in. It yields where and what, never raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from due_regard.config.yaml_errors import Place
from due_regard.policy.conditions import (
    Differs,
    EarliestOf,
    Equals,
    First,
    In,
    Includes,
    IncludesAll,
    IsYes,
    NoLaterThan,
    Present,
    Related,
    Shifted,
)
from due_regard.policy.duties import CheckDuty, DeadlineDuty, DocumentDuty, Duty, ReviewDuty
from due_regard.records.canonical import ENTITY, ENTITY_OF_SUBJECT, CanonicalColumn, ColumnKind, Entity

Fault = tuple[Place, str]
_NAMES = {ColumnKind.REF: "reference", ColumnKind.YN: "yes/no", ColumnKind.LIST: "list of codes"}
_NAMES |= {kind: kind.value for kind in ColumnKind if kind not in _NAMES}


def find_linked_entity(entity: Entity, link: str) -> Entity | None:
    """The entity that `entity` reaches through its column `<link>_ref`, or None."""
    target = ENTITY_OF_SUBJECT.get(link)
    return target if target is not None and target.key in entity.by_name and target is not entity else None


def resolve_field(entity: Entity, path: str) -> CanonicalColumn | str:
    """The column that `path` names from `entity`, or what is wrong with it."""
    *links, name = path.split(".")
    for link in links:
        found = find_linked_entity(entity, link)
        if found is None:
            return _describe_missing_link(entity, link)
        entity = found
    if name not in entity.by_name:
        return f"{entity.name} have no field {name!r}; allowed: {', '.join(entity.by_name)}"
    return entity.by_name[name]


def _describe_missing_link(entity: Entity, link: str) -> str:
    known = [each.subject for each in ENTITY.values() if find_linked_entity(entity, each.subject) is each]
    return f"{entity.name} have no link {link!r}; allowed: {', '.join(known) or 'none'}"


def find_field_faults(duty: Duty) -> Iterator[Fault]:
    """Every wrong field, code or link of one duty, with its place inside the duty."""
    if isinstance(duty, DocumentDuty):
        return
    entity = ENTITY_OF_SUBJECT[duty.subject]
    for number, link in enumerate(duty.requires):
        if find_linked_entity(entity, link) is None:
            yield ("requires", number), _describe_missing_link(entity, link)
    for number, path in enumerate(duty.needs):
        yield from _check_type(entity, path, ("needs", number), None)
    for number, path in enumerate(duty.absent_as_blank):
        if not (isinstance(duty, ReviewDuty) and duty.reviews in ENTITY and path in ENTITY[duty.reviews].by_name):
            yield from _check_type(entity, path, ("absent_as_blank", number), None)
    for level, condition in duty.severity_where.items():
        yield from _check_word(entity, condition, ("severity_where", level))
    if duty.when is not None:
        yield from _check_word(entity, duty.when, ("when",))
    yield from _check_own_fields(entity, duty)


def _check_own_fields(entity: Entity, duty: DeadlineDuty | CheckDuty | ReviewDuty) -> Iterator[Fault]:
    if isinstance(duty, CheckDuty):
        yield from _check_word(entity, duty.require, ("require",))
    elif isinstance(duty, DeadlineDuty):
        for name in ("start", "due"):
            if getattr(duty, name) is not None:
                yield from _check_date(entity, getattr(duty, name), (name,))
        yield from _check_date(entity, duty.done, ("done",))
        if duty.within is not None and duty.within.working_days is not None and duty.notice.working_days is None:
            yield ("notice",), "counts in working_days, as within does"
    else:
        yield from _check_review(entity, duty)


def _check_review(entity: Entity, duty: ReviewDuty) -> Iterator[Fault]:
    for number, path in enumerate(duty.base):
        yield from _check_type(entity, path, ("base", number), ColumnKind.DATE)
    for name in ("agreed", "ended"):
        if getattr(duty, name) is not None:
            yield from _check_type(entity, getattr(duty, name), (name,), ColumnKind.DATE)
    if duty.reviews not in ENTITY:
        yield ("reviews",), f"no entity {duty.reviews!r}; allowed: {', '.join(ENTITY)}"
        return
    reviews = ENTITY[duty.reviews]
    if find_linked_entity(reviews, duty.subject) is None:
        yield ("reviews",), _describe_missing_link(reviews, duty.subject)
        return
    for name in ("reviewed", "next_agreed"):
        if getattr(duty, name) is not None:
            yield from _check_type(reviews, getattr(duty, name), (name,), ColumnKind.DATE)
    yield from _check_word(reviews, duty.closes, ("closes",))


def _check_type(
    entity: Entity, path: str, place: Place, kind: ColumnKind | None, codes: tuple[str, ...] = ()
) -> Iterator[Fault]:
    found = resolve_field(entity, path)
    if isinstance(found, str):
        yield place, found
        return
    if kind is not None and found.kind is not kind:
        yield place, f"{path!r} is a {_NAMES[found.kind]}, not a {_NAMES[kind]}"
        return
    for number, code in enumerate(codes):
        if found.codes and code not in found.codes:
            yield (*place, path, number), f"{path!r} is never {code!r}; allowed: {', '.join(found.codes)}"


def _check_date(entity: Entity, value: Any, place: Place) -> Iterator[Fault]:
    if isinstance(value, str):
        yield from _check_type(entity, value, place, ColumnKind.DATE)
    elif isinstance(value, Shifted):
        yield from _check_type(entity, value.field, (*place, "field"), ColumnKind.DATE)
    elif isinstance(value, First):
        yield from _check_related(entity, value.first, (*place, "first"))
    elif isinstance(value, EarliestOf):
        for number, part in enumerate(value.earliest_of):
            yield from _check_date(entity, part, (*place, "earliest_of", number))


def _check_related(entity: Entity, related: Related, place: Place) -> Iterator[Fault]:
    other = ENTITY[related.of]
    own = list(_check_type(entity, related.same, (*place, "same"), ColumnKind.REF))
    yield from own or _check_type(other, related.same.split(".")[-1], (*place, "same"), ColumnKind.REF)
    if related.date is None and other.opened_on is None:
        yield (*place, "date"), f"{other.name} have no opening date; name a date field"
    for name in ("date", "standing_until"):
        if getattr(related, name) is not None:
            yield from _check_type(other, getattr(related, name), (*place, name), ColumnKind.DATE)
    if related.standing_until is not None and related.not_before is None:
        yield (*place, "standing_until"), "needs not_before: the day on which it must stand"
    for name in ("after", "before", "not_before", "not_after"):
        if getattr(related, name) is not None:
            yield from _check_date(entity, getattr(related, name), (*place, name))
    if related.where is not None:
        yield from _check_word(other, related.where, (*place, "where"))


_PAIRS: dict[type[BaseModel], tuple[str, ColumnKind | None]] = {
    Equals: ("equals", ColumnKind.CODE),
    In: ("in_", ColumnKind.CODE),
    Includes: ("includes", ColumnKind.LIST),
    IncludesAll: ("includes_all", ColumnKind.LIST),
    Differs: ("differs", ColumnKind.REF),
    NoLaterThan: ("no_later_than", ColumnKind.DATE),
}


def _check_word(entity: Entity, word: Any, place: Place) -> Iterator[Fault]:
    if isinstance(word, Present):
        yield from _check_type(entity, word.present, (*place, "present"), None)
    elif isinstance(word, IsYes):
        yield from _check_type(entity, word.is_yes, (*place, "is_yes"), ColumnKind.YN)
    elif type(word) in _PAIRS:
        yield from _check_pair(entity, word, place)
    elif hasattr(word, "exists"):
        yield from _check_related(entity, word.exists, (*place, "exists"))
    elif hasattr(word, "not_"):
        yield from _check_word(entity, word.not_, (*place, "not"))
    else:
        name = "any_of" if hasattr(word, "any_of") else "all_of"
        for number, part in enumerate(getattr(word, name)):
            yield from _check_word(entity, part, (*place, name, number))


def _check_pair(entity: Entity, word: Any, place: Place) -> Iterator[Fault]:
    attribute, kind = _PAIRS[type(word)]
    (path, value), *_ = getattr(word, attribute).items()
    place = (*place, attribute.rstrip("_"))
    codes = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, tuple) else ()
    yield from _check_type(entity, path, place, kind, () if isinstance(word, Differs) else codes)
    if isinstance(word, Differs):
        yield from _check_type(entity, value, place, ColumnKind.REF)
    if isinstance(word, NoLaterThan):
        yield from _check_type(entity, value.after, (*place, path, "after"), ColumnKind.DATE)
