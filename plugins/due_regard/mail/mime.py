"""What every mail we compose has in common, whichever room composes it; built again it is the same bytes.

Headers and words are the composing room's (alerts, packs), which must not know each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage


@dataclass(frozen=True)
class ComposedMail:
    """A composed mail on its way into the outbox."""

    message_id: str
    kind: str
    mail_on: date
    sender: str
    recipient: str
    subject: str
    body: bytes
    send_days: Sequence[date]


def fix_mime_boundaries(mail: EmailMessage, identity: str) -> None:
    """Make boundaries of the mail's identity: the library's own are random."""
    parts = [part for part in mail.walk() if part.is_multipart()]
    for number, part in enumerate(parts):
        part.set_boundary(f"=={hashlib.sha256(f'{identity}{number}'.encode()).hexdigest()[:40]}==")
