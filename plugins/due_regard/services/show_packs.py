"""Built packs: which there are, what went into one, to whom it was issued, and its files.

Publishable files are for every reader. Confidential ones name cases: they are for whoever governs the register.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import Quarter
from due_regard.config.landlord import load_landlord
from due_regard.config.settings import Settings
from due_regard.config.storage import StoredPath
from due_regard.errors import DefinitionError, NotAllowed, SettingsError, UnknownReference
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.result import Result, make_json_value
from due_regard.services.result_page import PAGE_ROWS, describe_page, find_offset

if TYPE_CHECKING:
    pass

CONFIDENTIAL, PUBLISHABLE = "confidential", "publishable"
_UNKNOWN = "no such pack was built; the list of packs has those that were"


def list_packs(settings: Settings, landlord: str, *, page: int) -> Result:
    """One page of the packs that were built, the newest quarter first.

    Returns:
        landlord, landlord_name, total, page, pages, packs: pack, title, quarter, edition, builds, built_at, issues
        (state, issued_on, how) of its newest build.

    Raises:
        UnknownReference: there is no such page.
    """
    from due_regard.packs.life.pack_history import count_built_packs, list_built_packs, list_issues
    from due_regard.register import reading

    named = {"landlord": landlord, "landlord_name": load_landlord(settings.landlords_dir, landlord).name}
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        shown = describe_page(count_built_packs(connection, landlord), page)
        rows = list_built_packs(connection, landlord, limit=PAGE_ROWS, offset=find_offset(page))
        issues = list_issues(connection, landlord, [row["id"] for row in rows])
    packs = [
        {name: make_json_value(row[name]) for name in ("pack", "quarter", "edition", "builds", "built_at")}
        | _describe_definition(settings, row["pack"])
        | {"issues": _choose_issues(row["id"], issues, governs=False)}
        for row in rows
    ]
    return named | shown | {"packs": packs}


def show_pack(
    settings: Settings,
    landlord: str,
    quarter: str,
    name: str,
    *,
    edition: str | None,
    version: str | None,
    governs: bool,
) -> Result:
    """One pack of a quarter: its builds, its files, what went into it, and to whom it was issued.

    Args:
        settings: the installation.
        landlord: whose.
        quarter: as 2026-Q2.
        name: of the pack.
        edition: confidential or publishable; None: what the reader may download, where it was built.
        version: number of the build, from 1; None: the newest.
        governs: whether the reader may have confidential files.

    Returns:
        landlord, landlord_name, pack, title, audience, quarter, edition, editions, version, versions (version,
        built_at, known_at, issues), built_at, known_at, sha256, may_download, files (name, sha256, is_kept),
        ingredients, issues.

    Raises:
        UnknownReference: no such pack, edition or version was built.
    """
    with_editions, builds, issues = _read_builds(settings, landlord, quarter, name, edition, governs)
    build = choose_build(builds, version)
    edition = str(build["edition"])
    versions = [
        {"version": number, "built_at": make_json_value(one["built_at"]), "known_at": make_json_value(one["known_at"])}
        | {"issues": _choose_issues(one["id"], issues, governs=governs)}
        for number, one in enumerate(builds, 1)
    ]
    folder = _find_folder(settings, landlord, build)
    files = [
        {"name": file, "sha256": digest, "is_kept": _read_kept_file(folder, file, digest) is not None}
        for file, digest in sorted(build["files"].items())
    ]
    said = {key: make_json_value(build[key]) for key in ("pack", "quarter", "built_at", "known_at", "sha256")}
    return (
        {"landlord": landlord, "landlord_name": load_landlord(settings.landlords_dir, landlord).name}
        | said
        | _describe_definition(settings, name)
        | {"edition": edition, "editions": with_editions, "version": builds.index(build) + 1, "versions": versions}
        | {"may_download": governs or edition == PUBLISHABLE, "files": files, "ingredients": dict(build["ingredients"])}
        | {"issues": _choose_issues(build["id"], issues, governs=governs)}
    )


def _read_builds(
    settings: Settings, landlord: str, quarter: str, name: str, edition: str | None, governs: bool
) -> tuple[list[str], list[dict[str, Any]], list[dict[str, Any]]]:
    """The editions of a pack, the builds of the one that is shown, and their issues."""
    from due_regard.packs.life.pack_history import list_builds, list_editions, list_issues
    from due_regard.register import reading

    try:
        period = str(Quarter.parse(quarter))
    except SettingsError:
        raise UnknownReference(_UNKNOWN) from None
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        editions = [] if "\0" in name else list_editions(connection, landlord, pack=name, quarter=period)
        chosen = edition or _choose_edition(editions, governs)
        if chosen not in editions:
            raise UnknownReference(_UNKNOWN)
        builds = list_builds(connection, landlord, pack=name, quarter=period, edition=chosen)
        issues = list_issues(connection, landlord, [build["id"] for build in builds])
    return editions, builds, issues


def _choose_edition(editions: list[str], governs: bool) -> str:
    first = CONFIDENTIAL if governs else PUBLISHABLE
    return first if first in editions else next(iter(editions), first)


def choose_build(builds: list[dict[str, Any]], version: str | None) -> dict[str, Any]:
    """The build of a number, the newest where none is named.

    Raises:
        UnknownReference: there is no such build.
    """
    if version is None:
        return builds[-1]
    if not (version.isascii() and version.isdecimal() and len(version) < 9 and 1 <= int(version) <= len(builds)):
        raise UnknownReference(f"this pack has no version of that number; it has {len(builds)}")
    return builds[int(version) - 1]


def read_pack_file(
    settings: Settings,
    landlord: str,
    quarter: str,
    name: str,
    file: str,
    *,
    edition: str,
    version: str | None,
    governs: bool,
) -> bytes:
    """One file of a build, as it was when it was built.

    Raises:
        UnknownReference: no such pack or file was built, or the file was replaced or moved since.
        NotAllowed: it is confidential, and the reader may not have it.
    """
    if edition != PUBLISHABLE and not governs:
        raise NotAllowed("a confidential pack is for whoever governs the register; nothing was sent")
    _, builds, _ = _read_builds(settings, landlord, quarter, name, edition, governs)
    build = choose_build(builds, version)
    digest = build["files"].get(file)
    body = None if digest is None else _read_kept_file(_find_folder(settings, landlord, build), file, digest)
    if body is None:
        raise UnknownReference("this file is not kept as it was built: it was replaced by a later build, or moved")
    return body


def _find_folder(settings: Settings, landlord: str, build: dict[str, Any]) -> StoredPath:
    return settings.packs / landlord / str(build["quarter"])


def _read_kept_file(folder: StoredPath, name: str, digest: str) -> bytes | None:
    """The file, where what lies there is what was built; its name is one that the register keeps."""
    with suppress(OSError):
        body = bytes((folder / name).read_bytes())
        return body if hashlib.sha256(body).hexdigest() == digest else None
    return None


def _describe_definition(settings: Settings, name: str) -> Result:
    """The pack's title and audience; of a definition that is gone, its name."""
    from due_regard.packs.content.pack_definition import load_pack_definition

    with suppress(DefinitionError):
        definition = load_pack_definition(settings.reports_dir, name)
        return {"title": definition.title, "audience": definition.audience}
    return {"title": name, "audience": None}


def _choose_issues(pack_id: int, issues: list[dict[str, Any]], *, governs: bool) -> list[Result]:
    """The issues of a build; who said so and why is for whoever governs."""
    names: tuple[str, ...] = ("state", "how", "issued_on", "accepted_on")
    names += ("issued_by", "issued_why") if governs else ()
    return [{name: make_json_value(one[name]) for name in names} for one in issues if one["pack_id"] == pack_id]
