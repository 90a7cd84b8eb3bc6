"""Every word of a policy is known wherever it must be; a word that is missing somewhere is named with the place.

The words are taken from the union types themselves, so a new one is asked for here as soon as a file may say it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from pydantic import TypeAdapter

from due_regard.assessment import condition_truth, recorded_facts
from due_regard.assessment.duty_view import DutyView
from due_regard.assessment.records_as_at import RecordsAsAt
from due_regard.policy import CheckDuty, DeadlineDuty, conditions, duty_wording, field_checks
from due_regard.policy.conditions import CONDITION_WORDS, DATE_WORDS
from due_regard.records.canonical import ENTITY
from tests.policies.case_tables import records
from tests.policies.test_words_page import TEXT

RELATED = {"of": "warnings", "same": "customer_ref", "before": "decided_on"}
SAMPLES: dict[str, Any] = {
    # a condition on a restriction
    "present": {"present": "expires_on"},
    "is_yes": {"is_yes": "emergency_route"},
    "equals": {"equals": {"decided_by_role": "manager"}},
    "in": {"in": {"decided_by_role": ["manager", "director"]}},
    "includes": {"includes": {"measure": "no_contact"}},
    "includes_all": {"includes_all": {"measure": ["no_contact", "set_times"]}},
    "differs": {"differs": {"decided_by": "approved_by"}},
    "no_later_than": {"no_later_than": {"expires_on": {"months": 6, "after": "starts_on"}}},
    "exists": {"exists": RELATED},
    "not": {"not": {"present": "expires_on"}},
    "any_of": {"any_of": [{"present": "expires_on"}, {"present": "ended_on"}]},
    "all_of": {"all_of": [{"present": "expires_on"}, {"present": "ended_on"}]},
    # a date of a restriction
    "field": "expires_on",
    "shifted": {"field": "expires_on", "months": -1},
    "first": {"first": RELATED},
    "earliest_of": {"earliest_of": ["expires_on", "ended_on"]},
}
_VIEW = DutyView(RecordsAsAt(records({"restriction": [{}]}), date(2026, 6, 30)), "restrictions")
_SAID = {"label": "A duty", "mail_label": "A step is due", "clause": "1", "remedy": "Do it.", "owner_role": "decider"}
_SAID |= {"rule": "restriction.duty"}


def _read(name: str) -> Any:
    """The sample of a word, read as a policy file's would be."""
    union: Any = conditions.Condition if name in CONDITION_WORDS else conditions.DateOf
    return TypeAdapter(union).validate_python(SAMPLES[name])


def _make_duty(name: str, word: Any) -> CheckDuty | DeadlineDuty:
    if name in CONDITION_WORDS:
        return CheckDuty.model_construct(kind="check", require=word, **_SAID)
    return DeadlineDuty.model_construct(kind="deadline", due=word, done="ended_on", notice=None, **_SAID)


def _find_fields(name: str, word: Any) -> bool:
    return bool(list(field_checks.list_field_uses(ENTITY["restrictions"], word)))


def _evaluate(name: str, word: Any) -> bool:
    if name in CONDITION_WORDS:
        return len(condition_truth.evaluate_condition(_VIEW, word)) == 1
    return len(condition_truth.find_dates(_VIEW, word).values) == 1


def _describe(name: str, word: Any) -> bool:
    said = duty_wording.describe_condition if name in CONDITION_WORDS else duty_wording.describe_date
    return bool(said(word))


def _explain(name: str, word: Any) -> bool:
    return bool(list(recorded_facts.list_facts(_VIEW.records, _make_duty(name, word), 0)))


def _document(name: str, word: Any) -> bool:
    return f"### {name}\n" in TEXT or name in {"field", "shifted"}


PLACES: dict[str, Callable[[str, Any], bool]] = {
    "the fields it names (policy/field_checks)": _find_fields,
    "what it says of records (assessment/condition_truth)": _evaluate,
    "its sentence (policy/duty_wording)": _describe,
    "its line in an explanation (assessment/recorded_facts)": _explain,
    "its section in docs/policy-words.md": _document,
}


def find_missing_places(name: str, word: Any) -> list[str]:
    """The places that do not know `word`, an instance of the vocabulary's word `name`."""
    return [place for place, is_known in PLACES.items() if not _is_known(is_known, name, word)]


def _is_known(ask: Callable[[str, Any], bool], name: str, word: Any) -> bool:
    try:
        return ask(name, word)
    except TypeError:
        return False


ALL_WORDS = [*CONDITION_WORDS, *DATE_WORDS]


def test_every_word_has_a_sample_here() -> None:
    assert set(SAMPLES) == set(ALL_WORDS)


@pytest.mark.parametrize("name", ALL_WORDS)
def test_a_word_is_known_everywhere(name: str) -> None:
    assert find_missing_places(name, _read(name)) == []


class _Invented(conditions.Word):
    invented: str = "expires_on"


@pytest.mark.parametrize("like", ["present", "first"])
def test_a_word_that_no_place_knows_is_missed_by_each(like: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`like` says of which union the word is: a condition or a date."""
    monkeypatch.setitem(CONDITION_WORDS if like in CONDITION_WORDS else DATE_WORDS, "invented", _Invented)
    assert find_missing_places("invented", _Invented()) == list(PLACES)


MODULES = dict(zip(PLACES, (field_checks, condition_truth, duty_wording, None, None), strict=True))


@pytest.mark.parametrize("name", [name for name in ALL_WORDS if name != "field"])
@pytest.mark.parametrize("place", [place for place, module in MODULES.items() if module is not None])
def test_a_word_that_one_place_forgot_is_missed_there(place: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    word = _read(name)
    module = MODULES[place]
    assert isinstance(module, ModuleType)
    monkeypatch.setattr(module, "conditions", _leave_out(type(word)))
    assert place in find_missing_places(name, word)


def _leave_out(word: type) -> SimpleNamespace:
    """The vocabulary as a module sees it, with another class in the place of `word`."""
    return SimpleNamespace(**{name: _Invented if value is word else value for name, value in vars(conditions).items()})


def test_a_word_without_a_section_is_missed_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "TEXT", TEXT.replace("### includes_all\n", "### includes_some\n"))
    assert find_missing_places("includes_all", _read("includes_all")) == ["its section in docs/policy-words.md"]
