"""Invented staff and customers: staff are called after their roles, customers are numbers.

Add a role or a kind of customer here; what they do is in conduct.py and restricting.py.
"""

from __future__ import annotations

from demo.samples.sample_world import Row, SampleWorld

_POSTS = {
    "chief_executive": 1,
    "executive_management_team": 1,
    "director": 2,
    "senior_management_team": 2,
    "leadership_team": 3,
    "management_team": 1,
    "head_of_governance": 1,
    "head_of_service": 2,
    "operational_manager": 2,
    "manager": 3,
    "team_leader": 3,
    "officer": 14,
}
"""Role -> how many hold it, from the top down: each reports to someone of a role above."""

TEAMS = ("North", "South", "Repairs", "Income", "Customer contact", "Supported living", "Estates")

_CUSTOMERS = {"tenant": 86.0, "factored_owner": 7.0, "applicant": 4.0, "contractor": 1.0, "other": 2.0}


def invent_staff(world: SampleWorld) -> None:
    """Everyone who takes part, from the chief executive down."""
    staff: list[Row] = []
    above: list[Row] = []
    for role, number in {**_POSTS, **world.profile.more_posts}.items():
        post = [_make_member(world, role, n, len(staff) + n, above) for n in range(1, number + 1)]
        for member, deputy in zip(post, post[1:] + post[:1], strict=True):
            member["deputy_ref"] = deputy["staff_ref"] if deputy is not member else None
        staff += post
        above = post
    leaver = staff[-1]
    leaver["is_active"] = False
    world.rows["staff"] = staff


def _make_member(world: SampleWorld, role: str, number: int, place: int, above: list[Row]) -> Row:
    return {
        "staff_ref": f"S{place:03d}",
        "role": role,
        "email": f"{role.replace('_', '.')}.{number}@{world.domain}",
        "line_manager_ref": world.any_of(above)["staff_ref"] if above else None,
        "deputy_ref": None,
        "team": world.any_of(TEAMS),
        "is_active": True,
    }


def choose_by_role(world: SampleWorld, *roles: str) -> Row:
    """A member of staff who holds one of these roles."""
    return world.any_of([member for member in world.rows["staff"] if member["role"] in roles])


def invent_customers(world: SampleWorld) -> None:
    """Customers enough for the incidents, with references whose leading zeros matter."""
    numbers = sorted(world.chance.sample(range(1_000, 99_999), int(world.profile.incidents * 0.55)))
    world.rows["customers"] = [
        {
            "customer_ref": f"{number:08d}",
            "customer_type": world.one(world.profile.customer_types or _CUSTOMERS),
            "receives_support_service": world.happens(world.profile.support_service_share),
        }
        for number in numbers
    ]
