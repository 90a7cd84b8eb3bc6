"""README and docs: what they link to exists, what they tell people to type is understood."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from due_regard.__main__ import main

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def named(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text) + re.findall(r'src="([^"]+)"', text)
    assert [target for target in targets if not (page.parent / target).exists()] == []


def commands() -> set[str]:
    """Every `due-regard …` that a page tells people to type, as far as its subcommands."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES if page.name != "rules.md")
    typed = re.findall(
        r"due-regard ((?:[a-z]+(?:-[a-z]+)* ?){1,2})", "\n".join(re.findall(r"`(due-regard [^`]+)`", text))
    )
    return {words.strip() for words in typed}


def test_some_commands_are_told() -> None:
    assert {"doctor", "audit verify", "alerts explain"} <= commands()


@pytest.mark.parametrize("typed", sorted(commands()))
def test_commands_told_to_people_exist(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*shlex.split(typed), "--help"])
    assert ended.value.code == 0
    assert f"due-regard {typed}" in " ".join(capsys.readouterr().out.split())


def goals() -> list[str]:
    """Every `make …` that README tells people to type."""
    told = re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    return sorted(set(told))


@pytest.mark.parametrize("goal", goals())
def test_make_goals_told_to_people_exist(goal: str) -> None:
    assert re.search(rf"^{goal}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    decisions = [file.name for file in (ROOT / "docs" / "adr").glob("0*.md")]
    assert len(decisions) > 3
    assert [name for name in decisions if f"({name})" not in listed] == []


def files() -> list[tuple[str, str]]:
    """(page, file) of every file of ours that a page names in code marks, as far as it has a folder and an ending."""
    form = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|yaml|sql|j2|typ|md|toml))`")
    return sorted({(named(page), name) for page in PAGES for name in form.findall(page.read_text(encoding="utf-8"))})


@pytest.mark.parametrize(("page", "name"), files())
def test_files_named_to_people_exist(page: str, name: str) -> None:
    written_at_run_time = name.startswith("var/")
    places = [ROOT, ROOT / "plugins" / "due_regard", ROOT / "include", (ROOT / page).parent]
    assert written_at_run_time or any((place / name).exists() for place in places)


def test_the_glossary_is_in_order_and_names_a_word_once() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = [word.casefold() for word in re.findall(r"^\*\*([^*]+)\*\*", text, re.MULTILINE)]
    assert len(words) > 50
    assert words == sorted(words)
    assert len(words) == len(set(words))
