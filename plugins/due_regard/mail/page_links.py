"""Addresses of a landlord's pages (contract: WEB), for mails and calendar entries.

An address holds register references and nothing else: no token, no secret. Who may see its page is asked there.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from due_regard.register.findings.finding_references import is_register_ref


@dataclass(frozen=True)
class PageLinks:
    """Addresses below `base_url` (setting DUE_REGARD_BASE_URL); each is empty where there is none."""

    base_url: str | None
    landlord: str

    def link_finding(self, register_ref: str) -> str:
        """A finding's page; empty for one that a look ahead foresees and nobody has recorded."""
        return self._link_page("findings", register_ref) if is_register_ref(register_ref) else ""

    def link_work(self) -> str:
        """What is to be done, overdue first."""
        return self._link_page("work")

    def link_backlog(self) -> str:
        """What was wrong before go-live, to be handed out."""
        return self._link_page("backlog")

    def link_drop(self, batch: int) -> str:
        """A drop: what of it was not taken, and the files to mend."""
        return self._link_page("drops", str(batch))

    def link_vanished(self) -> str:
        """Records that no longer come, to be withdrawn where they were entered by mistake."""
        return self._link_page("vanished")

    def link_pack(self, quarter: str, name: str, edition: str = "confidential") -> str:
        """A pack of a quarter; an edition other than the confidential one is named."""
        page = self._link_page("packs", quarter, name)
        return page and (page if edition == "confidential" else f"{page}?edition={quote(edition)}")

    def _link_page(self, *parts: str) -> str:
        if self.base_url is None:
            return ""
        path = "/".join(quote(part, safe="") for part in (self.landlord, *parts))
        return f"{self.base_url}/due-regard/{path}"
