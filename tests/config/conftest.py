"""An installation of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation's own folder, still empty, laid over the shipped files."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(folder))
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    return folder
