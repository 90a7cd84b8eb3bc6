"""Alerts: who is told of which finding, when, in which words, and how the mail leaves.

Reads the register, writes its alert tables (register/alert_tables), renders `include/reports/mail`. Judges nothing:
states come from assessment, words about a duty from the policy file.
"""

from due_regard.alerts.composition import ComposeReport, compose_alerts
from due_regard.alerts.mail_explanation import explain_mail, find_mail_landlord, read_delivery_record, record_bounce
from due_regard.alerts.run_lateness import find_late_runs, find_slow_cadences
from due_regard.mail.login import check_mail_settings, lay_connection_over_settings, open_transport
from due_regard.mail.sending import SendReport, send_waiting_mails
from due_regard.mail.transport import FolderTransport, ShadowTransport, SmtpTransport, Transport

__all__ = [
    "ComposeReport",
    "FolderTransport",
    "SendReport",
    "ShadowTransport",
    "SmtpTransport",
    "Transport",
    "check_mail_settings",
    "compose_alerts",
    "explain_mail",
    "find_late_runs",
    "find_mail_landlord",
    "find_slow_cadences",
    "lay_connection_over_settings",
    "open_transport",
    "read_delivery_record",
    "record_bounce",
    "send_waiting_mails",
]
