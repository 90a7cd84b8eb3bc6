"""Finds the header of a table by name among its first rows, so that titles above it never shift a column.

What a header is called beyond the known names is never told: without a header row it may be a person's name. What the
columns hold is column_mapping.py's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from openpyxl.utils import get_column_letter

from due_regard.errors import FileRefused
from due_regard.intake.text_cleaning import fold_text

HEADER_SEARCH_ROWS = 20
"""How deep a header row may lie under titles."""


@dataclass(frozen=True)
class KnownHeaders:
    """What a part of a source mapping calls its columns; headers are folded.

    Attributes:
        names: every header that is mapped or ignored.
        mapped: those that are mapped.
        required: how the mapping names a required column -> the sets of headers each of which carries it.
    """

    names: frozenset[str]
    mapped: frozenset[str]
    required: dict[str, tuple[frozenset[str], ...]]

    def count_required(self, names: Collection[str]) -> int:
        """How many of the required columns `names` carry."""
        return sum(any(headers.issubset(names) for headers in ways) for ways in self.required.values())

    def is_header(self, names: Collection[str]) -> bool:
        """Whether a row of these cells is a header: it carries what is required, or some of it and mostly known names.

        A row of data may hold a word that is a header somewhere ("harassment"), and must never be taken for one.
        """
        required = self.count_required(names)
        is_known = 2 * len(self.names.intersection(names)) > len(names)
        return required == len(self.required) or (required > 0 and is_known)


@dataclass(frozen=True)
class FoundHeader:
    """Where a header was found in the first rows of a table; `rank` orders headers by required and by known columns."""

    last_row: int  # index of its last row
    names: tuple[str, ...]
    rank: tuple[int, int]


def find_header(head: Sequence[Sequence[str]], known: KnownHeaders, depth: int = 1) -> FoundHeader | None:
    """The rows among the first 20 that carry most required, then most known columns; None where none is a header."""
    best: FoundHeader | None = None
    for last in range(depth - 1, min(len(head), HEADER_SEARCH_ROWS + depth - 1)):
        names = _join_header_rows(head[last - depth + 1 : last + 1])
        folded = set(map(fold_text, filter(None, names)))
        rank = known.count_required(folded), len(known.names & folded)
        if known.is_header(folded) and (best is None or rank > best.rank):
            best = FoundHeader(last, names, rank)
    return best


def _join_header_rows(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Header names of one or more rows: levels from top to bottom, a level that repeats the one above left out."""
    names = []
    for position in range(max(map(len, rows), default=0)):
        levels: list[str] = []
        for row in rows:
            level = " ".join(row[position].split()) if position < len(row) else ""
            if level and (not levels or levels[-1] != level):
                levels.append(level)
        names.append(" ".join(levels))
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def check_found_header(where: str, header: FoundHeader | None, known: KnownHeaders) -> FoundHeader:
    """`header`, if it is one.

    Args:
        where: file and sheet, for messages.
        header: what `find_header` found.
        known: headers of the source.

    Raises:
        FileRefused: no header was found, or two columns bear the same name.
    """
    if header is None:
        raise FileRefused(
            "no_header",
            f"{where}: none of the first {HEADER_SEARCH_ROWS} rows is the header of this source "
            f"(required: {', '.join(known.required)}); is this the right export? Send it with its header row",
        )
    folded = [fold_text(name) for name in header.names]
    twice = [at for at, name in enumerate(folded) if name and folded.count(name) > 1]
    if twice:
        raise FileRefused(
            "duplicate_header",
            f"{where}: columns {list_letters(twice)} are headed alike in row {header.last_row + 1}; "
            "rename or remove one and send it again",
        )
    return header


def list_letters(positions: Iterable[int]) -> str:
    """Letters of columns at these positions: all that is said of a header that is not known, for it may be a name."""
    return ", ".join(get_column_letter(position + 1) for position in positions)
