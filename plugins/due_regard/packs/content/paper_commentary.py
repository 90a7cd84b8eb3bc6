"""What officers wrote to a pack's sections, as much of it as two pages hold; the annex has it whole."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import shorten

from due_regard.packs.content.pack_content import PackContent
from due_regard.packs.content.paper_points import RankedPoints
from due_regard.packs.content.paper_wording import PaperWording

_LONGEST, _LONGEST_TOGETHER, _SHORTEST = 260, 900, 60
"""Characters of one commentary, of all together, and of one among many."""
_MOST_SAID = 16
"""Tables whose commentary is printed; the others are named in one line."""


_LONGEST_DECISION = 420


def list_decision(content: PackContent, wording: PaperWording) -> tuple[str, ...]:
    """What an officer asks the readers to decide, in the officer's own words."""
    said = content.decision_asked
    return (cut_text(said, _LONGEST_DECISION, wording.lines.whole),) if said else ()


def list_commentary(content: PackContent, wording: PaperWording) -> dict[str, str]:
    """Table -> what officers wrote to it, cut to its share; where they wrote to many, the last names all the rest."""
    written = [section for section in content.sections if section.commentary]
    sections, rest = written[:_MOST_SAID], written[_MOST_SAID:]
    words, share = wording.lines, _LONGEST_TOGETHER // max(1, len(sections))
    most = max(min(_LONGEST, share), _SHORTEST)
    found = {
        section.table.name: words.commentary.format(
            title=section.title, said=cut_text(section.commentary, most, words.whole)
        )
        for section in sections
    }
    if rest:
        titles = "; ".join(section.title for section in rest)
        found[rest[0].table.name] = words.commentary.format(title=titles, said=words.whole)
    return found


def list_other_commentary(ranked: RankedPoints, said: Mapping[str, str]) -> tuple[str, ...]:
    """Commentary on tables that no printed point is about."""
    printed = {name for point in ranked.points for name in point.words.tables}
    return tuple(text for name, text in said.items() if name not in printed)


def cut_text(text: str, most: int, mark: str = "") -> str:
    """`text`, or as many of its words as fit, with dots and the mark behind them."""
    return text if len(text) <= most else shorten(text, most, placeholder=f" … {mark}".rstrip())
