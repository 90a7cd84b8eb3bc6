"""What a mail is made of: parts, headers, bytes, calendar files; and what must never be in one."""

from __future__ import annotations

import re
from datetime import date
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path

import pytest

from due_regard.alerts.finding_wording import BETRAYING
from due_regard.config.landlord import list_landlord_ids
from due_regard.mail.transport import FolderTransport
from due_regard.policy import load_policies
from tests.alerts.world import ABSENT, World, check, due, history, html, one, text, wording

ROOT = Path(__file__).parents[2]
FRI, MON, TUE, WED, THU = (date(2026, 6, 26), date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 2))
OWNER = "decider@example.org"
REVIEW = due("restriction.review", "R1", "2026-07-15", state="due_soon")


def test_the_same_day_composed_elsewhere_is_the_same_bytes(world: World, tmp_path: Path) -> None:
    world.assess([REVIEW, due("appeal.acknowledge", "A2", "2026-06-29")], TUE)
    for name in ("a", "b"):
        world.compose(TUE, dry_run=tmp_path / name)
    files = sorted(file.name for file in (tmp_path / "a").iterdir())
    assert len(files) == 3
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)


def test_parts_and_headers(world: World) -> None:
    mail = one(world.run([REVIEW], TUE), OWNER)
    assert [part.get_content_type() for part in mail.walk()] == [*["multipart/alternative", "text/plain", "text/html"]]
    assert mail["To"] == OWNER and mail["Cc"] is None and mail["Bcc"] is None
    assert re.fullmatch(r"<due-regard\.[0-9a-f]{20}@landlord\.example>", mail["Message-ID"])
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert mail["List-Id"] == "Due Regard alerts <alerts.example.landlord.example>"
    assert mail["Message-ID"].strip("<>") in text(mail)
    raw = mail.as_bytes(policy=default.clone(linesep="\r\n"))
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


def test_a_long_subject_stays_on_its_line(world: World) -> None:
    long = World(world.engine, world.landlord.model_copy(update={"name": "Housing Association " * 5}), world.sink)
    long.run([REVIEW], TUE)
    raw = long.messages()[0]["body"]
    assert "\r\nSubject: 1 due soon - Housing Association" in raw
    assert max(len(line) for line in raw.split("\r\n")) <= 200


class Outline(HTMLParser):
    """What a screen reader relies on."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.language = ""
        self.layout_tables: list[str | None] = []
        self.images = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "html":
            self.language = dict(attrs).get("lang") or ""
        if tag == "table":
            self.layout_tables.append(dict(attrs).get("role"))
        self.images += tag in {"img", "script", "link"}


def test_html_reads_well_without_eyes(world: World) -> None:
    outline = Outline()
    outline.feed(html(one(world.run([REVIEW, due("appeal.acknowledge", "A1", "2026-06-01")], TUE), OWNER)))
    assert outline.language == "en-GB"
    assert outline.headings[0] == 1 and outline.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    assert set(outline.layout_tables) == {"presentation"}
    assert outline.images == 0


def test_markup_in_a_landlords_own_words_stays_words(world: World) -> None:
    odd = world.settings()
    odd = World(odd.engine, odd.landlord.model_copy(update={"name": "<b>Homes & Co</b>"}), odd.sink)
    mail = one(odd.run([REVIEW], TUE), OWNER)
    assert "<b>Homes" not in html(mail) and "&lt;b&gt;Homes &amp; Co&lt;/b&gt;" in html(mail)
    assert "1 due soon - <b>Homes & Co</b>" in text(mail)


FORBIDDEN = (
    "PLANTED",
    ABSENT,
    "Ffion",
    "police",
    "violen",
    "harass",
    "social media",
    "in_person",
    "no_contact",
    "named publicly",
)


def test_no_mail_names_a_person_an_incident_or_a_duty_that_betrays_one(world: World, tmp_path: Path) -> None:
    rows = [
        *[due("restriction.review", f"R{n}", "2026-06-12") for n in range(1, 8)],
        due("appeal.acknowledge", "A1", "2026-06-29"),
        due("access_request.respond", "Q1", "2026-06-29"),
        check("incident.police", "I1"),
        check("incident.naming_notified", "I1"),
        check("restriction.prior_warning", "R1"),
        check("restriction.system_flag", "OLD"),
    ]
    world = world.through(FolderTransport(tmp_path))
    for day in (FRI, MON, TUE, WED):
        world.assess(rows, day)
        world.compose(day)
        world.send(day)
    files = list(tmp_path.glob("*.eml"))
    assert len(files) >= 10
    for file in files:
        mail = message_from_bytes(file.read_bytes(), policy=default)
        whole = file.read_text() + text(mail) + html(mail)  # type: ignore[arg-type]
        whole += "".join(part.get_payload(decode=True).decode() for part in mail.walk() if not part.is_multipart())
        for word in FORBIDDEN:
            assert word.lower() not in whole.lower(), (file.name, word)
        if mail["To"] != "data@example.org":
            # References of the landlord's own system stay out, too, but for that of whoever must act.
            said = re.sub(r"staff reference S\d+", "", text(mail))  # type: ignore[arg-type]
            assert not re.search(r"\b(R[1-7]|A1|Q1|I1|S\d+)\b", said), file.name


def test_a_label_that_betrays_falls_back_to_its_clause(world: World) -> None:
    assert BETRAYING.search(history().find_duty("incident.police").mail_label)
    rows = [check("incident.police", "I1")]
    world.assess(rows, MON)
    mail = one(world.mails(WED), "deputy@example.org")
    assert "A duty under clause 5.5" in text(mail)
    assert "Open F-000001 in the register and complete what clause 5.5 asks." in text(mail)


@pytest.mark.parametrize("landlord", list_landlord_ids(ROOT / "include" / "landlords"))
def test_every_shipped_policy_has_labels_fit_for_mail(landlord: str) -> None:
    for policy in load_policies(ROOT / "include" / "policies", landlord).versions:
        for duty in policy.duties:
            assert not BETRAYING.search(duty.mail_label), duty.rule
            assert len(duty.mail_label) <= 70, duty.rule


def test_a_restricted_step_first_told_is_not_said_to_be_over(world: World) -> None:
    rows = [check("incident.naming_notified", "I1")]
    world.assess(rows, MON)
    mail = one(world.run(rows, WED), "services@example.org")
    assert "Put it right at once" in text(mail) and "is over" not in text(mail)


def test_a_notice_to_the_data_owner_breaks_no_sentence_in_two() -> None:
    for sentence in (wording().data_owner.failure, wording().data_owner.unended, wording().data_owner.unassessed):
        paragraphs = [line for line in sentence.splitlines() if line]
        assert len(paragraphs) > 1 and not any(line[0].islower() for line in paragraphs)
        assert sentence.count("\n\n") == len(paragraphs) - 1
