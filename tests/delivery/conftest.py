"""A landlord whose export lies in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.delivery.places import FetchedLandlord, make_landlord, write_export


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """The folder of a whole export."""
    return write_export(tmp_path / "share" / "export")


@pytest.fixture
def landlord(tmp_path: Path, export: Path) -> FetchedLandlord:
    """Whoever fetches from it."""
    return make_landlord(tmp_path, {"kind": "folder", "path": str(export)})
