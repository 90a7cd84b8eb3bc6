"""The fields that a policy's words name, held against the canonical columns: they exist, are linked, have the type.

Pydantic has checked the shape; here the subject is known that a word stands in. Faults say where and what.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from due_regard.codes.code_lists import CodeLists
from due_regard.config.yaml_errors import Place
from due_regard.policy import conditions
from due_regard.policy.duties import DeadlineDuty, ReviewDuty, SubjectDuty
from due_regard.records.canonical import ENTITY, ENTITY_OF_SUBJECT, CanonicalColumn, ColumnKind, Entity

Fault = tuple[Place, str]
_NAMES = {ColumnKind.REF: "reference", ColumnKind.YN: "yes/no", ColumnKind.LIST: "list of codes"}
_NAMES |= {kind: kind.value for kind in ColumnKind if kind not in _NAMES}


@dataclass(frozen=True)
class FieldUse:
    """One field that a word names.

    Attributes:
        entity: what the field is a field of.
        path: the field.
        place: where it stands inside the duty.
        kind: the type it must have; any if None.
        codes: the codes it is compared with.
        is_related: whether it is a field of related records, not of the subject itself.
    """

    entity: Entity
    path: str
    place: Place
    kind: ColumnKind | None = None
    codes: tuple[str, ...] = ()
    is_related: bool = False


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


def list_field_uses(entity: Entity, word: Any, place: Place = ()) -> Iterator[FieldUse]:
    """Every field that a date or a condition names, seen from `entity`."""
    match word:
        case str():
            yield FieldUse(entity, word, place, ColumnKind.DATE)
        case conditions.Shifted():
            yield FieldUse(entity, word.field, (*place, "field"), ColumnKind.DATE)
        case conditions.First(first=related):
            yield from _list_related_uses(entity, related, (*place, "first"))
        case conditions.Exists(exists=related):
            yield from _list_related_uses(entity, related, (*place, "exists"))
        case conditions.EarliestOf(earliest_of=parts):
            yield from _list_part_uses(entity, parts, (*place, "earliest_of"))
        case conditions.AnyOf(any_of=parts):
            yield from _list_part_uses(entity, parts, (*place, "any_of"))
        case conditions.AllOf(all_of=parts):
            yield from _list_part_uses(entity, parts, (*place, "all_of"))
        case conditions.Not():
            yield from list_field_uses(entity, word.not_, (*place, "not"))
        case conditions.Present():
            yield FieldUse(entity, word.present, (*place, "present"))
        case conditions.IsYes():
            yield FieldUse(entity, word.is_yes, (*place, "is_yes"), ColumnKind.YN)
        case _:
            yield from _list_pair_uses(entity, word, place)


def _list_part_uses(entity: Entity, parts: tuple[Any, ...], place: Place) -> Iterator[FieldUse]:
    for number, part in enumerate(parts):
        yield from list_field_uses(entity, part, (*place, number))


def _list_pair_uses(entity: Entity, word: Any, place: Place) -> Iterator[FieldUse]:
    match word:
        case conditions.Equals(equals=pair):
            ((path, code),) = pair.items()
            yield FieldUse(entity, path, (*place, "equals"), ColumnKind.CODE, (code,))
        case conditions.In(in_=pair):
            ((path, codes),) = pair.items()
            yield FieldUse(entity, path, (*place, "in"), ColumnKind.CODE, codes)
        case conditions.Includes(includes=pair):
            ((path, code),) = pair.items()
            yield FieldUse(entity, path, (*place, "includes"), ColumnKind.LIST, (code,))
        case conditions.IncludesAll(includes_all=pair):
            ((path, codes),) = pair.items()
            yield FieldUse(entity, path, (*place, "includes_all"), ColumnKind.LIST, codes)
        case conditions.Differs(differs=pair):
            ((path, other),) = pair.items()
            yield FieldUse(entity, path, (*place, "differs"), ColumnKind.REF)
            yield FieldUse(entity, other, (*place, "differs", path), ColumnKind.REF)
        case conditions.NoLaterThan(no_later_than=pair):
            ((path, limit),) = pair.items()
            yield FieldUse(entity, path, (*place, "no_later_than"), ColumnKind.DATE)
            yield FieldUse(entity, limit.after, (*place, "no_later_than", path, "after"), ColumnKind.DATE)
        case _:
            raise TypeError(f"no fields are known of {type(word).__name__}")


def _list_related_uses(entity: Entity, related: conditions.Related, place: Place) -> Iterator[FieldUse]:
    other, shared = ENTITY[related.of], related.same.split(".")[-1]
    yield FieldUse(entity, related.same, (*place, "same"), ColumnKind.REF, is_related=True)
    yield FieldUse(other, shared, (*place, "same"), ColumnKind.REF, is_related=True)
    for name in ("date", "standing_until"):
        if getattr(related, name) is not None:
            yield FieldUse(other, getattr(related, name), (*place, name), ColumnKind.DATE, is_related=True)
    for name in conditions.BOUNDS:
        if getattr(related, name) is not None:
            yield from list_field_uses(entity, getattr(related, name), (*place, name))
    if related.where is not None:
        for use in list_field_uses(other, related.where, (*place, "where")):
            yield replace(use, is_related=True)


def find_field_faults(duty: SubjectDuty, lists: CodeLists) -> Iterator[Fault]:
    """Every wrong field, code or link of one duty, with its place inside the duty; codes are words of `lists`."""
    entity = ENTITY_OF_SUBJECT[duty.subject]
    for number, link in enumerate(duty.requires):
        if find_linked_entity(entity, link) is None:
            yield ("requires", number), _describe_missing_link(entity, link)
    seen: set[Place] = set()
    for use in _list_duty_uses(entity, duty):
        for place, message in _find_use_faults(use, lists):
            if place not in seen:
                yield place, message
            seen.add(place)
    if isinstance(duty, DeadlineDuty):
        if duty.within is not None and duty.within.working_days is not None and duty.notice.working_days is None:
            yield ("notice",), "counts in working_days, as within does"
    elif isinstance(duty, ReviewDuty):
        yield from _find_review_faults(entity, duty, lists)


def _list_duty_uses(entity: Entity, duty: SubjectDuty) -> Iterator[FieldUse]:
    """The fields of the subject that a duty names itself, and those its words name."""
    for number, path in enumerate(duty.needs):
        yield FieldUse(entity, path, ("needs", number))
    for number, path in enumerate(duty.absent_as_blank):
        if not (isinstance(duty, ReviewDuty) and duty.reviews in ENTITY and path in ENTITY[duty.reviews].by_name):
            yield FieldUse(entity, path, ("absent_as_blank", number))
    for level, condition in duty.severity_where.items():
        yield from list_field_uses(entity, condition, ("severity_where", level))
    for name in ("when", "require", "start", "due", "done", "base", "agreed", "ended"):
        value = getattr(duty, name, None)
        if isinstance(value, tuple):
            yield from _list_part_uses(entity, value, (name,))
        elif value is not None:
            yield from list_field_uses(entity, value, (name,))


def _find_review_faults(entity: Entity, duty: ReviewDuty, lists: CodeLists) -> Iterator[Fault]:
    reviews = ENTITY.get(duty.reviews)
    if reviews is None:
        yield ("reviews",), f"no entity {duty.reviews!r}; allowed: {', '.join(ENTITY)}"
    elif find_linked_entity(reviews, duty.subject) is None:
        yield ("reviews",), _describe_missing_link(reviews, duty.subject)
    else:
        for name in ("reviewed", "next_agreed", "closes"):
            if getattr(duty, name) is not None:
                for use in list_field_uses(reviews, getattr(duty, name), (name,)):
                    yield from _find_use_faults(use, lists)


def _find_use_faults(use: FieldUse, lists: CodeLists) -> Iterator[Fault]:
    found = resolve_field(use.entity, use.path)
    if isinstance(found, str):
        yield use.place, found
    elif use.kind is not None and found.kind is not use.kind:
        yield use.place, f"{use.path!r} is a {_NAMES[found.kind]}, not a {_NAMES[use.kind]}"
    else:
        allowed = lists.list_codes(found)
        for number, code in enumerate(use.codes):
            if allowed and code not in allowed:
                place = (*use.place, use.path, number)
                yield place, f"{use.path!r} is never {code!r}; allowed: {', '.join(allowed)}"
