"""Files that an answer rests on: named by where they lie, and laid out again from the texts that were kept of them.

What was read is caught where YAML is read (config/yaml_files.py), so no list of files can lag behind the loaders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from due_regard.codes.code_files import CODES_FOLDER
from due_regard.config.layered_folders import find_shipped_folder
from due_regard.config.settings import Settings
from due_regard.errors import AuditError

_LAYERS = ("own", "include")
"""The layers of an installation's files, as names of texts begin: `own/policies/…` lay in DUE_REGARD_OWN_DIR."""


def name_texts(settings: Settings, read: Mapping[Path, str]) -> dict[str, str]:
    """Name -> text of the files that were read from the installation's folders.

    The shipped code lists are no part: a process reads them once, and no shipped word is ever removed or redefined.
    """
    folders = [(name, folder) for name in _LAYERS if (folder := getattr(settings, f"{name}_dir")) is not None]
    shipped = find_shipped_folder() / CODES_FOLDER
    found: dict[str, str] = {}
    for file, text in read.items():
        holding = [(name, folder) for name, folder in folders if file.is_relative_to(folder)]
        if holding and not file.is_relative_to(shipped):
            name, folder = max(holding, key=lambda layer: len(layer[1].parts))
            found[f"{name}/{file.relative_to(folder).as_posix()}"] = text
    return found


@contextmanager
def lay_out_texts(settings: Settings, texts: Mapping[str, str]) -> Iterator[Settings]:
    """The same installation with these texts as its only files, in a folder that goes at the end.

    Raises:
        AuditError: a name, which the register gave, would lead out of that folder.
    """
    with TemporaryDirectory(prefix="due-regard-") as name:
        folder = Path(name)
        layers = {f"{layer}_dir": folder / layer for layer in _LAYERS}
        for layer in layers.values():
            layer.mkdir()
        for place, text in texts.items():
            file = folder / place
            if ".." in file.parts or not file.is_relative_to(folder):
                raise AuditError("a text is kept under a name that no file of an installation has")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        yield settings.model_copy(update=layers)
