"""Which fields of a record name whoever must act on it, by their role: what recipients.py looks for.

Add a role here when a record names its holder; one that none names is a role mailbox.
"""

from __future__ import annotations

from collections.abc import Mapping

from due_regard.alerts.record_cells import LAST_REVIEW

OWNER_FIELDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "decider": {
        "restriction": ("decided_by",),
        "appeal": ("restriction.decided_by",),
        "review": ("restriction.decided_by",),
        "marker": ("restriction.decided_by",),
        "warning": ("issued_by",),
        "incident": ("manager_ref",),
    },
    "appeal_handler": {"appeal": ("handled_by",)},
    "reviewer": {"review": ("reviewed_by",), "restriction": (f"{LAST_REVIEW}.reviewed_by", "decided_by")},
    "incident_manager": {
        "incident": ("manager_ref",),
        "warning": ("incident.manager_ref", "issued_by"),
        "restriction": ("incident.manager_ref",),
        "marker": ("incident.manager_ref",),
    },
    "marker_owner": {"marker": ("owner_ref",)},
    "request_owner": {"access_request": ("owner_ref",)},
}
"""Owner role -> subject type -> fields that name the owner, the first that is filled in counts.

A role that is not listed (governance, services_manager) is a role mailbox; so is one without a field for the subject.
"""
