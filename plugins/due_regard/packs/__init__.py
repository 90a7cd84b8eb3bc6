"""Packs: what committees and senior managers are shown each quarter, and the list of what managers must do.

Measures are pure; `build_pack` alone reads the register and writes files. May import register and the core, never
intake, alerts or web.
"""

from due_regard.packs.build import build_pack
from due_regard.packs.delivery import pack_mail
from due_regard.packs.filing import PackReport
from due_regard.packs.kept import is_issued, issue, issue_pack
from due_regard.packs.report_duties import report_duties, with_report_duty
from due_regard.quarters import Quarter, last_closed

__all__ = [
    "PackReport",
    "Quarter",
    "build_pack",
    "is_issued",
    "issue",
    "issue_pack",
    "last_closed",
    "pack_mail",
    "report_duties",
    "with_report_duty",
]
