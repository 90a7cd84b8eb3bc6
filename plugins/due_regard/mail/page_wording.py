"""The words of links to pages in `wording.yaml`, and whom to ask where there are no links.

page_links.py makes the addresses.
"""

from __future__ import annotations

from typing import Annotated

from due_regard.mail.sentences import Plain, Sentences, require_placeholders


class PageSentences(Sentences):
    """The words of links to pages, and whom to ask where a mail has none."""

    open_finding: Annotated[str, require_placeholders("ref")]
    open_named: Plain
    open_work: Plain
    open_backlog: Plain
    open_drop: Plain
    open_vanished: Plain
    open_pack: Plain
    behind_link: Plain
    ask: Annotated[str, require_placeholders("post", "address", "command")]
    look_up: Annotated[str, require_placeholders("command")]
    files_kept: Annotated[str, require_placeholders("post", "address", "folder")]
