"""Alerts: who is told of which finding and when, and what the register keeps of it.

Reads the register and writes its alert tables (register/schema/alert_tables). Assesses nothing: states come from
assessment, words about a duty from the policy file, other words from include/reports/mail.
"""

from due_regard.alerts.bounces import record_bounce
from due_regard.alerts.composition import ComposeReport, compose_alerts
from due_regard.alerts.go_live import describe_late_go_live, find_late_go_live
from due_regard.alerts.mail_explanation import explain_mail
from due_regard.alerts.run_lateness import find_late_runs, find_slow_cadences

__all__ = [
    "ComposeReport",
    "compose_alerts",
    "describe_late_go_live",
    "explain_mail",
    "find_late_go_live",
    "find_late_runs",
    "find_slow_cadences",
    "record_bounce",
]
