"""Whose work somebody's own is: the member of staff with their address, and the role mailboxes that their roles name.

A role of the auth manager names a mailbox by its end: `Due Regard: <landlord>: Governance` is the landlord's post
`governance`. Whoever stands in for somebody away is the owner already: the work items name the deputy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from due_regard.config.landlord import AlertSettings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from due_regard.register.findings.work_list import Owners

ROLE_PREFIX = "Due Regard"


@dataclass(frozen=True)
class Visitors:
    """Who asks: their address and the names of their roles; neither leaves this answer."""

    email: str | None = None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class VisitorPosts:
    """One landlord's posts of one person.

    Attributes:
        staff: their references in the staff export. teams: theirs. reports: whose line manager they are.
        mailboxes: roles whose mailbox is theirs. takes_unreachable: whether one of these is the fallback mailbox.
    """

    staff: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    takes_unreachable: bool = False

    def make_own(self) -> Owners:
        """Whose work is their own."""
        from due_regard.register.findings.work_list import Owners

        return Owners(self.staff, (), self.mailboxes, self.takes_unreachable)

    def make_team(self) -> Owners:
        """Whose work is that of their team, themselves included."""
        from due_regard.register.findings.work_list import Owners

        return Owners((*self.staff, *self.reports), self.teams, self.mailboxes, self.takes_unreachable)


def find_posts(connection: Connection, landlord: str, alerts: AlertSettings, visitor: Visitors) -> VisitorPosts:
    """The posts that somebody holds at one landlord, their team included."""
    from due_regard.register.case_references import list_reports

    found = find_posts_of_landlords(connection, {landlord: alerts}, visitor)[landlord]
    reports = list_reports(connection, landlord, found.staff) if found.staff else []
    return VisitorPosts(found.staff, found.teams, tuple(reports), found.mailboxes, found.takes_unreachable)


def find_posts_of_landlords(
    connection: Connection, alerts: Mapping[str, AlertSettings], visitor: Visitors
) -> dict[str, VisitorPosts]:
    """Landlord -> the posts that somebody holds there, read at once for all."""
    from due_regard.register.case_references import find_staff_by_email

    members = find_staff_by_email(connection, alerts, visitor.email) if visitor.email else []
    found = {}
    for landlord, settings in alerts.items():
        mine = [member for member in members if member.landlord == landlord]
        boxes = list_mailboxes(landlord, visitor.roles)
        own = {settings.role_mailboxes.get(box, "").lower() for box in boxes}
        found[landlord] = VisitorPosts(
            staff=tuple(member.staff_ref for member in mine),
            teams=tuple(sorted({member.team for member in mine if member.team})),
            mailboxes=boxes,
            takes_unreachable=settings.fallback_mailbox.lower() in own,
        )
    return found


def list_mailboxes(landlord: str, roles: Iterable[str]) -> tuple[str, ...]:
    """Roles of the landlord's policy and settings that role names of the auth manager end in."""
    prefix = f"{ROLE_PREFIX}: {landlord}:"
    ends = (role[len(prefix) :] for role in roles if role.lower().startswith(prefix.lower()))
    return tuple(sorted({"_".join(end.lower().split()) for end in ends} - {""}))
