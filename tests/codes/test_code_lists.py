"""Code lists: every shipped word has a meaning, an installation adds words, and nobody takes one away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from due_regard.__main__ import main
from due_regard.codes.code_files import load_code_lists
from due_regard.codes.codes_page import build_codes_page
from due_regard.config.layered_folders import LayeredFolder
from due_regard.errors import CodeListError
from due_regard.records.canonical import ENTITIES, ColumnKind
from tests.code_words import LISTS, list_words

ROOT = Path(__file__).parents[2]
CONTRACT = {
    "customer_types": "tenant factored_owner applicant contractor other",
    "roles": "officer team_leader manager operational_manager head_of_service head_of_governance director "
    "chief_executive leadership_team senior_management_team management_team executive_management_team "
    "assistant_director panel sub_committee legal_services",
    "categories": "aggressive_or_abusive unreasonable_demands unreasonable_persistence complaints_misuse harassment "
    "refusal_to_cooperate",
    "channels": "in_person phone text letter email social_media",
    "violence": "none threat physical",
    "decision_stages": "active_management restriction",
    "measures": "named_contact third_party set_times appointment_only writing_only channel_limited issues_limited "
    "complaints_limited no_contact",
    "review_outcomes": "retain vary lift",
    "appeal_outcomes": "upheld varied quashed",
    "external_bodies": "spso psow care_inspectorate first_tier_tribunal housing_ombudsman local_government_ombudsman",
    "marker_types": "risk_alert no_lone_visit vulnerability",
}


def own(tmp_path: Path, name: str, text: str) -> LayeredFolder:
    """A folder of code lists with one file of an installation's own."""
    folder = tmp_path / "own" / "codes"
    folder.mkdir(parents=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return LayeredFolder((folder, ROOT / "include" / "codes"))


@pytest.mark.parametrize("name", CONTRACT)
def test_the_words_of_the_contract_are_shipped(name: str) -> None:
    assert set(CONTRACT[name].split()) <= set(list_words(name))


def test_every_list_is_asked_for_and_every_coded_column_has_one() -> None:
    coded = [c for entity in ENTITIES for c in entity.columns if c.kind in {ColumnKind.CODE, ColumnKind.LIST}]
    assert {column.code_list for column in coded} == set(LISTS.lists) == set(CONTRACT)


def test_every_shipped_word_has_a_meaning_and_no_reader_needs_another_page() -> None:
    for found in LISTS.lists.values():
        for word in found.words.values():
            assert word.meaning.endswith("."), word.code
            assert re.fullmatch(r"[a-z][a-z0-9_]*", word.code)
            assert not word.is_own
    assert LISTS.levels == {"assistant_director": "head_of_service"}


def test_own_words_are_added_behind_the_shipped_ones(tmp_path: Path) -> None:
    lists = load_code_lists(own(tmp_path, "categories", "name: categories\nwords:\n  dogs: A dog let loose.\n"))
    assert tuple(lists.lists["categories"].words) == (*list_words("categories"), "dogs")
    assert [word.code for word in lists.list_own_words()] == ["dogs"]
    assert load_code_lists() == LISTS


def test_an_own_role_says_as_which_it_counts(tmp_path: Path) -> None:
    text = (
        "name: roles\nwords:\n  area_lead: {meaning: Leads an area., counts_as: manager}\n"
        "  residents: {meaning: A panel of residents., counts_as: residents}\n"
        "  residents_chair: {meaning: Its chair., counts_as: residents}\n"
    )
    lists = load_code_lists(own(tmp_path, "roles", text))
    assert lists.levels == {**LISTS.levels, "area_lead": "manager", "residents_chair": "residents"}


def test_a_copy_of_the_shipped_folder_is_no_news() -> None:
    folder = ROOT / "include" / "codes"
    copied = load_code_lists(LayeredFolder((folder.parent / "." / "codes", folder)))
    assert copied == LISTS


WRONG = {
    "a shipped word said anew": (
        "channels", "name: channels\nwords:\n  fax: By fax.\n  phone: By pigeon.\n", 4, "'phone' is known already",
    ),
    "a shipped role of another level": (
        "roles", "name: roles\nwords:\n  panel: {meaning: P., counts_as: director}\n", 3, "'panel' is known already",
    ),
    "a closed list": ("violence", "name: violence\nwords:\n  shoving: Pushed.\n", 3, "violence is closed: packs count"),
    "a role without a level": ("roles", "name: roles\nwords:\n  boss: The boss.\n", 3, "'boss' needs counts_as"),
    "a role of a level that is none": (
        "roles", "name: roles\nwords:\n  boss: {meaning: B., counts_as: assistant_director}\n", 3, "allowed: officer",
    ),
    "a level where there is none": (
        "channels", "name: channels\nwords:\n  fax: {meaning: F., counts_as: phone}\n", 3, "said of roles alone",
    ),
    "no such list": ("moods", "name: moods\nwords:\n  sad: Sad.\n", 1, "there is no list 'moods'"),
    "another name": ("channels", "name: roles\nwords:\n  fax: F.\n", 1, "the file's name says 'channels'"),
    "no meaning": ("channels", "name: channels\nwords:\n  fax:\n", 3, "must be words with values"),
    "no code": ("channels", "name: channels\nwords:\n  By Fax: By fax.\n", 3, "must look like"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "line", "told"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, name: str, text: str, line: int, told: str) -> None:
    folder = own(tmp_path, name, text)
    with pytest.raises(CodeListError, match=re.escape(told)) as caught:
        load_code_lists(folder)
    assert (caught.value.file, caught.value.line) == (folder.layers[0] / f"{name}.yaml", line)


def test_the_page_is_the_generated_one() -> None:
    page = (ROOT / "docs" / "codes.md").read_text(encoding="utf-8")
    assert page == build_codes_page(LISTS), "docs/codes.md is stale: run make docs"
    for found in LISTS.lists.values():
        assert all(f"| `{code}` | {word.meaning} |" in page for code, word in found.words.items())


def test_the_command_prints_own_words_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own(tmp_path, "roles", "name: roles\nwords:\n  lead: {meaning: Leads., counts_as: manager}\n")
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(tmp_path / "own"))
    assert main(["policy", "codes"]) == 0
    assert "| `lead` (own) | Leads. | manager |" in capsys.readouterr().out


def test_a_policy_may_say_an_own_word_where_its_file_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "2026-01-01.yaml"
    text = (ROOT / "include" / "policies" / "hanover" / "2020-01-01.yaml").read_text(encoding="utf-8")
    policy.write_text(text.replace("head_of_governance", "residents_chair"), encoding="utf-8")
    assert main(["policy", "check", str(policy)]) == 2
    assert "never 'residents_chair'; allowed: officer" in capsys.readouterr().out
    own(tmp_path, "roles", "name: roles\nwords:\n  residents_chair: {meaning: C., counts_as: residents_chair}\n")
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(tmp_path / "own"))
    assert main(["policy", "check", str(policy)]) == 0


def test_a_wrong_list_stops_no_other_question_with_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own(tmp_path, "violence", "name: violence\nwords:\n  shoving: Pushed.\n")
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(tmp_path / "own"))
    for call in (["policy", "show", "hanover"], ["landlord", "check", "hanover"], ["policy", "codes"]):
        assert main(call) == 2
        said = capsys.readouterr()
        assert "violence.yaml:3: violence is closed" in said.out + said.err


def test_no_code_list_stands_in_python() -> None:
    """Of an open list no module of the package holds all the words, save the labels that packs print."""
    for found in LISTS.lists.values():
        if found.closed:
            continue
        words = [f'"{code}"' for code in found.words]
        for module in (ROOT / "plugins" / "due_regard").rglob("*.py"):
            if module.parent.name != "measures":
                assert not all(word in module.read_text(encoding="utf-8") for word in words), (found.name, module)
