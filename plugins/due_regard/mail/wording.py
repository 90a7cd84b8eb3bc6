"""The sentences of mails that are put together in Python: `include/reports/mail/wording.yaml`, read strictly.

A governance officer may change any sentence there but not its placeholders. A new sentence needs a field here, with
its placeholders, and a line in the file. Layout and whole paragraphs belong in the templates beside that file.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from due_regard.calendars.quarters import LONDON
from due_regard.config.layered_folders import Folder, find_file
from due_regard.config.yaml_files import read_yaml
from due_regard.errors import WordingError
from due_regard.mail.data_owner_wording import DataOwnerSentences
from due_regard.mail.page_wording import PageSentences
from due_regard.mail.sentences import (
    Counted,
    OfDay,
    OfNumber,
    OfPost,
    OfReason,
    Plain,
    Sentences,
    require_placeholders,
)


class SubjectSentences(Sentences):
    """Subject lines; an alert's is a list of what is asked, then the landlord."""

    alert: Annotated[str, require_placeholders("asked", "landlord")]
    restricted: Annotated[str, require_placeholders("ref")]
    several_restricted: OfNumber
    no_export: Plain
    week_clear: Plain
    week_report: Counted
    overdue: OfNumber
    due_today: OfNumber
    due_soon: OfNumber
    to_put_right: OfNumber
    still_open: OfNumber
    backlog: OfNumber
    backlog_open: OfNumber
    disputed: OfNumber
    data_issues: OfNumber
    done: OfNumber
    date_entered: Annotated[str, require_placeholders("day", "ref")]
    date_cancelled: Annotated[str, require_placeholders("day", "ref")]
    pack: Annotated[str, require_placeholders("title", "audience", "months")]
    pack_correction: Annotated[str, require_placeholders("title", "audience", "months")]
    pack_approval: Annotated[str, require_placeholders("title", "months")]
    pack_reminder: Annotated[str, require_placeholders("title", "months")]
    pack_owed: Annotated[str, require_placeholders("title", "months")]
    data_owner: Annotated[str, require_placeholders("landlord", "title")]


class FindingSentences(Sentences):
    """One finding: its name, its state, how to put it right."""

    neutral_label: Annotated[str, require_placeholders("clause")]
    neutral_remedy: Annotated[str, require_placeholders("ref", "clause")]
    no_remedy: Plain
    overdue: Plain
    due_today: Plain
    due_soon: Plain
    to_put_right: Plain
    for_information: Plain
    disputed: Plain
    closed: Plain
    no_longer_open: Plain
    withdrawn: Annotated[str, require_placeholders("label")]
    no_longer_yours: Plain
    with_clause: Annotated[str, require_placeholders("label", "clause")]
    no_team: Plain


class TimingSentences(Sentences):
    """When a finding is or was due."""

    first_seen: OfDay
    act_before: Annotated[str, require_placeholders("day", "before")]
    act_at_once: OfDay
    act_now: OfDay
    due_later: Annotated[str, require_placeholders("day", "distance")]
    due_today: OfDay
    was_due: OfDay
    was_due_late: Annotated[str, require_placeholders("day", "distance")]
    reported_done: Annotated[str, require_placeholders("timing")]
    disputed: Annotated[str, require_placeholders("timing")]
    disputed_on: OfDay
    days: Counted
    working_days: Counted


class NewsSentences(Sentences):
    """Why a finding is in today's mail."""

    new: Plain
    open_again: Plain
    date_moved: Plain
    moved_up_to_you: Plain
    due_today: Plain
    now_overdue: Plain
    moved_up: Plain
    handed_to_you: Plain
    yours_again: Plain


class EscalationSentences(Sentences):
    """Who else is told of a finding, and who is told next."""

    restricted: Plain
    also_told: Annotated[str, require_placeholders("posts")]
    list_of_posts: Annotated[str, require_placeholders("posts", "last")]
    no_further: Plain
    last_stage: Plain
    next_stage: Annotated[str, require_placeholders("day", "post")]


class RecipientSentences(Sentences):
    """As whom a recipient is written to, and how the address was found (`alerts explain` says it)."""

    as_post: OfPost
    as_deputy: OfPost
    in_place_of: OfPost
    deputy: OfPost
    with_reference: Annotated[str, require_placeholders("post", "ref")]
    with_team: Annotated[str, require_placeholders("post", "team")]
    fallback: OfPost
    mailbox_of: OfPost
    backlog_keeper: Plain
    backlog_list: Plain
    told_before: Plain
    handed_over: Plain
    dispute_keeper: Plain
    mailbox_owns_duty: Plain
    nobody_named: Annotated[str, require_placeholders("field")]
    named_in: Annotated[str, require_placeholders("post", "field")]
    line_manager_field: OfPost
    no_line_manager: Plain
    no_staff_export: OfReason
    inactive_owner: OfPost
    staff_address: OfReason
    stage_reached: Annotated[str, require_placeholders("stage")]
    so_mailbox: Annotated[str, require_placeholders("why", "post")]
    so_fallback: Annotated[str, require_placeholders("why", "problem")]


class DataIssueSentences(Sentences):
    """What the data owner must mend."""

    no_mailbox: OfPost
    mailbox_refused: OfPost
    restricted_no_mailbox: OfPost
    restricted_no_address: OfPost
    owner_inactive: OfPost
    owner_unknown: OfPost
    owner_refused: OfPost
    owner_no_address: OfPost
    with_reference: Annotated[str, require_placeholders("problem", "ref")]
    place: Annotated[str, require_placeholders("column", "row", "file", "batch")]
    of_record: Annotated[str, require_placeholders("place", "record")]
    places: Annotated[str, require_placeholders("places")]
    more_places: Annotated[str, require_placeholders("places", "n")]
    mend_reference: Plain
    mend_deputy: Plain
    mend_address: Plain
    mend_refused: Plain
    mend_mailbox: Annotated[str, require_placeholders("role")]
    mend_restricted: Plain
    to_fallback: Annotated[str, require_placeholders("refs", "problem", "mend")]
    to_nobody: Annotated[str, require_placeholders("refs", "problem", "mend")]
    more_refs: Annotated[str, require_placeholders("refs", "n")]
    mail_refused: Annotated[str, require_placeholders("day", "code", "message_id", "place")]
    mail_bounced: Annotated[str, require_placeholders("day", "code", "message_id", "place")]
    mail_unanswered: Annotated[str, require_placeholders("day", "code", "message_id", "place")]
    address_in_settings: Annotated[str, require_placeholders("name")]
    address_gone: Plain
    code: Annotated[str, require_placeholders("code")]


class ExportSentences(Sentences):
    """Which export a mail rests on, and what is wrong with the next one."""

    judged: Annotated[str, require_placeholders("day", "export")]
    taken_in: OfDay
    none_yet: Plain
    none_yet_short: Plain
    held: Annotated[str, require_placeholders("batch")]
    missing: Plain
    expected: OfDay
    last_one: OfDay
    held_back: Annotated[str, require_placeholders("trouble", "findings")]
    open_findings: Counted


class CalendarDateSentences(Sentences):
    """What a calendar entry says below its title."""

    entered: Plain
    cancelled: Plain


class MailWording(Sentences):
    """Every sentence of `wording.yaml`; `posts` says how a mail names a role or a stage's mailbox."""

    subject: SubjectSentences
    finding: FindingSentences
    timing: TimingSentences
    news: NewsSentences
    escalation: EscalationSentences
    recipient: RecipientSentences
    data_issue: DataIssueSentences
    export: ExportSentences
    data_owner: DataOwnerSentences
    page: PageSentences
    calendar_entry: Annotated[str, require_placeholders("label", "ref")]
    calendar_date: CalendarDateSentences
    redirected: Annotated[str, require_placeholders("recipient")]
    posts: dict[str, Plain]

    def name_post(self, role: str) -> str:
        """How a mail names `role`."""
        return self.posts.get(role, role.replace("_", " "))


def load_mail_wording(folder: Folder) -> MailWording:
    """The sentences in `folder`.

    Raises:
        WordingError: the file is missing, a sentence is missing, unknown, or has other placeholders; names the line.
    """
    return read_yaml(find_file(folder, "wording.yaml"), MailWording, WordingError)


def format_day(on: date) -> str:
    """A date as people say it: Fri 3 July 2026."""
    return f"{on:%a} {on.day} {on:%B %Y}"


def format_moment(at: datetime) -> str:
    """An instant as people in London say it: 08:05 on Fri 3 July 2026."""
    local = at.astimezone(LONDON)
    return f"{local:%H:%M} on {format_day(local.date())}"


def format_count(n: int, one: str, many: str | None = None) -> str:
    """`1 duty`, `2 duties`."""
    return f"{n} {one if n == 1 else many or one + 's'}"
