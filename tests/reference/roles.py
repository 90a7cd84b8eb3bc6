"""Roles and kinds of conduct that several rules name."""

from __future__ import annotations

from typing import Any

from tests.reference.records import Record, World, cell
from tests.reference.verdicts import Answer, any_of, is_in, is_yes

MANAGERS = {
    "manager",
    "operational_manager",
    "head_of_service",
    "director",
    "chief_executive",
    "leadership_team",
    "senior_management_team",
    "management_team",
    "executive_management_team",
}


def is_violent(incident: Any) -> Answer:
    """Violence threatened or done. No incident is no violence."""
    return is_in(cell(incident, "violence"), {"threat", "physical"})


def is_harassing(incident: Any) -> Answer:
    """Marked as harassment."""
    return is_yes(cell(incident, "harassment"))


def is_discriminatory(incident: Any) -> Answer:
    """Marked as discriminatory."""
    return is_yes(cell(incident, "discriminatory"))


def is_grave(incident: Any) -> Answer:
    """Violent, discriminatory or harassment: what Port of Leith restricts for (4.2.4)."""
    return any_of(is_violent(incident), is_discriminatory(incident), is_harassing(incident))


def trigger(world: World, restriction: Record) -> Any:
    """The incident that a restriction was imposed for."""
    return world.linked("incidents", cell(restriction, "incident_ref"))
