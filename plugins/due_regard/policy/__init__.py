"""Policy as data: what a landlord's policy file may say, read and checked.

Depends on the canonical contract alone; judging is assessment's, telling people is alerts' and packs'.
"""

from due_regard.policy.duties import Check, Deadline, Document, Duty, Review
from due_regard.policy.versions import Policy, PolicyFile, PolicyHistory, load_policies, read_policy

__all__ = [
    "Check",
    "Deadline",
    "Document",
    "Duty",
    "Policy",
    "PolicyFile",
    "PolicyHistory",
    "Review",
    "load_policies",
    "read_policy",
]
