"""What a person says with a decision on a finding, checked before it is kept, and its keyed hash for the audit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from unicodedata import category

from due_regard.errors import DecisionError

LONGEST_WORDS = 2_000
"""Characters of a reason: more is a document, and belongs where the landlord keeps those."""

_NO_TEXT = frozenset({"Cc", "Cs"})
"""Control signs and halves of signs: a database refuses some of them."""


@dataclass(frozen=True)
class SaidWords:
    """What a person says with a decision.

    Attributes:
        actor: who decides, as actors.py names them.
        why: their reason.
        now: when.
        landlord: whose finding it must be; any if left out.
        expected_event: the newest event of the finding that they saw: where something happened since, nothing is done.
    """

    actor: str
    why: str
    now: datetime
    landlord: str | None = None
    expected_event: int | None = None

    def __post_init__(self) -> None:
        """Refuse a decision without a name or a reason, or with one that cannot be kept.

        Raises:
            DecisionError: one of them is blank, too long, or holds signs that no text has.
        """
        for name in ("actor", "why"):
            text = getattr(self, name)
            if not text.strip():
                raise DecisionError(name, "say who decides, and why: both are kept with the finding")
            if len(text) > LONGEST_WORDS:
                raise DecisionError(name, f"say it in {LONGEST_WORDS} characters at most")
            if any(category(sign) in _NO_TEXT and sign not in "\t\r\n" for sign in text):
                raise DecisionError(name, "it holds a sign that is no text; type it anew")


def hash_said_words(nonce: str, *, actor: str, why: str, until: date | None, to_ref: str | None = None) -> str:
    """Hash of what a person said, keyed by the event's nonce: without it nobody can try names against the hash."""
    said = [nonce, actor, why, until.isoformat() if until else None]
    # Decisions of earlier revisions name nobody: their hash stays what it was.
    return hashlib.sha256(json.dumps(said if to_ref is None else [*said, to_ref]).encode()).hexdigest()
