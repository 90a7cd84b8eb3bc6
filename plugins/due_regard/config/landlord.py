"""How one landlord runs Due Regard: `include/landlords/<id>.yaml`, typed and checked when loaded.

What the landlord's *policy* promises is in the policy file; what its *export* looks like is in the source mapping.
"""

from __future__ import annotations

import re
from datetime import date, time
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from due_regard.config.export_place import ExportPlace
from due_regard.config.layered_folders import Folder, list_files
from due_regard.config.yaml_files import read_named_yaml
from due_regard.errors import LandlordError

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+$")]
Particular = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=90, pattern=r"^[^\r\n]+$")
]
"""A line at the head of a pack's paper: short, as the paper has two pages."""
Division = Literal["scotland", "england_and_wales", "northern_ireland"]


class _SettingsPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EscalationStep(_SettingsPart):
    """A distance after the due date, written `5 working days`, `30 days`, or a bare number of working days."""

    n: int = Field(ge=0)
    unit: Literal["working days", "days"] = "working days"

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, value: object) -> object:
        if isinstance(value, int):
            return {"n": value}
        words = re.fullmatch(r"(\d+) (working )?days?", value) if isinstance(value, str) else None
        if words is None:
            return value
        return {"n": int(words[1]), "unit": "working days" if words[2] else "days"}

    def __str__(self) -> str:
        return f"{self.n} {self.unit}" if self.n != 1 else f"1 {self.unit.removesuffix('s')}"


class EscalationSteps(_SettingsPart):
    """When a finding moves up: how long after its due date (0 = on it) each stage is reached.

    `ahead_days` (calendar days) and `ahead_working_days` say how early the owner hears of a duty counted in that unit.
    """

    ahead_days: int = Field(default=30, ge=0, description="calendar days before a date set in months")
    ahead_working_days: int = Field(default=2, ge=0, description="working days before a working-day deadline")
    overdue: EscalationStep = EscalationStep(n=1)
    line_manager: EscalationStep = EscalationStep(n=5)
    director: EscalationStep = EscalationStep(n=10)
    committee: EscalationStep = EscalationStep(n=20)

    @model_validator(mode="after")
    def _check_order(self) -> EscalationSteps:
        steps = [(name, getattr(self, name)) for name in ("overdue", "line_manager", "director", "committee")]
        for (lower, before), (upper, after) in pairwise(steps):
            if before.unit == after.unit and before.n > after.n:
                raise ValueError(f"{upper} ({after}) comes before {lower} ({before})")
        return self


class AlertSettings(_SettingsPart):
    """Who is mailed and when; addresses are role mailboxes, never people."""

    role_mailboxes: dict[str, Address] = Field(
        default_factory=dict, description="owner_role, stage or role of a restricted duty -> mailbox"
    )
    fallback_mailbox: Address
    data_owner: Address = Field(description="hears of rejections, refused files and failed runs")
    ladder: EscalationSteps = EscalationSteps()
    check_grace_working_days: int = Field(default=2, ge=0)
    longest_silence_days: int = Field(
        default=92, ge=1, le=366, description="days after a decision until which a person may silence a finding"
    )
    go_live_on: date = Field(description="what was overdue before goes to one backlog list")
    summary_weekday: int = Field(default=0, ge=0, le=4, description="0 = Monday")
    missing_after_working_days: int = Field(
        default=2, ge=0, description="working days after the cadence until a drop counts as missing"
    )
    assessed_by: time = Field(
        default=time(7, 30), ge=time(6, 30), le=time(19, 30), description="London time, HH:MM, or the data owner hears"
    )

    @property
    def governance_mailbox(self) -> str:
        """Where governance reads; the fallback where the settings name no mailbox for it."""
        return self.role_mailboxes.get("governance", self.fallback_mailbox)

    @field_validator("assessed_by", mode="before")
    @classmethod
    def _read_hour(cls, value: object) -> object:
        """HH:MM alone; without quotation marks YAML reads 10:30 as 630, by a base of sixty."""
        if isinstance(value, int):
            value = f"{value // 60:02}:{value % 60:02}"
        if isinstance(value, str) and not re.fullmatch(r"[0-2]\d:[0-5]\d", value):
            raise ValueError("write a time of the day as HH:MM, such as 07:30")
        return value


class PackSwitch(_SettingsPart):
    """One pack switched on: a definition of include/reports/packs, how it reaches the clerk, what its paper is headed.

    With `needs_approval` it is mailed only once a named person has approved it; without, its first build is. What of
    the paper's head is not given here the paper names, for the clerk to complete.
    """

    name: Identifier
    clerk: Address
    deliver: Literal["attachment", "link"] = "attachment"
    meets_on: tuple[date, ...] = ()
    days_before_meeting: int = Field(default=7, ge=0)
    needs_approval: bool = Field(default=True, description="mailed only once a named person has approved it")
    remind_after_working_days: int = Field(default=5, ge=1, description="a draft that waits so long is asked for again")
    warn_before_working_days: int = Field(
        default=10, ge=1, description="so long before a draft's report is owed the data owner hears"
    )
    publishes: tuple[Literal["quarter", "year"], ...] = Field(
        default=(), description="the editions for publication that are built beside it: of each quarter, of each year"
    )
    author: Particular | None = Field(default=None, description="post of who answers for the paper, never a name")
    agenda_item: Particular | None = Field(default=None, description="number of the item on the agenda")
    marking: Particular | None = Field(default=None, description="of the confidential edition: exempt, private, why")
    distribution: Annotated[tuple[Particular, ...], Field(max_length=6)] = Field(
        default=(), description="posts and bodies who get the confidential edition"
    )
    retention: Particular | None = Field(default=None, description="how long the pack is kept, and by what rule")

    @field_validator("author", "distribution")
    @classmethod
    def _check_posts(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        if any("@" in text for text in ([value] if isinstance(value, str) else value or ())):
            raise ValueError("name a post, not an address: the paper may be passed on")
        return value

    def find_meeting(self, after: date) -> date | None:
        """The first meeting after a day, where one is given."""
        return min((day for day in self.meets_on if day > after), default=None)


class Landlord(_SettingsPart):
    """One landlord's settings."""

    id: Identifier
    name: str
    division: Division = Field(description="whose bank holidays count")
    closure_days: tuple[date, ...] = Field(default=(), description="the landlord's own closed days")
    source: Identifier = Field(default="canonical", description="source mapping of its export")
    drop_folder: str = Field(description="folder below the drops folder")
    fetch: ExportPlace | None = Field(default=None, description="where its export lies, when not in the drop folder")
    cadence: Literal["daily", "weekly", "fortnightly", "monthly"] = "weekly"
    reporting_year_starts: int = Field(default=4, ge=1, le=12, description="first month of the reporting year")
    confirmed_readings: dict[str, str] = Field(
        default_factory=dict, description="rule -> officer's post and date who confirmed our reading"
    )
    alerts: AlertSettings
    packs: tuple[PackSwitch, ...] = ()

    @model_validator(mode="after")
    def _check_years(self) -> Landlord:
        if self.reporting_year_starts % 3 != 1 and any("year" in switch.publishes for switch in self.packs):
            raise ValueError(
                "a year is published of four whole quarters: reporting_year_starts must be 1, 4, 7 or 10 where a pack "
                "publishes the year"
            )
        return self

    def find_switch(self, pack: str) -> PackSwitch | None:
        """How a pack is switched on; None where it is not."""
        return next((switch for switch in self.packs if switch.name == pack), None)

    @field_validator("drop_folder")
    @classmethod
    def _check_drop_folder(cls, value: str) -> str:
        if Path(value).is_absolute() or ".." in Path(value).parts:
            raise ValueError("must be a folder below the drops folder, without '..'")
        return value


def load_landlord(folder: Folder, landlord: str) -> Landlord:
    """Settings of `landlord`, from `<folder>/<landlord>.yaml`.

    Raises:
        LandlordError: there is no such file, it is wrong, or its id is not its name.
    """
    return read_named_yaml(folder, landlord, Landlord, LandlordError, kind="landlord", key="id")


def list_landlord_ids(folder: Folder) -> tuple[str, ...]:
    """Ids of every landlord that has a settings file, sorted; reads names alone, so a DAG may call it in a task."""
    return tuple(file.stem for file in list_files(folder, "*.yaml"))
