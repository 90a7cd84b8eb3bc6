"""Are the folders there that an installation reads and writes, and is everything in its own folder read?"""

from __future__ import annotations

from collections.abc import Iterator

from due_regard.codes.code_files import CODES_FOLDER
from due_regard.config.settings import Settings
from due_regard.config.storage import StoredPath
from due_regard.services.check_result import CheckResult, check_writing
from due_regard.services.landlord_context import is_drops_folder_read

_OWN_FOLDERS = ("calendars", "codes", "landlords", "policies", "reports", "sources")
"""What DUE_REGARD_OWN_DIR may hold."""


def check_folders(settings: Settings) -> Iterator[CheckResult]:
    """Whether each folder that is read is there, and each that is written can be."""
    yield _check_own_folder(settings)
    yield _check_folder("include", settings.include_dir)
    if is_drops_folder_read(settings):
        yield _check_folder("drops", settings.drops)
    else:
        yield CheckResult("drops folder", True, "none is read: the exports of all landlords are fetched")
    yield check_writing("var folder", settings.var_dir.resolve(), str(settings.var_dir))
    if settings.files_url:
        yield check_writing("files folder", settings.files, f"can be written: {settings.files}")


def _check_folder(name: str, folder: StoredPath) -> CheckResult:
    there = folder.is_dir()
    says = str(folder) if there else f"no folder {folder}; make it or set DUE_REGARD_{name.upper()}_DIR"
    return CheckResult(f"{name} folder", there, says)


def _check_own_folder(settings: Settings) -> CheckResult:
    """What the installation lays over the shipped files, and whether anything in it is read by nobody."""
    own = settings.own_dir
    if own is None:
        return CheckResult("own folder", True, "none (DUE_REGARD_OWN_DIR); the include folder's files count alone")
    unread = sorted(
        entry.name
        for entry in own.iterdir()
        if entry.name not in _OWN_FOLDERS
        and not entry.name.startswith(".")
        and (entry.is_dir() or ".y" in entry.suffix)
    )
    if unread:
        says = f"{own}: nothing reads {', '.join(unread)}; folders: {', '.join(_OWN_FOLDERS)}"
        return CheckResult("own folder", False, says)
    files = [file.relative_to(own) for name in _OWN_FOLDERS for file in sorted((own / name).rglob("*.*"))]
    shipped = [file for file in files if (settings.include_dir / file).is_file()]
    instead = [file.as_posix() for file in shipped if file.parts[0] != CODES_FOLDER]
    says = f"{own}: {len(files)} files, in place of shipped ones: {', '.join(instead) or 'none'}"
    return CheckResult("own folder", True, says)
