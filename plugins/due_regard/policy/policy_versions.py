"""A landlord's policy as dated versions: one file a version, `<landlord>/<effective_from>.yaml`.

Reads and chooses versions, and says what one landlord is assessed by. What a duty may say is policy/duties.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field

from due_regard.calendars.working_days import Convention, WorkingCalendar
from due_regard.codes.code_files import FileWithCodes, load_neighbouring_lists
from due_regard.codes.code_lists import CodeLists
from due_regard.config.landlord import Identifier, Landlord
from due_regard.config.layered_folders import Folder, find_file, list_files
from due_regard.config.yaml_files import read_yaml
from due_regard.errors import PolicyError
from due_regard.policy.duties import DocumentDuty, Duty, Text
from due_regard.policy.fed_figures import find_figure_faults
from due_regard.policy.field_checks import Fault, find_field_faults
from due_regard.records.canonical import ENTITY_OF_SUBJECT


class PolicyFile(FileWithCodes):
    """What one policy file says.

    Attributes:
        landlord: id; must be the folder's name.
        title: of the landlord's document.
        approved_on: the day it was approved, where known.
        counting: how "within n working days" counts (contract: Assessment, Time).
        duties: in the order reports show them.
    """

    landlord: Identifier
    title: Text
    approved_on: date | None = None
    counting: Convention = "day0"
    duties: Annotated[tuple[Duty, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Policy:
    """One version of a policy, and the day it came into force."""

    effective_from: date
    file: PolicyFile

    @property
    def landlord(self) -> str:
        """Landlord id."""
        return self.file.landlord

    @property
    def title(self) -> str:
        """Title of the landlord's document."""
        return self.file.title

    @property
    def approved_on(self) -> date | None:
        """The day it was approved, where the file says it."""
        return self.file.approved_on

    @property
    def counting(self) -> Convention:
        """Counting convention of working days."""
        return self.file.counting

    @property
    def duties(self) -> tuple[Duty, ...]:
        """Its duties, in the file's order."""
        return self.file.duties

    @property
    def rules(self) -> frozenset[str]:
        """Names of its rules."""
        return frozenset(self._by_rule)

    @cached_property
    def _by_rule(self) -> dict[str, Duty]:
        return {duty.rule: duty for duty in self.duties}

    def find_duty(self, rule: str) -> Duty:
        """The duty of `rule`.

        Raises:
            PolicyError: this version has no such rule.
        """
        if rule not in self._by_rule:
            raise PolicyError(f"{self.landlord} has no rule {rule!r}; known: {', '.join(sorted(self._by_rule))}")
        return self._by_rule[rule]


@dataclass(frozen=True)
class PolicyHistory:
    """All versions of a landlord's policy, oldest first. The earliest also holds for everything older."""

    versions: tuple[Policy, ...]

    @property
    def landlord(self) -> str:
        """Landlord id."""
        return self.versions[0].landlord

    @property
    def role_levels(self) -> Mapping[str, str]:
        """Role -> the role it counts as, for those that count as another."""
        return self.versions[-1].file.code_lists.levels

    def find_version(self, on: date) -> Policy:
        """The version in force on `on`; before the first, the first."""
        return max(
            (v for v in self.versions if v.effective_from <= on),
            key=lambda v: v.effective_from,
            default=self.versions[0],
        )

    def keep_rules(self, rules: Collection[str]) -> PolicyHistory:
        """The same versions with the duties of `rules` alone."""
        kept = (
            replace(
                policy,
                file=policy.file.model_copy(update={"duties": tuple(d for d in policy.duties if d.rule in rules)}),
            )
            for policy in self.versions
        )
        return PolicyHistory(tuple(kept))

    def find_duty(self, rule: str, version: date | None = None) -> Duty:
        """The duty of `rule` in the version that came into force on `version`, else in the latest that has it."""
        for policy in reversed(self.versions):
            if version in (None, policy.effective_from) and rule in policy._by_rule:
                return policy.find_duty(rule)
        return self.versions[-1].find_duty(rule)


@dataclass(frozen=True)
class LandlordContext:
    """What one landlord is assessed by: its settings, its policy's versions, its calendar.

    `texts` are the files that say so, as they were read (services/used_files.py names them).
    """

    landlord: Landlord
    history: PolicyHistory
    calendar: WorkingCalendar
    texts: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)


def read_policy(file: Path, *, landlord: str | None = None, code_lists: CodeLists | None = None) -> PolicyFile:
    """Read and check one policy file, which must be `landlord`'s where that is given.

    Its codes are words of `code_lists`; of the shipped ones where None.

    Raises:
        PolicyError: names the file, the line and the allowed words.
    """

    def find_faults(policy: PolicyFile) -> Iterator[Fault]:
        if landlord not in {None, policy.landlord}:
            yield ("landlord",), f"says landlord {policy.landlord!r} in the folder of {landlord!r}"
        yield from _find_all_faults(policy)

    return read_yaml(file, PolicyFile, PolicyError, check=find_faults, context=code_lists)


def _find_all_faults(policy: PolicyFile) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, duty in enumerate(policy.duties):
        place = ("duties", number)
        if duty.rule in seen:
            yield (*place, "rule"), f"{duty.rule} is listed twice"
        seen.add(duty.rule)
        for inside, message in _find_duty_faults(duty, policy.code_lists):
            yield (*place, *inside), f"{duty.rule}: {message}"
    for number, message in find_figure_faults(policy.duties):
        yield ("duties", number, "feeds"), f"{policy.duties[number].rule}: {message}"


def _find_duty_faults(duty: Duty, lists: CodeLists) -> Iterator[Fault]:
    if isinstance(duty, DocumentDuty):
        if duty.subject != "policy":
            yield ("rule",), "a document's rule is named policy.…"
    elif duty.subject not in ENTITY_OF_SUBJECT:
        yield ("rule",), f"no subject {duty.subject!r}; allowed: {', '.join(ENTITY_OF_SUBJECT)}"
    else:
        yield from find_field_faults(duty, lists)


def load_policies(folder: Folder, landlord: str) -> PolicyHistory:
    """Every version of `landlord`'s policy in `<folder>/<landlord>/`, from whichever layer.

    Its codes are words of the lists that lie beside `folder`.

    Raises:
        CodeListError: a code list is wrong.
        PolicyError: there is none, a file's name is no date, or a file is wrong.
    """
    files = list_files(folder / landlord, "*.y*ml")
    if not files:
        raise PolicyError("no policy: put it in <effective_from>.yaml", file=find_file(folder, landlord))
    lists = load_neighbouring_lists(folder)
    return PolicyHistory(
        tuple(
            Policy(_parse_effective_from(file), read_policy(file, landlord=landlord, code_lists=lists))
            for file in files
        )
    )


def find_effective_from(file: Path) -> date | None:
    """The day from which a policy file holds, as its name says it; None where it is named otherwise."""
    try:
        found = date.fromisoformat(file.stem)
    except ValueError:
        return None
    # fromisoformat also takes 20260101 and week dates: two names for one day.
    return found if f"{found}.yaml" == file.name else None


def _parse_effective_from(file: Path) -> date:
    found = find_effective_from(file)
    if found is None:
        raise PolicyError("a policy file is named by the day it comes into force, YYYY-MM-DD.yaml", file=file)
    return found
