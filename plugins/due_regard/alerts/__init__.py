"""Alerts: who is told of which finding and when, and what the register keeps of it.

Reads the register and writes its alert tables (register/schema/alert_tables). Assesses nothing: states come from
assessment, words about a duty from the policy file, other words from include/reports/mail.
"""

from due_regard.alerts.bounces import record_bounce
from due_regard.alerts.composition import ComposeReport, compose_alerts
from due_regard.alerts.go_live import describe_late_go_live, find_late_go_live
from due_regard.alerts.late_days import (
    LateDay,
    find_deadline,
    find_late_days,
    find_still_late,
    find_work_of_day,
    list_waited_days,
)
from due_regard.alerts.mail_explanation import explain_mail
from due_regard.alerts.run_lateness import find_late_runs, find_slow_cadences
from due_regard.alerts.silent_watches import WATCHES, find_silent_watches

__all__ = [
    "WATCHES",
    "ComposeReport",
    "LateDay",
    "compose_alerts",
    "describe_late_go_live",
    "explain_mail",
    "find_deadline",
    "find_late_days",
    "find_late_go_live",
    "find_late_runs",
    "find_silent_watches",
    "find_slow_cadences",
    "find_still_late",
    "find_work_of_day",
    "list_waited_days",
    "record_bounce",
]
