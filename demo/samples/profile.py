"""What one landlord's sample drop is like, as `include/samples/samples.yaml` says it.

Add a knob here when the samples should show something they cannot yet; keep the inventing in the other modules.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class _ProfilePart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WorkbookLook(_ProfilePart):
    """How a workbook of this landlord looks: dates typed as text by hand, report titles above the header."""

    dates_as_text: Share = 0.0
    titles: bool = False


class SampleProfile(_ProfilePart):
    """One landlord's drop: how much of what, by whom, and how well its duties are kept."""

    incidents: int = Field(ge=50)
    file_stamp: str = Field(description="what stands for the * of the mapping's file names")
    date_format: str = "%Y-%m-%d"
    workbook: WorkbookLook = WorkbookLook()
    more_posts: dict[str, int] = Field(default_factory=dict, description="posts beside those every landlord has")
    customer_types: dict[str, float] = Field(default_factory=dict, description="weights; else those of every landlord")
    more_channels: dict[str, float] = Field(default_factory=dict, description="weights of the landlord's own ways")
    more_measures: tuple[tuple[str, ...], ...] = Field(default=(), description="measures of the landlord's own")
    decider_roles: tuple[str, ...]
    complaints_decider_roles: tuple[str, ...] = Field(default=(), description="who decides limits on complaints")
    approver_roles: tuple[str, ...] = ("director",)
    reviewer_roles: tuple[str, ...]
    appeal_roles: tuple[str, ...]
    appeal_bodies: dict[str, str] = {"tenant": "spso"}
    length_months: int
    review_months: int
    no_review_share: Share = 0.0
    violent_share: Share = 0.1
    harassment_share: Share = 0.04
    discriminatory_share: Share = 0.02
    named_publicly_share: Share = 0.004
    support_service_share: Share = 0.05
    kept_share: Share = Field(default=0.94, description="share of duties that are kept")
    late_share: Share = Field(default=0.7, description="share of those not kept that are done late, not left undone")
    absent: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="entity -> columns it has no box for")


class SampleFile(_ProfilePart):
    """The whole file."""

    seed: int
    as_at: date
    begins: date
    landlords: dict[str, SampleProfile]
