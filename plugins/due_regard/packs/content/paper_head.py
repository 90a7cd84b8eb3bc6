"""What stands at the head of a paper and of its annex: the particulars that the settings give, and those they lack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from due_regard.packs.content.pack_content import PackContent
from due_regard.packs.content.paper_wording import ParticularWords


def list_particulars(content: PackContent, words: ParticularWords) -> tuple[tuple[tuple[str, str], ...], str]:
    """Lines at the head, and the line of those that are not given. A published paper is nobody's secret."""
    switch, is_published = content.switch, content.edition == "publishable"
    meeting = switch.find_meeting(content.quarter.ends_on) if switch else None
    found = {
        words.author: switch.author if switch else None,
        words.meeting: f"{meeting:%-d %B %Y}" if meeting else None,
        words.agenda_item: switch.agenda_item if switch else None,
        words.marking: words.marking_published if is_published else switch.marking if switch else None,
        words.distribution: "; ".join(switch.distribution) if switch and not is_published else None,
        words.retention: switch.retention if switch else None,
    }
    if is_published:
        del found[words.distribution]
    absent = [name for name, value in found.items() if not value]
    said = words.to_complete.format(parts=join_words(name.lower() for name in absent)) if absent else ""
    return tuple((name, str(value)) for name, value in found.items() if value), said


def join_words(words: Iterable[str], last: str = "and") -> str:
    """In a row, with commas; with semicolons where a part has a comma of its own."""
    parts = list(words)
    if any("," in part for part in parts):
        return "; ".join([*parts[:-1], f"{last} {parts[-1]}"]) if len(parts) > 1 else parts[0]
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def list_head_lines(particulars: Sequence[tuple[str, str]], to_complete: str) -> list[str]:
    """The same as lines."""
    return [*(f"{name}: {value}" for name, value in particulars), *([to_complete] if to_complete else [])]
