"""docs/codes.md: every word of every code list with its meaning (`make docs`); the words of an installation too."""

from __future__ import annotations

from collections.abc import Iterator

from due_regard.codes.code_lists import CodeList, CodeLists

_HEAD = """\
# Code words

The words that code columns may hold, as `include/codes/<list>.yaml` says them. This page is generated: run `make docs`
after a change, and do not edit it by hand; `due-regard policy codes` prints it with the words of your own.

A landlord's own titles and headings are mapped to these words in its source mapping ([sources.md](sources.md)). Where
none fits, a file of the same name in `DUE_REGARD_OWN_DIR/codes/` adds words, each with its meaning:

    name: roles
    words:
      resolution_lead: {meaning: Leads the team that answers complaints., counts_as: manager}

* A shipped word is never removed, and never means something else: a file that says it anew is refused with its line.
* An own role says as which role it **counts**: a policy that names that role then means it too. One that is of a level
  of its own counts as itself, and only a policy that names it means it.
* A list is **closed** where figures are computed of its words; nobody adds to it.
* Yes and no are no list: a source mapping's `yes_words` and `no_words` add to yes, y, true, 1 and no, n, false, 0.
"""


def build_codes_page(lists: CodeLists) -> str:
    """The page as Markdown."""
    return "\n".join([_HEAD.rstrip(), *(line for found in lists.lists.values() for line in _list_lines(found)), ""])


def _list_lines(found: CodeList) -> Iterator[str]:
    has_levels = any(word.counts_as for word in found.words.values())
    yield from ("", f"## {found.title} (`{found.name}`)", "")
    if found.closed:
        yield from (f"Closed: {found.closed}.", "")
    yield "| word | meaning |" + (" counts as |" if has_levels else "")
    yield "| --- | --- |" + (" --- |" if has_levels else "")
    for word in found.words.values():
        own = " (own)" if word.is_own else ""
        yield f"| `{word.code}`{own} | {word.meaning} |" + (f" {word.counts_as or 'itself'} |" if has_levels else "")
