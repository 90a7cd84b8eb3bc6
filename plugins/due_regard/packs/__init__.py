"""Packs: what committees and senior managers are shown each quarter, and the list of what managers must do.

Measures are pure; `build_pack` alone reads the register and writes files. May import register and the core, never
intake, alerts or web.
"""

from due_regard.packs.known_state import KnownState, read_known_state
from due_regard.packs.life.annual_offer import AnnualOffer, find_annual_offer
from due_regard.packs.life.filing import PackReport
from due_regard.packs.life.kept_files import find_kept_files, find_kept_folder, keep_files
from due_regard.packs.life.pack_acts import (
    check_may_be_issued,
    record_approval,
    record_comment,
    record_comment_removal,
    record_correction,
    record_question,
    record_rejection,
    record_undoing,
    record_withholding,
)
from due_regard.packs.life.pack_history import list_unsettled_packs
from due_regard.packs.life.pack_lives import DECISION, DRAFTS, PackKey, PackLife, make_pack_key, read_pack_life
from due_regard.packs.life.pack_mail import (
    build_approval_mail,
    build_pack_mail,
    build_withheld_mail,
    find_leaving_day,
    find_posting_day,
)
from due_regard.packs.life.pack_records import is_issued, is_mailed, record_issue, record_mailing
from due_regard.packs.life.report_duties import (
    OwedReport,
    add_report_duty,
    assess_report_duties,
    find_owed_report,
    format_first_issues,
    parse_first_issues,
    read_first_issues,
)

__all__ = [
    "DECISION",
    "DRAFTS",
    "AnnualOffer",
    "KnownState",
    "OwedReport",
    "PackKey",
    "PackLife",
    "PackReport",
    "add_report_duty",
    "assess_report_duties",
    "build_approval_mail",
    "build_pack_mail",
    "build_withheld_mail",
    "check_may_be_issued",
    "find_annual_offer",
    "find_kept_files",
    "find_kept_folder",
    "find_leaving_day",
    "find_owed_report",
    "find_posting_day",
    "format_first_issues",
    "is_issued",
    "is_mailed",
    "keep_files",
    "list_unsettled_packs",
    "make_pack_key",
    "parse_first_issues",
    "read_first_issues",
    "read_known_state",
    "read_pack_life",
    "record_approval",
    "record_comment",
    "record_comment_removal",
    "record_correction",
    "record_issue",
    "record_mailing",
    "record_question",
    "record_rejection",
    "record_undoing",
    "record_withholding",
]
