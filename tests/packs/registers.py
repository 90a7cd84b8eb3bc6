"""Registers of packs' tests: loaded with a contract example, one file each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from due_regard.register import load_drop, open_register
from tests.packs.known import TAKEN_IN, example_drop

BUILT = datetime(2026, 7, 3, 9, tzinfo=UTC)


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Engine]:
    """An empty register."""
    engine = open_register(f"sqlite:///{tmp_path / 'register.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def loaded(register: Engine) -> Engine:
    """A register that took Queens Cross's example in before the quarter's end."""
    load_drop(register, example_drop("queens_cross"), now=TAKEN_IN)
    return register
