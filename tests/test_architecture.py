"""The map of the design, held by walking the files: who may import whom, what never appears where, and how long."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import INTEGRATION

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "plugins" / "due_regard"
MODULES = sorted((ROOT / "plugins").rglob("*.py"))
DAGS = sorted((ROOT / "dags").glob("*.py"))
LANDLORDS = sorted(file.stem for file in (ROOT / "include" / "landlords").glob("*.yaml"))

ROOMS = ("intake", "alerts", "packs")
"""Rooms that import the register and never each other; they meet in services/."""
HEAVY = ("pandas", "numpy", "great_expectations", "matplotlib", "openpyxl", "sqlalchemy", "pyarrow")
DOORS = ("io", "os", "logging", "sqlite3", "sqlalchemy", "pathlib", "socket", "subprocess", "time", "httpx", "requests")
"""What would let the functional core see a file, a database, a log or a clock."""


def imports(file: Path) -> Iterator[str]:
    """Every module that `file` imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def named(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def under(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def list_modules(room: str) -> list[Path]:
    """Modules of one room; a room that is not there would hold every rule."""
    found = sorted((PACKAGE / room).rglob("*.py"))
    assert found, f"no module in plugins/due_regard/{room}"
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_no_other_room(room: str) -> None:
    others = [f"due_regard.{other}" for other in ROOMS if other != room]
    seen = {
        (named(file), name)
        for file in list_modules(room)
        for name in imports(file)
        if any(under(name, other) for other in others)
    }
    assert seen == set()


@pytest.mark.parametrize("below", ["register", "assessment", "policy"])
def test_what_lies_below_the_rooms_imports_none_of_them(below: str) -> None:
    above = [f"due_regard.{name}" for name in (*ROOMS, "commands", "services")]
    seen = {
        (named(file), name)
        for file in list_modules(below)
        for name in imports(file)
        if any(under(name, other) for other in above)
    }
    assert seen == set()


def floors() -> dict[str, int]:
    """Room -> its floor, as docs/architecture.md has it."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return {room: int(floor) for floor, room in re.findall(r"^\| (\d+) \| `(\w+)` \|", page, re.MULTILINE)}


def test_the_page_shows_every_room() -> None:
    rooms = {file.relative_to(PACKAGE).parts[0].removesuffix(".py") for file in PACKAGE.rglob("*.py")}
    assert rooms - {"__init__"} == set(floors())


def test_a_room_imports_only_rooms_on_floors_below_its_own() -> None:
    floor = floors()
    wrong = {
        (named(file), name)
        for room in floor
        for file in [*(PACKAGE / room).rglob("*.py"), *PACKAGE.glob(f"{room}.py")]
        for name in imports(file)
        if name.startswith("due_regard.") and (other := name.split(".")[1]) in floor and other != room
        if floor[other] >= floor[room]
    }
    assert wrong == set()


def test_mail_knows_none_of_those_who_write_mails() -> None:
    above = [f"due_regard.{name}" for name in (*ROOMS, "commands", "services", "delivery")]
    files = [*(PACKAGE / "mail").rglob("*.py")]
    assert len(files) > 5
    assert {(named(f), name) for f in files for name in imports(f) if any(under(name, a) for a in above)} == set()


def test_only_the_plugin_and_its_gate_import_airflow() -> None:
    importing = {named(file) for file in MODULES if any(under(name, "airflow") for name in imports(file))}
    gate = {f"plugins/due_regard/web/{name}.py" for name in ("airflow_gate", "roles")}
    assert importing == {"plugins/due_regard_plugin.py", *gate}


def test_the_core_sees_no_file_clock_database_or_log() -> None:
    files = list_modules("assessment")
    assert len(files) > 3
    seen = {(named(file), name) for file in files for name in imports(file) if any(under(name, door) for door in DOORS)}
    assert seen == set()
    calls = re.compile(r"\b(?:open|print)\(|\.now\(|\.today\(|read_csv|to_csv")
    assert [named(file) for file in files if calls.search(file.read_text(encoding="utf-8"))] == []


def test_nobody_below_the_shell_reads_a_clock() -> None:
    shell = re.compile(r"plugins/due_regard/(?:commands/|web/|__main__\.py)")
    clock = re.compile(r"(?:datetime|date)\.(?:now|today|utcnow)\(|Timestamp\.(?:now|today)\(|time\.time\(")
    reading = [named(file) for file in MODULES if clock.search(file.read_text(encoding="utf-8"))]
    assert [name for name in reading if not shell.match(name)] == []


@pytest.mark.parametrize("file", DAGS, ids=lambda file: file.stem)
def test_a_dag_file_is_thin(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    top = {
        name
        for node in ast.parse(text).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or node.names[0].name]
    }
    assert len(text.splitlines()) < 80
    assert [name for name in top if any(under(name, package) for package in HEAVY)] == []
    assert {name for name in top if under(name, "due_regard")} == {"due_regard.services"}
    assert "from due_regard.services import orchestration" in text
    assert re.search(r"\b(?:SELECT|INSERT|UPDATE|DELETE)\b", text) is None


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_no_landlord_is_named_in_python(landlord: str) -> None:
    """Names too: what one landlord wants is said in its files, never by an `if` for it."""
    words = landlord.replace("_", "[ _-]?")
    mention = re.compile(rf"(?<![a-z]){words}(?![a-z])", re.IGNORECASE)
    files = [*MODULES, *DAGS]
    assert [named(file) for file in files if mention.search(file.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("file", MODULES, ids=named)
def test_a_module_opens_with_what_it_holds_and_stays_short(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "says what it holds, what to add, what to keep out"
    # The contract is one table of every column; a migration, once shipped, is never touched again.
    table_or_history = file == PACKAGE / "records" / "canonical.py" or "migrations/versions" in named(file)
    assert len(text.splitlines()) <= (400 if table_or_history else 250)


@pytest.mark.parametrize("file", MODULES, ids=named)
def test_no_module_is_a_drawer_for_everything(file: Path) -> None:
    assert not {"utils", "helpers", "common", "manager", "misc"} & set(file.with_suffix("").relative_to(ROOT).parts)


def test_one_statement_a_sql_file_with_bound_parameters_only() -> None:
    files = [*(ROOT / "include" / "sql").rglob("*.sql"), *(ROOT / "tests").rglob("*.sql")]
    assert len(files) > 10
    for file in files:
        text = re.sub(r"--[^\n]*", "", file.read_text(encoding="utf-8")).strip()
        assert text.rstrip(";").count(";") == 0, named(file)
        assert len(text.splitlines()) < 40, named(file)
        assert not re.search(r"%s|%\(|\{\w*\}", text), named(file)


def test_shipped_files_are_found_in_one_place() -> None:
    """Everyone else asks the settings, so that an installation's own files count everywhere."""
    texts = {named(file).removeprefix("plugins/due_regard/"): file.read_text(encoding="utf-8") for file in MODULES}
    # The migrations are modules of the package.
    assert {name for name, text in texts.items() if "__file__" in text} == {
        "config/layered_folders.py",
        "register/schema/revisions.py",
    }
    assert {name for name, text in texts.items() if ".include_dir" in text} == {
        "config/settings.py",
        "services/folder_checks.py",
    }


def test_airflow_is_told_to_leave_the_package_alone() -> None:
    assert (ROOT / "plugins" / ".airflowignore").read_text(encoding="utf-8").split() == ["due_regard/"]


@pytest.mark.parametrize("place", INTEGRATION)
def test_what_belongs_to_the_integration_run_is_there(place: str) -> None:
    """A place that no test stands at any more would let that test into the everyday run unseen."""
    file, _, name = place.partition("::")
    assert (ROOT / file).exists()
    assert not name or f"def {name}" in (ROOT / file).read_text(encoding="utf-8")
