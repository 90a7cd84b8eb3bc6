"""The life of one pack as its page shows it: acts, commentary, what may be done now, and its figures with addresses.

Files, builds and issues are show_packs.py's; one figure's rows, open_figure.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import find_london_day
from due_regard.calendars.reporting_years import parse_period
from due_regard.config.landlord import Landlord
from due_regard.config.settings import Settings
from due_regard.errors import DefinitionError, PackError
from due_regard.services.result import Result, make_json_value

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.packs import PackKey, PackLife

_Frozen = tuple[Mapping[int, Any], Mapping[int, Any]]
"""Of each build its figures, and what it published."""


def describe_life(
    settings: Settings,
    landlord: Landlord,
    life: PackLife,
    version: int,
    build: Mapping[str, Any],
    frozen: _Frozen | None,
    *,
    actor: str | None = None,
    now: datetime | None = None,
) -> Result:
    """Where a version stands and how it came to.

    Args:
        settings: the installation.
        landlord: whose pack.
        life: of the pack.
        version: the one shown.
        build: of it, the one shown.
        frozen: figures of the builds; None: the reader may not see them.
        actor: id of the reader.
        now: when they look.

    Returns:
        state, life (event, at, actor, why, section, title of the section, version), commentary (section, title, words,
        actor, at), sections (section, title) that may be commented on, tables (table, title, quarters, rows: measure
        and its cells), correction, is_newest (no later version is begun), has_later_build (one that is not the
        version's own), rejection (at, actor, why; None: none holds), is_rebuilt (since it was rejected), is_sole_author
        (the reader alone wrote the commentary, so somebody else approves), is_on_its_way (its mail), has_clerk,
        leaves_on (the day before which its mail does not leave; None: it may leave).
    """
    titles = _list_section_titles(settings, life.key.pack)
    acts = ("event", "at", "actor", "why", "section", "version")
    own = life.find_own_build(version)
    figures: dict[str, Any] = {}
    if frozen is not None and own is not None and own["id"] == build["id"]:
        figures = _choose_figures(frozen[0][build["id"]], frozen[1][build["id"]], life.key.edition)
    said: Result = {
        "state": life.name_state(version),
        "life": [
            {name: make_json_value(act[name]) for name in acts} | {"title": titles.get(act["section"], act["section"])}
            for act in life.events
        ]
        if frozen
        else [],
        "commentary": [
            {"section": one.section, "title": titles.get(one.section, one.section), "words": one.words}
            | {"actor": one.actor, "at": make_json_value(one.at)}
            for one in life.commentary.values()
        ]
        if frozen
        else [],
        "sections": [{"section": name, "title": title} for name, title in titles.items()],
        "tables": _list_tables(figures, titles),
        "correction": life.describe_correction(version),
        "is_newest": version == life.version,
        "has_later_build": own is not None and own["id"] != life.list_builds_of(version)[-1]["id"],
        "is_sole_author": actor is not None and life.has_sole_author(actor),
        "is_on_its_way": life.has_mail_on_its_way(version),
        "has_clerk": landlord.find_switch(life.key.pack) is not None,
        "leaves_on": _find_leaving_day(landlord, life, now),
    }
    return said | _describe_rejection(life, version)


def _describe_rejection(life: PackLife, version: int) -> Result:
    rejection, builds = life.find_rejection(version), life.list_builds_of(version)
    if rejection is None:
        return {"rejection": None, "is_rebuilt": False}
    said = {name: make_json_value(rejection[name]) for name in ("at", "actor", "why")}
    return {"rejection": said, "is_rebuilt": builds[-1]["id"] != rejection["pack_id"]}


def _find_leaving_day(landlord: Landlord, life: PackLife, now: datetime | None) -> str | None:
    """The day before which the mail to the clerk does not leave; None: it may leave, or there is no clerk."""
    from due_regard.packs import find_leaving_day

    switch = landlord.find_switch(life.key.pack)
    if switch is None or now is None:
        return None
    leaves_on = find_leaving_day(switch, parse_period(life.key.quarter))
    return leaves_on.isoformat() if leaves_on > find_london_day(now) else None


def _list_section_titles(settings: Settings, pack: str) -> dict[str, str]:
    """What may be commented on: the decision asked, and each table of the definition."""
    from due_regard.packs import DECISION
    from due_regard.packs.content.measure_tables import SPECS
    from due_regard.packs.content.pack_definition import load_pack_definition

    titles = {DECISION: "What the audience is asked to decide"}
    with suppress(DefinitionError):
        sections = load_pack_definition(settings.reports_dir, pack).sections
        titles |= {section.table: section.title or SPECS[section.table].title for section in sections}
    return titles


def _choose_figures(
    figures: Mapping[str, list[float | None]], published: Mapping[str, float | None] | None, edition: str
) -> dict[str, list[float | None]]:
    """The figures that the edition shows; of a publishable one without what they are out of, which it may hide."""
    if edition == "confidential":
        return dict(figures)
    shown = published or {}
    return {name: [shown[name], None] for name in figures if shown.get(name) is not None}


def _list_tables(figures: Mapping[str, list[float | None]], titles: Mapping[str, str]) -> list[Result]:
    tables: dict[str, dict[str, dict[str, list[float | None]]]] = {}
    for name, values in figures.items():
        table, measure, quarter = name.split("/")
        tables.setdefault(table, {}).setdefault(measure, {})[quarter] = values
    found = []
    for table in sorted(tables, key=list(titles).index if set(tables) <= set(titles) else str):
        quarters = sorted({quarter for cells in tables[table].values() for quarter in cells}, reverse=True)
        rows = [
            {"measure": measure, "cells": [_make_cell(quarter, cells.get(quarter)) for quarter in quarters]}
            for measure, cells in tables[table].items()
        ]
        found.append({"table": table, "title": titles.get(table, table), "quarters": quarters, "rows": rows})
    return found


def _make_cell(quarter: str, values: list[float | None] | None) -> Result:
    number, out_of = values or (None, None)
    return {"quarter": quarter, "number": number, "out_of": out_of}


def describe_pack_state(engine: Engine, landlord: str, key: PackKey) -> Result:
    """Where a pack stands: landlord, quarter, pack, edition, version, state, sha256 (of the version's own build)."""
    from due_regard import packs
    from due_regard.register import reading

    with reading(engine, landlord) as connection:
        life = packs.read_pack_life(connection, landlord, key)
    build = life.find_own_build(life.version)
    if build is None:
        raise PackError(f"there is no {key}; build it first with `due-regard pack`")
    said: dict[str, Any] = {"landlord": landlord, "quarter": key.quarter, "pack": key.pack, "edition": key.edition}
    return said | {"version": life.version, "state": life.name_state(life.version), "sha256": build["sha256"]}
