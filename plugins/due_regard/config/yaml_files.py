"""YAML files read strictly into pydantic models, with errors that name file and line.

Every file a person edits (policies, landlords, sources, packs) is read by `read_yaml`; keep meaning out. The words
of an error are in yaml_errors.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from due_regard.config.layered_folders import Folder, find_file, list_files
from due_regard.config.yaml_errors import Place, describe_yaml_error
from due_regard.errors import ConfigFileError

Model = TypeVar("Model", bound=BaseModel)

_kept_texts: ContextVar[dict[Path, str] | None] = ContextVar("kept_texts", default=None)


@contextmanager
def keep_read_texts() -> Iterator[dict[Path, str]]:
    """Give the text of every file that is read inside, as it was read: a file may be edited a moment later."""
    kept: dict[Path, str] = {}
    token = _kept_texts.set(kept)
    try:
        yield kept
    finally:
        _kept_texts.reset(token)


class _StrictLoader(yaml.CSafeLoader):
    """CSafeLoader (libyaml, ten times as fast) that refuses a key given twice: YAML would keep the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be one word", key.start_mark)
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is given twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_day(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            raise yaml.constructor.ConstructorError(None, None, "no such day", node.start_mark) from None


_StrictLoader.add_constructor("tag:yaml.org,2002:timestamp", _StrictLoader.construct_day)


def _find_line(node: yaml.Node | None, path: Place) -> int | None:
    """Line (from 1) of the deepest node on `path` that the file really has."""
    line = None if node is None else node.start_mark.line + 1
    for step in path:
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    child, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            child = node.value[step]
            line = child.start_mark.line + 1
        # pydantic puts the names of union members and validators into the path: they have no node of their own.
        node = child if child is not None else node
    return line


def read_yaml(
    file: Path,
    model: type[Model],
    error: type[ConfigFileError],
    *,
    check: Callable[[Model], Iterable[tuple[Place, str]]] | None = None,
    context: object = None,
) -> Model:
    """Read `file` as `model`; `check` may then yield (place, message) for what the shape alone cannot tell.

    `context` is what the model is told beside the file (pydantic's validation context).

    Raises:
        error: the file is missing, is not YAML, or says something `model` forbids; names file and line.
    """
    node, data = _parse_yaml(file, error)
    try:
        found = model.model_validate(data, context=context)
    except ValidationError as reason:
        wrong = [describe_yaml_error(model, data, item) for item in reason.errors(include_url=False)]
    else:
        wrong = list(check(found)) if check else []
        if not wrong:
            return found
    lines = [(_find_line(node, place), words) for place, words in wrong]
    more = "".join(f"\n  {file}:{line}: {words}" for line, words in lines[1:10])
    raise error(lines[0][1] + more, file=file, line=lines[0][0])


def read_named_yaml(
    folder: Folder,
    name: str,
    model: type[Model],
    error: type[ConfigFileError],
    *,
    kind: str,
    key: str = "name",
    context: object = None,
) -> Model:
    """Read `<folder>/<name>.yaml` as `model`; `kind` is what messages call it, `key` the field that repeats its name.

    `context` is as for read_yaml.

    Raises:
        error: there is no such file, it is wrong, or its `key` is not its name.
    """
    file = find_file(folder, f"{name}.yaml")
    if not file.is_file():
        known = [other.stem for other in list_files(folder, "*.yaml")]
        raise error(f"no {kind} {name!r}{suggest_word(name, known)}; known: {', '.join(known) or 'none'}", file=file)
    found = read_yaml(file, model, error, context=context)
    if getattr(found, key) != name:
        raise error(f"{key} is {getattr(found, key)!r}; the file's name says {name!r}", file=file)
    return found


def suggest_word(word: str, known: Iterable[str]) -> str:
    """`, did you mean reviewer?` where a known word is near, else nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f", did you mean {near[0]}?" if near else ""


def find_line(file: Path, place: Place) -> int | None:
    """The line where `place` stands in a file that `read_yaml` has taken."""
    return _find_line(_parse_yaml(file, ConfigFileError)[0], place)


def _parse_yaml(file: Path, error: type[ConfigFileError]) -> tuple[yaml.Node | None, Any]:
    try:
        text = file.read_bytes().decode("utf-8")
        if (kept := _kept_texts.get()) is not None:
            kept[file] = text
        loader = _StrictLoader(text.removeprefix("\ufeff"))
        node = loader.get_single_node()
        return node, None if node is None else loader.construct_document(node)
    except OSError as reason:
        raise error(f"cannot be read ({reason.strerror})", file=file) from None
    except UnicodeDecodeError:
        raise error("is not UTF-8 text; save it as UTF-8", file=file) from None
    except yaml.MarkedYAMLError as reason:
        line = reason.problem_mark.line + 1 if reason.problem_mark else None
        raise error(f"not valid YAML: {reason.problem}", file=file, line=line) from None
    except yaml.YAMLError:
        raise error("not valid YAML: it holds characters that no text has", file=file) from None
