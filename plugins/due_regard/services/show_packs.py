"""Built packs: which there are, what went into one, to whom it was issued, and its files.

Publishable files are for every reader. Confidential ones name cases: they are for whoever governs the register.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from due_regard.calendars.reporting_years import parse_period
from due_regard.config.landlord import Landlord, load_landlord
from due_regard.config.settings import Settings
from due_regard.errors import NotAllowed, SettingsError, UnknownReference
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.pack_titles import describe_definition, describe_period, name_file, order_file
from due_regard.services.post_packs import find_quarter_folder
from due_regard.services.result import Result, make_json_value
from due_regard.services.result_page import PAGE_ROWS, describe_page, find_offset

if TYPE_CHECKING:
    from due_regard.packs import PackLife

CONFIDENTIAL, PUBLISHABLE = "confidential", "publishable"
_UNKNOWN = "no such pack was built; the list of packs has those that were"


def list_packs(settings: Settings, landlord: str, *, page: int) -> Result:
    """One page of the packs that were built, the newest quarter first.

    Returns:
        landlord, landlord_name, total, page, pages, packs: pack, title, quarter, period, edition, version, state,
        builds, built_at, issues (state, issued_on, how) of its newest version.

    Raises:
        UnknownReference: there is no such page.
    """
    from due_regard.packs import make_pack_key, read_pack_life
    from due_regard.packs.life.pack_history import count_built_packs, list_built_packs
    from due_regard.register import reading

    found = load_landlord(settings.landlords_dir, landlord)
    named = {"landlord": landlord, "landlord_name": found.name}
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        shown = describe_page(count_built_packs(connection, landlord), page)
        rows = list_built_packs(connection, landlord, limit=PAGE_ROWS, offset=find_offset(page))
        keys = [make_pack_key(row["pack"], row["quarter"], row["edition"]) for row in rows]
        lives = [read_pack_life(connection, landlord, key) for key in keys]
    packs = [
        {name: make_json_value(row[name]) for name in ("pack", "quarter", "edition", "builds", "built_at")}
        | describe_definition(settings, row["pack"])
        | {"period": describe_period(found, row["quarter"])}
        | {"version": life.version, "state": life.name_state(life.version)}
        | {"issues": _list_version_issues(life, life.version, governs=False)}
        for row, life in zip(rows, lives, strict=True)
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
    build: str | None = None,
    governs: bool,
    actor: str | None = None,
    now: datetime | None = None,
) -> Result:
    """One version of a pack: where it stands, its life, its figures and files, what went into it, who was given it.

    Args:
        settings: the installation.
        landlord: whose.
        quarter: as 2026-Q2, or a year as 2025-26.
        name: of the pack.
        edition: confidential or publishable; None: what the reader may download, where it was built.
        version: 1, or of a correction one more; None: the newest that was built.
        build: number of a build of the version, from 1; None: the one issued, else approved, else the newest.
        governs: whether the reader may have the confidential edition.
        actor: id of the reader.
        now: when they look.

    Returns:
        landlord, landlord_name, pack, title, audience, quarter, period (in words), edition, editions, version, versions
        (version, state, built_at, issues), build, builds (build, built_at, sha256), built_at, known_at, sha256,
        may_download, files (name, title, sha256, is_kept), ingredients, issues, and what `describe_life` gives;
        withheld (why nothing of it is published; empty where it is) and annual (what is offered in its place, or None).

    Raises:
        UnknownReference: no such pack, edition, version or build was built.
    """
    from due_regard.services.show_pack_life import describe_life

    with_editions, life, published, figures = _read_life(settings, landlord, quarter, name, edition, governs)
    number, builds, chosen = _choose_version(life, version, build)
    versions = [_describe_version(life, one, governs=governs) for one in _list_built_versions(life)]
    files = [
        {"name": file, "title": name_file(file, life.key.edition), "sha256": digest}
        | {"is_kept": _read_build_file(settings, landlord, chosen, file) is not None}
        for file, digest in sorted(chosen["files"].items(), key=lambda each: order_file(each[0]))
    ]
    said = {key: make_json_value(chosen[key]) for key in ("pack", "quarter", "built_at", "known_at", "sha256")}
    found = load_landlord(settings.landlords_dir, landlord)
    may_read = governs or life.key.edition == PUBLISHABLE
    return (
        {"landlord": landlord, "landlord_name": found.name, "period": describe_period(found, quarter)}
        | said
        | _describe_withheld(found, life, str(chosen["ingredients"].get("withheld", "")))
        | describe_definition(settings, name)
        | {"edition": life.key.edition, "editions": with_editions, "version": number, "versions": versions}
        | {"build": builds.index(chosen) + 1, "builds": [_describe_build(*one) for one in enumerate(builds, 1)]}
        | {"may_download": may_read, "files": files, "ingredients": dict(chosen["ingredients"])}
        | {"issues": _choose_issues(chosen["id"], life.issues, governs=governs)}
        | describe_life(
            settings, found, life, number, chosen, (figures, published) if may_read else None, actor=actor, now=now
        )
    )


def _describe_withheld(landlord: Landlord, life: PackLife, withheld: str) -> Result:
    """Why nothing of a build is published, and the annual edition that is offered in its place."""
    from due_regard.packs import find_annual_offer

    offer = find_annual_offer(landlord, life.key.pack, life.key.quarter) if withheld else None
    return {"withheld": withheld, "annual": offer and offer.describe()}


def _read_life(
    settings: Settings, landlord: str, quarter: str, name: str, edition: str | None, governs: bool
) -> tuple[list[str], PackLife, dict[int, Any], dict[int, Any]]:
    """The editions of a pack, the life of the one that is shown, and of each build what it published and its figures.

    Only the builds that versions are have figures here: they are large.
    """
    from due_regard.packs import make_pack_key, read_pack_life
    from due_regard.packs.life.pack_history import list_editions, read_build_figures
    from due_regard.register import reading

    try:
        period = str(parse_period(quarter))
    except SettingsError:
        raise UnknownReference(_UNKNOWN) from None
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        editions = [] if "\0" in name else list_editions(connection, landlord, pack=name, quarter=period)
        chosen = edition or _choose_edition(editions, governs)
        if chosen not in editions:
            raise UnknownReference(_UNKNOWN)
        life = read_pack_life(connection, landlord, make_pack_key(name, period, chosen))
        own = {one["id"] for number in _list_built_versions(life) if (one := life.find_own_build(number))}
        read = {pack_id: read_build_figures(connection, landlord, pack_id) for pack_id in own}
    published = {pack_id: both[1] for pack_id, both in read.items()}
    return editions, life, published, {pack_id: both[0] for pack_id, both in read.items()}


def _list_built_versions(life: PackLife) -> list[int]:
    return sorted({int(build["version"]) for build in life.builds})


def _choose_version(
    life: PackLife, version: str | None, build: str | None
) -> tuple[int, list[Mapping[str, Any]], Mapping[str, Any]]:
    """Number of the version, its builds, and the one that is shown."""
    known = _list_built_versions(life)
    number = known[-1] if version is None else _parse_number(version, known, "version")
    builds = life.list_builds_of(number)
    own = life.find_own_build(number)
    if build is None and own is not None:
        return number, builds, own
    return number, builds, builds[_parse_number(build or "", range(1, len(builds) + 1), "build") - 1]


def _parse_number(text: str, known: Collection[int], what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and int(text) in known):
        raise UnknownReference(f"this pack has no {what} of that number; it has {len(known)}")
    return int(text)


def _describe_version(life: PackLife, version: int, *, governs: bool) -> Result:
    own = life.find_own_build(version) or {}
    said = {"version": version, "state": life.name_state(version), "built_at": make_json_value(own.get("built_at"))}
    return said | {"issues": _list_version_issues(life, version, governs=governs)}


def _describe_build(number: int, build: Mapping[str, Any]) -> Result:
    return {"build": number, "built_at": make_json_value(build["built_at"]), "sha256": build["sha256"]}


def _list_version_issues(life: PackLife, version: int, *, governs: bool) -> list[Result]:
    return [
        issue for build in life.list_builds_of(version)
        for issue in _choose_issues(build["id"], life.issues, governs=governs)
    ]  # fmt: skip


def _choose_edition(editions: list[str], governs: bool) -> str:
    first = CONFIDENTIAL if governs else PUBLISHABLE
    return first if first in editions else next(iter(editions), first)


def read_pack_file(
    settings: Settings,
    landlord: str,
    quarter: str,
    name: str,
    file: str,
    *,
    edition: str,
    version: str | None,
    build: str | None = None,
    governs: bool,
) -> bytes:
    """One file of a build, as it was when it was built.

    Raises:
        UnknownReference: no such pack or file was built, or the file was replaced or moved since.
        NotAllowed: it is confidential, and the reader may not have it.
    """
    if edition != PUBLISHABLE and not governs:
        raise NotAllowed("a confidential pack is for whoever governs the register; nothing was sent")
    _, life, _, _ = _read_life(settings, landlord, quarter, name, edition, governs)
    body = _read_build_file(settings, landlord, _choose_version(life, version, build)[2], file)
    if body is None:
        raise UnknownReference("this file is not kept as it was built: it was replaced by a later build, or moved")
    return body


def _read_build_file(settings: Settings, landlord: str, build: Mapping[str, Any], name: str) -> bytes | None:
    """A file of a build as it was built: kept apart, or, by an earlier revision, where the newest build lies."""
    from due_regard.packs.life.kept_files import find_kept_folder, read_file

    digest, folder = build["files"].get(name), find_quarter_folder(settings, landlord, str(build["quarter"]))
    if digest is None:
        return None
    kept = read_file(find_kept_folder(folder, build["sha256"]), name, digest)
    return read_file(folder, name, digest) if kept is None else kept


def _choose_issues(pack_id: int, issues: Sequence[Mapping[str, Any]], *, governs: bool) -> list[Result]:
    """The issues of a build; who said so and why is for whoever governs."""
    names: tuple[str, ...] = ("state", "how", "issued_on", "accepted_on")
    names += ("issued_by", "issued_why") if governs else ()
    return [{name: make_json_value(one[name]) for name in names} for one in issues if one["pack_id"] == pack_id]
