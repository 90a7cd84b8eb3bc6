"""What every mail we compose needs of MIME, whichever room composes it: the same mail built again is the same bytes.

Headers and words are the composing room's (alerts, packs), which must not know each other.
"""

from __future__ import annotations

import hashlib
from email.message import EmailMessage


def fix_boundaries(mail: EmailMessage, identity: str) -> None:
    """Make boundaries of the mail's identity: the library's own are random."""
    parts = [part for part in mail.walk() if part.is_multipart()]
    for number, part in enumerate(parts):
        part.set_boundary(f"=={hashlib.sha256(f'{identity}{number}'.encode()).hexdigest()[:40]}==")
