"""Where files that people edit are found: those shipped with the package, and a landlord's own laid over them.

A folder is one path, or several laid over one another: of each name, the first layer that has it gives the file.
Only names are read here; what a file says is read by who asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class LayeredFolder:
    """Folders laid over one another, the topmost first; one that is not there counts as empty."""

    layers: tuple[Path, ...]

    def __truediv__(self, name: str) -> LayeredFolder:
        return LayeredFolder(tuple(layer / name for layer in self.layers))


Folder: TypeAlias = Path | LayeredFolder


def find_shipped_folder() -> Path:
    """The files that come with the package: beside its modules where it was installed, else the repository's own."""
    return _PACKAGE / "include" if is_installed() else _PACKAGE.parents[1] / "include"


def find_package_folder() -> Path:
    """The folder of the package's own modules."""
    return _PACKAGE


def is_installed() -> bool:
    """Whether this is an installed package, whose files the next upgrade replaces, and no repository."""
    return (_PACKAGE / "include").is_dir()


def list_layers(folder: Folder) -> tuple[Path, ...]:
    """The folders that `folder` is made of, the topmost first."""
    return folder.layers if isinstance(folder, LayeredFolder) else (folder,)


def find_file(folder: Folder, name: str) -> Path:
    """The file `name` of the first layer that has it; where none has, the path it should have in the topmost one."""
    files = [layer / name for layer in list_layers(folder)]
    return next((file for file in files if file.is_file()), files[0])


def list_files(folder: Folder, pattern: str) -> list[Path]:
    """The files of every layer whose names match, sorted by name; of each name that of the first layer that has it."""
    found = {file.name: file for layer in reversed(list_layers(folder)) for file in layer.glob(pattern)}
    return [found[name] for name in sorted(found)]
