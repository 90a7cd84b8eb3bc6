"""One figure of a pack, opened: what it counts, row by row, as it was known when the pack was built.

The number is the one that the register froze; rows are worked out again from what was known then, and are shown only
where they give that number.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from due_regard.calendars.reporting_years import parse_period
from due_regard.config.landlord import list_landlord_ids
from due_regard.config.settings import Settings
from due_regard.errors import PackError, UnknownReference
from due_regard.policy import LandlordContext
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register
from due_regard.services.pack_titles import describe_definition, describe_period
from due_regard.services.result import Result, make_json_value
from due_regard.services.result_page import PAGE_ROWS, describe_page, find_offset
from due_regard.services.visible_rules import list_restricted_rules

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.packs.content.opened_figure import OpenedFigure
    from due_regard.packs.life.figure_addresses import FigureAddress

_UNKNOWN = "this pack has no such figure; its page lists every one with its address"


def open_figure(
    settings: Settings, address: str, *, sees_rows: bool, sees_restricted: bool, page: int | None = None
) -> Result:
    """What one figure counts.

    Args:
        settings: the installation.
        address: as `figure_addresses` writes it.
        sees_rows: whether the reader may see the records behind it.
        sees_restricted: whether they may hear of duties that only certain roles may be told of.
        page: of the rows; None: all.

    Returns:
        address (also as figure_address), landlord, landlord_name, quarter, pack, edition, version, state, sha256,
        table, table_title, measure,
        label, figure_quarter, number, out_of, unit, title (of the pack), period, figure_period (in words), clause and
        promise (that ask for the pack), figure_clause (that asks for the figure; None: it is for information),
        policy_version, known_at, may_see_rows, rows (as
        `list_figure_rows`, in the order that row_order says), row_order, row_count, and page and pages where a page was
        asked for.

    Raises:
        UnknownReference: there is no such figure, or this edition does not show it.
        PackError: policy, calendar or program changed since, and the rows would give another number.
    """
    from due_regard.packs.life.figure_addresses import parse_figure_address

    found = parse_figure_address(address)
    if found.landlord not in list_landlord_ids(settings.landlords_dir):
        raise UnknownReference(_UNKNOWN)
    context = load_landlord_context(settings, found.landlord)
    with open_landlord_register(settings, found.landlord) as engine:
        build, state = _read_frozen_build(engine, found)
        figure, rows = _open_rows(engine, context, found, build, sees_rows, sees_restricted, page)
    count = len(figure.cases)
    paged = {} if page is None else {name: describe_page(count, page)[name] for name in ("page", "pages")}
    return (
        {
            "address": str(found),
            "figure_address": str(found),
            "landlord": found.landlord,
            "landlord_name": context.landlord.name,
        }
        | {"quarter": found.key.quarter, "pack": found.key.pack, "edition": found.key.edition}
        | {"title": describe_definition(settings, found.key.pack)["title"]}
        | {"period": describe_period(context.landlord, found.key.quarter)}
        | {"figure_period": describe_period(context.landlord, found.quarter)}
        | {"version": found.version, "state": state, "sha256": build["sha256"], "table": found.table}
        | _describe_figure(found, figure)
        | _describe_basis(settings, context, found)
        | {"known_at": make_json_value(_find_known_instant(build)), "may_see_rows": rows is not None}
        | {"rows": [_make_json_row(row) for row in rows or []], "row_count": count, "row_order": figure.order}
        | paged
    )


def _read_frozen_build(engine: Engine, found: FigureAddress) -> tuple[dict[str, Any], str]:
    """The build that the version is, with its figures, and where the version stands.

    Raises:
        UnknownReference: there is no such version, or its edition does not show the figure.
    """
    from due_regard.packs import read_pack_life
    from due_regard.packs.life.pack_history import read_build_figures
    from due_regard.register import reading

    with reading(engine, found.landlord) as connection:
        life = read_pack_life(connection, found.landlord, found.key)
        build = life.find_own_build(found.version)
        if build is None:
            raise UnknownReference(_UNKNOWN)
        figures, published = read_build_figures(connection, found.landlord, build["id"])
    frozen = figures.get(found.name)
    if frozen is None or frozen[found.is_whole] is None:
        raise UnknownReference(_UNKNOWN)
    is_hidden = found.key.edition == "publishable" and (published or {}).get(found.name) is None
    if is_hidden and not found.is_whole:
        raise UnknownReference("this edition does not show that figure; its page lists every one that it does")
    return dict(build) | {"frozen": frozen, "published": published or {}}, life.name_state(found.version)


def _open_rows(
    engine: Engine,
    context: LandlordContext,
    found: FigureAddress,
    build: Mapping[str, Any],
    sees_rows: bool,
    sees_restricted: bool,
    page: int | None,
) -> tuple[OpenedFigure, list[dict[str, Any]] | None]:
    from due_regard.packs.known_state import open_known_figure
    from due_regard.packs.life.figure_rows import list_figure_rows
    from due_regard.register import reading

    known_at = _find_known_instant(build)
    place = (found.table, found.measure, parse_period(found.quarter))
    figure, records = open_known_figure(
        engine,
        context,
        *place,
        reported=parse_period(found.key.quarter),
        known_at=known_at,
        withdrawn_at=build["known_at"] or build["built_at"],
        is_whole=found.is_whole,
    )
    _check_shown(found, figure, build["published"])
    if figure.number != build["frozen"][found.is_whole]:
        raise PackError(
            f"the rows behind {found} cannot be shown: the policy, the calendar or the program was changed since, and "
            "they would give another number than the one issued. Put the policy file back as it was, and ask again"
        )
    restricted = () if sees_restricted else list_restricted_rules(context.history)
    is_restricted = "rule" in figure.cases and figure.cases["rule"].astype("str").isin(restricted).any()
    if not sees_rows or is_restricted:
        return figure, None
    window = {} if page is None else {"first": find_offset(page), "most": PAGE_ROWS}
    with reading(engine, found.landlord) as connection:
        rows = list_figure_rows(
            connection, found.landlord, figure, records, known_at=known_at, hidden=restricted, **window
        )
    return figure, rows


def _check_shown(found: FigureAddress, figure: OpenedFigure, published: Mapping[str, Any]) -> None:
    """Whether a publishable edition shows what a figure is out of: it may hide one and show the other."""
    whole = f"{found.table}/{figure.of}/{found.quarter}"
    if found.is_whole and found.key.edition == "publishable" and published.get(whole) is None:
        raise UnknownReference("this edition does not show that figure; its page lists every one that it does")


def _find_known_instant(build: Mapping[str, Any]) -> datetime:
    """The instant whose knowledge the build rests on; a build of an earlier revision names none but its own."""
    known_to = build["ingredients"].get("known_to")
    return build["known_at"] or (datetime.fromisoformat(known_to) if known_to else build["built_at"])


def _describe_figure(found: FigureAddress, figure: OpenedFigure) -> Result:
    from due_regard.packs.content.measure_tables import SPECS

    title = SPECS[found.table].title
    return {
        "table_title": title, "measure": found.measure + (".of" if found.is_whole else ""), "label": figure.label,
        "figure_quarter": found.quarter,
        "number": figure.number, "out_of": figure.out_of, "unit": figure.unit,
    }  # fmt: skip


def _describe_basis(settings: Settings, context: LandlordContext, found: FigureAddress) -> Result:
    """The clauses that ask for pack and figure, and the policy in force at the end of the figure's quarter."""
    from due_regard.errors import DefinitionError
    from due_regard.packs.content.pack_definition import load_pack_definition

    policy = context.history.find_version(parse_period(found.quarter).ends_on)
    said = {"clause": None, "promise": None, "policy_version": policy.effective_from.isoformat(), "figure_clause": None}
    try:
        definition = load_pack_definition(settings.reports_dir, found.key.pack)
    except DefinitionError:
        return said
    asked = (one.asked_by.get(found.landlord) for one in definition.sections if one.table == found.table)
    said["figure_clause"] = next(asked, None)
    basis = definition.asked_for.get(found.landlord)
    return said if basis is None else said | {"clause": basis.clause, "promise": basis.promise}


def _make_json_row(row: Mapping[str, Any]) -> Result:
    decisions = [{name: make_json_value(value) for name, value in one.items()} for one in row["decisions"]]
    plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
    return plain | {"decisions": decisions}
