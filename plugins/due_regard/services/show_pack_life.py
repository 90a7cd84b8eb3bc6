"""The life of one pack as its page shows it: acts, commentary, what may be done now, and its figures with addresses.

Files, builds and issues are show_packs.py's; one figure's rows, open_figure.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from due_regard.config.settings import Settings
from due_regard.errors import DefinitionError
from due_regard.services.result import Result, make_json_value

if TYPE_CHECKING:
    from due_regard.packs import PackLife

_Frozen = tuple[Mapping[int, Any], Mapping[int, Any]]
"""Of each build its figures, and what it published."""


def describe_life(
    settings: Settings, life: PackLife, version: int, build: Mapping[str, Any], frozen: _Frozen | None
) -> Result:
    """Where a version stands and how it came to.

    Args:
        settings: the installation.
        life: of the pack.
        version: the one shown.
        build: of it, the one shown.
        frozen: figures of the builds; None: the reader may not see them.

    Returns:
        state, life (event, at, actor, why, section, version), commentary (section, title, words, actor, at), sections
        (section, title) that may be commented on, tables (table, title, quarters, rows: measure and its cells),
        correction, is_newest (no later version is begun), has_later_build (one that is not the version's own).
    """
    titles = _list_section_titles(settings, life.key.pack)
    acts = ("event", "at", "actor", "why", "section", "version")
    own = life.find_own_build(version)
    figures: dict[str, Any] = {}
    if frozen is not None and own is not None and own["id"] == build["id"]:
        figures = _choose_figures(frozen[0][build["id"]], frozen[1][build["id"]], life.key.edition)
    return {
        "state": life.name_state(version),
        "life": [{name: make_json_value(act[name]) for name in acts} for act in life.events] if frozen else [],
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
    }


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
