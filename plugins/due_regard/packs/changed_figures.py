"""A pack's sheet on what changed since its figures were issued, and which of its figures are marked as revised.

What was issued is life/issued_figures.py's; how two figures are compared is content/figure_changes.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pandas as pd

from due_regard.packs.content.figure_changes import (
    ChangeGrounds,
    build_changes_table,
    compare_figures,
    explain_changes,
    list_figure_names,
)
from due_regard.packs.content.pack_definition import PackDefinition, PackSection
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.life.issued_figures import IssuedBuild, IssuedFigures
from due_regard.packs.life.pack_records import list_kept_figures

FindGrounds: TypeAlias = Callable[[IssuedBuild], ChangeGrounds]
"""Says what may have changed the figures of a build since it was issued."""


def add_changes(
    definition: PackDefinition,
    tables: dict[str, MeasureTable],
    issued: IssuedFigures,
    edition: str,
    find_grounds: FindGrounds,
) -> tuple[PackDefinition, dict[str, MeasureTable], dict[str, frozenset[str]]]:
    """Definition and tables with a sheet on what changed since figures were issued, and table -> measures that did.

    A publishable edition marks what changed of what it shows, and lists nothing: it holds no listing of two values.
    """
    is_listed = edition == "confidential"
    changes = compare_figures(issued.figures, tables, numbers_alone=not is_listed)
    revised = {str(name): frozenset(group["measure"]) for name, group in changes.groupby("table")}
    if changes.empty or not is_listed:
        return definition, tables, revised
    changes = _explain_changes(changes, tables, issued, find_grounds)
    listing = build_changes_table(changes, tables)
    section = PackSection.model_construct(
        table=listing.name, title=None, headlines=("{rows:figure has|figures have} changed since they were issued.",),
        why="Late and corrected exports and records withdrawn change the past, and so do an edited policy and a newer "
        "program: each figure that differs from the one issued.", chart=False,
    )  # fmt: skip
    whole = definition.model_copy(update={"sections": (*definition.sections, section)})
    return whole, {**tables, listing.name: listing}, revised


def _explain_changes(
    changes: pd.DataFrame,
    tables: dict[str, MeasureTable],
    issued: IssuedFigures,
    find_grounds: FindGrounds,
) -> pd.DataFrame:
    """`changes` with their cause, each asked of the build that issued its figure."""
    now = list_kept_figures(tables)
    builds = [issued.builds[name] for name in list_figure_names(changes)]
    parts = []
    for build_id, group in changes.groupby(pd.Series([build.id for build in builds], index=changes.index)):
        build = next(one for one in builds if one.id == build_id)
        parts.append(explain_changes(group, issued.figures, now, find_grounds(build)))
    return pd.concat(parts).sort_index()
