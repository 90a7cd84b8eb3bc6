"""Policy as data: what a landlord's policy file may say, read and checked.

Depends on the canonical columns alone; assessing is assessment's, mails are alerts' and papers packs'.
"""

from due_regard.policy.duties import CheckDuty, DeadlineDuty, DocumentDuty, Duty, ReviewDuty
from due_regard.policy.policy_versions import (
    LandlordContext,
    Policy,
    PolicyFile,
    PolicyHistory,
    load_policies,
    read_policy,
)

__all__ = [
    "CheckDuty",
    "DeadlineDuty",
    "DocumentDuty",
    "Duty",
    "LandlordContext",
    "Policy",
    "PolicyFile",
    "PolicyHistory",
    "ReviewDuty",
    "load_policies",
    "read_policy",
]
