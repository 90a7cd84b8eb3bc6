"""Packs: what committees and senior managers are shown each quarter, and the list of what managers must do.

Measures are pure; `build_pack` alone reads the register and writes files. May import register and the core, never
intake, alerts or web.
"""

from due_regard.packs.build import build_pack
from due_regard.packs.life.filing import PackReport
from due_regard.packs.life.pack_mail import build_pack_mail
from due_regard.packs.life.pack_records import (
    find_built_pack,
    is_issued,
    is_mailed,
    record_issue,
    record_mailing,
)
from due_regard.packs.life.report_duties import (
    add_report_duty,
    assess_report_duties,
    format_first_issues,
    parse_first_issues,
    read_first_issues,
)

__all__ = [
    "PackReport",
    "add_report_duty",
    "assess_report_duties",
    "build_pack",
    "build_pack_mail",
    "find_built_pack",
    "format_first_issues",
    "is_issued",
    "is_mailed",
    "parse_first_issues",
    "read_first_issues",
    "record_issue",
    "record_mailing",
]
