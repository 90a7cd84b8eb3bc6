"""The naming rule of docs/naming.md, as far as a test can hold it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "plugins" / "due_regard"
FILES = sorted(file for file in PACKAGE.rglob("*.py") if "versions" not in file.parts)
DOORS = [
    PACKAGE / "console.py",
    PACKAGE / "__main__.py",
    *sorted((PACKAGE / "commands").glob("*.py")),
    *sorted((PACKAGE / "web").rglob("*.py")),
    *sorted((PACKAGE / "register" / "migrations").rglob("*.py")),
    *sorted((ROOT / "dags").glob("*.py")),
    *sorted((ROOT / "deploy").glob("*.py")),
    ROOT / "plugins" / "due_regard_plugin.py",
]
"""Where people come in: the command line, the pages, the DAGs, signing in, and the migrations that Alembic runs."""

VERBS = frozenset(
    """
    add append assess begin bind build check choose clean close combine compare compose compute construct copy
    count create decode deliver describe detect draw end enforce erase evaluate explain fetch find finish fit
    fold format gather give hash hide hold insert inspect issue join keep lay lease list load make mark measure
    merge move name note number open parse pass place post preload process prove put quarantine read recode
    record refuse release remove rename render report resolve restore run save select send settle share shift
    show silence sort split stage start stop store summarise supersede take tidy undo update upgrade validate
    verify wait withdraw write
    """.split()  # noqa: SIM905 - a word list reads better than a column
)
METAPHORS = re.compile(
    r"\b(?:desk|piles?|scenes?|rungs?|bureau|parcels?|hushed|arena|crates?|drawer|conveyor|harvest|tickets?)\b",
    re.IGNORECASE,
)
MOST_ONE_WORD, LEAST_VERB_FIRST = 0.30, 0.60


@dataclass(frozen=True)
class Named:
    """One function or method, and where it stands."""

    place: str
    name: str
    is_property: bool

    @property
    def words(self) -> list[str]:
        return self.name.strip("_").split("_")


def _functions(body: list[ast.stmt], place: str) -> Iterator[Named]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{place}:{node.name}")
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("__"):
            decorators = [ast.unparse(one) for one in node.decorator_list]
            is_property = any(one.endswith("property") for one in decorators)
            yield Named(f"{place}:{node.name}", node.name, is_property)


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _where(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


FUNCTIONS = [one for file in FILES for one in _functions(_tree(file).body, _where(file))]
PUBLIC = [one for one in FUNCTIONS if not one.name.startswith("_") and not one.is_property]


def test_a_module_name_stands_once() -> None:
    names = Counter(file.stem for file in FILES if file.stem not in {"__init__", "__main__"})
    assert len(names) > 100
    assert [name for name, count in names.items() if count > 1] == []


def test_a_public_class_name_stands_once() -> None:
    classes = [node.name for file in FILES for node in _tree(file).body if isinstance(node, ast.ClassDef)]
    names = Counter(name for name in classes if not name.startswith("_"))
    assert len(names) > 100
    assert [name for name, count in names.items() if count > 1] == []


def test_most_public_functions_begin_with_a_verb() -> None:
    """Predicates (`is_…`, `has_…`) say yes or no and are left out of the count."""
    counted = [one for one in PUBLIC if one.words[0] not in {"is", "has", "can"}]
    verbs = [one for one in counted if one.words[0] in VERBS]
    assert len(verbs) / len(counted) >= LEAST_VERB_FIRST, sorted(
        {one.place for one in counted} - {v.place for v in verbs}
    )


def test_few_function_names_are_one_word() -> None:
    for counted in (FUNCTIONS, PUBLIC):
        short = [one.place for one in counted if len(one.words) == 1]
        assert len(short) / len(counted) <= MOST_ONE_WORD, short


def test_no_name_of_ours_needs_another_name() -> None:
    renamed = [
        f"{_where(file)}: {alias.name} as {alias.asname}"
        for file in [*FILES, *DOORS]
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("due_regard")
        for alias in node.names
        if alias.asname
    ]
    assert renamed == []


def test_no_metaphor_of_ours_is_left() -> None:
    found = [
        f"{_where(file)}: {match.group(0)}"
        for file in FILES
        for match in METAPHORS.finditer(file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_modules_named_in_docstrings_and_comments_exist() -> None:
    stems = {file.stem for file in [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]}
    mention = re.compile(r"(\w+)\.py\b")
    texts = {_where(file): file.read_text(encoding="utf-8") for file in FILES}
    assert [
        f"{place}: {stem}.py" for place, text in texts.items() for stem in mention.findall(text) if stem not in stems
    ] == []


def _identifiers(node: ast.AST) -> set[str]:
    """Every name used in `node`; what is only imported is not used."""
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return names | {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}


def _is_route(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Whether a browser reaches it: `@router.get(…)` stands above."""
    return any(ast.unparse(each).startswith("router.") for each in node.decorator_list)


def _reached() -> set[str]:
    """Names reached from the doors: used there, at a module's top, or inside what is reached itself."""
    definitions: dict[str, set[str]] = {}
    reached: set[str] = set()
    for file in FILES:
        for node in _tree(file).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                definitions.setdefault(node.name, set()).update(_identifiers(node) - {node.name})
                reached |= {node.name} if _is_route(node) else set()
            elif not isinstance(node, ast.Import | ast.ImportFrom):
                reached |= _identifiers(node)
    for file in DOORS:
        reached |= _identifiers(_tree(file))
    while more := {name for one in reached & definitions.keys() for name in definitions[one]} - reached:
        reached |= more
    return reached


def test_every_public_function_is_reached_from_a_command_a_page_or_a_dag() -> None:
    reached = _reached()
    unreached = [
        f"{_where(file)}: {node.name}"
        for file in FILES
        for node in _tree(file).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.name not in reached
    ]
    assert unreached == []
