"""A landlord's policy as dated versions: one file a version, `<landlord>/<effective_from>.yaml`.

Reading and choosing versions; what a duty may say is policy/duties.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from due_regard.errors import PolicyError
from due_regard.landlords import Identifier
from due_regard.policy.duties import Document, Duty, Text
from due_regard.policy.fields import Fault, faults
from due_regard.working_days import Convention
from due_regard.yamlfile import read_yaml


class PolicyFile(BaseModel):
    """What one policy file says.

    Attributes:
        landlord: id; must be the folder's name.
        title: of the landlord's document.
        approved_on: the day it was approved, where known.
        counting: how "within n working days" counts (contract: Assessment, Time).
        duties: in the order reports show them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    landlord: Identifier
    title: Text
    approved_on: date | None = None
    counting: Convention = "day0"
    duties: Annotated[tuple[Duty, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_rule_once(self) -> PolicyFile:
        seen: set[str] = set()
        for duty in self.duties:
            if duty.rule in seen:
                raise ValueError(f"{duty.rule} is listed twice")
            seen.add(duty.rule)
        return self


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

    @cached_property
    def _by_rule(self) -> dict[str, Duty]:
        return {duty.rule: duty for duty in self.duties}

    def duty(self, rule: str) -> Duty:
        """The duty of `rule`.

        Raises:
            PolicyError: this version has no such rule.
        """
        if rule not in self._by_rule:
            raise PolicyError(f"{self.landlord} has no rule {rule!r}; known: {', '.join(sorted(self._by_rule))}")
        return self._by_rule[rule]


@dataclass(frozen=True)
class PolicyHistory:
    """All versions of a landlord's policy, oldest first. The earliest also judges everything older."""

    versions: tuple[Policy, ...]

    @property
    def landlord(self) -> str:
        """Landlord id."""
        return self.versions[0].landlord

    def in_force(self, on: date) -> Policy:
        """The version in force on `on`; before the first, the first."""
        return max(
            (v for v in self.versions if v.effective_from <= on),
            key=lambda v: v.effective_from,
            default=self.versions[0],
        )

    def duty(self, rule: str, version: date | None = None) -> Duty:
        """The duty of `rule` in the version that came into force on `version`, else in the latest that has it."""
        for policy in reversed(self.versions):
            if version in (None, policy.effective_from) and rule in policy._by_rule:
                return policy.duty(rule)
        return self.versions[-1].duty(rule)

    def periods(self) -> Iterator[tuple[Policy, date | None, date | None]]:
        """Each version with the first day it judges (None: everything older too) and the first it no longer does."""
        starts = [None, *(v.effective_from for v in self.versions[1:])]
        ends = [*(v.effective_from for v in self.versions[1:]), None]
        yield from zip(self.versions, starts, ends, strict=True)


def read_policy(file: Path) -> PolicyFile:
    """Read and check one policy file.

    Raises:
        PolicyError: names the file, the line and the allowed words.
    """
    return read_yaml(file, PolicyFile, PolicyError, check=_all_faults)


def _all_faults(policy: PolicyFile) -> Iterator[Fault]:
    for number, duty in enumerate(policy.duties):
        for place, message in faults(duty):
            yield ("duties", number, *place), f"{duty.rule}: {message}"
        if isinstance(duty, Document) and duty.subject != "policy":
            yield ("duties", number, "rule"), f"{duty.rule}: a document's rule is named policy.…"


def load_policies(folder: Path, landlord: str) -> PolicyHistory:
    """Every version of `landlord`'s policy in `<folder>/<landlord>/`.

    Raises:
        PolicyError: there is none, a file's name is no date, or a file is wrong.
    """
    files = sorted((folder / landlord).glob("*.yaml"))
    if not files:
        raise PolicyError("no policy: put it in <effective_from>.yaml", file=folder / landlord)
    return PolicyHistory(tuple(sorted((_version(file, landlord) for file in files), key=lambda v: v.effective_from)))


def _version(file: Path, landlord: str) -> Policy:
    try:
        effective_from = date.fromisoformat(file.stem)
    except ValueError:
        raise PolicyError("a policy file is named by the day it comes into force, YYYY-MM-DD.yaml", file=file) from None
    found = read_policy(file)
    if found.landlord != landlord:
        raise PolicyError(f"says landlord {found.landlord!r} in the folder of {landlord!r}", file=file)
    return Policy(effective_from, found)
