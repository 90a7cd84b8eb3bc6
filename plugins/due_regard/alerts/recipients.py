"""Who is told: from an owner role, a subject and the staff export to one address.

A blank reference means nobody was assigned: the role mailbox hears of it. A reference that leads nowhere (unknown, away
without a deputy, an address that cannot be one or that was refused) is the export's fault: the landlord's fallback
mailbox hears of it and the data owner is told what to mend. Stages and wording are elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from due_regard.alerts.record_cells import LAST_REVIEW, RecordCells
from due_regard.config.landlord import AlertSettings

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}")
_LONGEST_ADDRESS = 254

OWNER_FIELDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "decider": {
        "restriction": ("decided_by",),
        "appeal": ("restriction.decided_by",),
        "review": ("restriction.decided_by",),
        "marker": ("restriction.decided_by",),
        "warning": ("issued_by",),
        "incident": ("manager_ref",),
    },
    "appeal_handler": {"appeal": ("handled_by",)},
    "reviewer": {"review": ("reviewed_by",), "restriction": (f"{LAST_REVIEW}.reviewed_by", "decided_by")},
    "incident_manager": {
        "incident": ("manager_ref",),
        "warning": ("incident.manager_ref", "issued_by"),
        "restriction": ("incident.manager_ref",),
        "marker": ("incident.manager_ref",),
    },
    "marker_owner": {"marker": ("owner_ref",)},
    "request_owner": {"access_request": ("owner_ref",)},
}
"""Owner role -> subject type -> fields that name the owner, the first that is filled in counts.

A role that is not listed (governance, services_manager) is a role mailbox; so is one without a field for the subject.
"""

POSTS = {
    "decider": "the manager who decided",
    "appeal_handler": "the appeal handler",
    "reviewer": "the reviewer",
    "incident_manager": "the incident's manager",
    "marker_owner": "the marker's owner",
    "request_owner": "the request's owner",
    "line_manager": "the line manager",
    "director": "the director",
    "committee": "the committee's clerk",
    "governance": "the governance mailbox",
    "services_manager": "the services manager",
}
"""How a mail names a role."""


@dataclass(frozen=True)
class RecipientProblem:
    """What in the landlord's data or settings kept a mail from its owner; `words` name a field, never a value."""

    key: str
    words: str


@dataclass(frozen=True)
class Recipient:
    """One address, the post it is written to for, how it was found, and what went wrong on the way."""

    address: str
    post: str
    why: str
    problem: RecipientProblem | None = None
    is_deputy: bool = False

    @property
    def capacity(self) -> str:
        """As whom the recipient is written to."""
        if self.problem is not None:
            return f"in place of {self.post}"
        return f"as the deputy of {self.post}" if self.is_deputy else f"as {self.post}"

    @property
    def name(self) -> str:
        """How the others' mails name the recipient."""
        if self.problem is not None:
            return f"the fallback mailbox in place of {self.post}"
        return f"the deputy of {self.post}" if self.is_deputy else self.post


def name_post(role: str) -> str:
    """How a mail names `role`."""
    return POSTS.get(role, role.replace("_", " "))


def is_address(text: object) -> bool:
    """Whether `text` can be an e-mail address that every mail server takes."""
    if not isinstance(text, str) or len(text) > _LONGEST_ADDRESS or ".." in text:
        return False
    return _ADDRESS.fullmatch(text) is not None


@dataclass(frozen=True)
class RecipientDirectory:
    """The staff export, the records that point to it, and the landlord's mailboxes.

    Attributes:
        cells: the landlord's records as the register has them now.
        alerts: its role mailboxes.
        refused: addresses (lower case) that the mail server refused for good.
    """

    cells: RecordCells
    alerts: AlertSettings
    refused: frozenset[str] = frozenset()

    def owner(self, role: str, subject_type: str, subject_ref: str) -> Recipient:
        """Who must act in `role` on the subject."""
        name, ref = self._named(role, subject_type, subject_ref)
        if ref is None:
            return self.mailbox(role, f"nobody is named in {name}" if name else "the duty belongs to a mailbox")
        return self._person(role, ref, name)

    def line_manager(self, role: str, subject_type: str, subject_ref: str) -> Recipient:
        """The line manager of whoever the record names in `role` (also while a deputy stands in for them)."""
        _, ref = self._named(role, subject_type, subject_ref)
        manager = None if ref is None else self.cells.text("staff", ref, "line_manager_ref")
        if manager is None:
            return self.mailbox("line_manager", "the staff export names no line manager")
        return self._person("line_manager", manager, f"line_manager_ref of {name_post(role)}")

    def restricted(self, role: str, subject_type: str, subject_ref: str) -> Recipient | RecipientProblem:
        """Who in `role` may hear of a restricted duty: nobody stands in for them, no fallback hears of it.

        The line manager is that of the member of staff concerned, not that of whoever must act.
        """
        if role == "line_manager" or role in OWNER_FIELDS:
            return self._alone(role, subject_type, subject_ref)
        address = self.alerts.role_mailboxes.get(role, "").lower()
        if not address or address in self.refused:
            return RecipientProblem(
                f"restricted:{role}", f"{name_post(role)} has no working mailbox in the landlord's settings"
            )
        return Recipient(address, name_post(role), f"the mailbox of {name_post(role)}")

    def mailbox(self, role: str, why: str) -> Recipient:
        """The landlord's mailbox for `role`, else its fallback mailbox with a problem."""
        address = self.alerts.role_mailboxes.get(role, "").lower()
        if not address:
            problem = RecipientProblem(
                f"mailbox:{role}", f"the landlord's settings name no mailbox for {name_post(role)}"
            )
            return self._fallback(role, why, problem)
        if address in self.refused:
            problem = RecipientProblem(f"refused:{role}", f"the mail server refuses the mailbox of {name_post(role)}")
            return self._fallback(role, why, problem)
        return Recipient(address, name_post(role), f"{why}, so the mailbox of {name_post(role)}")

    def _person(self, role: str, ref: str, named_in: str) -> Recipient:
        why = f"{name_post(role)}, named in {named_in}"
        if not self.cells.has("staff"):
            # No staff export at all is a landlord's choice, not a fault of one record.
            return self.mailbox(role, f"{why}, but no staff export was delivered")
        seen: set[str] = set()
        while ref not in seen and self.cells.is_no("staff", ref, "is_active"):
            seen.add(ref)
            deputy = self.cells.text("staff", ref, "deputy_ref")
            if deputy is None:
                break
            ref, why = deputy, f"the deputy of {name_post(role)}, who is not active"
        address = None if ref in seen else self._address(ref)
        if address is not None:
            found = f"{why}, with the address of the staff export"
            return Recipient(address, name_post(role), found, is_deputy=bool(seen))
        return self._fallback(
            role, why, RecipientProblem(f"staff:{ref}", self._fault(ref, name_post(role), away=ref in seen))
        )

    def _fault(self, ref: str, name: str, *, away: bool) -> str:
        if away:
            return f"{name} is not active in the staff export and has no active deputy"
        if self.cells.text("staff", ref, "staff_ref") is None:
            return f"{name} is not in the staff export"
        if is_address((self.cells.text("staff", ref, "email") or "").strip()):
            return f"the mail server refuses the address of {name} in the staff export"
        return f"{name} has no usable e-mail address in the staff export"

    def _alone(self, role: str, subject_type: str, subject_ref: str) -> Recipient | RecipientProblem:
        if role == "line_manager":
            staff_ref = self.cells.follow(subject_type, subject_ref, "staff_ref")
            ref = None if staff_ref is None else self.cells.text("staff", staff_ref, "line_manager_ref")
        else:
            _, ref = self._named(role, subject_type, subject_ref)
        address = None if ref is None else self._address(ref)
        if address is None:
            words = f"{name_post(role)} of a restricted duty has no usable address in the staff export"
            return RecipientProblem(f"restricted:{role}:{subject_ref}", words)
        return Recipient(address, name_post(role), f"{name_post(role)}, with the address of the staff export")

    def _fallback(self, role: str, why: str, problem: RecipientProblem) -> Recipient:
        fallback, data_owner = self.alerts.fallback_mailbox.lower(), self.alerts.data_owner.lower()
        address = data_owner if fallback in self.refused else fallback
        return Recipient(address, name_post(role), f"{why}; {problem.words}, so the fallback mailbox", problem)

    def _address(self, ref: str) -> str | None:
        text = (self.cells.text("staff", ref, "email") or "").strip().lower()
        return text if is_address(text) and text not in self.refused else None

    def _named(self, role: str, subject_type: str, subject_ref: str) -> tuple[str, str | None]:
        paths = OWNER_FIELDS.get(role, {}).get(subject_type, ())
        for path in paths:
            found = self.cells.follow(subject_type, subject_ref, path)
            if found is not None:
                return path, found
        return " or ".join(paths), None
