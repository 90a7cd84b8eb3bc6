"""Records of as many restrictions as wanted, seeded: what charts and workbooks are looked at with."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from due_regard.records.canonical import Records
from tests.code_words import list_words
from tests.packs.known import frame

_CATEGORIES, _CHANNELS, _MEASURES = (list_words(name) for name in ("categories", "channels", "measures"))
_FIRST = date(2023, 7, 1)
_DAYS = (date(2026, 6, 30) - _FIRST).days


def records(restrictions: int, seed: int = 7) -> Records:
    """Records with so many restrictions, 25 incidents for each, reviews, appeals and markers in proportion."""
    chance = random.Random(seed)
    found = [_restriction(chance, number) for number in range(restrictions)]
    people = [{"customer_ref": f"C{n}", "customer_type": "tenant"} for n in range(max(restrictions * 3, 1))]
    met = [_incident(chance, number, restrictions) for number in range(restrictions * 25)]
    rows = {
        "customers": people, "incidents": met, "restrictions": found, "reviews": _reviews(chance, found),
        "appeals": _appeals(chance, found),
    }  # fmt: skip
    return {entity: frame(entity, *rows.get(entity, []), columns=columns) for entity, columns in _CARRIED.items()}


_CARRIED = {
    "customers": (),
    "incidents": (
        "violence", "team", "harassment", "discriminatory", "manager_informed_on", "committee_reported_on",
        "police_reported_on",
    ),
    "warnings": ("incident_ref",),
    "restrictions": (
        "ended_on", "expires_on", "review_due_on", "notified_on", "notice_in_writing", "emergency_route",
        "incident_ref", "adjustments_considered", "no_review_reason", "decided_by_role", "approved_by_role",
        "decision_stage",
    ),
    "reviews": ("next_review_on", "reviewed_by_role"),
    "appeals": (
        "acknowledged_on", "decided_on", "outcome", "considered_by", "notified_on", "external_body",
        "considered_by_role",
    ),
    "markers": ("restriction_ref", "review_due_on", "reviewed_on", "removed_on"),
    "access_requests": ("responded_on",),
}  # fmt: skip


def _day(chance: random.Random) -> date:
    return _FIRST + timedelta(days=int(_DAYS * chance.random() ** 0.8))


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _restriction(chance: random.Random, number: int) -> dict[str, Any]:
    begins = _day(chance)
    ended = begins + timedelta(days=chance.randint(30, 500)) if chance.random() < 0.4 else None
    return {
        "restriction_ref": f"R{number}", "customer_ref": f"C{number % max(1, number * 2 // 3 + 1)}",
        "measure": ";".join(chance.sample(_MEASURES, chance.choice((1, 1, 1, 2)))), "decided_on": _text(begins),
        "decided_by": "S1", "starts_on": _text(begins), "ended_on": _text(ended),
        "expires_on": _text(begins + timedelta(days=180)) if chance.random() < 0.8 else None,
        "notified_on": _text(begins), "notice_in_writing": True, "emergency_route": chance.random() < 0.8,
        "adjustments_considered": chance.random() < 0.9,
        "no_review_reason": "protects staff" if chance.random() < 0.05 else None,
    }  # fmt: skip


def _incident(chance: random.Random, number: int, restrictions: int) -> dict[str, Any]:
    day = _day(chance)
    return {
        "incident_ref": f"I{number}", "customer_ref": f"C{chance.randrange(restrictions * 3)}",
        "occurred_on": _text(day), "category": chance.choice(_CATEGORIES), "channel": chance.choice(_CHANNELS),
        "violence": chance.choice(("none",) * 9 + ("threat",)), "team": chance.choice(("Housing", "Repairs", "Money")),
        "manager_informed_on": _text(day + timedelta(days=chance.choice((0, 1, 1, 2, 9)))),
        "committee_reported_on": _text(day + timedelta(days=chance.randint(20, 200))),
    }  # fmt: skip


def _reviews(chance: random.Random, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for row in found:
        if chance.random() < 0.5:
            day = date.fromisoformat(row["decided_on"]) + timedelta(days=chance.randint(150, 220))
            rows.append({
                "review_ref": f"V{row['restriction_ref']}", "restriction_ref": row["restriction_ref"],
                "reviewed_on": _text(day), "outcome": chance.choice(("retain", "vary")),
                "next_review_on": _text(day + timedelta(days=180)),
            })  # fmt: skip
    return rows


def _appeals(chance: random.Random, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for row in found:
        if chance.random() < 0.4:
            day = date.fromisoformat(row["decided_on"]) + timedelta(days=chance.randint(1, 20))
            decided = day + timedelta(days=int(chance.gammavariate(3, 5))) if chance.random() < 0.85 else None
            rows.append({
                "appeal_ref": f"A{row['restriction_ref']}", "restriction_ref": row["restriction_ref"],
                "received_on": _text(day), "acknowledged_on": _text(day + timedelta(days=2)),
                "decided_on": _text(decided), "notified_on": _text(decided), "considered_by": "S2",
                "outcome": chance.choice(("upheld", "upheld", "varied", "quashed")) if decided else None,
            })  # fmt: skip
    return rows
