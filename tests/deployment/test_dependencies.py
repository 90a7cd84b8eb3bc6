"""What the package asks for: pyproject.toml, requirements.in, its lock and the imports say the same."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]


def name_of(requirement: str) -> str:
    """A requirement's package, as package indexes spell it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~\[;]", requirement)[0]).lower()


def sections() -> dict[str, list[str]]:
    """The first word of a heading in requirements.in -> the requirements below it."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines():
        heading = re.match(r"# (The package|Airflow|Celery|Metrics|Demo)\b[:,]", line)
        if heading:
            found[heading[1]] = []
        elif line and not line.startswith("#"):
            list(found.values())[-1].append(line)
    return found


def imported(room: str = "") -> set[str]:
    """Distributions that the modules of a room (of all) import, anywhere in them."""
    names: set[str] = set()
    for file in (ROOT / "plugins" / "due_regard" / room).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").partition(".")[0])
    given_by = packages_distributions()
    outside = names - sys.stdlib_module_names - {"due_regard"}
    return {name_of(given_by.get(name, [name])[0]) for name in outside}


def test_the_package_asks_for_what_the_lock_is_made_from() -> None:
    assert PROJECT["dependencies"] == sections()["The package"]
    assert EXTRAS["airflow"] == sections()["Airflow"]
    assert EXTRAS["celery"] == sections()["Celery"]
    assert EXTRAS["metrics"] == sections()["Metrics"]


def test_celery_is_held_below_what_breaks_its_provider() -> None:
    """Celery 5.7 and the provider 3.26 do not import together, and pip does not see it."""
    asked = [each for extra in ("airflow", "celery") for each in EXTRAS[extra] if name_of(each) == "celery"]
    assert [each.partition("<")[2] for each in asked] == ["5.7", "5.7"]


def test_every_package_asked_for_has_a_lower_bound() -> None:
    assert [each for each in PROJECT["dependencies"] if not re.match(r"[\w.-]+>=\d", each)] == []


@pytest.mark.parametrize("heading", ["The package", "Airflow", "Celery", "Metrics", "Demo"])
def test_the_lock_holds_every_one_of_them(heading: str) -> None:
    locked = re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    asked = {name_of(each) for each in sections()[heading]}
    assert len(asked) > (5 if heading in {"The package", "Airflow", "Demo"} else 0)
    assert asked - set(locked) == set()


def test_the_package_asks_for_what_it_imports_and_nothing_else() -> None:
    optional = {name_of(each) for each in EXTRAS["oauth"]}
    asked = {name_of(each) for each in PROJECT["dependencies"]}
    pages = {name_of(each) for each in EXTRAS["airflow"]}
    airflow = {name for name in imported() if "airflow" in name}
    assert imported() - airflow - optional - pages == asked
    assert imported() & pages == imported("web") & pages, "the command line works without Airflow"
