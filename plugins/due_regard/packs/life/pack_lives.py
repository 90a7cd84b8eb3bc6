"""Where a pack stands: its builds, what people decided of it and to whom it was issued, folded into a state.

A pack is one audience's paper of a quarter in one edition; a correction is its next version. Only reads; acts are
pack_acts.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, select

from due_regard.errors import SettingsError
from due_regard.packs.content.pack_content import EDITIONS
from due_regard.packs.life.pack_history import list_builds, list_issues
from due_regard.register.schema.pack_tables import PackEvent

DECISION = "decision"
"""The section of the commentary that says what the audience is asked to decide."""

PackState = Literal["draft", "commented", "not published", "approved", "issued", "corrected"]

ISSUED = frozenset({"by hand", "accepted"})
"""States of an issue that reached its audience."""

DRAFTS = frozenset({"draft", "commented"})
"""States in which a version waits for somebody's word."""

_EVENT = ("id", "version", "pack_id", "at", "event", "actor", "why", "section")


@dataclass(frozen=True)
class PackKey:
    """One pack: which, of which quarter, in which edition."""

    pack: str
    quarter: str
    edition: str

    def __str__(self) -> str:
        return f"{self.pack} of {self.quarter} ({self.edition})"


def make_pack_key(pack: str, quarter: str, edition: str) -> PackKey:
    """The key of a pack.

    Raises:
        SettingsError: no such edition.
    """
    if edition not in EDITIONS:
        raise SettingsError(f"no edition {edition!r}; there are: {', '.join(EDITIONS)}")
    return PackKey(pack, quarter, edition)


@dataclass(frozen=True)
class Commentary:
    """What an officer wrote on one section, as it holds now."""

    section: str
    words: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class PackLife:
    """One pack's builds, acts and issues, the first first; each build and act names its version."""

    key: PackKey
    builds: Sequence[Mapping[str, Any]] = field(repr=False)
    events: Sequence[Mapping[str, Any]] = field(repr=False)
    issues: Sequence[Mapping[str, Any]] = field(repr=False)

    @property
    def version(self) -> int:
        """The newest version: one more with each correction begun."""
        return 1 + sum(1 for event in self.events if event["event"] == "corrected")

    def list_builds_of(self, version: int) -> list[Mapping[str, Any]]:
        """Every build of a version."""
        return [build for build in self.builds if build["version"] == version]

    def find_issue(self, version: int) -> Mapping[str, Any] | None:
        """How a version first reached its audience; None where it never did."""
        own = {build["id"] for build in self.list_builds_of(version)}
        return next((one for one in self.issues if one["pack_id"] in own and one["state"] in ISSUED), None)

    def has_mail_on_its_way(self, version: int) -> bool:
        """Whether a mail of a version is on its way to the clerk."""
        own = {build["id"] for build in self.list_builds_of(version)}
        return any(one["pack_id"] in own and one["state"] == "on its way" for one in self.issues)

    def find_approval(self, version: int) -> Mapping[str, Any] | None:
        """The approval of a version that holds."""
        return self._find_verdict(version, "approved")

    def find_rejection(self, version: int) -> Mapping[str, Any] | None:
        """The rejection of a version, unless it was approved since."""
        return self._find_verdict(version, "rejected")

    def _find_verdict(self, version: int, name: str) -> Mapping[str, Any] | None:
        last = self._find_last(version, "approved", "rejected", "undone")
        return last if last is not None and last["event"] == name else None

    def is_undone(self, version: int) -> bool:
        """Whether the last word on a version took its approval back."""
        return self._find_verdict(version, "undone") is not None

    def find_undoing(self, version: int) -> Mapping[str, Any] | None:
        """The newest act that took an approval of a version back."""
        return self._find_last(version, "undone")

    def find_waiting_since(self, version: int) -> datetime | None:
        """Since when a draft waits for somebody's word; None: it does not, or nobody was asked for it."""
        if self.name_state(version) not in DRAFTS:
            return None
        since: datetime | None = None
        for event in self.events:
            if event["version"] != version:
                continue
            if event["event"] == "undone" or (event["event"] == "asked" and since is None):
                since = event["at"]
            elif event["event"] == "rejected":
                since = None
        return since

    def count_rounds(self, version: int) -> int:
        """How often a version was rejected, or its approval taken back: each begins a new wait."""
        return sum(1 for one in self.events if one["version"] == version and one["event"] in {"rejected", "undone"})

    def has_sole_author(self, actor: str) -> bool:
        """Whether all of the commentary, and some there is, was written by this one."""
        authors = {fold_actor(one.actor) for one in self.commentary.values()}
        return authors == {fold_actor(actor)}

    def find_correction(self, version: int) -> Mapping[str, Any] | None:
        """The act that began a version; None for the first."""
        return self._find_last(version, "corrected")

    def _find_last(self, version: int, *names: str) -> Mapping[str, Any] | None:
        own = (one for one in reversed(self.events) if one["version"] == version and one["event"] in names)
        return next(own, None)

    def find_own_build(self, version: int) -> Mapping[str, Any] | None:
        """The build that a version is: the one issued, else the one approved, else the newest."""
        builds, issue, approval = self.list_builds_of(version), self.find_issue(version), self.find_approval(version)
        chosen = issue["pack_id"] if issue else approval["pack_id"] if approval else None
        return next((build for build in builds if build["id"] == chosen), builds[-1] if builds else None)

    def explain_withheld(self, version: int) -> str:
        """Why nothing of a version is published: too little would be left. Empty where it is, or may be."""
        build = self.find_own_build(version)
        return str(build["ingredients"].get("withheld", "")) if build else ""

    def name_state(self, version: int) -> PackState:
        """Where a version stands."""
        if self.find_issue(version) is not None:
            later = range(version + 1, self.version + 1)
            return "corrected" if any(self.find_issue(one) for one in later) else "issued"
        if self.find_approval(version) is not None:
            return "approved"
        if self.explain_withheld(version):
            return "not published"
        return "commented" if self.commentary else "draft"

    @property
    def commentary(self) -> dict[str, Commentary]:
        """Section -> what was last written on it, unless it was taken out since."""
        found: dict[str, Commentary] = {}
        for event in self.events:
            if event["event"] == "commented":
                words = Commentary(event["section"], event["why"], event["actor"], event["at"])
                found[event["section"]] = words
            elif event["event"] == "comment_removed":
                found.pop(event["section"], None)
        return found

    def describe_correction(self, version: int) -> str:
        """What a correction replaces, and why; empty for a first version."""
        act, replaced = self.find_correction(version), self.find_issue(version - 1)
        if act is None or replaced is None:
            return ""
        day: date = replaced["accepted_on"] or replaced["issued_on"]
        why = " ".join(act["why"].split()).rstrip(" .")
        return f"Version {version}, a correction. It replaces version {version - 1}, issued on {day:%-d %B %Y}: {why}."


def fold_actor(actor: str) -> str:
    """Who it is: whoever is named on the command line may be spelt in capitals, or with a blank more."""
    return " ".join(actor.casefold().split()).replace("cli: ", "cli:")


def read_pack_life(conn: Connection, landlord: str, key: PackKey) -> PackLife:
    """The life of one pack; without builds where it was never built."""
    builds = list_builds(conn, landlord, pack=key.pack, quarter=key.quarter, edition=key.edition)
    mine = (
        PackEvent.landlord == landlord, PackEvent.pack == key.pack, PackEvent.quarter == key.quarter,
        PackEvent.edition == key.edition,
    )  # fmt: skip
    acts = select(*(getattr(PackEvent, name) for name in _EVENT)).where(*mine).order_by(PackEvent.id)
    events = [dict(row) for row in conn.execute(acts).mappings()]
    issues = list_issues(conn, landlord, [build["id"] for build in builds]) if builds else []
    return PackLife(key, builds, events, issues)
