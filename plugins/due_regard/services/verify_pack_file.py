"""Is this file part of a pack as it was issued? Compared with the register, or with the checksum from the mail."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from due_regard.config.settings import Settings
from due_regard.errors import PackError, SettingsError, StorageError
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.result import Result

if TYPE_CHECKING:
    from sqlalchemy import Connection


def verify_pack_file(
    settings: Settings, file: Path, *, digest: str | None = None, landlord: str | None = None
) -> Result:
    """Compare a file with what the register keeps, or with `digest`: the file's checksum in the mail, or the pack's.

    With the file's own checksum no register is asked. With the pack's, the register says which files it covers.

    Returns:
        file's sha256, is_issued, says (a sentence), and, where the register was asked, landlord, pack, quarter,
        edition, version, state, replaced_by (a later version that was issued).

    Raises:
        StorageError: the file cannot be read.
        SettingsError: the digest is no SHA-256.
        PackError: it is no file of a pack that was issued, or was changed since.
    """
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as reason:
        raise StorageError(f"the file cannot be read: {reason.strerror}") from None
    wanted = None if digest is None else digest.strip().lower()
    if wanted is not None and not re.fullmatch("[0-9a-f]{64}", wanted):
        raise SettingsError("--digest takes the checksum as the mail prints it: 64 digits and letters a to f")
    if wanted == found:
        return {"sha256": found, "is_issued": None, "says": "the file is the one of this checksum, to the letter"}
    from due_regard.register import reading

    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        return _compare_with_register(connection, landlord, found, wanted)


def _compare_with_register(connection: Connection, landlord: str | None, found: str, wanted: str | None) -> Result:
    from due_regard.packs.life.pack_history import list_builds_with_file

    builds = list_builds_with_file(connection, landlord, found)
    builds = [build for build in builds if wanted in {None, build["sha256"]}]
    if not builds:
        what = "this checksum" if wanted else "any pack that the register keeps"
        raise PackError(f"this is no file of {what}: it was changed, or is another file. Ask its sender for it again")
    described = [_describe_build(connection, build) for build in builds]
    best = next((one for one in described if one["is_issued"]), described[-1])
    if not best["is_issued"]:
        name = f"version {best['version']} of {best['pack']} of {best['quarter']} ({best['edition']})"
        raise PackError(f"this file is of a build of {name} that was never issued ({best['state']}): do not rely on it")
    return {"sha256": found} | best


def _describe_build(connection: Connection, build: dict[str, Any]) -> Result:
    from due_regard.packs import make_pack_key, read_pack_life

    key = make_pack_key(build["pack"], build["quarter"], build["edition"])
    life, version = read_pack_life(connection, build["landlord"], key), int(build["version"])
    issue = life.find_issue(version)
    is_issued = issue is not None and issue["pack_id"] == build["id"]
    later = [one for one in range(version + 1, life.version + 1) if life.find_issue(one)]
    said = f"the file is as it was issued: version {version} of {key}, {build['landlord']}"
    said += f"; version {later[-1]} has replaced it" if later else ""
    return {
        "landlord": build["landlord"], "pack": key.pack, "quarter": key.quarter, "edition": key.edition,
        "version": version, "state": life.name_state(version), "is_issued": is_issued,
        "replaced_by": later[-1] if later else None, "says": said,
    }  # fmt: skip
