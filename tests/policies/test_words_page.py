"""docs/policy-words.md names every word a policy file may use, and each of its examples is a policy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from due_regard.calendars.working_days import Convention
from due_regard.policy import CheckDuty, DeadlineDuty, DocumentDuty, PolicyFile, ReviewDuty, read_policy
from due_regard.policy.conditions import WORDS, EarliestOf, First, MonthsAfter, Related, Shifted
from due_regard.policy.duties import Cycle, FedFigure, Notice, OwnerRole, Severity, Within
from due_regard.policy.fed_figures import MARKS

PAGE = Path(__file__).parents[2] / "docs" / "policy-words.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.+?)```", TEXT, flags=re.DOTALL)
MODELS = [
    PolicyFile,
    DeadlineDuty,
    CheckDuty,
    ReviewDuty,
    DocumentDuty,
    Within,
    Notice,
    Cycle,
    MonthsAfter,
    Shifted,
    Related,
]
FIELDS = sorted({name for model in [*MODELS, First, EarliestOf] for name in model.model_fields})
CODES = sorted({*get_args(Severity), *get_args(OwnerRole), *get_args(Convention), "next_working_day"})
FIGURES = get_args(FedFigure)
_SAID = {"label": "A duty", "mail_label": "A step is due", "clause": "1", "remedy": "Do it.", "owner_role": "decider"}


def _file(example: str) -> dict[str, Any]:
    """The example as a whole file: a part of a duty gets what every duty must say."""
    said = yaml.safe_load(example)
    if "duties" in said:
        return said
    part = re.match(r"# part of an? (\w+) of an? (\w+)\n", example)
    assert part is not None, "the first line says which duty it is a part of"
    kind, subject = part.groups()
    return {"landlord": "sixth", "title": "T", "duties": [_SAID | {"rule": f"{subject}.duty", "kind": kind} | said]}


def _name(example: str) -> str:
    return re.sub(r"\W+", "_", example[:60])


@pytest.mark.parametrize("example", EXAMPLES, ids=_name)
def test_every_example_is_a_policy(example: str, tmp_path: Path) -> None:
    file = tmp_path / "2026-01-01.yaml"
    file.write_text(yaml.safe_dump(_file(example)), encoding="utf-8")
    assert len(read_policy(file).duties) == 1


@pytest.mark.parametrize("word", WORDS)
def test_every_condition_word_has_a_section_with_an_example(word: str) -> None:
    section = re.search(rf"^### {word}\n(.+?)(?=^##)", TEXT, flags=re.DOTALL | re.MULTILINE)
    assert section is not None
    assert re.search(rf"\b{word}: ", section[1].split("```yaml")[1])


@pytest.mark.parametrize("word", [*FIELDS, *CODES, *WORDS, "deadline", "check", "review", "document"])
def test_every_word_of_a_file_is_explained(word: str) -> None:
    tables = "\n".join(line for line in TEXT.splitlines() if line.startswith(("|", "#")))
    assert re.search(rf"`{word}`|^#+ .*\b{word}\b|### (\w+, )?{word}\b", tables, flags=re.MULTILINE)


def test_every_figure_is_explained_in_the_order_of_the_vocabulary() -> None:
    section = re.search(r"^## Figures\n(.+?)(?=^## )", TEXT, flags=re.DOTALL | re.MULTILINE)
    assert section is not None
    rows = re.findall(r"^\| `([a-z_]+)` \| an? (\w+)(?: of an? (\w+))?.* \| (.+) \|$", section[1], flags=re.MULTILINE)
    assert [row[0] for row in rows] == list(FIGURES)
    fed_by = {figure: (marks["kind"], marks["subject"]) for figure, marks in MARKS.items()}
    assert {row[0]: (row[1], row[2] or "policy") for row in rows} == fed_by


def test_every_field_of_a_duty_is_used_in_an_example() -> None:
    used = {name for example in EXAMPLES for name in re.findall(r"\b([a-z_]+):", example)}
    assert set(FIELDS) - used == set()


def test_the_page_explains_no_word_that_is_not_there() -> None:
    explained = set(re.findall(r"^\| `([a-z_]+)`", TEXT, flags=re.MULTILINE))
    assert explained <= {*FIELDS, *FIGURES}
    assert set(re.findall(r"^### ([a-z_]+)$", TEXT, flags=re.MULTILINE)) <= {
        *WORDS, "deadline", "check", "review", "document", "first", "earliest_of",
    }  # fmt: skip
