"""A dry run of a day to come says what the run of that day would: what comes due by then is in it."""

from __future__ import annotations

from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pandas as pd

from due_regard.records.canonical import ASSESSMENT_COLUMNS
from due_regard.register import read_open_findings, silence_finding
from tests.alerts.world import World, at, check, due, find_calendar_part, text

TUE, NEXT_WEEK = date(2026, 6, 30), date(2026, 7, 8)
LATE = due("appeal.acknowledge", "A1", "2026-06-29")
COMING = due("restriction.review", "R1", "2026-07-15", state="due_soon")
BROKEN = check("restriction.system_flag", "R2")


def judged(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(ASSESSMENT_COLUMNS))
    return frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[s]") for name in ("due_on", "done_on")})


def read_mails(folder: Path) -> list[EmailMessage]:
    found = [message_from_bytes(file.read_bytes(), policy=default) for file in sorted(folder.glob("*.eml"))]
    return [mail for mail in found if find_calendar_part(mail) is None]  # type: ignore[misc,arg-type]


def said_to(mails: list[EmailMessage]) -> dict[str, set[str]]:
    """Recipient -> lines of findings, without their references: those to come have none yet."""
    lines = {mail["To"]: text(mail).splitlines() for mail in mails}
    return {
        to: {line.partition(": ")[2] for line in said if line.partition(" F-")[0] in {"OVERDUE", "DUE SOON"}}
        for to, said in lines.items()
    }


def test_what_is_coming_is_foreseen_as_the_run_of_the_day_tells_it(world: World, tmp_path: Path) -> None:
    patient = world.patient()
    patient.run([LATE], TUE)
    foreseen = judged([LATE, COMING, BROKEN])
    report = patient.compose(NEXT_WEEK, dry_run=tmp_path, foreseen=foreseen)
    expected = read_mails(tmp_path)
    assert dict(report.stage_counts)["ahead"] == 1
    assert any("DUE SOON F-new-1: A review under 6.6 is due" in text(mail) for mail in expected)
    assert len(read_open_findings(patient.engine, "example", as_at=NEXT_WEEK)) == 1, "the register stays as it is"
    assert said_to(patient.run([LATE, COMING, BROKEN], NEXT_WEEK)) == said_to(expected)


def test_what_is_done_by_then_is_left_out_and_a_silence_holds(world: World, tmp_path: Path) -> None:
    patient = world.patient()
    patient.run([LATE, COMING], TUE)
    patient.compose(NEXT_WEEK, dry_run=tmp_path, foreseen=judged([LATE]))
    assert said_to(read_mails(tmp_path)).keys() >= {"decider@example.org"}
    assert not any("A review under 6.6" in text(mail) for mail in read_mails(tmp_path))


def test_a_silence_of_what_was_mended_hides_nothing_that_breaks_again(world: World, tmp_path: Path) -> None:
    world.run([LATE], TUE)
    silenced = {"actor": "governance", "why": "agreed", "until": date(2026, 12, 31), "now": at(TUE, 12)}
    silence_finding(world.engine, "F-000001", **silenced)
    world.run([], date(2026, 7, 1))
    world.compose(NEXT_WEEK, dry_run=tmp_path, foreseen=judged([LATE]))
    assert any("OVERDUE F-000001" in text(mail) for mail in read_mails(tmp_path))


def test_a_register_without_a_finding_foresees_its_first(world: World, tmp_path: Path) -> None:
    report = world.compose(date(2026, 7, 1), dry_run=tmp_path, foreseen=judged([COMING]))
    assert dict(report.stage_counts) == {"ahead": 1}
    assert "DUE SOON F-new-1" in text(read_mails(tmp_path)[0])
