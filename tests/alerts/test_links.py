"""From a mail to the case: every reference leads to its page, or the mail says whom to ask."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
from icalendar import Calendar
from sqlalchemy import update

from due_regard.alerts.finding_lists import CARDS_SHOWN
from due_regard.config.settings import Settings
from due_regard.mail.page_links import PageLinks
from due_regard.policy import LandlordContext
from due_regard.records.validated_drop import ValidatedDrop
from due_regard.register.engines import writing
from due_regard.register.schema.drop_tables import Batch
from due_regard.services.post_mail import open_mail_context, post_rows_to_mend
from tests.alerts.world import World, at, calendar, check, due, find_calendar_part, history, html, one, text
from tests.register.past_guards import pass_guards

BASE = "https://airflow.example.org/a"
PAGES = f"{BASE}/due-regard/example"
MON, TUE, WED, SUMMARY = date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 6)
OWNER, GOVERNANCE, DATA_OWNER = "decider@example.org", "governance@example.org", "data@example.org"
ROWS = [
    due("restriction.review", "R1", "2026-06-12"),
    due("restriction.review", "R2", "2026-07-15", state="due_soon"),
    due("restriction.review", "R6", "2026-06-26"),
    due("restriction.review", "OLD", "2025-11-03"),
    check("incident.naming_notified", "I1"),
]


def linked(world: World) -> World:
    return replace(world, base_url=BASE)


def send_everything(world: World) -> list[EmailMessage]:
    """Mails of every kind that alerts send: three days, the weekly summary among them."""
    world.assess(ROWS, MON)
    found = []
    for day in (MON, TUE, WED, SUMMARY):
        found += [*world.run(ROWS, day), *world.dates]
    return found


def list_links(mail: EmailMessage) -> set[str]:
    return set(re.findall(r'href="([^"]+)"', html(mail)))


def test_every_reference_in_every_mail_is_a_link_to_its_page(world: World) -> None:
    mails = send_everything(linked(world))
    assert {mail["To"] for mail in mails} >= {OWNER, GOVERNANCE, DATA_OWNER, "services@example.org", "boss@example.org"}
    for mail in mails:
        refs = set(re.findall(r"F-\d{6}", text(mail)))
        pages = {f"{PAGES}/findings/{ref}" for ref in refs}
        assert pages <= list_links(mail), mail["Subject"]
        assert pages <= set(re.findall(r"https://\S+", text(mail))), mail["Subject"]
        # Nothing but references stands behind a base that the operator gave.
        for link in list_links(mail) | set(re.findall(r"https?://\S+", text(mail))):
            assert re.fullmatch(re.escape(PAGES) + r"/(findings/F-\d{6}|work|backlog|drops/\d+)", link)


def test_without_a_base_url_no_mail_links_and_each_says_whom_to_ask(world: World) -> None:
    mails = send_everything(world)
    assert len(mails) > 8
    for mail in mails:
        assert "http" not in text(mail) + html(mail)
        command = "`due-regard finding show F-… --landlord example`"
        said = " ".join(text(mail).split())
        assert command in said and command in " ".join(html(mail).split())
        asks = "ask the data owner (data@example.org) and give the reference alone"
        assert (asks in said) == (mail["To"] != DATA_OWNER)


def test_a_restricted_card_links_to_its_page(world: World) -> None:
    world = linked(world)
    world.assess(ROWS, MON)
    (mail,) = [mail for mail in world.run(ROWS, WED) if mail["To"] == "services@example.org"]
    assert f"{PAGES}/findings/{world.ref('incident.naming_notified', 'I1')}" in list_links(mail)


def test_what_is_still_to_be_done_and_what_is_only_counted_lead_to_the_list(world: World) -> None:
    world = linked(world)
    first, last = [one(world.run(ROWS[:4], day), OWNER) for day in (TUE, SUMMARY)]
    assert "Still open" in text(last) and f"{PAGES}/work" in list_links(first) & list_links(last)
    assert text(last).count(f"{PAGES}/work") == 1
    many = [due("restriction.review", "R1", "2026-06-12", occurrence=n) for n in range(2, CARDS_SHOWN + 4)]
    said = text(one(world.run(many, date(2026, 7, 7)), OWNER))
    assert f"See them all in the register: {PAGES}/work" in said.partition("counted:")[2]
    assert "due-regard findings" not in said


def test_a_held_drop_leads_to_its_page(world: World) -> None:
    with writing(world.engine, "example") as conn:
        pass_guards(conn)
        conn.execute(update(Batch).values(status="held"))
    mails = linked(world).run([], WED)
    for mail in (one(mails, GOVERNANCE), one(mails, DATA_OWNER)):
        assert f"{PAGES}/drops/1" in list_links(mail) and f"{PAGES}/drops/1" in text(mail)


def test_the_backlog_leads_to_its_page(world: World) -> None:
    mail = one(linked(world).run(ROWS, TUE), GOVERNANCE)
    assert f"{PAGES}/backlog" in list_links(mail) and f"{PAGES}/backlog" in text(mail)


def test_a_calendar_entry_carries_the_link_and_its_cancel_too(world: World) -> None:
    world = linked(world)
    for rows, day in (([ROWS[1]], TUE), ([], WED)):
        world.run(rows, day)
        (mail,) = world.dates
        part = find_calendar_part(mail)
        assert part is not None
        (event,) = Calendar.from_ical(part.get_content()).walk("VEVENT")
        page = f"{PAGES}/findings/F-000001"
        assert str(event["URL"]) == page and page in str(event["DESCRIPTION"])
        assert page in text(mail) and page in list_links(mail)


def test_an_entry_without_a_base_url_has_no_link(world: World) -> None:
    world.run([ROWS[1]], TUE)
    part = find_calendar_part(world.dates[0])
    assert part is not None and "URL" not in part.get_content() and "http" not in part.get_content()


@pytest.mark.parametrize(
    ("link", "path"),
    [
        (lambda pages: pages.link_finding("F-000063"), "/findings/F-000063"),
        (lambda pages: pages.link_pack("2026-Q2", "a/b c?#é"), "/packs/2026-Q2/a%2Fb%20c%3F%23%C3%A9"),
        (lambda pages: pages.link_drop(7), "/drops/7"),
        (lambda pages: pages.link_finding("F-new-1"), None),
    ],
)
def test_addresses_are_encoded_and_lead_to_what_is_on_record(link, path) -> None:  # type: ignore[no-untyped-def]
    assert link(PageLinks(BASE, "example")) == (f"{PAGES}{path}" if path else "")
    assert link(PageLinks(None, "example")) == ""


@pytest.mark.parametrize("base_url", [BASE, None])
def test_the_mail_about_rows_to_mend_leads_to_their_drop(world: World, base_url: str | None) -> None:
    settings = Settings(base_url=base_url, mail_mode="live")
    known = LandlordContext(world.landlord, history(), calendar())
    context = open_mail_context(settings, known, now=at(TUE))
    with writing(world.engine, "example") as connection:
        post_rows_to_mend(connection, context, ValidatedDrop("example", "canonical", "drop", ()), 7, Path("/kept/7"))
    world.send(TUE)
    (mail,) = world.sink.take()
    assert mail["To"] == DATA_OWNER and "`due-regard drop list` shows batch 7" in text(mail)
    assert list_links(mail) == ({f"{PAGES}/drops/7"} if base_url else set())
    assert (f"See the drop in the register: {PAGES}/drops/7" in text(mail)) == (base_url is not None)
