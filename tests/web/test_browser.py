"""A manager's way in a real browser: from a mail's link through Airflow's login to the case, and back into mails.

One real Airflow with FAB, one landlord's sample drop taken in, judged and mailed; every page is looked at as its
readers would (browser.py).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import NamedTuple

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, BrowserContext, Page

from demo import processes
from demo.place import REPOSITORY, DemoPlace, build_environment, find_free_port, make_address
from demo.users import DemoUser, create_users, list_users
from due_regard.config.settings import Settings
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.build_packs import build_packs
from due_regard.services.post_packs import find_quarter_folder
from due_regard.services.run_alerts import run_alerts
from due_regard.services.take_in_drop import take_in_drop
from tests.web.browser import browser, look_at
from tests.web.fab_airflow import wait_for_answer

__all__ = ["browser"]

LANDLORD, OTHER = "queens_cross", "hanover"
AS_AT = date(2026, 6, 30)
pytestmark = [pytest.mark.timeout(600)]


class Site(NamedTuple):
    """A running server, the installation behind it, and its people by what they are."""

    settings: Settings
    address: str
    people: dict[str, DemoUser]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    place, port = DemoPlace(tmp_path_factory.mktemp("site") / "out", REPOSITORY / "include"), find_free_port()
    address = make_address(port)
    place.home.mkdir(parents=True)
    env = build_environment(place, port, with_users=True)
    env |= {"AIRFLOW__API__BASE_URL": address, "DUE_REGARD_BASE_URL": address}
    settings = Settings(include_dir=place.include, own_dir=place.own, var_dir=place.out, base_url=address)
    now = datetime(2026, 7, 1, 9, tzinfo=UTC)
    take_in_drop(settings, LANDLORD, drop=place.drops / LANDLORD, now=now)
    assess_landlord(settings, LANDLORD, as_at=AS_AT, now=now)
    run_alerts(settings, as_at=AS_AT, now=now, landlords=[LANDLORD])
    build_packs(settings, LANDLORD, quarter="2026-Q2", now=now)
    people = {user.last_name: user for user in list_users(place, [LANDLORD])}
    processes.run_once(place, env, "db", "migrate")
    create_users(place, env, list(people.values()))
    processes.start_process(place, env, "api-server")
    try:
        wait_for_answer(port)
        yield Site(settings, address, people)
    finally:
        processes.stop_processes(place)


_contexts: dict[str, BrowserContext] = {}
"""Who has signed in, in a browser of their own: Airflow refuses too many logins in a row."""


def sign_in(browser: Browser, site: Site, who: str, address: str) -> Page:
    """A page of somebody's own browser at an address, the first time after Airflow's login sent them there."""
    if who in _contexts:
        page = _contexts[who].new_page()
        page.goto(address)
        return page
    _contexts[who] = browser.new_context()
    page = _contexts[who].new_page()
    page.goto(address)
    assert "/auth/login" in page.url
    page.fill("input[name=username]", site.people[who].username)
    page.fill("input[name=password]", site.people[who].password)
    page.click("input[type=submit], button[type=submit]")
    page.wait_for_url(address)
    return page


def read_mails(site: Site) -> dict[str, list[str]]:
    """The texts of all mails written, by recipient."""
    found: dict[str, list[str]] = {}
    for file in sorted(site.settings.mail_dir.rglob("*.eml")):
        mail = message_from_bytes(file.read_bytes(), policy=default)
        body = mail.get_body(("plain",))
        assert body is not None
        found.setdefault(str(mail["To"]), []).append(body.get_content())
    return found


def count_mentions(site: Site, ref: str) -> dict[str, int]:
    """How many mails to whom name a finding."""
    counts = {to: sum(ref in text for text in texts) for to, texts in read_mails(site).items()}
    return {to: count for to, count in counts.items() if count}


def find_mailed_link(site: Site) -> str:
    """The first link to a finding in a mail to a member of staff."""
    staff = {row["email"].strip().lower() for row in read_staff(site)}
    for to, texts in read_mails(site).items():
        for text in texts if to in staff else []:
            if found := re.search(rf"{site.address}/due-regard/{LANDLORD}/findings/F-\d+", text):
                return found[0]
    raise AssertionError("no mail to a member of staff links to a finding")


def read_staff(site: Site) -> list[dict[str, str]]:
    with (REPOSITORY / "include" / "samples" / LANDLORD / "staff.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def decide(page: Page, title: str, why: str, **fields: str) -> None:
    """Fill in one of a finding's forms and send it."""
    form = page.locator("details", has=page.locator("summary", has_text=title)).last
    form.locator("summary").click()
    for name, value in {"why": why, **fields}.items():
        form.locator(f"[name={name}]").fill(value)
    form.locator("button").click()
    page.wait_for_load_state()


def decide_by_keyboard(page: Page, title: str, why: str) -> None:
    """The same with no mouse: from the top of the page by the tabulator alone."""
    page.evaluate("document.activeElement.blur()")
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == title:
            break
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(why)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def find_disputed(site: Site) -> list[str]:
    """References that a new build of the quarter's list of actions marks as disputed."""
    now = datetime.now(UTC)
    build_packs(site.settings, LANDLORD, quarter="2026-Q2", pack="senior_management", now=now)
    folder = find_quarter_folder(site.settings, LANDLORD, "2026-Q2")
    (file,) = folder.glob("*_senior_management_*_action_list.xlsx")
    rows = list(load_workbook(io.BytesIO(file.read_bytes())).worksheets[0].iter_rows(values_only=True))
    head = next(row for row in rows if row[0] == "Register reference")
    return [str(row[0]) for row in rows if row[head.index("Disputed")] == "Yes"]


def run_next_day(site: Site, days: int) -> None:
    """The mails of a later day: nothing else has changed."""
    day = AS_AT + timedelta(days=days)
    now = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    run_alerts(site.settings, as_at=day, now=now, landlords=[LANDLORD])


def test_from_a_mail_to_the_case_and_into_the_next_mails(site: Site, browser: Browser) -> None:
    link = find_mailed_link(site)
    ref = link.rpartition("/")[2]
    page = sign_in(browser, site, "Manager", link)
    assert ref in page.inner_text("h1")
    look_at(page, "finding")
    decide(page, "Comment", "Asked the tenancy team on Monday")
    assert "Asked the tenancy team on Monday" in page.inner_text("main")
    before = count_mentions(site, ref)
    colleague = next(row for row in read_staff(site) if row["is_active"] == "yes" and row["email"] not in before)
    decide(page, "Hand it over", "Not my patch", to=colleague["staff_ref"])
    assert "Not my patch" in page.inner_text("main")
    look_at(page, "finding-handed-over")
    run_next_day(site, 1)
    after = count_mentions(site, ref)
    assert after.get(colleague["email"].lower(), 0) == 1, "the new owner is told"
    decide(page, "Take back a decision", "It is mine after all")
    decide(page, "Dispute it", "The letter went out by hand")
    assert "disputed" in page.inner_text("main").lower()
    assert find_disputed(site) == [ref], "the committee's list of actions says so"
    run_next_day(site, 2)
    governance = count_mentions(site, ref)
    assert governance.get("governance@queens-cross.example", 0) > after.get("governance@queens-cross.example", 0)
    decide(page, "Silence it", "The customer is in hospital", until=(date.today() + timedelta(days=5)).isoformat())  # noqa: DTZ011
    told = count_mentions(site, ref)
    run_next_day(site, 3)
    assert count_mentions(site, ref) == told, "nothing is mailed while it is silenced"


def test_a_decision_needs_no_mouse(site: Site, browser: Browser) -> None:
    page = sign_in(browser, site, "Manager", find_mailed_link(site))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to the content"
    decide_by_keyboard(page, "Comment", "Typed without a mouse")
    assert "Typed without a mouse" in page.inner_text("main")


def test_the_second_person_sees_what_the_first_did(site: Site, browser: Browser) -> None:
    link = find_mailed_link(site)
    first, second = (sign_in(browser, site, who, link) for who in ("Manager", "Governance"))
    decide(first, "Comment", "I am looking into it")
    decide(second, "It is done", "Sent today")
    assert "Somebody was first" in second.inner_text("h1")
    assert "by Demo Manager (fab:" in second.inner_text("main")
    assert "was reported done" not in first.inner_text("main")
    look_at(second, "somebody-was-first")


PAGES = {
    "Manager": ["", f"{LANDLORD}/work", f"{LANDLORD}/restrictions", f"{LANDLORD}/calendar", f"{LANDLORD}/policy"],
    "Governance": [f"{LANDLORD}/backlog", f"{LANDLORD}/silences", f"{LANDLORD}/packs"],
    "Data team": [f"{LANDLORD}/drops", f"{LANDLORD}/drops/1", f"{LANDLORD}/mend"],
    "Auditor": [f"{LANDLORD}/audit"],
}


@pytest.mark.parametrize("who", PAGES)
def test_every_page_can_be_read(site: Site, browser: Browser, who: str) -> None:
    pages = [f"{site.address}/due-regard/{path}" for path in PAGES[who]]
    page = sign_in(browser, site, who, pages[0])
    for address in pages:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        look_at(page, re.sub(r"\W+", "-", address.rpartition("due-regard/")[2]) or "landlords")


def test_a_restriction_can_be_read_and_printed_for_the_customer(site: Site, browser: Browser) -> None:
    start = f"{site.address}/due-regard/{LANDLORD}/restrictions"
    page = sign_in(browser, site, "Manager", start)
    page.locator("main table a, main li a").first.click()
    page.wait_for_load_state()
    look_at(page, "restriction")
    page.get_by_role("link", name=re.compile("statement|print", re.IGNORECASE)).first.click()
    page.wait_for_load_state()
    look_at(page, "statement")


def test_airflows_menu_leads_to_the_pages(site: Site, browser: Browser) -> None:
    """They open inside Airflow's own page, and its frame lets forms and links work."""
    page = sign_in(browser, site, "Manager", f"{site.address}/due-regard/")
    page.goto(site.address)
    page.get_by_role("link", name="Due Regard").click(timeout=60_000)
    inside = page.frame_locator("iframe")
    inside.get_by_role("heading", level=1).wait_for(timeout=60_000)
    inside.locator("main a").first.click()
    inside.get_by_role("heading", name="What is to be done").wait_for()
