"""Registers of packs' tests: one loaded with a contract example and one pack built from it, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from due_regard.packs import PackReport
from due_regard.packs.build import build_pack
from due_regard.packs.content.published_share import ShownShare
from due_regard.register import load_drop, upgrade_register
from tests.packs.known import QUARTER, REPORTS, TAKEN_IN, context_of, example_drop

BUILT = datetime(2026, 7, 3, 9, tzinfo=UTC)
NAME, PACK = "queens_cross", "health_and_safety_committee"
SMALL = """
name: small
title: A small pack
audience: Health & Safety Committee
reader: management
introduction: Enough of a pack to see what a build does.
sections:
  - {table: restrictions, why: Flow., headlines: ["{new:restriction|restrictions} began."]}
  - table: appeals
    why: Appeals.
    headlines: ["{received:appeal was|appeals were} received and {decided} decided."]
  - {table: days_to_decide, why: Each appeal.}
"""
"""A definition that a test builds several times: two tables of figures, one chart."""


def build(engine: Engine, out: Path, **more: Any) -> PackReport:
    """Build a pack of the example's quarter; `more` is for `build_pack`."""
    asked: dict[str, Any] = {"quarter": QUARTER, "pack": PACK, "now": BUILT, "reports": REPORTS, **more}
    return build_pack(engine, context_of(NAME), out=out, **asked)


@dataclass(frozen=True)
class Made:
    """A register's file and the pack built from it."""

    file: Path
    report: PackReport


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """An example taken in before the quarter's end, and its committee's pack. Copy it, never write to it."""
    folder = tmp_path_factory.mktemp("made")
    engine = upgrade_register(f"sqlite:///{folder / 'register.db'}")
    load_drop(engine, example_drop(NAME), now=TAKEN_IN)
    engine.dispose()
    shutil.copy(folder / "register.db", folder / "empty.db")
    engine = upgrade_register(f"sqlite:///{folder / 'register.db'}")
    report = build(engine, folder / "packs")
    engine.dispose()
    return Made(folder / "register.db", report)


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Engine]:
    """An empty register."""
    engine = upgrade_register(f"sqlite:///{tmp_path / 'register.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def loaded(made: Made, tmp_path: Path) -> Iterator[Engine]:
    """A register that holds the example, and no pack."""
    yield from _copy(made.file.with_name("empty.db"), tmp_path)


@pytest.fixture
def kept(made: Made, tmp_path: Path) -> Iterator[Engine]:
    """A register that holds the example and the pack built from it."""
    yield from _copy(made.file, tmp_path)


def _copy(file: Path, folder: Path) -> Iterator[Engine]:
    shutil.copy(file, folder / "copy.db")
    engine = upgrade_register(f"sqlite:///{folder / 'copy.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def publish_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish however little is left: most of the small pack, and of a year without many records, is hidden."""
    monkeypatch.setattr(ShownShare, "is_enough", True)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `build` needs to build the small pack."""
    folder = tmp_path_factory.mktemp("reports")
    (folder / "packs").mkdir()
    (folder / "packs" / "small.yaml").write_text(SMALL, encoding="utf-8")
    shutil.copytree(REPORTS / "paper", folder / "paper")
    return {"pack": "small", "reports": folder}
