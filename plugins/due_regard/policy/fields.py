"""Holds every field a policy names against the canonical contract: it exists, is reached by a link, has the right type.

Pydantic has checked the shape; this walk knows the subject a word stands in. It yields where and what, never raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from due_regard.contract import ENTITY, ENTITY_OF_SUBJECT, Column, Entity, Kind
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
from due_regard.policy.duties import Check, Deadline, Document, Duty, Review
from due_regard.yaml_faults import Place

Fault = tuple[Place, str]
_NAMES = {Kind.REF: "reference", Kind.YN: "yes/no", Kind.LIST: "list of codes"}
_NAMES |= {kind: kind.value for kind in Kind if kind not in _NAMES}


def linked(entity: Entity, link: str) -> Entity | None:
    """The entity that `entity` reaches through its column `<link>_ref`, or None."""
    target = ENTITY_OF_SUBJECT.get(link)
    return target if target is not None and target.key in entity.by_name and target is not entity else None


def resolve(entity: Entity, path: str) -> Column | str:
    """The column that `path` names from `entity`, or what is wrong with it."""
    *links, name = path.split(".")
    for link in links:
        found = linked(entity, link)
        if found is None:
            return _no_link(entity, link)
        entity = found
    if name not in entity.by_name:
        return f"{entity.name} have no field {name!r}; allowed: {', '.join(entity.by_name)}"
    return entity.by_name[name]


def _no_link(entity: Entity, link: str) -> str:
    known = [each.subject for each in ENTITY.values() if linked(entity, each.subject) is each]
    return f"{entity.name} have no link {link!r}; allowed: {', '.join(known) or 'none'}"


def faults(duty: Duty) -> Iterator[Fault]:
    """Every wrong field, code or link of one duty, with its place inside the duty."""
    if isinstance(duty, Document):
        return
    entity = ENTITY_OF_SUBJECT[duty.subject]
    for number, link in enumerate(duty.requires):
        if linked(entity, link) is None:
            yield ("requires", number), _no_link(entity, link)
    for number, path in enumerate(duty.needs):
        yield from _typed(entity, path, ("needs", number), None)
    for number, path in enumerate(duty.absent_as_blank):
        if not (isinstance(duty, Review) and duty.reviews in ENTITY and path in ENTITY[duty.reviews].by_name):
            yield from _typed(entity, path, ("absent_as_blank", number), None)
    for level, condition in duty.severity_where.items():
        yield from _word(entity, condition, ("severity_where", level))
    if duty.when is not None:
        yield from _word(entity, duty.when, ("when",))
    yield from _own(entity, duty)


def _own(entity: Entity, duty: Deadline | Check | Review) -> Iterator[Fault]:
    if isinstance(duty, Check):
        yield from _word(entity, duty.require, ("require",))
    elif isinstance(duty, Deadline):
        for name in ("start", "due"):
            if getattr(duty, name) is not None:
                yield from _date(entity, getattr(duty, name), (name,))
        yield from _date(entity, duty.done, ("done",))
        if duty.within is not None and duty.within.working_days is not None and duty.notice.working_days is None:
            yield ("notice",), "counts in working_days, as within does"
    else:
        yield from _review(entity, duty)


def _review(entity: Entity, duty: Review) -> Iterator[Fault]:
    for number, path in enumerate(duty.base):
        yield from _typed(entity, path, ("base", number), Kind.DATE)
    for name in ("agreed", "ended"):
        if getattr(duty, name) is not None:
            yield from _typed(entity, getattr(duty, name), (name,), Kind.DATE)
    if duty.reviews not in ENTITY:
        yield ("reviews",), f"no entity {duty.reviews!r}; allowed: {', '.join(ENTITY)}"
        return
    reviews = ENTITY[duty.reviews]
    if linked(reviews, duty.subject) is None:
        yield ("reviews",), _no_link(reviews, duty.subject)
        return
    for name in ("reviewed", "next_agreed"):
        if getattr(duty, name) is not None:
            yield from _typed(reviews, getattr(duty, name), (name,), Kind.DATE)
    yield from _word(reviews, duty.closes, ("closes",))


def _typed(entity: Entity, path: str, place: Place, kind: Kind | None, codes: tuple[str, ...] = ()) -> Iterator[Fault]:
    found = resolve(entity, path)
    if isinstance(found, str):
        yield place, found
        return
    if kind is not None and found.kind is not kind:
        yield place, f"{path!r} is a {_NAMES[found.kind]}, not a {_NAMES[kind]}"
        return
    for number, code in enumerate(codes):
        if found.codes and code not in found.codes:
            yield (*place, path, number), f"{path!r} is never {code!r}; allowed: {', '.join(found.codes)}"


def _date(entity: Entity, value: Any, place: Place) -> Iterator[Fault]:
    if isinstance(value, str):
        yield from _typed(entity, value, place, Kind.DATE)
    elif isinstance(value, Shifted):
        yield from _typed(entity, value.field, (*place, "field"), Kind.DATE)
    elif isinstance(value, First):
        yield from _related(entity, value.first, (*place, "first"))
    elif isinstance(value, EarliestOf):
        for number, part in enumerate(value.earliest_of):
            yield from _date(entity, part, (*place, "earliest_of", number))


def _related(entity: Entity, related: Related, place: Place) -> Iterator[Fault]:
    other = ENTITY[related.of]
    own = list(_typed(entity, related.same, (*place, "same"), Kind.REF))
    yield from own or _typed(other, related.same.split(".")[-1], (*place, "same"), Kind.REF)
    if related.date is None and other.opened_on is None:
        yield (*place, "date"), f"{other.name} have no opening date; name a date field"
    for name in ("date", "standing_until"):
        if getattr(related, name) is not None:
            yield from _typed(other, getattr(related, name), (*place, name), Kind.DATE)
    if related.standing_until is not None and related.not_before is None:
        yield (*place, "standing_until"), "needs not_before: the day on which it must stand"
    for name in ("after", "before", "not_before", "not_after"):
        if getattr(related, name) is not None:
            yield from _date(entity, getattr(related, name), (*place, name))
    if related.where is not None:
        yield from _word(other, related.where, (*place, "where"))


_PAIRS: dict[type[BaseModel], tuple[str, Kind | None]] = {
    Equals: ("equals", Kind.CODE),
    In: ("in_", Kind.CODE),
    Includes: ("includes", Kind.LIST),
    IncludesAll: ("includes_all", Kind.LIST),
    Differs: ("differs", Kind.REF),
    NoLaterThan: ("no_later_than", Kind.DATE),
}


def _word(entity: Entity, word: Any, place: Place) -> Iterator[Fault]:
    if isinstance(word, Present):
        yield from _typed(entity, word.present, (*place, "present"), None)
    elif isinstance(word, IsYes):
        yield from _typed(entity, word.is_yes, (*place, "is_yes"), Kind.YN)
    elif type(word) in _PAIRS:
        yield from _pair(entity, word, place)
    elif hasattr(word, "exists"):
        yield from _related(entity, word.exists, (*place, "exists"))
    elif hasattr(word, "not_"):
        yield from _word(entity, word.not_, (*place, "not"))
    else:
        name = "any_of" if hasattr(word, "any_of") else "all_of"
        for number, part in enumerate(getattr(word, name)):
            yield from _word(entity, part, (*place, name, number))


def _pair(entity: Entity, word: Any, place: Place) -> Iterator[Fault]:
    attribute, kind = _PAIRS[type(word)]
    (path, value), *_ = getattr(word, attribute).items()
    place = (*place, attribute.rstrip("_"))
    codes = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, tuple) else ()
    yield from _typed(entity, path, place, kind, () if isinstance(word, Differs) else codes)
    if isinstance(word, Differs):
        yield from _typed(entity, value, place, Kind.REF)
    if isinstance(word, NoLaterThan):
        yield from _typed(entity, value.after, (*place, path, "after"), Kind.DATE)
