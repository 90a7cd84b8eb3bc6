"""`feeds:`: the closed list of figures, what `policy check` says of a figure that nothing feeds, no rule in Python."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import get_args

import pytest

from due_regard.__main__ import main
from due_regard.policy import load_policies, read_policy
from due_regard.policy.duties import FedFigure
from due_regard.policy.fed_figures import MARKS, find_unfed_figures
from tests.policies.case_tables import INCLUDE, LANDLORDS
from tests.policies.test_wrong_files import RIGHT

PACKAGE = Path(__file__).parents[2] / "plugins" / "due_regard"
RULES = sorted({
    duty.rule for name in LANDLORDS for duty in load_policies(INCLUDE / "policies", name).versions[-1].duties
})
WITHOUT = re.sub(r"\n    feeds: \w+", "", RIGHT)


def test_every_figure_has_its_marks() -> None:
    assert tuple(MARKS) == get_args(FedFigure)


def test_no_rule_is_named_in_python() -> None:
    """A policy may name its rules as it likes; only what it feeds is known to the code."""
    rule = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, RULES))})(?![\w])")
    seen = {
        (file.relative_to(PACKAGE).as_posix(), node.value[:60])
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and rule.search(node.value)
    }
    assert len(RULES) > 40
    assert seen == set()


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_the_shipped_policies_leave_no_figure_unfed(landlord: str) -> None:
    for policy in load_policies(INCLUDE / "policies", landlord).versions:
        assert find_unfed_figures(policy.duties) == {}
        assert sum(duty.feeds is not None for duty in policy.duties) >= 2


def _write(folder: Path, text: str) -> Path:
    file = folder / "2026-01-01.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_an_older_file_without_figures_is_read_and_each_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _write(tmp_path, WITHOUT)
    assert [duty.feeds for duty in read_policy(file).duties] == [None] * 4
    assert main(["policy", "check", str(file)]) == 0
    warned = [
        f"{file}: warning: no duty feeds the figure {figure}; say `feeds: {figure}` in {rule}"
        for figure, rule in (
            ("reviews", "restriction.review"),
            ("acknowledgements", "appeal.acknowledge"),
            ("policy_review", "policy.review"),
        )
    ]
    assert capsys.readouterr().out.splitlines() == [f"{file}: sixth, 4 duties", *warned]
    assert main(["--json", "policy", "check", str(file)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["warnings"] == warned
    assert said["good"] == [f"{file}: sixth, 4 duties"]
    assert said["wrong"] == []


def test_a_file_that_feeds_its_figures_has_no_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _write(tmp_path, RIGHT)
    assert main(["--json", "policy", "check", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == []


_CLOCK = """\
  - rule: appeal.{name}
    kind: deadline
    label: A promise
    mail_label: A step is due
    clause: "4.2"
    remedy: Do it.
    owner_role: appeal_handler
    start: {start}
    within: {{working_days: 5}}
    done: {done}
    notice: {{working_days: 2}}
"""


@pytest.mark.parametrize(
    ("start", "done", "figure"),
    [
        ("received_on", "notified_on", "answers"),
        ("decided_on", "notified_on", "notices"),
        ("received_on", "decided_on", "decisions"),
        ("received_on", "acknowledged_on", None),
        ("restriction.notified_on", "received_on", None),
        ("decided_on", "restriction.ended_on", None),
    ],
)
def test_a_deadline_is_recognised_by_its_dates(tmp_path: Path, start: str, done: str, figure: str | None) -> None:
    file = _write(tmp_path, RIGHT + _CLOCK.format(name="promise", start=start, done=done))
    assert find_unfed_figures(read_policy(file).duties) == ({} if figure is None else {figure: ["appeal.promise"]})
