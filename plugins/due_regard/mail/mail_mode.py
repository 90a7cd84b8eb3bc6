"""How mails leave now, and so which of the earlier ones count as told: each mode remembers for itself.

Live is the real thing; a folder, an allow-list and a redirection are trials. outbox.py keeps each mail's mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from due_regard.config.settings import Settings
from due_regard.errors import SettingsError

ModeWord = Literal["live", "folder", "shadow", "redirect"]
LIVE: ModeWord = "live"
FOLDER: ModeWord = "folder"
SHADOW: ModeWord = "shadow"
REDIRECT: ModeWord = "redirect"


@dataclass(frozen=True)
class MailMode:
    """How mails leave.

    Attributes:
        way: what becomes of a mail that may leave.
        allowed: addresses (lower case) that mail may leave to; empty for all. Mails to others are held in shadow.
    """

    way: ModeWord = LIVE
    allowed: frozenset[str] = frozenset()

    @property
    def word(self) -> ModeWord:
        """The mode of a day's run as a whole."""
        return SHADOW if self.allowed else self.way

    def find_word(self, recipient: str) -> ModeWord:
        """The mode of a mail to `recipient`: one on the allow-list gets it as if there were no list."""
        return SHADOW if self.allowed and recipient.lower() not in self.allowed else self.way


LIVE_MODE = MailMode()
"""Every mail leaves for its recipient."""


def choose_mail_mode(settings: Settings) -> MailMode:
    """The mode that the settings ask for.

    Raises:
        SettingsError: an allow-list and a redirection exclude each other.
    """
    allowed = frozenset(address.strip().lower() for address in settings.mail_allow)
    if settings.mail_redirect and allowed:
        raise SettingsError("unset DUE_REGARD_MAIL_ALLOW or DUE_REGARD_MAIL_REDIRECT: a mail cannot follow both")
    if settings.mail_mode == "live":
        return MailMode(REDIRECT if settings.mail_redirect else LIVE, allowed)
    return MailMode(FOLDER, allowed)
