"""What code lists say, as values: each word with its meaning, and for roles the level they count as.

The files are read by code_files.py; which column holds words of which list is records/canonical.py's. No word stands in
Python, except where figures are computed of it: such a list is closed (`CodeList.closed` says why).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from due_regard.records.canonical import CanonicalColumn


@dataclass(frozen=True)
class CodeWord:
    """One word of a list.

    Attributes:
        code: as policies, mappings and the register write it.
        meaning: in plain words.
        counts_as: of a role, the role whose level it has; a policy that names that one means this one too.
        is_own: whether the installation added it.
    """

    code: str
    meaning: str
    counts_as: str = ""
    is_own: bool = False


@dataclass(frozen=True)
class CodeList:
    """One list of words; `closed` says why nobody may add to it, blank where everybody may."""

    name: str
    title: str
    closed: str
    words: Mapping[str, CodeWord] = field(repr=False)


@dataclass(frozen=True)
class CodeLists:
    """Every list of an installation, by name."""

    lists: Mapping[str, CodeList] = field(repr=False)

    def list_codes(self, column: CanonicalColumn) -> tuple[str, ...]:
        """The codes that a column may hold, in the order of their list; none for a column without a list."""
        return tuple(self.lists[column.code_list].words) if column.code_list else ()

    @cached_property
    def levels(self) -> Mapping[str, str]:
        """Role -> the role it counts as, for those that count as another."""
        return {
            word.code: word.counts_as
            for found in self.lists.values()
            for word in found.words.values()
            if word.counts_as not in {"", word.code}
        }

    def list_own_words(self) -> list[CodeWord]:
        """The words that the installation added."""
        return [word for found in self.lists.values() for word in found.words.values() if word.is_own]
