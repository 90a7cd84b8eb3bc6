"""Alerts: who is told of which finding, when, in which words, and how the mail leaves.

Reads the register, writes its alert tables (register/alert_tables), renders `include/reports/mail`. Judges nothing:
states come from assessment, words about a duty from the policy file.
"""

from due_regard.alerts.compose import ComposeReport, compose_alerts
from due_regard.alerts.explain import delivery_record, explain, message_landlord, record_bounce
from due_regard.alerts.login import check_mail, over_connection, transport_for
from due_regard.alerts.send import SendReport, send_alerts
from due_regard.alerts.transport import FolderTransport, ShadowTransport, SmtpTransport, Transport
from due_regard.alerts.watch import slow_cadences, stale

__all__ = [
    "ComposeReport",
    "FolderTransport",
    "SendReport",
    "ShadowTransport",
    "SmtpTransport",
    "Transport",
    "check_mail",
    "compose_alerts",
    "delivery_record",
    "explain",
    "message_landlord",
    "over_connection",
    "record_bounce",
    "send_alerts",
    "slow_cadences",
    "stale",
    "transport_for",
]
