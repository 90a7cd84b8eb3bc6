"""Whose turn it is at a stage: a route is found once, and one that ends early is that of the lower stage."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.cases import build_cases, make_findings
from due_regard.alerts.escalation import EscalationStage
from due_regard.alerts.recipients import RecipientDirectory
from due_regard.alerts.record_cells import read_record_cells
from due_regard.alerts.routing import RouteFinder
from due_regard.alerts.sent_history import read_sent_history
from due_regard.register import read_open_findings_on
from due_regard.register.engines import reading
from tests.alerts.world import World, at, calendar, check, due, history, wording

LATE = date(2026, 8, 31)
ROWS = [
    *[due("restriction.review", f"R{n}", "2026-06-12") for n in range(1, 8)],
    check("incident.naming_notified", "I1"),
]


@pytest.mark.parametrize("mailboxes", [{}, {"director": "boss@example.org", "committee": "clerk@example.org"}])
def test_a_route_that_ends_early_is_that_of_the_lower_stage(world: World, mailboxes: dict[str, str]) -> None:
    world = world.settings(role_mailboxes=mailboxes)
    world.assess(ROWS, date(2026, 6, 29))
    landlord = world.landlord
    with reading(world.engine, landlord.id) as conn:
        earlier = read_sent_history(conn, landlord.id, world.sink.mode, as_at=LATE, now=at(LATE))
        context = AlertContext(landlord, history(), calendar(), wording(), earlier, LATE)
        directory = RecipientDirectory(read_record_cells(conn, landlord.id), landlord.alerts, wording())
        cases = build_cases(make_findings(read_open_findings_on(conn, landlord.id, as_at=LATE)), frozenset(), context)
    assert {case.stage for case in cases} == {EscalationStage.COMMITTEE} and len(cases) == len(ROWS)
    whole = [RouteFinder(directory).find_route(case) for case in cases]
    assert any(route.problems for route in whole)
    for stage in list(EscalationStage)[1:]:
        low = [RouteFinder(directory).find_route(replace(case, stage=stage)) for case in cases]
        assert [route.end_at(stage) for route in whole] == low


def test_each_owner_is_looked_up_once_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    find_owner = RecipientDirectory.find_owner

    def count_owner(self: RecipientDirectory, *subject: str, **handed: str | None) -> object:
        asked.append(subject[-1])
        return find_owner(self, *subject, **handed)

    monkeypatch.setattr(RecipientDirectory, "find_owner", count_owner)
    world.assess(ROWS, date(2026, 6, 29))
    world.compose(date(2026, 6, 30))
    assert sorted(asked) == [f"R{n}" for n in range(1, 8)]
