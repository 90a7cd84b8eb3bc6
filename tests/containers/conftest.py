"""The image, built once for both kinds of installation, and the folder that their clones lie in."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.containers.compose_project import ComposeProject, ask_engine
from tests.containers.installation import open_clone
from tests.containers.package_index import PackageIndex, serve_packages


@pytest.fixture(scope="session")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where clones are made: a folder that the engine sees under the same path."""
    return Path(os.environ.get("DUE_REGARD_CONTAINERS_DIR") or tmp_path_factory.mktemp("containers"))


@pytest.fixture(scope="session")
def image_index(clones: Path, tmp_path_factory: pytest.TempPathFactory) -> PackageIndex | None:
    """The index that the image was built from; None where it was built from the public one, or was there."""
    if os.environ.get("DUE_REGARD_CONTAINERS_BUILT"):
        return None
    with open_clone(clones, "build") as project:
        return _build_image(project, tmp_path_factory.mktemp("index"))


def _build_image(project: ComposeProject, folder: Path) -> PackageIndex | None:
    """By the documented command; from an index of one's own where there are wheels to serve."""
    if not (wheels := os.environ.get("DUE_REGARD_WHEELS")):
        project.do("build", "--no-cache", "init")
        return None
    gateway = ask_engine("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}").strip()
    with serve_packages(Path(wheels), gateway, folder) as index:
        project.write_settings(DUE_REGARD_CA_FILE=shutil.copy(index.ca, project.folder), DUE_REGARD_INDEX_URL=index.url)
        project.do("build", "--no-cache", "init")
    return index
