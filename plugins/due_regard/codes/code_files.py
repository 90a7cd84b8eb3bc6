"""Reads code lists: the shipped ones (`include/codes/<list>.yaml`), and the words an installation adds to them.

A shipped word is never removed nor redefined, whichever folders are laid over the shipped one: registers, policies and
figures of earlier years rest on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, StringConstraints

from due_regard.codes.code_lists import CodeList, CodeLists, CodeWord
from due_regard.config.landlord import Identifier
from due_regard.config.layered_folders import Folder, LayeredFolder, find_shipped_folder, list_layers
from due_regard.config.yaml_errors import Place
from due_regard.config.yaml_files import read_yaml
from due_regard.errors import CodeListError

CODES_FOLDER = "codes"
_LEVELLED = "roles"
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _SaidWord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    meaning: _Text
    counts_as: Identifier | None = None


def _as_meaning(value: Any) -> Any:
    return {"meaning": value} if isinstance(value, str) else value


class _CodeFile(BaseModel):
    """One file: `words` maps a code to its meaning, or to its meaning and the role it counts as."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Identifier
    title: str = ""
    closed: str = ""
    words: Annotated[dict[Identifier, Annotated[_SaidWord, BeforeValidator(_as_meaning)]], Field(min_length=1)]


def load_code_lists(folder: Folder | None = None) -> CodeLists:
    """The shipped lists, with the words that the layers of `folder` add, the lowest layer first.

    Raises:
        CodeListError: a file redefines a word, adds to a closed list, or is wrong; names file and line.
    """
    found = _read_shipped_lists()
    layers = () if folder is None else list_layers(folder)
    for layer in reversed(layers):
        if layer.resolve() != (find_shipped_folder() / CODES_FOLDER).resolve():
            for file in sorted(layer.glob("*.y*ml")):
                found = _add_words(found, file)
    return found


def load_neighbouring_lists(folder: Folder) -> CodeLists:
    """The lists that lie beside `folder` (of policies or sources) in each of its layers, over the shipped ones.

    Raises:
        CodeListError: as load_code_lists.
    """
    return load_code_lists(LayeredFolder(tuple(layer.parent / CODES_FOLDER for layer in list_layers(folder))))


class FileWithCodes(BaseModel):
    """A file whose codes are words of code lists: those its reader knows (the validation context), else the shipped."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    _code_lists: CodeLists = PrivateAttr(default_factory=load_code_lists)

    def model_post_init(self, context: Any) -> None:
        """Takes the words that the reader of the file knows."""
        if context is not None:
            self._code_lists = context

    @property
    def code_lists(self) -> CodeLists:
        """The words it is checked against: the shipped ones, and those of the installation."""
        return self._code_lists


@cache
def _read_shipped_lists() -> CodeLists:
    files = sorted((find_shipped_folder() / CODES_FOLDER).glob("*.yaml"))
    if not files:
        raise CodeListError("no code lists; install the package again", file=find_shipped_folder() / CODES_FOLDER)
    return CodeLists({file.stem: _make_list(read_yaml(file, _CodeFile, CodeListError)) for file in files})


def _make_list(said: _CodeFile) -> CodeList:
    return CodeList(said.name, said.title, said.closed, _make_words(said, is_own=False))


def _make_words(said: _CodeFile, *, is_own: bool) -> dict[str, CodeWord]:
    return {
        code: CodeWord(code, word.meaning, word.counts_as or "", is_own=is_own) for code, word in said.words.items()
    }


def _add_words(known: CodeLists, file: Path) -> CodeLists:
    said = read_yaml(file, _CodeFile, CodeListError, check=lambda said: _find_faults(known, file, said))
    before = known.lists[said.name]
    # A whole copy of the shipped folder says the shipped words again: that is no news.
    new = {code: word for code, word in _make_words(said, is_own=True).items() if code not in before.words}
    words = {**before.words, **new}
    return CodeLists({**known.lists, said.name: CodeList(before.name, before.title, before.closed, words)})


def _find_faults(known: CodeLists, file: Path, said: _CodeFile) -> Iterator[tuple[Place, str]]:
    if said.name not in known.lists:
        yield ("name",), f"there is no list {said.name!r}; lists: {', '.join(known.lists)}"
    elif said.name != file.stem:
        yield ("name",), f"name is {said.name!r}; the file's name says {file.stem!r}"
    else:
        for code, word in said.words.items():
            message = _find_word_fault(known, said, code, word)
            if message:
                yield ("words", code), message


def _find_word_fault(known: CodeLists, said: _CodeFile, code: str, word: _SaidWord) -> str:
    """What is wrong with a word that a file adds; blank where nothing is."""
    found = known.lists[said.name]
    if code in found.words:
        before = found.words[code]
        same = (word.meaning, word.counts_as or "") == (before.meaning, before.counts_as)
        return "" if same else f"{code!r} is known already and stays what it is; choose another word"
    if found.closed:
        return f"{said.name} is closed: {found.closed}; map your word to one of its codes in the source mapping"
    if said.name != _LEVELLED:
        return "" if word.counts_as is None else "counts_as is said of roles alone"
    own_levels = (each for each, said_word in said.words.items() if said_word.counts_as == each)
    levels = dict.fromkeys([*(c for c, w in found.words.items() if w.counts_as in {"", c}), *own_levels, code])
    if word.counts_as in levels:
        return ""
    return f"{code!r} needs counts_as: the role whose level it has, or {code} itself; allowed: {', '.join(levels)}"
