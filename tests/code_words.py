"""The shipped code words, as the tests ask for them: by column, and by the name of a list."""

from __future__ import annotations

from due_regard.codes.code_files import load_code_lists

LISTS = load_code_lists()
list_codes = LISTS.list_codes


def list_words(name: str) -> tuple[str, ...]:
    """The codes of one list, in its order."""
    return tuple(LISTS.lists[name].words)
