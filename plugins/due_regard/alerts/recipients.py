"""Who is mailed: from an owner role, a subject and the staff export to one address.

A blank reference means nobody was assigned: the role's mailbox is mailed. A reference to nobody who can be mailed
(unknown, away without a deputy, an address that cannot be one or that was refused) is an error of the export: the
landlord's fallback mailbox is mailed, and the data owner what to mend. Sentences are in the wording file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from due_regard.alerts.mailable_addresses import is_address
from due_regard.alerts.owner_fields import OWNER_FIELDS
from due_regard.alerts.record_cells import RecordCell, RecordCells
from due_regard.config.landlord import AlertSettings
from due_regard.mail.wording import MailWording

NEW_OWNER = "new_owner"  # among the wording's `posts`: whoever a person handed a finding to


@dataclass(frozen=True)
class RecipientProblem:
    """What in the landlord's data or settings kept a mail from its owner, and what the data owner needs to mend it.

    Attributes:
        key: the same trouble is told once.
        words: what is wrong, by post and field. staff_ref: who is meant, where it is a member of staff.
        cell: the cell to mend. remedy: what to do. Both are for the data owner's mail alone.
    """

    key: str
    words: str
    staff_ref: str | None = None
    cell: RecordCell | None = None
    remedy: str = ""


@dataclass(frozen=True)
class Recipient:
    """One address, the post it is written to for, how it was found, and what kept the mail from the post's holder.

    Attributes:
        staff_ref: the member of staff who holds the post, by the landlord's own reference; None of a mailbox.
        team: theirs, as the staff export has it.
    """

    address: str
    post: str
    why: str
    problem: RecipientProblem | None = None
    is_deputy: bool = False
    staff_ref: str | None = None
    team: str | None = None


def describe_capacity(recipient: Recipient, wording: MailWording) -> str:
    """As whom the recipient is written to."""
    if recipient.problem is not None:
        return wording.recipient.in_place_of.format(post=recipient.post)
    sentence = wording.recipient.as_deputy if recipient.is_deputy else wording.recipient.as_post
    return sentence.format(post=recipient.post)


def name_recipient(recipient: Recipient, wording: MailWording) -> str:
    """How the others' mails name the recipient."""
    if recipient.problem is not None:
        return wording.recipient.fallback.format(post=recipient.post)
    return wording.recipient.deputy.format(post=recipient.post) if recipient.is_deputy else recipient.post


def choose_reachable_mailbox(wanted: str, alerts: AlertSettings, refused: frozenset[str]) -> str:
    """`wanted`, or the first of the landlord's own mailboxes that is not refused; the data owner's when all are."""
    candidates = [address.lower() for address in (wanted, alerts.fallback_mailbox, alerts.data_owner)]
    return next((address for address in candidates if address not in refused), candidates[-1])


@dataclass(frozen=True)
class RecipientDirectory:
    """The staff export, the records that point to it, and the landlord's mailboxes.

    Whom many records name is worked out once: nothing of a directory changes.

    Attributes:
        cells: the landlord's records as the register has them now.
        alerts: its role mailboxes.
        wording: the sentences of mails.
        refused: addresses (lower case) that the mail server refused for good.
    """

    cells: RecordCells
    alerts: AlertSettings
    wording: MailWording
    refused: frozenset[str] = frozenset()
    _people: dict[tuple[str, str, str], Recipient] = field(default_factory=dict, repr=False, compare=False)
    _mailboxes: dict[tuple[str, str], Recipient] = field(default_factory=dict, repr=False, compare=False)
    _named: dict[tuple[str, str, str], tuple[str, str | None]] = field(default_factory=dict, repr=False, compare=False)

    def find_owner(self, role: str, subject_type: str, subject_ref: str, *, handed_to: str | None = None) -> Recipient:
        """Who must act in `role` on the subject; where a person handed it over, that member of staff."""
        if handed_to is not None:
            return self._find_person(NEW_OWNER, handed_to, "", lambda: None)
        path, ref = self._find_named(role, subject_type, subject_ref)
        if ref is not None:
            return self._find_person(role, ref, path, lambda: self.cells.find_cell(subject_type, subject_ref, path))
        words = self.wording
        why = words.recipient.nobody_named.format(field=path) if path else words.recipient.mailbox_owns_duty
        return self.find_mailbox(role, why)

    def find_line_manager(
        self, role: str, subject_type: str, subject_ref: str, *, handed_to: str | None = None
    ) -> Recipient:
        """The line manager of whoever must act in `role` (also while a deputy stands in for them)."""
        ref = handed_to or self._find_named(role, subject_type, subject_ref)[1]
        manager = None if ref is None else self.cells.read_text("staff", ref, "line_manager_ref")
        if manager is None:
            return self.find_mailbox("line_manager", self.wording.recipient.no_line_manager)
        post = self.wording.name_post(NEW_OWNER if handed_to else role)
        named_by = self.wording.recipient.line_manager_field.format(post=post)
        cell = RecordCell("staff", str(ref), "line_manager_ref")
        return self._find_person("line_manager", manager, named_by, lambda: cell)

    def find_restricted(self, role: str, subject_type: str, subject_ref: str) -> Recipient | RecipientProblem:
        """Who in `role` may be told of a restricted duty: nobody stands in for them, and no fallback is mailed.

        The line manager is that of the member of staff concerned, not that of whoever must act.
        """
        if role == "line_manager" or role in OWNER_FIELDS:
            return self._find_restricted_person(role, subject_type, subject_ref)
        post, address = self.wording.name_post(role), self._read_mailbox(role)
        if not address or address in self.refused:
            words = self.wording.data_issue.restricted_no_mailbox.format(post=post)
            return RecipientProblem(f"restricted:{role}", words, remedy=self._name_setting(role))
        return Recipient(address, post, self.wording.recipient.mailbox_of.format(post=post))

    def find_mailbox(self, role: str, why: str) -> Recipient:
        """The landlord's mailbox for `role`, else its fallback mailbox with a problem."""
        if (role, why) not in self._mailboxes:
            self._mailboxes[role, why] = self._choose_mailbox(role, why)
        return self._mailboxes[role, why]

    def _choose_mailbox(self, role: str, why: str) -> Recipient:
        post, address = self.wording.name_post(role), self._read_mailbox(role)
        if not address:
            words = self.wording.data_issue.no_mailbox.format(post=post)
            problem = RecipientProblem(f"mailbox:{role}", words, remedy=self._name_setting(role))
            return self._find_fallback(role, why, problem)
        if address in self.refused:
            words = self.wording.data_issue.mailbox_refused.format(post=post)
            problem = RecipientProblem(f"refused:{role}", words, remedy=self._name_setting(role))
            return self._find_fallback(role, why, problem)
        return Recipient(address, post, self.wording.recipient.so_mailbox.format(why=why, post=post))

    def _find_person(self, role: str, ref: str, named_by: str, find_cell: Callable[[], RecordCell | None]) -> Recipient:
        """Whoever `ref` is; `named_by` says which field of a record names them, `find_cell` gives its cell."""
        key = (role, ref, named_by)
        if key in self._people:
            return self._people[key]
        named_in = find_cell()
        found = self._look_up_person(role, ref, named_by, named_in)
        # To be mended in the very cell that names them: told of each cell.
        if found.problem is None or found.problem.cell != named_in:
            self._people[key] = found
        return found

    def _look_up_person(self, role: str, ref: str, named_by: str, named_in: RecordCell | None) -> Recipient:
        words, post = self.wording, self.wording.name_post(role)
        why = words.recipient.named_in.format(post=post, field=named_by) if named_by else words.recipient.handed_over
        if not self.cells.has_entity("staff"):
            # No staff export at all is a landlord's choice, not an error of one record.
            return self.find_mailbox(role, words.recipient.no_staff_export.format(why=why))
        seen: set[str] = set()
        while ref not in seen and self.cells.is_no("staff", ref, "is_active"):
            seen.add(ref)
            if (deputy := self.cells.read_text("staff", ref, "deputy_ref")) is None:
                break
            named_in = RecordCell("staff", ref, "deputy_ref")
            ref, why = deputy, words.recipient.inactive_owner.format(post=post)
        address = None if ref in seen else self._read_address(ref)
        if address is not None:
            why, team = words.recipient.staff_address.format(why=why), self.cells.read_text("staff", ref, "team")
            return Recipient(address, post, why, is_deputy=bool(seen), staff_ref=ref, team=team)
        return self._find_fallback(role, why, self._make_problem(ref, post, named_in, is_away=ref in seen))

    def _make_problem(self, ref: str, post: str, named_in: RecordCell | None, *, is_away: bool) -> RecipientProblem:
        """What is wrong with a member of staff, and in which cell: `named_in` is where they are named."""
        words, cell = self.wording, RecordCell("staff", ref, "email")
        said, remedy = words.data_issue.owner_no_address, words.data_issue.mend_address
        if is_away:
            said, remedy = words.data_issue.owner_inactive, words.data_issue.mend_deputy
            cell = RecordCell("staff", ref, "deputy_ref")
        elif self.cells.read_text("staff", ref, "staff_ref") is None:
            said, remedy = words.data_issue.owner_unknown, words.data_issue.mend_reference
            return RecipientProblem(f"staff:{ref}", said.format(post=post), ref, named_in, remedy)
        elif is_address((self.cells.read_text("staff", ref, "email") or "").strip()):
            said, remedy = words.data_issue.owner_refused, words.data_issue.mend_refused
        return RecipientProblem(f"staff:{ref}", said.format(post=post), ref, cell, remedy)

    def _find_restricted_person(self, role: str, subject_type: str, subject_ref: str) -> Recipient | RecipientProblem:
        if role == "line_manager":
            staff_ref = self.cells.follow_path(subject_type, subject_ref, "staff_ref")
            ref = None if staff_ref is None else self.cells.read_text("staff", staff_ref, "line_manager_ref")
        else:
            _, ref = self._find_named(role, subject_type, subject_ref)
        words, post = self.wording, self.wording.name_post(role)
        address = None if ref is None else self._read_address(ref)
        if address is None:
            sentence = words.data_issue.restricted_no_address.format(post=post)
            key = f"restricted:{role}:{subject_ref}"
            if ref is None or self.cells.read_text("staff", ref, "staff_ref") is None:
                # The cell that names them would say who was named in public: `finding show` does, to whoever may look.
                return RecipientProblem(key, sentence, remedy=words.data_issue.mend_restricted)
            cell = RecordCell("staff", ref, "email")
            return RecipientProblem(key, sentence, ref, cell, words.data_issue.mend_address)
        return Recipient(address, post, words.recipient.staff_address.format(why=post))

    def _find_fallback(self, role: str, why: str, problem: RecipientProblem) -> Recipient:
        address = choose_reachable_mailbox(self.alerts.fallback_mailbox, self.alerts, self.refused)
        why = self.wording.recipient.so_fallback.format(why=why, problem=problem.words)
        team = None if problem.staff_ref is None else self.cells.read_text("staff", problem.staff_ref, "team")
        return Recipient(address, self.wording.name_post(role), why, problem, staff_ref=problem.staff_ref, team=team)

    def _name_setting(self, role: str) -> str:
        """What to mend where a mailbox of the landlord's settings is missing or refused."""
        return self.wording.data_issue.mend_mailbox.format(role=role)

    def _read_mailbox(self, role: str) -> str:
        return self.alerts.role_mailboxes.get(role, "").lower()

    def _read_address(self, ref: str) -> str | None:
        text = (self.cells.read_text("staff", ref, "email") or "").strip().lower()
        return text if is_address(text) and text not in self.refused else None

    def _find_named(self, role: str, subject_type: str, subject_ref: str) -> tuple[str, str | None]:
        """The field of the record that names the owner, and the reference in it."""
        key = (role, subject_type, subject_ref)
        if key not in self._named:
            self._named[key] = self._look_up_named(*key)
        return self._named[key]

    def _look_up_named(self, role: str, subject_type: str, subject_ref: str) -> tuple[str, str | None]:
        paths = OWNER_FIELDS.get(role, {}).get(subject_type, ())
        for path in paths:
            found = self.cells.follow_path(subject_type, subject_ref, path)
            if found is not None:
                return path, found
        return " or ".join(paths), None
