"""YAML files read strictly into pydantic models, with errors that name file and line.

Every file a person edits (policies, landlords, sources, packs) comes through `read_yaml`; keep meaning out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from due_regard.errors import _FileError

Model = TypeVar("Model", bound=BaseModel)
_Path = tuple[str | int, ...]


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice: YAML would keep the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is given twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _line_of(node: yaml.Node | None, path: _Path) -> int | None:
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
    error: type[_FileError],
    *,
    check: Callable[[Model], Iterable[tuple[_Path, str]]] | None = None,
) -> Model:
    """Read `file` as `model`; `check` may then yield (place, message) for what the shape alone cannot tell.

    Raises:
        error: the file is missing, is not YAML, or says something `model` forbids; names file and line.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as reason:
        raise error(f"cannot be read ({reason.strerror})", file=file) from None
    try:
        node = yaml.compose(text, _StrictLoader)
        data = yaml.load(text, _StrictLoader)  # noqa: S506 - a SafeLoader with one more refusal
    except yaml.MarkedYAMLError as reason:
        line = reason.problem_mark.line + 1 if reason.problem_mark else None
        raise error(f"not valid YAML: {reason.problem}", file=file, line=line) from None
    try:
        found = model.model_validate(data)
    except ValidationError as reason:
        wrong = [(tuple(e["loc"]), _words(e)) for e in reason.errors(include_url=False)]
    else:
        wrong = list(check(found)) if check else []
        if not wrong:
            return found
    lines = [(_line_of(node, place), words) for place, words in wrong]
    more = "".join(f"\n  {file}:{line}: {words}" for line, words in lines[1:10])
    raise error(lines[0][1] + more, file=file, line=lines[0][0])


def _words(item: Any) -> str:
    place = ".".join(str(step) for step in item["loc"])
    return f"{place}: {item['msg'].removeprefix('Value error, ')}" if place else str(item["msg"])
