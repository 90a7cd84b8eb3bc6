"""What planning a day's mails does once for many findings, however many: counted, for clocks differ in speed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from due_regard.alerts import cases
from due_regard.alerts.recipients import RecipientDirectory
from due_regard.alerts.told_before import BACKLOG, NOTHING_SENT, SentHistory
from due_regard.register import upgrade_register
from tests.alerts.test_bounds import CLIMB, fill
from tests.alerts.world import World


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[World]:
    engine = upgrade_register(f"sqlite:///{tmp_path / 'register.db'}")
    yield World(engine).patient()
    engine.dispose()


def test_clocks_and_people_are_worked_out_once(crowd: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[str] = Counter()

    def count(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            asked[name] += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)

    count(cases, "find_stage")
    count(RecipientDirectory, "_look_up_person")
    counts = []
    for findings in (1_400, 2_800):
        asked.clear()
        fill(crowd, findings)
        asked.clear()
        crowd.compose(CLIMB[0])
        counts.append(dict(asked))
    # Twice as many findings of the same duties, days and people; only whom nobody knows is told of cell by cell.
    assert counts[0]["find_stage"] == counts[1]["find_stage"] < 40
    assert counts[1]["_look_up_person"] < 700


def test_an_earlier_occasion_is_found_as_by_a_look_at_everything_told() -> None:
    stages = {
        (1, "1/-", "a"): frozenset({"overdue"}),
        (1, "2/-", "a"): frozenset({BACKLOG}),
        (2, "1/-", "a"): frozenset({BACKLOG}),
        (3, "1/-", "b"): frozenset({BACKLOG, "due"}),
    }
    history = SentHistory(stages, *(getattr(NOTHING_SENT, name) for name in ("calendar_entries", "issue_keys")),
                          frozenset(), frozenset(), None)  # fmt: skip
    for finding in (1, 2, 3, 4):
        for occasion in ("1/-", "2/-", "3/-"):
            for who in ("a", "b"):
                expected = any(
                    key[0] == finding and key[1] != occasion and key[2] == who and not words <= {BACKLOG, "disputed"}
                    for key, words in stages.items()
                )
                assert history.had_earlier_occasion(finding, occasion, who) is expected


def test_findings_of_a_frame_are_the_values_of_its_rows(crowd: World) -> None:
    from due_regard.register import read_open_findings

    fill(crowd, 40)
    frame = read_open_findings(crowd.engine, crowd.landlord.id, as_at=date(2026, 7, 1))
    for row, one in zip(frame.to_dict("records"), cases.make_findings(frame), strict=True):
        assert (one.finding_id, one.register_ref, one.rule) == (row["finding_id"], row["register_ref"], row["rule"])
        assert one.due_on == (None if row["due_on"] is cases.pd.NaT else row["due_on"].date())
        assert one.opened_on == row["opened_on"].date()
        assert (one.handed_to, one.disputed_at, one.was_handed_over) == (None, None, False)
        assert (one.is_silenced, one.is_awaiting) == (row["is_silenced"], row["is_awaiting"])
