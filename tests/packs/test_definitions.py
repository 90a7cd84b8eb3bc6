"""Pack definitions: what a governance officer gets wrong is named by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from due_regard.errors import DefinitionError
from due_regard.packs.content.pack_definition import load_pack_definition
from tests.packs.known import REPORTS, example_tables

SOUND = (REPORTS / "packs" / "senior_management.yaml").read_text(encoding="utf-8")


def written(folder: Path, text: str, name: str = "senior_management") -> Path:
    (folder / "packs").mkdir()
    (folder / "packs" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("- table: lateness", "- table: latness"), "no such table"),
        (("{over_2_years:restriction has|", "{over_2_years:restriction has"), "braces hold a figure's name"),
        (("audience: senior managers\n", ""), "audience"),
        (("asked_for: {}", "asked_for: {}\nsurprise: yes"), "surprise"),
        (("- table: restrictions\n", "- table: lateness\n"), "once"),
        (("name: senior_management", "name: another"), "file's name says"),
        (("title: How", "title: [How"), "not valid YAML"),
    ],
)
def test_a_wrong_definition_is_named(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    spoilt = SOUND.replace(*change, 1)
    assert spoilt != SOUND
    with pytest.raises(DefinitionError, match=told) as caught:
        load_pack_definition(written(tmp_path, spoilt), "senior_management")
    assert "senior_management.yaml" in str(caught.value)


def test_an_unknown_pack_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="known: senior_management"):
        load_pack_definition(written(tmp_path, SOUND), "committee")


def test_order_and_words_are_the_definitions(tmp_path: Path) -> None:
    text = SOUND.replace("  - table: lateness\n", "  - table: lateness\n    title: Promises kept and broken\n")
    found = load_pack_definition(written(tmp_path, text), "senior_management")
    assert found.sections[1].title == "Promises kept and broken"
    assert [section.table for section in found.sections][:3] == ["duties_kept", "lateness", "restrictions"]


def test_the_documentation_lists_every_table_and_figure() -> None:
    page = (REPORTS.parents[1] / "docs" / "packs.md").read_text(encoding="utf-8")
    for name, table in example_tables("queens_cross").items():
        (line,) = (line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert table.title in line
        if table.figures is not None:
            figures = [m for m in dict.fromkeys(table.figures["measure"]) if not str(m).startswith("team_")]
            assert line.endswith(f"| {', '.join(f'`{m}`' for m in figures)} |")
