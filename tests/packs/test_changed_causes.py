"""A figure that differs from the one issued names its true cause: data, the policy, the calendar, the program."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from due_regard.packs import record_issue
from due_regard.packs.build import build_pack
from due_regard.packs.content.figure_changes import ChangeGrounds, explain_changes
from due_regard.packs.life import provenance
from due_regard.packs.life.provenance import name_changed_rules
from due_regard.policy import LandlordContext, load_policies
from due_regard.register import load_drop, writing
from tests.packs.known import INCLUDE, QUARTER, context_of
from tests.packs.registers import BUILT, NAME
from tests.packs.test_build import changed_drop, sheet_rows, workbook

EDITED, EXPORT = "The policy file was edited", "A late or corrected export"
OLD_TERM, NEW_TERM = "within: {working_days: 10}", "within: {working_days: 1}"
PLACE = f"include/policies/{NAME}/2022-01-01.yaml"


def edit_policy(folder: Path, old: str, new: str) -> LandlordContext:
    """The landlord's own context with an edited policy file, and the text that was read."""
    text = (INCLUDE.parent / PLACE).read_text(encoding="utf-8")
    assert old in text
    (folder / NAME).mkdir(parents=True)
    (folder / NAME / "2022-01-01.yaml").write_text(text.replace(old, new), encoding="utf-8")
    return replace(context_of(NAME, load_policies(folder, NAME)), texts={PLACE: text.replace(old, new)})


def build_with(engine: Engine, context: LandlordContext, out: Path, days: int, **more: Any) -> Any:
    asked = {"quarter": QUARTER, "now": BUILT + timedelta(days=days), **more}
    return build_pack(engine, context, out=out, **asked)


def read_causes(report: Any) -> dict[tuple[Any, ...], Any]:
    rows = sheet_rows(workbook(report), "What changed since the")
    return {(row[0], row[1], row[2]): row[-1] for row in rows if re.fullmatch(r"\d{4}-Q\d", str(row[2]))}


def test_an_edited_policy_is_named_and_a_late_export_beside_it(
    loaded: Engine, small: dict[str, Any], tmp_path: Path
) -> None:
    first = build_with(
        loaded, edit_policy(tmp_path / "a", "label: Appeal", "label: Appeal"), tmp_path / "1", 0, **small
    )
    with writing(loaded, NAME) as connection:
        record_issue(connection, NAME, first.pack_id, how="by hand", now=BUILT)
    edited = edit_policy(tmp_path / "b", OLD_TERM, NEW_TERM)
    causes = read_causes(build_with(loaded, edited, tmp_path / "2", 1, **small))
    assert causes and set(causes.values()) == {EDITED}, "nothing came since"
    load_drop(loaded, changed_drop("A000010", decided_on=pd.Timestamp("2026-06-25")), now=BUILT + timedelta(days=2))
    both = read_causes(build_with(loaded, edited, tmp_path / "3", 3, **small))
    by_measure = {measure: cause for (_, measure, quarter), cause in both.items() if quarter == "2026-Q2"}
    assert by_measure["Longest working days to decide"] == EXPORT
    assert EDITED in both.values()


CHANGE = pd.DataFrame([{"table": "t", "measure": "m", "label": "M", "quarter": "2026-Q2", "issued": 1, "now": 2}])
NAMED = "t/m/2026-Q2"


@pytest.mark.parametrize(
    ("now", "grounds", "cause"),
    [
        (2, ChangeGrounds(), EXPORT),
        (2, ChangeGrounds(rules=(EDITED,), has_data_moved=False), EDITED),
        (2, ChangeGrounds(rules=(EDITED,), then={NAMED: [2, None]}), EDITED),
        (2, ChangeGrounds(rules=(EDITED,), then={NAMED: [1, None]}), EXPORT),
        (3, ChangeGrounds(rules=(EDITED,), then={NAMED: [2, None]}), f"{EDITED}; {EXPORT}"),
        (2, ChangeGrounds(kept={NAMED: [1, None]}), "A record was withdrawn as entered by mistake, or stands again"),
        (3, ChangeGrounds(kept={NAMED: [2, None]}), "Both: an export, and a record withdrawn or standing again"),
        (2, ChangeGrounds(kept={NAMED: [2, None]}), EXPORT),
        (2, ChangeGrounds(has_data_moved=False), "No data came since: the program counts it otherwise"),
    ],
)
def test_which_cause(now: float, grounds: ChangeGrounds, cause: str) -> None:
    found = explain_changes(CHANGE, {NAMED: [1, None]}, {NAMED: [now, None]}, grounds)
    assert found["cause"].to_list() == [cause]


@pytest.mark.parametrize(
    ("table", "measure", "is_other_quarter", "is_said"),
    [
        ("data_quality", "files", True, True),
        ("data_quality", "files", False, False),
        ("data_quality", "withdrawn_reviews", True, False),
        ("incidents", "per_100_staff", True, True),
        ("incidents", "incidents", True, False),
    ],
)
def test_what_is_counted_of_the_reported_quarter_alone(
    table: str, measure: str, is_other_quarter: bool, is_said: bool
) -> None:
    changes, name = CHANGE.assign(table=table, measure=measure), f"{table}/{measure}/2026-Q2"
    found = explain_changes(
        changes, {name: [1, None]}, {name: [2, None]}, ChangeGrounds(is_other_quarter=is_other_quarter)
    )
    assert ("no longer the one reported" in found["cause"].iloc[0]) is is_said


def test_which_rules_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"policy": {"2022-01-01": "a"}, "calendar": ["scotland", "b"], "program": "1", "texts": {}}
    assert name_changed_rules(made, made) == ()
    assert name_changed_rules(made, made | {"policy": {"2022-01-01": "c"}}) == (EDITED,)
    assert name_changed_rules(made, made | {"calendar": ["scotland", "c"]}) == (
        "The calendar of working days was changed",
    )
    assert name_changed_rules(made, made | {"program": "2"}) == ("Another version of the program counts it otherwise",)
    assert name_changed_rules({}, made) == (), "what an earlier revision did not keep is not compared"
    # A newer program reads more out of the same file: by its text it was not edited.
    before = made | {"texts": {"include/policies/x/2022-01-01.yaml": "t"}}
    moved = {"texts": {"own/policies/x/2022-01-01.yaml": "t"}, "policy": {"2022-01-01": "more"}, "program": "2"}
    assert name_changed_rules(before, made | moved) == ("Another version of the program counts it otherwise",)
    edited = {"texts": {"own/policies/x/2022-01-01.yaml": "u"}}
    assert name_changed_rules(before, made | edited) == (EDITED,)
    monkeypatch.setattr(provenance, "__version__", "2")
    assert provenance.gather_rules(context_of(NAME))["program"] == "2"
