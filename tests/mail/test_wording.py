"""The wording of mails: what a governance officer may write, and that code and file have the same sentences."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest
from pydantic import BaseModel

from due_regard.alerts.escalation import RISING
from due_regard.alerts.owner_fields import OWNER_FIELDS
from due_regard.alerts.recipients import NEW_OWNER
from due_regard.config.settings import Settings
from due_regard.errors import WordingError
from due_regard.mail.sentences import Counted
from due_regard.mail.wording import MailWording, load_mail_wording
from due_regard.services.check_installation import CheckResult, check_installation

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "plugins" / "due_regard"
FOLDER = ROOT / "include" / "reports" / "mail"
SOUND = (FOLDER / "wording.yaml").read_text(encoding="utf-8")


def list_sentences(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """`section.sentence` of every sentence that the code has a place for."""
    for name, field in model.model_fields.items():
        part = field.annotation
        if isinstance(part, type) and issubclass(part, BaseModel) and not issubclass(part, Counted):
            yield from list_sentences(part, f"{above}{name}.")
        elif name != "posts":
            yield above + name


KNOWN = set(list_sentences(MailWording))


def dotted(node: ast.expr) -> list[str]:
    """`context.wording.news.new` -> its four words; what is no chain of names ends with a blank."""
    if isinstance(node, ast.Attribute):
        return [*dotted(node.value), node.attr]
    return [node.id] if isinstance(node, ast.Name) else [""]


def asked_for(node: ast.AST) -> str | None:
    """The sentence that a node such as `wording.news.new` asks for."""
    way = dotted(node) if isinstance(node, ast.Attribute) else []
    start = next((place for place, word in enumerate(way) if word in {"wording", "words"}), None)
    asked = ".".join(way[start + 1 :]) if start is not None else ""
    return asked if asked.partition(".")[0] in MailWording.model_fields else None


NODES = [node for file in sorted(PACKAGE.rglob("*.py")) for node in ast.walk(ast.parse(file.read_text("utf-8")))]
ASKED = {sentence for node in NODES if (sentence := asked_for(node)) is not None}
ENDS = {".format", ".format_number"}


def read(folder: Path, text: str) -> MailWording:
    (folder / "wording.yaml").write_text(text, encoding="utf-8")
    return load_mail_wording(folder)


def test_every_sentence_of_the_file_is_used() -> None:
    assert len(KNOWN) > 80
    assert {sentence for sentence in KNOWN if not any(way.startswith(sentence) for way in ASKED)} == set()


def test_every_sentence_that_code_asks_for_is_in_the_file() -> None:
    without_verb = {way.removesuffix(".format_number").removesuffix(".format") for way in ASKED}
    sections = {sentence.partition(".")[0] for sentence in KNOWN}
    assert without_verb - KNOWN - sections - {"posts.get", "posts"} == set()


def test_code_fills_in_exactly_the_placeholders_of_a_sentence() -> None:
    wording, checked = load_mail_wording(FOLDER), 0
    for node in NODES:
        asked = asked_for(node.func) if isinstance(node, ast.Call) else None
        if asked is not None and asked.endswith(".format"):
            found: object = wording
            for step in asked.split(".")[:-1]:
                found = getattr(found, step)
            held = {name for _, name, _, _ in Formatter().parse(str(found)) if name is not None}
            assert {word.arg for word in node.keywords} == held, asked  # type: ignore[attr-defined]
            checked += 1
    assert checked > 40


def test_every_role_and_stage_has_a_name_and_no_name_is_left_over() -> None:
    roles = {
        *OWNER_FIELDS,
        *(stage.word for stage in RISING),
        "governance",
        "services_manager",
        NEW_OWNER,
        "data_owner",
    }
    assert set(load_mail_wording(FOLDER).posts) == roles


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  new: New.\n", "", "news.new is missing"),
        ("  new: New.\n", "  new: New.\n  newer: Newer.\n", "no word 'newer' here"),
        ("due_today: Due today, {day}", "due_today: Due today", "timing.due_today must hold {day}; it holds no placeh"),
        ("due_today: Due today, {day}", "due_today: Due {date}", "timing.due_today must hold {day}; it holds {date}"),
        ("due_today: Due today, {day}", "due_today: Due {day.year}", "must hold {day}; it holds {day.year}"),
        ("due_today: Due today, {day}", 'due_today: "Due {day:%Y}"', "must hold {day}; it holds {day:%Y}"),
        ("due_today: Due today, {day}", 'due_today: "Due {day!r}"', "must hold {day}; it holds {day!r}"),
        ("due_today: Due today, {day}", "due_today: Due {}", "must hold {day}; it holds {}"),
        ("due_today: Due today, {day}", "due_today: Due {day", "timing.due_today must close every brace"),
        ("due_today: Due today, {day}", 'due_today: " "', "timing.due_today is empty"),
        ("new: New.", "new: 5", "news.new must be a text"),
        ("director: the director", "director: the {post}", "posts.director must hold no placeholder; it holds {post}"),
        ('one: "{n} day"', "one: a day", "timing.days.one must hold {n}; it holds no placeholder"),
        ("news:\n", "news:\n  new: Twice.\n", "'new' is given twice"),
    ],
)
def test_a_wrong_sentence_is_named_with_file_and_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert SOUND.count(old) == 1
    with pytest.raises(WordingError) as refused:
        read(tmp_path, SOUND.replace(old, new))
    assert said in str(refused.value)
    assert refused.value.file == tmp_path / "wording.yaml" and refused.value.exit_code == 2
    section = SOUND[: SOUND.index(old)].count("\n")
    assert refused.value.line is not None and section - 1 <= refused.value.line <= section + 3


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WordingError, match=r"wording\.yaml: cannot be read"):
        load_mail_wording(tmp_path)


def test_a_changed_sentence_is_taken(tmp_path: Path) -> None:
    changed = read(tmp_path, SOUND.replace("due_today: Due today, {day}", "due_today: Due this very day, {day}"))
    assert changed.timing.due_today.format(day="Fri") == "Due this very day, Fri"
    assert changed.timing.days.format_number(1) == "1 day" and changed.timing.days.format_number(2) == "2 days"
    assert changed.name_post("director") == "the director" and changed.name_post("night_porter") == "night porter"


def check_wording(settings: Settings) -> CheckResult:
    checks = check_installation(settings, now=datetime(2026, 7, 1, 9, tzinfo=UTC))
    return next(check for check in checks if check.what == "mail wording")


def test_doctor_names_the_line_of_a_wrong_sentence(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "include", tmp_path / "include", ignore=shutil.ignore_patterns("samples"))
    settings = Settings(include_dir=tmp_path / "include", var_dir=tmp_path / "var", landlords=("hanover",))
    assert check_wording(settings).ok
    file = tmp_path / "include" / "reports" / "mail" / "wording.yaml"
    file.write_text(SOUND.replace("new: New.", "new: New {one}."), encoding="utf-8")
    found = check_wording(settings)
    assert not found.ok and "news.new must hold no placeholder; it holds {one}" in found.says
