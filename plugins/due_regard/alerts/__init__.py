"""Alerts: who is told of which finding, when, in which words, and how the mail leaves.

Reads the register, writes its alert tables (register/alert_tables), renders `include/reports/mail`. Judges nothing:
states come from assessment, words about a duty from the policy file.
"""

from due_regard.alerts.compose import ComposeReport, compose_alerts
from due_regard.alerts.send import SendReport, send_alerts
from due_regard.alerts.transport import FolderTransport, ShadowTransport, SmtpTransport, Transport

__all__ = [
    "ComposeReport",
    "FolderTransport",
    "SendReport",
    "ShadowTransport",
    "SmtpTransport",
    "Transport",
    "compose_alerts",
    "send_alerts",
]
