"""The package as `pip install .` gives it: a wheel in an empty environment, run from a folder of nobody's.

Every day it is installed without dependencies, beside the libraries of the environment that runs the tests; `make
test-install` resolves them over the network instead. Either way a hook refuses to open any file of the repository.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from due_regard import __version__
from due_regard.__main__ import main
from due_regard.config.layered_folders import find_shipped_folder
from tests.contract_examples import EXAMPLES, differences

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "plugins", "include")
RESOLUTION = os.environ.get("DUE_REGARD_INSTALL", "")
"""How dependencies are resolved over the network: `highest` or `lowest-direct`; not at all by default."""
EXAMPLE = next(example for example in EXAMPLES if example.landlord == "queens_cross")
pytestmark = pytest.mark.timeout(1200)

HOOK = """
import sys

def refuse(event, arguments):
    file = str(arguments[0]) if event == "open" else ""
    if file.startswith({root!r}) and not file.startswith({libraries!r}):
        raise PermissionError(f"{{file}} is the repository's")

sys.addaudithook(refuse)
"""


@dataclass(frozen=True)
class InstalledPackage:
    """An environment that holds the wheel, and a folder to run it in."""

    wheel: Path
    environment: Path
    folder: Path

    def call(self, program: str, *words: object, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, with none of this process's settings."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"} | settings
        command = [str(self.environment / "bin" / program), *map(str, words)]
        return subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, check=False, timeout=300
        )

    def run(self, *words: object, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `due-regard`."""
        return self.call("due-regard", *words, **settings)


def _run_uv(*words: object) -> None:
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([str(uv), *map(str, words)], check=True, capture_output=True, timeout=900)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> InstalledPackage:
    place = tmp_path_factory.mktemp("install")
    environment, sources, out = place / "environment", place / "sources", place / "wheels"
    sources.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, sources)
        else:
            shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    # Without --wheel the wheel is built from the source distribution, which must be whole too.
    _run_uv("build", sources, "--out-dir", out, "--python", sys.executable, "--no-build-isolation", "--offline")
    shutil.rmtree(sources)
    (wheel,) = out.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True, timeout=120)
    python, libraries = environment / "bin" / "python", _find_libraries(environment)
    if RESOLUTION:
        # The project file makes what the wheel asks for direct requirements, which lowest-direct is about.
        words = ("--compile-bytecode", "--resolution", RESOLUTION, "--requirements", ROOT / "pyproject.toml", wheel)
        _run_uv("pip", "install", "--python", python, *words)
    else:
        _run_uv("pip", "install", "--python", python, "--offline", "--no-deps", wheel)
        # A line of a .pth file adds that folder, not what the .pth files in it add: not the editable package.
        (libraries / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    hook = HOOK.format(root=f"{ROOT}/", libraries=f"{environment if RESOLUTION else Path(sys.prefix).resolve()}/")
    (libraries / "sitecustomize.py").write_text(hook, encoding="utf-8")
    folder = place / "elsewhere"
    folder.mkdir()
    return InstalledPackage(wheel, environment, folder)


def _find_libraries(environment: Path) -> Path:
    (found,) = environment.glob("lib/python3*/site-packages")
    return found


def test_the_wheel_holds_the_shipped_files_and_the_migrations(installed: InstalledPackage) -> None:
    held = set(zipfile.ZipFile(installed.wheel).namelist())
    include = find_shipped_folder()
    files = [file.relative_to(include).as_posix() for file in include.rglob("*") if file.is_file()]
    shipped = {f"due_regard/include/{file}" for file in files if not file.startswith("samples/")}
    assert len(shipped) > 30
    assert {name for name in held if name.startswith("due_regard/include/")} == shipped
    modules = {f.relative_to(ROOT / "plugins").as_posix() for f in (ROOT / "plugins" / "due_regard").rglob("*.py")}
    assert {name for name in held if name.endswith(".py")} == modules
    assert "due_regard/py.typed" in held


def test_nothing_of_the_repository_is_on_its_path_or_can_be_read(installed: InstalledPackage) -> None:
    code = "import due_regard, sys; print(due_regard.__file__); print(*sys.path, sep='\\n')"
    module, *path = installed.call("python", "-c", code).stdout.splitlines()
    assert Path(module).is_relative_to(installed.environment)
    allowed = set() if RESOLUTION else {sysconfig.get_path("purelib")}
    assert {name for name in path if Path(name).is_relative_to(ROOT)} == allowed
    refused = installed.call("python", "-c", f"open({str(ROOT / 'README.md')!r})")
    assert "is the repository's" in refused.stderr


def test_it_says_its_version(installed: InstalledPackage) -> None:
    assert installed.run("--version").stdout == f"due-regard {__version__}\n"


def test_it_shows_a_policy(installed: InstalledPackage, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("policy", "show", EXAMPLE.landlord, "--on", "2026-06-30")
    shown = installed.run(*words)
    assert main(words) == 0
    assert (shown.returncode, shown.stdout) == (0, capsys.readouterr().out), shown.stderr


def test_it_assesses_a_drop_as_the_contract_says(installed: InstalledPackage, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE.exports, tmp_path / "exports")
    out = tmp_path / "out.csv"
    words = ("--landlord", EXAMPLE.landlord, "--as-at", EXAMPLE.as_at, "--drop", tmp_path / "exports", "--out", out)
    done = installed.run("assess", *words, "--source", "canonical")
    assert done.returncode == 0, done.stderr
    assert differences(EXAMPLE, out) == ""


def test_it_makes_a_register_and_papers(installed: InstalledPackage, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE.exports, tmp_path / "exports")
    settings = {"DUE_REGARD_VAR_DIR": str(tmp_path / "var")}
    run: Callable[..., subprocess.CompletedProcess[str]] = lambda *words: installed.run(*words, **settings)  # noqa: E731
    asked = run("findings", "--as-at", EXAMPLE.as_at, "--landlord", EXAMPLE.landlord)
    assert (asked.returncode, "register upgrade" in asked.stderr) == (5, True)
    assert run("register", "upgrade").returncode == 0
    taken = run("intake", tmp_path / "exports", "--landlord", EXAMPLE.landlord)
    assert taken.returncode == 0, taken.stderr
    assert run("assess", "--landlord", EXAMPLE.landlord, "--as-at", EXAMPLE.as_at).returncode == 0
    mails = run("alerts", "run", "--as-at", EXAMPLE.as_at, "--landlord", EXAMPLE.landlord, "--dry-run", tmp_path / "m")
    assert mails.returncode == 0, mails.stderr
    packs = run("pack", "--landlord", EXAMPLE.landlord, "--quarter", "2025-Q4", "--out", tmp_path / "packs")
    assert packs.returncode == 0, packs.stderr
    assert {file.suffix for file in (tmp_path / "packs").iterdir()} >= {".pdf", ".xlsx"}


def test_it_writes_a_landlord_to_the_own_folder_and_never_into_the_package(
    installed: InstalledPackage, tmp_path: Path
) -> None:
    refused = installed.run("landlord", "new", "sixth")
    assert (refused.returncode, "DUE_REGARD_OWN_DIR" in refused.stderr) == (2, True)
    written = installed.run("landlord", "new", "sixth", DUE_REGARD_OWN_DIR=str(tmp_path))
    assert (written.returncode, (tmp_path / "landlords" / "sixth.yaml").is_file()) == (0, True)
