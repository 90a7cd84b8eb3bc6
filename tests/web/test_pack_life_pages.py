"""The way of a pack through its page: comment, reject, approve, the clerk's mail, issued, a figure, a correction."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, make_url

from due_regard.config.settings import Settings
from due_regard.mail.outbox import Delivery, lease_mail, settle_mail
from due_regard.packs import assess_report_duties
from due_regard.register import reading, verify_audit
from due_regard.register.logins import create_login
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.register.sealing.verification import verify_rows
from due_regard.register.viewed_records import list_views
from due_regard.services.build_packs import build_packs
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register
from due_regard.services.post_mail import open_mail_context
from due_regard.services.post_waiting_packs import post_waiting_packs
from tests.register.engines import new_postgresql, postgresql_url
from tests.web.registers import keep_example
from tests.web.visitors import open_pages, read_form_token

__all__ = ["new_postgresql", "postgresql_url"]

L, PACK, QUARTER = "queens_cross", "health_and_safety_committee", "2026-Q2"
PATH = f"/{L}/packs/{QUARTER}/{PACK}"
JSON = {"accept": "application/json"}
BUILT = datetime(2026, 7, 2, 9, tzinfo=UTC)
LIVE = {"base_url": "https://airflow.example", "mail_mode": "live"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    yield keep_example(tmp_path_factory.mktemp("life"), L).model_copy(update=LIVE)


def make_login(owner: Engine, role: str) -> str:
    """URL of a register for a new login of a role."""
    name, password = f"t_{role}_{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    create_login(owner, name, role=role, landlords=[L], password=password)
    return make_url(owner.url).set(username=name, password=password).render_as_string(hide_password=False)


def drop_login(owner: Engine, url: str | None) -> None:
    with owner.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM landlord_access WHERE role_name = '{make_url(url or '').username}'")
        connection.exec_driver_sql(f"DROP ROLE {make_url(url or '').username}")


TOKENS: dict[TestClient, str] = {}
"""The token of each browser's last page that had a form: what somebody sends who left a page open."""


def send(browser: TestClient, act: str, why: str, **more: str) -> Any:
    page = browser.get(PATH).text
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    if 'name="form_token"' in page:
        TOKENS[browser] = read_form_token(page)
    form = {"form_token": TOKENS[browser], "edition": "confidential", "why": why, **more}
    if seen and "seen" not in more:
        form["seen"] = seen[1]
    return browser.post(f"{PATH}/{act}", data=form, headers={"sec-fetch-site": "same-origin"})


def mails(settings: Settings) -> list[tuple[str, str, str, str]]:
    from sqlalchemy import select

    with open_landlord_register(settings, L) as engine, reading(engine, L) as connection:
        columns = (AlertMessage.message_id, AlertMessage.kind, AlertMessage.recipient, AlertMessage.body)
        kinds = AlertMessage.kind.in_(["pack", "pack_approval"])
        rows = connection.execute(select(*columns).where(kinds).order_by(AlertMessage.composed_at))
        return [(row.message_id, row.kind, row.recipient, row.body) for row in rows]


def accept(settings: Settings, message_id: str, now: datetime) -> None:
    with open_landlord_register(settings, L) as engine:
        outgoing = lease_mail(engine, L, message_id, now=now, until=now)
        assert outgoing is not None
        settle_mail(engine, outgoing, Delivery("sent", 250), now=now)


def find_next_morning(settings: Settings) -> datetime:
    """Nine o'clock of the first working day after today."""
    day = load_landlord_context(settings, L).calendar.next_working(datetime.now(UTC).date() + timedelta(days=1))
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


def post(settings: Settings) -> int:
    """What the next run of alerts posts about packs."""
    context, now = load_landlord_context(settings, L), find_next_morning(settings)
    with open_landlord_register(settings, L) as engine:
        return post_waiting_packs(engine, settings, open_mail_context(settings, context, now=now))


def duty(settings: Settings, as_at: date) -> str:
    with open_landlord_register(settings, L) as engine:
        context = load_landlord_context(settings, L)
        found = assess_report_duties(engine, context, as_at=as_at, reports=settings.reports_dir)
    return str(found[found["subject_ref"] == f"{PACK}/{QUARTER}"]["state"].iloc[0])


def read(browser: TestClient, path: str = PATH) -> Any:
    return browser.get(path, headers=JSON).json()


@pytest.fixture
def unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails stay in the outbox, for there is no mail server; the next working day's morning comes at once."""
    monkeypatch.setattr("due_regard.register.clocks.TOLERANCE", timedelta(days=14))
    monkeypatch.setattr("due_regard.services.build_packs.send_landlord_mail", lambda *_, **__: 0)


@pytest.mark.usefixtures("unsent")
def test_the_whole_way_of_a_pack(settings: Settings) -> None:
    walk_the_whole_way(settings, settings)
    with open_landlord_register(settings, L) as engine:
        verify_audit(engine)


@pytest.mark.usefixtures("unsent")
def test_the_whole_way_of_a_pack_by_the_logins_of_postgresql(tmp_path: Path, new_postgresql: Callable[[], str]) -> None:
    """The loader builds and sends, the pages act, each under the grants of its own role."""
    owner = keep_example(tmp_path, L, new_postgresql()).model_copy(update=LIVE)
    with open_landlord_register(owner, L) as engine:
        urls = [make_login(engine, role) for role in ("loader", "pages")]
        walk_the_whole_way(*(owner.model_copy(update={"register_url": url}) for url in urls))
        assert not verify_rows(engine).faults
        for url in urls:
            drop_login(engine, url)


def walk_the_whole_way(settings: Settings, by_pages: Settings) -> None:
    """`settings` are those of who builds and mails, `by_pages` those of who serves the pages."""
    asked = build_packs(settings, L, quarter=QUARTER, pack=PACK, now=BUILT, issue=True)["packs"][0]
    assert (asked["asked"], asked["posted"], asked["state"]) == (True, False, "draft")
    ((_, kind, recipient, body),) = mails(settings)
    assert (kind, recipient) == ("pack_approval", "governance@queens-cross.example")
    assert f"https://airflow.example/due-regard{PATH}" in body.replace("=\r\n", "").replace("=\n", "")
    officer, other = (open_pages(by_pages, L, who) for who in ("governance", "director"))
    assert open_pages(by_pages, L, "manager").post(f"{PATH}/approve").status_code == 403
    assert send(officer, "correct", "too soon").status_code == 409
    assert send(officer, "comment", "Two winter cases.", section="restrictions").status_code == 303
    assert send(officer, "comment", "Note the report.", section="decision").status_code == 303
    assert send(officer, "comment", "x", section="no_such").status_code == 422
    told = read(officer)
    assert told["state"] == "commented" and {one["words"] for one in told["commentary"]} >= {"Two winter cases."}
    assert send(officer, "approve", "mine").status_code == 403, "nobody approves what they alone wrote"
    assert send(other, "approve", "old", seen="0" * 64).status_code == 409
    assert send(other, "reject", "Say what is asked.").status_code == 303
    assert [one["event"] for one in read(officer)["life"]][-1] == "rejected" and len(mails(settings)) == 1
    assert send(other, "approve", "It is right.").status_code == 303
    assert send(other, "approve", "Again.").status_code == 409
    assert send(officer, "undo", "The date is wrong.").status_code == 303
    assert read(officer)["state"] == "commented"
    assert (post(settings), post(settings)) == (1, 0), "the data owner hears that its report is owed"
    assert send(officer, "undo", "Again.").status_code == 409, "there is no approval to take back"
    assert send(other, "approve", "It is right after all.").status_code == 303
    assert len(mails(settings)) == 2, "the pages mail nobody"
    assert (post(settings), post(settings)) == (1, 0)
    ((message_id, recipient),) = [(one[0], one[2]) for one in mails(settings) if one[1] == "pack"]
    assert recipient == "committee-clerk@queens-cross.example"
    assert read(officer)["is_on_its_way"] and "Take the approval back" not in officer.get(PATH).text
    assert send(other, "undo", "Too late.").status_code == 409
    assert read(officer)["state"] == "approved" and duty(settings, date(2026, 12, 1)) == "overdue"
    accept(settings, message_id, find_next_morning(settings) + timedelta(hours=1))
    assert read(officer)["state"] == "issued" and duty(settings, date(2027, 1, 5)) in {"met", "late"}
    assert send(other, "undo", "Much too late.").status_code == 409
    open_every_kind_of_figure(by_pages, officer)
    assert send(officer, "correct", "A late row.").status_code == 303
    told = read(officer)
    assert (told["version"], told["state"]) == (2, "commented") and "A late row." in told["correction"]
    assert "version 1" in told["correction"] and len(told["versions"]) == 2
    assert read(officer, f"{PATH}?version=1")["state"] == "issued"
    assert (post(settings), post(settings)) == (1, 0), "its approval is asked for"
    assert send(other, "approve", "Right now.").status_code == 303
    assert post(settings) == 1
    subjects = [line for *_, body in mails(settings) for line in body.splitlines() if line.startswith("Subject")]
    assert len([one for one in subjects if one.startswith("Subject: Correction of")]) == 1


def open_every_kind_of_figure(by_pages: Settings, officer: TestClient) -> None:
    page = html.unescape(officer.get(PATH).text)
    links = sorted({
        link for link in re.findall(r'href="([^"]+/figures/[^"]+)"', page) if QUARTER in link.split("?")[0]
    })
    assert len(links) > 50
    for link in (links[0], links[len(links) // 2], links[-1]):
        answer = officer.get(link)
        assert answer.status_code == 200, link
        assert open_pages(by_pages, L, "reader").get(link).status_code == 403
    told = read(officer, f"{PATH}/figures/restrictions/new/2026-Q2?edition=confidential&version=1")
    assert told["number"] == told["row_count"] == len(told["rows"]) > 0
    assert all(row["file"] and row["row_number"] and row["batch_id"] for row in told["rows"])
    with open_landlord_register(by_pages, L) as engine, reading(engine, L) as connection:
        views, _ = list_views(connection, L, told["address"], hidden_right=None, limit=5)
    assert [view["kind"] for view in views] == ["figure"]


@pytest.mark.parametrize(
    "figure", ["restrictions/no_such/2026-Q2", "restrictions/new/2026-Q9", "new", "restrictions/new/2026-Q2/x", "%00"]
)
def test_an_unknown_figure_is_a_plain_page(settings: Settings, figure: str) -> None:
    answer = open_pages(settings, L, "governance").get(f"{PATH}/figures/{figure}?edition=confidential&version=1")
    assert answer.status_code == 404
