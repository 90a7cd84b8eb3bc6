"""The calendar: a month of reviews and deadlines, and the year as an iCalendar file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from icalendar import Calendar

from due_regard.config.settings import Settings
from due_regard.services import show_calendar
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.show_calendar import build_calendar, show_month
from tests.register.drops import accepted, appeal, restriction
from tests.web.registers import AS_AT, NOW, keep_records, restrict_duty
from tests.web.visitors import open_pages

L = "queens_cross"
JSON = {"accept": "application/json"}
REF = "R/1 <b>é"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    review = {"review_ref": "V1", "restriction_ref": REF, "reviewed_on": "2026-06-15", "outcome": "retain"}
    files = (
        accepted(
            "restrictions", [restriction(REF, customer_ref="C1", decided_on="2026-01-02", starts_on="2026-01-02")]
        ),
        accepted("reviews", [review]),
        accepted("appeals", [appeal("A1", restriction_ref=REF, received_on="2026-06-29")]),
    )
    return keep_records(tmp_path_factory.mktemp("calendar"), L, *files)


def test_a_month_has_what_is_pending_and_what_is_a_finding(settings: Settings) -> None:
    browser = open_pages(settings, L, "reader")
    july = browser.get(f"/{L}/calendar", headers=JSON).json()
    assert (july["month"], july["previous"], july["following"]) == ("2026-07", "2026-06", "2026-08")
    found = {(day["on"], one["rule"], one["state"]) for day in july["days"] for one in day["dates"]}
    assert ("2026-07-02", "appeal.acknowledge", "due_soon") in found
    assert ("2026-07-13", "appeal.communicate", "pending") in found
    december = browser.get(f"/{L}/calendar?month=2026-12", headers=JSON).json()
    (review,) = [one for day in december["days"] for one in day["dates"]]
    assert (review["rule"], review["due_on"], review["subject_ref"]) == ("restriction.review", "2026-12-15", REF)
    page = browser.get(f"/{L}/calendar?month=2026-12").text
    assert f'href="/{L}/restrictions/R%2F1%20%3Cb%3E%C3%A9"' in page and "<b>é" not in page
    assert "15 December 2026" in page and f'href="/{L}/calendar?month=2027-01"' in page


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-00", "2026-7", "July", "2026-07-01", "0001-01", "9999-12", "", "२०२६-०७"]
)
def test_a_wrong_month_is_said(settings: Settings, month: str) -> None:
    answer = open_pages(settings, L, "reader").get(f"/{L}/calendar", params={"month": month})
    assert answer.status_code == 422
    assert "A month is written like 2026-07" in answer.text


def test_the_calendar_ends_somewhere(settings: Settings) -> None:
    browser = open_pages(settings, L, "reader")
    assert browser.get(f"/{L}/calendar?month=1990-01", headers=JSON).json()["previous"] is None
    assert browser.get(f"/{L}/calendar?month=2099-12", headers=JSON).json()["following"] is None
    assert browser.get(f"/{L}/calendar?month=2026-12&page=2").status_code == 404


def read_events(body: bytes) -> dict[str, tuple[date, str]]:
    calendar = Calendar.from_ical(body)
    assert calendar["method"] == "PUBLISH" and calendar["version"] == "2.0"
    return {str(e["uid"]): (e["dtstart"].dt, str(e["summary"])) for e in calendar.walk("VEVENT")}


def test_the_file_has_the_year_and_says_no_more_than_references(settings: Settings) -> None:
    answer = open_pages(settings, L, "reader").get(f"/{L}/calendar.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="due-regard-{L}.ics"'
    events = read_events(answer.content)
    assert (date(2026, 12, 15), f"Due: A review under 6.6 is due ({REF})") in events.values()
    assert min(day for day, _ in events.values()) >= AS_AT
    names = {line.partition(b":")[0].partition(b";")[0] for line in answer.content.splitlines() if line[:1] != b" "}
    assert names <= {
        b"BEGIN", b"END", b"PRODID", b"VERSION", b"CALSCALE", b"METHOD", b"X-WR-CALNAME", b"UID", b"DTSTAMP",
        b"DTSTART", b"DTEND", b"SUMMARY", b"CLASS", b"TRANSP", b"NAME",
    }  # fmt: skip


def test_an_entry_keeps_its_uid_when_it_becomes_a_finding(settings: Settings, tmp_path: Path) -> None:
    files = [
        accepted("appeals", [appeal("A1", received_on="2026-06-29")]),
        accepted("restrictions", [restriction("R1")]),
    ]
    moving = keep_records(tmp_path, L, *files)
    before = read_events(build_calendar(moving, L, now=NOW, sees_restricted=False))
    assess_landlord(moving, L, as_at=date(2026, 7, 10), now=datetime(2026, 7, 10, 9, tzinfo=UTC))
    month = show_month(moving, L, month="2026-07", page=1, now=NOW, sees_restricted=False)
    states = {one["rule"]: one["state"] for day in month["days"] for one in day["dates"]}
    assert states["appeal.communicate"] == "due_soon"
    after = read_events(build_calendar(moving, L, now=NOW, sees_restricted=False))
    same = [uid for uid, (day, _) in before.items() if day == date(2026, 7, 13)]
    assert len(same) == 1 and set(same) <= set(after)
    assert after[same[0]][1].endswith(f"({show_ref(month, 'appeal.communicate')})")


def show_ref(month: dict[str, object], rule: str) -> str:
    days: list[dict[str, list[dict[str, str]]]] = month["days"]  # type: ignore[assignment]
    return next(one["register_ref"] for day in days for one in day["dates"] if one["rule"] == rule)


def test_a_file_that_does_not_hold_every_date_says_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Calendar.from_ical(build_calendar(settings, L, now=NOW, sees_restricted=False))
    total = len(whole.walk("VEVENT"))
    assert "x-wr-caldesc" not in whole and total > 1
    monkeypatch.setattr(show_calendar, "MOST_EVENTS", total - 1)
    cut = Calendar.from_ical(build_calendar(settings, L, now=NOW, sees_restricted=False))
    assert len(cut.walk("VEVENT")) == total - 1
    assert cut["x-wr-caldesc"] == f"The nearest {total - 1} of {total} dates of the coming year."


def test_a_restricted_duty_has_no_date_for_others(tmp_path: Path) -> None:
    own = restrict_duty(tmp_path / "own", L, "appeal.communicate")
    files = [
        accepted("appeals", [appeal("A1", received_on="2026-06-29")]),
        accepted("restrictions", [restriction("R1")]),
    ]
    settings = keep_records(tmp_path / "var", L, *files, own_dir=own)
    seen = {}
    for person in ("reader", "governance"):
        browser = open_pages(settings, L, person)
        month = browser.get(f"/{L}/calendar?month=2026-07", headers=JSON).json()
        rules = {one["rule"] for day in month["days"] for one in day["dates"]}
        dates = [day for day, _ in read_events(browser.get(f"/{L}/calendar.ics").content).values()]
        seen[person] = ("appeal.communicate" in rules, month["total"], date(2026, 7, 13) in dates)
    assert seen["reader"] == (False, seen["governance"][1] - 1, False)
    assert seen["governance"][0] and seen["governance"][2]


def test_a_landlord_never_judged_has_no_date(tmp_path: Path) -> None:
    settings = keep_records(tmp_path, L, accepted("restrictions", [restriction("R1")]), is_judged=False)
    browser = open_pages(settings, L, "reader")
    assert "Never judged yet" in browser.get(f"/{L}/calendar").text
    assert read_events(browser.get(f"/{L}/calendar.ics").content) == {}
