"""What is looked at before any parser: is this file an export at all, by its content and not its name?

Add a refusal here when a kind of file must never reach a reader. Headers and cells come later.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from due_regard.errors import DropError, FileRefused
from due_regard.intake.size_limits import LARGEST_FILE

READ_ME = "READ ME FIRST.txt"
"""What rejections.py lays beside the rows to mend; it may come back with them."""
CONTROL_FILES = frozenset({"MANIFEST.json", "READY", READ_ME})
_LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


class FileForm(StrEnum):
    """What a file's content is, whatever its name says."""

    TEXT = "text"
    WORKBOOK = "workbook"


def list_drop_files(drop: Path) -> list[Path]:
    """The files of a drop that are to be read, by name; control files and an operating system's litter are not.

    Raises:
        DropError: there is no such folder, or nothing in it.
    """
    if not drop.is_dir():
        raise DropError(f"no drop folder {drop.name}; deliver the export there, or check the landlord's drop_folder")
    files = [path for path in sorted(drop.iterdir()) if is_export_file(path.name)]
    if not files:
        raise DropError(f"the drop folder {drop.name} is empty; deliver the export again")
    return files


def is_export_file(name: str) -> bool:
    """Whether a file of this name is to be read: no control file, and no litter of an operating system."""
    return name not in CONTROL_FILES and not is_litter(name)


def is_litter(name: str) -> bool:
    """Whether a file of this name is an operating system's or a spreadsheet program's, and nobody's export."""
    return name.casefold() in _LITTER or name.startswith("~$")


def make_shown_name(path: Path) -> str:
    """The file's name as it may stand in a message, a log or the register: printable, whatever bytes it was made of."""
    name = path.name.encode("utf-8", "backslashreplace").decode()
    return name if name.isprintable() else ascii(name)[1:-1]


def check_file_name(path: Path) -> None:
    """Nothing, if the file's name can be written down.

    Raises:
        FileRefused: it holds control characters or bytes that are no text.
    """
    if make_shown_name(path) != path.name:
        raise FileRefused("bad_name", f"{make_shown_name(path)}: has a name that cannot be printed; rename it")


def read_content(path: Path, drop: Path) -> bytes:
    """A file's bytes.

    Raises:
        FileRefused: it is no plain file inside the drop, too large, or cannot be read.
    """
    name = path.name
    if path.is_symlink() or path.resolve().parent != drop.resolve():
        raise FileRefused("outside_drop", f"{name}: points outside the drop folder; deliver the file itself")
    if not path.is_file():
        raise FileRefused("not_a_file", f"{name}: is no file; deliver the files of one export directly in the folder")
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise FileRefused("too_large", f"{name}: is larger than {LARGEST_FILE // 2**20} MB; split the export")
        return path.read_bytes()
    except OSError as reason:
        raise FileRefused("unreadable_file", f"{name}: cannot be read ({reason.strerror}); deliver it again") from None


def detect_form(name: str, content: bytes) -> FileForm:
    """Whether a file's content is a workbook or text.

    Raises:
        FileRefused: it is empty, or no export; the code names what it is.
    """
    if not content.strip(b"\0\t\r\n "):
        raise FileRefused("empty_file", f"{name}: is empty; export it again (a header alone is enough for no records)")
    if content.startswith(b"PK\x03\x04"):
        return FileForm.WORKBOOK
    if content.startswith(_OLE2) and _ENCRYPTED in content:
        raise FileRefused("encrypted", f"{name}: is password-protected; save it without a password")
    for signature, code, remedy in _FOREIGN:
        if content.startswith(signature):
            raise FileRefused(code, f"{name}: {remedy}")
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")):
        raise FileRefused("not_an_export", f"{name}: is a web page or XML; export it as CSV or .xlsx")
    return FileForm.TEXT


_OLE2 = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = (
    (_OLE2, "old_workbook", "is a workbook of an old kind; save it as .xlsx"),
    (b"%PDF", "not_an_export", "is a PDF; export it as CSV or .xlsx"),
    (b"\x89PNG", "not_an_export", "is a picture; export it as CSV or .xlsx"),
    (b"\xff\xd8\xff", "not_an_export", "is a picture; export it as CSV or .xlsx"),
    (b"\x1f\x8b", "not_an_export", "is a compressed archive; deliver the file inside it"),
    (b"{\\rtf", "not_an_export", "is a text document; export it as CSV or .xlsx"),
)
