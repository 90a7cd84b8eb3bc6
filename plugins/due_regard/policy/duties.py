"""The four kinds of duty a policy file may list, each with the clause it rests on.

Field meanings are the contract's (Assessment); conditions and dates are words of policy/conditions. Nothing here knows
how a duty is assessed nor any landlord.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from due_regard.policy.conditions import Condition, DateOf, FieldPath, Word

Severity = Literal["breach", "explain", "warning", "info"]
OwnerRole = Literal[
    "decider",
    "appeal_handler",
    "reviewer",
    "incident_manager",
    "marker_owner",
    "request_owner",
    "governance",
    "services_manager",
    "line_manager",
]
"""Who must act: the first six are resolved through the record and the staff export, the rest are role mailboxes.

`line_manager` (of the member of staff concerned) is a word of `restricted_to`.
"""

FedFigure = Literal[
    "reviews",
    "expiries",
    "acknowledgements",
    "decisions",
    "answers",
    "notices",
    "independence",
    "policy_review",
]
"""A figure of packs and mails that a duty may feed; what duty each is made of is fed_figures.py's."""

Rule = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z_]+$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Months = Annotated[int, Field(ge=1, le=600)]
Count = Annotated[int, Field(ge=1, le=3650)]


class _OneUnit(Word):
    """A length of time in exactly one of the units that are its fields."""

    @model_validator(mode="after")
    def _check_one_unit(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"says one of {', '.join(type(self).model_fields)}")
        return self


class Within(_OneUnit):
    """How long a duty may take.

    Attributes:
        working_days: the nth working day, by the policy's counting convention.
        days: calendar days.
        months: calendar months, clamped to the month's end.
        quarters: the last day of the nth calendar quarter after the one the start falls in.
    """

    working_days: Count | None = None
    days: Count | None = None
    months: Months | None = None
    quarters: Annotated[int, Field(ge=1, le=40)] | None = None


class Notice(_OneUnit):
    """How long before it is due a duty counts as due soon; its unit is the unit lateness is counted in."""

    working_days: Annotated[int, Field(ge=0, le=250)] | None = None
    days: Annotated[int, Field(ge=0, le=3650)] | None = None


class Cycle(_OneUnit):
    """How often something recurs, in calendar months or years."""

    months: Months | None = None
    years: Annotated[int, Field(ge=1, le=50)] | None = None

    @property
    def in_months(self) -> int:
        """The cycle in calendar months."""
        return self.months or 12 * (self.years or 0)


class _Duty(Word):
    """What every duty says.

    Attributes:
        rule: `<subject>.<name>`, the contract's name of the rule.
        label: the duty in plain words, for packs and the register page.
        mail_label: neutral words for a mail: they betray neither a person's situation nor an incident's kind.
        clause: the landlord's own clause; `promise` quotes it shortly.
        reading: where our reading fills a gap of the text; shown until a named officer confirms it.
        remedy: how to put it right.
        owner_role: who must act. severity: what a failure is; `severity_where` softens it row by row.
        when: which subjects the duty is for; all where left out.
        requires: links whose record must exist, else there is no row.
        needs: fields without which nothing can be said, whatever the others say.
        absent_as_blank: fields a source may lack without the duty becoming not measured.
        feeds: the figure of packs and mails that is made of this duty; none where left out.
        curable: False where no act can mend it afterwards. statutory: a clock set by law or regulator.
        restricted_to: owner roles that alone may hear of it.
    """

    rule: Rule
    label: Text
    mail_label: Text
    clause: Text
    promise: Text | None = None
    reading: Text | None = None
    remedy: Text
    owner_role: OwnerRole
    severity: Severity = "breach"
    severity_where: dict[Severity, Condition] = Field(default_factory=dict)
    when: Condition | None = None
    requires: tuple[FieldPath, ...] = ()
    needs: tuple[FieldPath, ...] = ()
    absent_as_blank: tuple[FieldPath, ...] = ()
    feeds: FedFigure | None = None
    curable: bool = True
    statutory: bool = False
    restricted_to: tuple[OwnerRole, ...] = ()

    @property
    def subject(self) -> str:
        """Subject type: the part of the rule before the dot."""
        return self.rule.split(".")[0]

    @property
    def name(self) -> str:
        """The part of the rule after the dot."""
        return self.rule.split(".")[1]

    @property
    def days_unit(self) -> str | None:
        """What its days overdue are counted in: working days or calendar days; None where it is never late."""
        notice: Notice | None = getattr(self, "notice", None)
        if notice is None:
            return None
        return "calendar days" if notice.working_days is None else "working days"


class DeadlineDuty(_Duty):
    """Something to be done by a day: `start` and `within`, or a `due` date that is given; no row while it is blank.

    `roll: next_working_day` moves a due date that is no working day. `done` is when it was done.
    """

    kind: Literal["deadline"]
    start: DateOf | None = None
    within: Within | None = None
    due: DateOf | None = None
    roll: Literal["next_working_day"] | None = None
    done: DateOf
    notice: Notice

    @model_validator(mode="after")
    def _check_start_or_due(self) -> DeadlineDuty:
        if (self.due is None) == (self.start is None) or (self.start is None) != (self.within is None):
            raise ValueError("says either start and within, or due")
        return self


class CheckDuty(_Duty):
    """A condition that must hold: met or breach, without dates."""

    kind: Literal["check"]
    require: Condition


class ReviewDuty(_Duty):
    """A recurring deadline: due by the earlier of base + cycle and the agreed date; each review starts the next.

    Attributes:
        base: dates of the subject, the first recorded one counts.
        cycle: the policy's own interval, if it has one.
        agreed: the subject's agreed date of the first review.
        reviews: entity of the reviews, which link to the subject; `reviewed` their date; `next_agreed` the date they
            agree for the next; `closes` what ends the chain.
        ended: the date after which no review is owed.
    """

    kind: Literal["review"]
    base: Annotated[tuple[FieldPath, ...], Field(min_length=1)]
    cycle: Cycle | None = None
    agreed: FieldPath | None = None
    reviews: str = "reviews"
    reviewed: FieldPath = "reviewed_on"
    next_agreed: FieldPath | None = "next_review_on"
    closes: Condition
    ended: FieldPath
    notice: Notice


class DocumentDuty(_Duty):
    """The policy document's own review: the date it gives, or its cycle after `approved_on`."""

    kind: Literal["document"]
    due: date | None = None
    cycle: Cycle | None = None
    notice: Notice

    @model_validator(mode="after")
    def _check_due_or_cycle(self) -> DocumentDuty:
        if (self.due is None) == (self.cycle is None):
            raise ValueError("says either due or cycle")
        return self


SubjectDuty: TypeAlias = DeadlineDuty | CheckDuty | ReviewDuty
"""A duty about records."""
DatedDuty: TypeAlias = DeadlineDuty | ReviewDuty | DocumentDuty
"""A duty that falls due."""
Duty: TypeAlias = Annotated[DeadlineDuty | CheckDuty | ReviewDuty | DocumentDuty, Field(discriminator="kind")]
