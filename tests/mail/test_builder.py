"""The one builder of mails: what every kind of mail has, and what makes two mails the same."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from due_regard.mail.builder import KINDS, Attachment, ComposedMail, MailContent, MailContext, build_mail
from due_regard.mail.mail_mode import LIVE_MODE, MailMode
from due_regard.mail.outbox import Delivery, OutboxMail
from due_regard.mail.redirection import RedirectTransport
from tests.alerts.world import LANDLORD, MAIL, calendar, wording

FRI, MON = date(2026, 7, 3), date(2026, 7, 6)
NOW = datetime(2026, 7, 3, 9, tzinfo=UTC)
SHARED = {
    "From": "Due Regard <due-regard@sender.example>",
    "To": "clerk@example.org",
    "Subject": "1 & 2",
    "Date": "Fri, 03 Jul 2026 09:00:00 +0000",
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "All",
    "Content-Language": "en-GB",
}


@pytest.fixture
def context(tmp_path: Path) -> MailContext:
    for name in {kind.template for kind in KINDS.values()}:
        for ending in ("txt", "html"):
            (tmp_path / f"{name}.{ending}.j2").write_text("{{ title }}\n{{ message_id }}\n{{ said }}\n")
    return MailContext(LANDLORD, calendar(), "due-regard@sender.example", tmp_path, NOW, wording())


def content(kind: str = "pack", *identity: str, said: str = "<b>", **more: object) -> MailContent:
    made = MailContent(kind, "clerk@example.org", "1 & 2", identity or ("example", "x"), {"said": said})
    return replace(made, **more)  # type: ignore[arg-type]


def build(made: MailContent, context: MailContext) -> ComposedMail:
    return build_mail(made, context, mail_on=FRI, leaves_on=FRI)


def parse(mail: ComposedMail) -> EmailMessage:
    return message_from_bytes(mail.body, policy=default)  # type: ignore[return-value]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_the_same_headers_and_parts(kind: str, context: MailContext) -> None:
    made = build(content(kind), context)
    mail = parse(made)
    assert {name: mail[name] for name in SHARED} == SHARED
    name = KINDS[kind].list_name
    assert mail["List-Id"] == f"Due Regard {name} <{name}.example.sender.example>"
    assert mail["Message-ID"] == made.message_id
    assert re.fullmatch(r"<due-regard\.[0-9a-f]{20}@sender\.example>", made.message_id)
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    token = made.message_id.strip("<>")
    assert [part.get_content() for part in mail.iter_parts()] == [  # type: ignore[union-attr]
        f"1 & 2\r\n{token}\r\n<b>\r\n",
        f"1 &amp; 2\r\n{token}\r\n&lt;b&gt;\r\n",
    ]
    made.body.decode("ascii")


@pytest.mark.parametrize("attached", [(), (Attachment("a.pdf", b"%PDF", "application", "pdf"),)])
def test_the_mail_and_each_text_in_it_say_their_language(
    attached: tuple[Attachment, ...], context: MailContext
) -> None:
    entry = Attachment("d.ics", b"BEGIN\r\n", "text", "calendar", {"method": "REQUEST"})
    sent = build(content("calendar", attachments=attached, calendar=entry), context).body
    mail = message_from_bytes(sent, policy=default)
    languages = {part.get_content_type(): part["Content-Language"] for part in mail.walk() if part is not mail}
    assert mail["Content-Language"] == languages["text/plain"] == languages["text/html"] == "en-GB"
    assert sent.count(b"\r\nContent-Language: en-GB\r\n") == 3 and languages["text/calendar"] is None


@dataclass
class Kept:
    """A transport that keeps the last mail it was handed."""

    body: bytes = b""
    mode: MailMode = LIVE_MODE

    def deliver_mail(self, outgoing: OutboxMail) -> Delivery:
        self.body = outgoing.body
        return Delivery("sent", 250)

    def close_session(self) -> None:
        pass


@pytest.mark.parametrize("kind", KINDS)
def test_a_redirected_mail_of_every_kind_keeps_its_languages_and_parts(kind: str, context: MailContext) -> None:
    entry = Attachment("d.ics", b"BEGIN\r\n", "text", "calendar", {"method": "REQUEST"})
    files = [Attachment("a.pdf", b"%PDF", "application", "pdf")] if kind == "pack" else []
    made = build(content(kind, attachments=files, calendar=entry if kind == "calendar" else None), context)
    sent, kept = parse(made), Kept()
    outgoing = OutboxMail("example", made.message_id, made.sender, made.recipient, made.body, 1, 0)
    RedirectTransport(kept, "me@x.example", wording()).deliver_mail(outgoing)
    redirected: EmailMessage = message_from_bytes(kept.body, policy=default)  # type: ignore[assignment]

    def outline(mail: EmailMessage) -> list[tuple[str, list[str] | None]]:
        return [(part.get_content_type(), part.get_all("Content-Language")) for part in mail.walk()]

    assert outline(redirected) == outline(sent)
    assert [kind for kind, languages in outline(redirected)[1:] if languages == ["en-GB"]] == [
        "text/plain",
        "text/html",
    ]
    assert redirected.get_all("Content-Language") == ["en-GB"] and redirected["To"] == "me@x.example"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_templates(kind: str) -> None:
    assert all((MAIL / f"{KINDS[kind].template}.{ending}.j2").is_file() for ending in ("txt", "html"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_fits_a_phone_and_says_which_mail_it_is(kind: str) -> None:
    plain, rich = ((MAIL / f"{KINDS[kind].template}.{ending}.j2").read_text("utf-8") for ending in ("txt", "html"))
    assert 'name="viewport" content="width=device-width' in rich
    assert "{{ message_id }}" in plain
    # A phone cannot break a Message-ID by itself.
    assert re.search(r"word-break: ?break-all;?\">\{\{ message_id }}", rich)
    assert all("Why did I get this?" in said and "answers are not read" in said for said in (plain, rich))


@pytest.mark.parametrize(("kind", "days"), [("digest", 11), ("restricted", 11), ("handback", 6), ("pack", 11)])
def test_a_mail_may_leave_on_its_first_day_and_so_many_working_days_after(
    kind: str, days: int, context: MailContext
) -> None:
    found = build(content(kind), context).send_days
    assert (len(found), found[0], found[1]) == (days, FRI, MON)
    assert all(calendar().is_working(day) for day in found)
    # A day that is no working day counts where the caller says so: alerts of a past day composed on a Saturday.
    assert build_mail(content(kind), context, mail_on=FRI, leaves_on=date(2026, 7, 4)).send_days[:2] == (
        *[date(2026, 7, 4), MON],
    )


def test_the_same_mail_is_the_same_bytes_and_another_identity_another_message_id(context: MailContext) -> None:
    file = Attachment("a.pdf", b"%PDF", "application", "pdf")
    one, again = (build(content(attachments=[file]), context) for _ in range(2))
    assert one == again
    other = build(content("pack", "example", "y"), context)
    assert other.message_id != one.message_id
    # The parts of an identity are kept apart: what is moved from one to the next is another mail.
    assert (
        build(content("pack", "ab", "c"), context).message_id != build(content("pack", "a", "bc"), context).message_id
    )


def test_attachments_keep_name_type_and_parameters(context: MailContext) -> None:
    params = {"method": "PUBLISH", "charset": "utf-8"}
    files = [
        Attachment("a.pdf", b"%PDF", "application", "pdf"),
        Attachment("d.ics", b"BEGIN\r\n", "text", "calendar", params),
    ]
    mail = parse(build(content("digest", attachments=files), context))
    pdf, dates = mail.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content_type(), pdf.get_content()) == ("a.pdf", "application/pdf", b"%PDF")
    assert (dates.get_filename(), dates.get_content_type()) == ("d.ics", "text/calendar")
    assert dates["Content-Type"].params["method"] == "PUBLISH"


@pytest.mark.parametrize("kind", ["digest", "pack"])
def test_a_long_subject_stays_on_its_line(kind: str, context: MailContext) -> None:
    subject = "Report to the committee " * 6
    assert f"\r\nSubject: {subject.strip()}" in build(content(kind, subject=subject), context).body.decode()


def test_what_a_template_is_not_given_is_an_error(context: MailContext) -> None:
    with pytest.raises(UndefinedError):
        build(content(view={}), context)
