"""A pack's sheet on what changed since its figures were issued, and which of its figures are marked as revised.

What was issued is life/issued_figures.py's; how two figures are compared is content/figure_changes.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

import pandas as pd

from due_regard.packs.content.figure_changes import (
    build_changes_table,
    compare_figures,
    explain_changes,
    list_figure_names,
)
from due_regard.packs.content.measure_tables import MeasureTable
from due_regard.packs.content.pack_definition import PackDefinition, PackSection
from due_regard.packs.life.issued_figures import IssuedFigures
from due_regard.packs.life.pack_records import list_kept_figures

KeptTables: TypeAlias = Callable[[datetime], dict[str, MeasureTable] | None]
"""Gives the tables as known now, had nothing been withdrawn since an instant; None where nothing was."""


def add_changes(
    definition: PackDefinition,
    tables: dict[str, MeasureTable],
    issued: IssuedFigures,
    edition: str,
    build_kept: KeptTables,
) -> tuple[PackDefinition, dict[str, MeasureTable], dict[str, frozenset[str]]]:
    """Definition and tables with a sheet on what changed since figures were issued, and table -> measures that did.

    A publishable edition marks what changed of what it shows, and lists nothing: it holds no listing of two values.
    """
    is_listed = edition == "confidential"
    changes = compare_figures(issued.figures, tables, numbers_alone=not is_listed)
    revised = {str(name): frozenset(group["measure"]) for name, group in changes.groupby("table")}
    if changes.empty or not is_listed:
        return definition, tables, revised
    changes = _explain_changes(changes, tables, issued, build_kept)
    listing = build_changes_table(changes, tables)
    section = PackSection.model_construct(
        table=listing.name, title=None, headlines=("{rows:figure has|figures have} changed since they were issued.",),
        why="Late and corrected exports, and records withdrawn, change the past: each figure that differs from the one "
        "issued.", chart=False,
    )  # fmt: skip
    whole = definition.model_copy(update={"sections": (*definition.sections, section)})
    return whole, {**tables, listing.name: listing}, revised


def _explain_changes(
    changes: pd.DataFrame,
    tables: dict[str, MeasureTable],
    issued: IssuedFigures,
    build_kept: KeptTables,
) -> pd.DataFrame:
    """`changes` with their cause, each asked of the instant at which its figure was issued as known."""
    instants = [issued.known_at[name] for name in list_figure_names(changes)]
    parts = []
    for instant, group in changes.groupby(pd.Series(instants, index=changes.index)):
        kept = build_kept(instant.to_pydatetime())
        parts.append(explain_changes(group, issued.figures, list_kept_figures(kept) if kept else None, tables))
    return pd.concat(parts).sort_index()
