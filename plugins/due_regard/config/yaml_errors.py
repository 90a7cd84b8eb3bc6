"""What pydantic found wrong in a YAML file, in words for the person who edits it: where, what, and what is allowed.

Add a wording here when a new kind of error reads badly; reading files and finding lines is yaml_files.py's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias, get_args

from pydantic import BaseModel

Place: TypeAlias = tuple[str | int, ...]
"""Keys and list positions from the top of a file."""

_WORDS = {
    "missing": "is missing",
    "string_too_short": "is empty",
    "string_type": "must be a text",
    "string_pattern_mismatch": "must look like {pattern}",
    "too_short": "needs at least {min_length} (it has {actual_length})",
    "tuple_type": "must be a list, e.g. [a, b]",
    "list_type": "must be a list, e.g. [a, b]",
    "dict_type": "must be words with values, e.g. {{word: value}}",
    "model_type": "must be words with values, e.g. {{word: value}}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "date_type": "must be a day, YYYY-MM-DD",
    "date_parsing": "must be a day, YYYY-MM-DD",
    "date_from_datetime_parsing": "must be a day, YYYY-MM-DD",
    "date_from_datetime_inexact": "must be a day, YYYY-MM-DD",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
}
_VERBS = ("is ", "must ", "needs ")


def describe_yaml_error(model: type[BaseModel], data: Any, item: Any) -> tuple[Place, str]:
    """Place and message of one error of pydantic's, given the model and the data it was found in."""
    place, context = tuple(item["loc"]), item.get("ctx", {})
    match item["type"]:
        case "extra_forbidden":
            said = f"no word {str(place[-1])!r} here; allowed: {', '.join(_list_allowed_words(model, place[:-1]))}"
            return place, _place_message(data, place[:-1], said)
        case "literal_error" | "enum":
            said = f"is not known; allowed: {_without_quotes(context['expected'])}"
        case "union_tag_invalid":
            place = (*place, context["discriminator"].strip("'"))
            said = f"is not known; allowed: {_without_quotes(context['expected_tags'])}"
        case "union_tag_not_found":
            said = f"{context['discriminator'].strip(chr(39))} is missing"
        case "value_error":
            said = item["msg"].removeprefix("Value error, ")
        case known:
            said = _WORDS[known].format(**context) if known in _WORDS else item["msg"]
    return place, _place_message(data, place, said)


def _without_quotes(listed: str) -> str:
    return listed.replace("'", "").replace(" or ", ", ")


def _place_message(data: Any, place: Place, said: str) -> str:
    """The message after the way to it: `<rule>: notice.days must be …`."""
    steps: list[str] = []
    rule = ""
    for step in place:
        if isinstance(data, dict) and step in data:
            data = data[step]
            steps.append(str(step))
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
            if isinstance(data, dict) and isinstance(data.get("rule"), str):
                rule, steps = f"{data['rule']}: ", []
        elif step == place[-1] and isinstance(step, str) and said == _WORDS["missing"]:
            steps.append(step)
    way = ".".join(steps)
    return rule + (f"{way}{' ' if said.startswith(_VERBS) else ': '}{said}" if way else said)


def _list_allowed_words(model: type[BaseModel], place: Place) -> list[str]:
    """The words of the model that stands at `place`."""
    found = [model]
    for step in place:
        fields = [
            each.model_fields[name] for each in found for name in each.model_fields if _is_step_of(each, name, step)
        ]
        if fields:
            found = [each for field in fields for each in dict.fromkeys(_find_models(field.annotation))]
        else:
            found = [each for each in found if not isinstance(step, str) or _is_tagged(each, step)] or found
    return [field.alias or name for each in found[:1] for name, field in each.model_fields.items()]


def _is_step_of(model: type[BaseModel], name: str, step: str | int) -> bool:
    return step in {name, model.model_fields[name].alias}


def _find_models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model that an annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _find_models(part)


def _is_tagged(model: type[BaseModel], tag: str) -> bool:
    """Whether `tag` is how pydantic names this member of a union: by its discriminator's value, or by its one word."""
    kinds = [get_args(field.annotation) for field in model.model_fields.values()]
    return any(tag in kind for kind in kinds) or any(_is_step_of(model, name, tag) for name in model.model_fields)
