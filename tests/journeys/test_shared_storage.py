"""The same run with files on this disk and on storage shared by URL: the same files, and nothing left on this disk."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from due_regard.config.settings import Settings
from due_regard.config.storage import StoredPath, copy_file, open_folder
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.build_packs import build_packs
from due_regard.services.check_installation import check_installation
from due_regard.services.run_alerts import run_alerts
from due_regard.services.take_in_drop import take_in_drop
from tests.journeys.installations import small_include

AS_AT, NOW = date(2026, 6, 30), datetime(2026, 7, 1, 9, tzinfo=UTC)
LANDLORD = "united_welsh"


class Run(NamedTuple):
    """Results of the verbs, and the files by their place below the base."""

    results: dict[str, Any]
    files: dict[str, bytes]
    base: StoredPath


def files_below(base: StoredPath) -> dict[str, bytes]:
    return {
        str(path)[len(str(base)) + 1 :]: path.read_bytes()
        for path in base.rglob("*")
        if path.is_file()
        and "register.db" not in path.name
        and not {"great_expectations", "audit_heads"} & {*path.parts}
    }


def words_of(run: Run, name: str) -> str:
    """A mail's text; that to the data owner names the place of what came back."""
    body = message_from_bytes(run.files[name], policy=default).get_body(("plain",))
    assert body is not None
    return body.get_content().replace(str(run.base), "BASE")


def run_once(folder: Path, include: Path, **where: Any) -> Run:
    """Every verb once. Salts are drawn alike in each run: what a pack prints of the audit rests on them."""
    with pytest.MonkeyPatch.context() as patch:
        drawn = Random(1)
        patch.setattr(secrets, "token_bytes", drawn.randbytes)
        patch.setattr(secrets, "token_hex", lambda size: drawn.randbytes(size).hex())
        return do_verbs(folder, include, **where)


def do_verbs(folder: Path, include: Path, **where: Any) -> Run:
    settings = Settings(include_dir=include, var_dir=folder / "var", **where)
    results = {
        "intake": take_in_drop(settings, LANDLORD, now=NOW),
        "assess": assess_landlord(settings, LANDLORD, as_at=AS_AT, now=NOW),
        "alerts": run_alerts(settings, as_at=AS_AT, now=NOW, landlords=[LANDLORD]),
        "packs": build_packs(settings, LANDLORD, quarter="2026-Q2", pack="senior_management", now=NOW),
    }
    return Run(results, files_below(settings.files), settings.files)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run, Path]:
    """Run on this disk, run on shared storage, and the second's own disk."""
    folder = tmp_path_factory.mktemp("shared")
    include = small_include(folder / "include", [LANDLORD])
    drop = include / "samples" / LANDLORD
    (drop / "letter.csv").write_bytes(b"%PDF-1.7 not an export\n")
    inbox = f"memory://{uuid4().hex}/drops"
    for file in drop.iterdir():
        copy_file(file, open_folder(inbox) / LANDLORD)
    here = run_once(folder / "here", include, drops_dir=include / "samples")
    there = run_once(folder / "there", include, drops_dir=inbox, files_url=f"memory://{uuid4().hex}/files")
    return here, there, folder / "there"


def test_files_on_shared_storage_are_those_of_a_run_on_this_disk(runs: tuple[Run, Run, Path]) -> None:
    here, there, _ = runs
    assert {name.split("/")[0] for name in here.files} == {"packs", "mail", "quarantine", "rejections", "data_docs"}
    assert there.files.keys() == here.files.keys()
    for name in here.files:
        if name.startswith("mail/"):
            assert words_of(there, name) == words_of(here, name)
        elif not name.startswith("data_docs/"):  # Great Expectations numbers its pages' elements at random.
            assert there.files[name] == here.files[name], name


def test_results_name_the_place_and_are_else_the_same(runs: tuple[Run, Run, Path]) -> None:
    here, there, _ = runs
    assert there.results["intake"]["status"] == "loaded"
    assert there.results["intake"]["exit_code"] == 4
    for verb, key in (("intake", "rejections"), ("intake", "quarantine"), ("packs", "folder")):
        place = there.results[verb].pop(key)
        assert place.startswith("memory://")
        assert place[len(str(there.base)) :] == here.results[verb].pop(key)[len(str(here.base)) :]
    assert there.results == here.results


def test_only_the_register_the_validation_project_and_noted_heads_lie_on_the_workers_own_disk(
    runs: tuple[Run, Run, Path],
) -> None:
    """Great Expectations' file context writes to this disk alone, and so do heads unless a setting shares them."""
    own = runs[2] / "var"
    left = {path.relative_to(own) for path in runs[2].rglob("*") if path.is_file()}
    assert {path.parts[0].split("-")[0] for path in left} == {"register.db", "great_expectations", "audit_heads"}
    assert {path.parts[1] for path in left if path.parts[0] == "great_expectations"} == {LANDLORD}


def test_doctor_tries_the_shared_storage(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path, files_url=f"memory://{uuid4().hex}", drops_dir=tmp_path)
    (tried,) = [check for check in check_installation(settings, now=NOW) if check.what == "files folder"]
    assert tried.ok
    assert files_below(settings.files) == {}


def test_doctor_names_a_scheme_that_nothing_opens(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path, files_url="nonsense://box", drops_dir=tmp_path)
    wrong = [check.says for check in check_installation(settings, now=NOW) if not check.ok]
    assert any("nonsense://" in says for says in wrong)
