"""However many findings are open, a mail is one that a person can read: worst first, then counts, below a bound."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from due_regard.alerts.finding_lists import CARDS_SHOWN, GROUPS_SHOWN, ROWS_SHOWN
from due_regard.mail.builder import LARGEST_MAIL
from due_regard.register import upgrade_register
from tests.alerts.world import World, calendar, check, due, html, one, text

IS_LONG = os.environ.get("DUE_REGARD_LONG_TESTS") == "1"
MON, SUMMARY = date(2026, 6, 1), date(2026, 7, 20)
CLIMB = (date(2026, 7, 2), date(2026, 7, 8), date(2026, 7, 15), date(2026, 7, 29))
"""A month later: days on which the owners are told, the line managers, the director, the committee."""
DIRECTOR, BACKLOG_KEEPER, DATA_OWNER = "director@example.org", "governance@example.org", "data@example.org"
MANAGERS, TEAMS, LOST = 300, 12, 50
CUT_BY_GMAIL = 102 * 1024


def staff() -> list[dict[str, Any]]:
    """Managers who report to the first five of them, in as many teams as there are."""
    own = {"role": "manager", "is_active": True}
    return [
        own | {"staff_ref": f"M{n}", "email": f"m{n}@example.org", "line_manager_ref": f"M{n % 5}"}
        | {"team": f"Area team {n % TEAMS}"}
        for n in range(MANAGERS)
    ]  # fmt: skip


def restriction(n: int) -> dict[str, Any]:
    """Half are decided by one manager, the others by all of them and by some nobody knows."""
    decided_by = "M1" if n % 2 else f"M{n // 2 % (MANAGERS + LOST)}"
    return {
        "restriction_ref": f"R{n}", "customer_ref": "C1", "measure": "no_contact", "decided_on": "2026-02-02",
        "decided_by": decided_by, "starts_on": "2026-02-02",
    }  # fmt: skip


def judge(restrictions: int) -> list[dict[str, Any]]:
    """Two findings each: a review that is overdue (a tenth of them from before go-live) and a step not recorded."""
    days = [f"2026-05-{1 + n % 28:02d}" if n % 10 else "2025-11-03" for n in range(restrictions)]
    reviews = [due("restriction.review", f"R{n}", day) for n, day in enumerate(days)]
    return [*reviews, *(check("restriction.system_flag", f"R{n}") for n in range(restrictions))]


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[World]:
    """A register of the managers alone."""
    engine = upgrade_register(f"sqlite:///{tmp_path / 'register.db'}")
    world = World(engine).patient()
    yield world
    engine.dispose()


def fill(world: World, findings: int) -> None:
    restrictions = [restriction(n) for n in range(findings // 2)]
    customers = [{"customer_ref": "C1", "customer_type": "tenant"}]
    world.load({"staff": staff(), "customers": customers, "restrictions": restrictions}, MON)
    world.assess(judge(findings // 2), MON)


def find_sizes(mails: list[EmailMessage]) -> tuple[int, int]:
    """The largest mail's bytes, and the largest HTML part's."""
    return max(len(bytes(mail)) for mail in mails), max(len(html(mail).encode()) for mail in mails)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("findings", "days"), [(3_000, 4), *([(30_000, 3), (220_000, 1)] if IS_LONG else [])])
def test_no_mail_grows_with_the_findings(crowd: World, findings: int, days: int) -> None:
    # With links a mail is longer.
    crowd = replace(crowd, base_url="https://airflow.some-housing-association.example/airflow")
    fill(crowd, findings)
    mailed: set[str] = set()
    for day in CLIMB[:days]:
        # Processor time: up to four recipients of each finding are found, told and written down.
        began = time.process_time()
        report = crowd.compose(day)
        assert time.process_time() - began < 30 + findings / 1_000
        crowd.send(day)
        mails = crowd.sink.take()
        largest, largest_html = find_sizes(mails)
        assert largest < LARGEST_MAIL and largest_html < CUT_BY_GMAIL
        mailed |= {mail["To"] for mail in mails}
        # All but the backlog are told on each of the days, shown or only counted.
        assert sum(n for _, n in report.stage_counts) >= 0.95 * findings
    told = ["m1@example.org", "m2@example.org", DIRECTOR, "clerk@example.org"][:days]
    assert {*told, BACKLOG_KEEPER, DATA_OWNER} <= mailed
    # The next day is quiet, but for faults that were not yet shown.
    assert {mail["To"] for mail in crowd.mails(calendar().shift(CLIMB[days - 1], 1))} <= {DATA_OWNER}


def test_what_is_only_counted_is_told_and_comes_again_only_when_it_moves_up(crowd: World) -> None:
    fill(crowd, 400)
    first = [*crowd.mails(CLIMB[0]), *crowd.mails(CLIMB[1]), *crowd.mails(CLIMB[2])]
    assert {mail["To"] for mail in first} >= {DIRECTOR, BACKLOG_KEEPER}
    # Faults beyond those shown are still to be named; everything else has been said.
    assert [mail["To"] for mail in crowd.mails(date(2026, 7, 16))] in ([], [DATA_OWNER])
    summary = one(crowd.mails(SUMMARY), "m1@example.org")
    assert f"These are the worst {ROWS_SHOWN} of" in text(summary)


def test_a_directors_list_shows_the_worst_and_counts_all_by_rule_team_and_owner(crowd: World) -> None:
    fill(crowd, 3_000)
    for day in CLIMB[:2]:
        crowd.mails(day)
    said = text(one(crowd.mails(CLIMB[2]), DIRECTOR))
    assert said.count("How to put it right") == CARDS_SHOWN
    total = 1_350 + 1_500
    assert f"These are the worst {CARDS_SHOWN} of {total}. All {total}, counted:" in said
    assert "  1500  A record under 9.1 is missing (clause 9.1)" in said
    assert "  1350  A review under 6.6 is due (clause 6.6)" in said
    teams = said.partition("By team of whoever must act")[2].partition("By whoever must act")[0]
    assert "Area team 1\n" in teams.replace("\r", "") and "3 others" in teams
    owners = said.partition("By whoever must act")[2]
    assert (
        owners
        .lstrip()
        .partition("\n")[0]
        .strip()
        .endswith("the manager who decided, staff reference M1, team Area team 1")
    )
    assert sum(int(line.split()[0]) for line in owners.splitlines()[1 : GROUPS_SHOWN + 2]) == total
    assert "`due-regard findings --as-at 2026-07-15 --landlord example`" in said
    # The oldest of the highest stage is first.
    assert said.index("Was due Fri 1 May 2026") < said.index("How to put it right")


def test_a_small_list_is_not_counted(crowd: World) -> None:
    fill(crowd, 2 * CARDS_SHOWN // 2)
    mails = [mail for day in CLIMB[:3] for mail in crowd.mails(day)]
    assert DIRECTOR in {mail["To"] for mail in mails}
    for mail in mails:
        assert "counted" not in text(mail) and "counted" not in html(mail)
