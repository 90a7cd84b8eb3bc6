"""docs/rules.md is what the policy files say today, and every test it names is there."""

from __future__ import annotations

import re
from pathlib import Path

from due_regard.config.landlord import Landlord, load_landlord
from due_regard.policy import PolicyHistory, load_policies
from due_regard.policy.rules_page import build_rules_page
from tests.policies.case_tables import INCLUDE, LANDLORDS, cases, policies
from tests.policies.policy_files import policy_in

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def _landlords() -> dict[str, Landlord]:
    return {landlord: load_landlord(INCLUDE / "landlords", landlord) for landlord in LANDLORDS}


def _page(histories: list[PolicyHistory], landlords: dict[str, Landlord]) -> list[str]:
    return build_rules_page(histories, landlords).splitlines()


def test_page_is_the_generated_one() -> None:
    wanted = build_rules_page([policies(landlord) for landlord in LANDLORDS], _landlords())
    assert PAGE.read_text(encoding="utf-8") == wanted, "docs/rules.md is stale: run make docs"


def test_page_has_a_row_with_a_test_for_every_rule() -> None:
    named = re.findall(r"\[`([a-z_.]+-[a-z_]+)`\]\((.+?)\)", PAGE.read_text(encoding="utf-8"))
    duties = [(landlord, duty.rule) for landlord in LANDLORDS for duty in policies(landlord).versions[-1].duties]
    assert sorted(name for name, _ in named) == sorted(f"{rule}-{landlord}" for landlord, rule in duties)
    assert {name for name, _ in named} == {f"{case.rule}-{case.landlord}" for case in cases()}
    assert all((PAGE.parent / link).is_file() for _, link in named)


def test_every_reading_stands_unconfirmed_until_an_officer_confirms_it() -> None:
    rule, landlords = "appeal.given_effect", _landlords()
    officer = {rule: "Head of Governance, 1 May 2026"}
    confirmed = landlords["queens_cross"].model_copy(update={"confirmed_readings": officer})
    before = _page([policies("queens_cross")], landlords)
    after = _page([policies("queens_cross")], landlords | {"queens_cross": confirmed})
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1
    ((old, new),) = changed
    assert rule in old
    assert "Unconfirmed reading: The policy gives no day" in old
    assert "Reading confirmed by Head of Governance, 1 May 2026: The policy gives no day" in new
    assert "Unconfirmed" not in new


def test_a_second_version_has_rows_of_its_own(tmp_path: Path) -> None:
    folder = policy_in(tmp_path, "hanover")
    second = (folder / "2020-01-01.yaml").read_text(encoding="utf-8").replace("{months: 3}", "{months: 4}")
    (folder / "2026-07-01.yaml").write_text(second, encoding="utf-8")
    rows = [row for row in _page([load_policies(tmp_path, "hanover")], _landlords()) if "`restriction.review`" in row]
    assert [("from 1 January 2020" in row, "from 1 July 2026" in row) for row in rows] == [(True, False), (False, True)]
    assert "Due 3 months after" in rows[0]
    assert "Due 4 months after" in rows[1]


def test_a_bar_in_a_text_breaks_no_table(tmp_path: Path) -> None:
    folder = policy_in(tmp_path, "hanover", "restriction.notice_contents", "Letter gives", "Letter | gives")
    rows = [row for row in _page([load_policies(folder.parent, "hanover")], _landlords()) if "gives reasons" in row]
    assert [len(re.split(r"(?<!\\)\|", row)) for row in rows] == [10]
