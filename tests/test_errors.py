"""The tree of errors: every error of the package is in it, where its docstring draws it, with its exit code."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path

import demo.errors
from due_regard import errors

PACKAGE = Path(errors.__file__).parent
_LINE = re.compile(r"^    (?P<lead>[│├└─ ]*)(?P<name>[A-Z]\w+)\s+(?P<code>\d)  ", re.MULTILINE)


def list_drawn() -> dict[str, tuple[str | None, int]]:
    """Error -> the one it hangs on and its exit code, as the docstring draws them."""
    path: list[str] = []
    drawn = {}
    for line in _LINE.finditer(errors.__doc__ or ""):
        depth = len(line["lead"]) // 4
        del path[depth:]
        drawn[line["name"]] = (path[-1] if path else None, int(line["code"]))
        path.append(line["name"])
    return drawn


def list_raised() -> dict[str, tuple[str | None, int]]:
    """The same, as the classes are."""
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, Exception)]
    return {c.__name__: (None if c is errors.DueRegardError else c.__bases__[0].__name__, c.exit_code) for c in classes}


def test_the_docstring_draws_every_error_where_it_is() -> None:
    drawn = list_drawn()
    assert drawn == list_raised()
    assert len(drawn) > 12


def test_no_module_has_an_error_of_its_own_that_others_could_meet() -> None:
    known = {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, Exception)}
    known |= set(vars(errors))
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and file.name != "errors.py":
                bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                assert not (bases & known) or node.name.startswith("_"), (
                    f"{file.name}: {node.name} belongs in errors.py"
                )


def test_the_demos_errors_hang_on_the_packages() -> None:
    assert issubclass(demo.errors.DemoError, errors.DueRegardError)
    assert issubclass(demo.errors.SamplesError, errors.SettingsError)
