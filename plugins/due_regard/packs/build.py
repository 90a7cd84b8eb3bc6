"""One pack built: records as known, five snapshots, tables, content, files; kept with its checksum.

The one module of packs that writes files. What it rests on is known_state.py's; what is counted, said or drawn is its
neighbours'.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
from sqlalchemy import Engine

from due_regard.calendars.quarters import find_london_day
from due_regard.calendars.reporting_years import Period, ReportingYear
from due_regard.config.layered_folders import Folder
from due_regard.config.storage import StoredPath
from due_regard.errors import PackError, SettingsError
from due_regard.packs.changed_figures import add_changes
from due_regard.packs.content.crossed_records import add_crossed_records
from due_regard.packs.content.disputed_findings import describe_disputes
from due_regard.packs.content.figure_changes import ChangeGrounds
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.pack_content import EDITIONS, PackContent, compose_content
from due_regard.packs.content.pack_definition import PackDefinition, load_pack_definition
from due_regard.packs.content.paper_actions import find_action_day
from due_regard.packs.content.paper_content import compose_paper
from due_regard.packs.content.paper_parts import PaperContent, PaperSources
from due_regard.packs.content.paper_wording import load_paper_wording
from due_regard.packs.content.printed_head import describe_basis_head
from due_regard.packs.content.published_share import measure_share
from due_regard.packs.content.snapshots import take_snapshots
from due_regard.packs.content.standing import describe_standing
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.documents.action_list import select_open_duties
from due_regard.packs.documents.audience_list import build_audience_list
from due_regard.packs.documents.fragments import build_fragments
from due_regard.packs.documents.paper import build_paper
from due_regard.packs.documents.word_paper import build_word_paper
from due_regard.packs.documents.workbook import build_committee_workbook
from due_regard.packs.known_state import KnownState, read_known_state
from due_regard.packs.life import provenance
from due_regard.packs.life.filing import PackReport, file_pack
from due_regard.packs.life.issued_figures import IssuedBuild, read_issued_figures
from due_regard.packs.life.pack_lives import PackKey, read_pack_life
from due_regard.packs.life.pack_records import list_kept_figures
from due_regard.policy import LandlordContext, PolicyHistory
from due_regard.register import EVER, find_basis_head, read_audit_head, read_records, reading, sql_files

if TYPE_CHECKING:
    from due_regard.packs.content.disclosure_control import ProtectedTables


def build_pack(
    engine: Engine,
    context: LandlordContext,
    *,
    quarter: Period,
    pack: str,
    edition: str = "confidential",
    out: StoredPath,
    now: datetime,
    reports: Folder,
    known_at: datetime | None = None,
    read_known: Callable[[], KnownState] | None = None,
) -> PackReport:
    """Build `pack` for a quarter or a year that has ended, write its files below `out` and keep it.

    Args:
        engine: the register.
        context: the landlord whose pack it is.
        quarter: the reported quarter; a year has a publishable edition alone.
        pack: name of a definition.
        edition: `confidential` or `publishable`.
        out: folder the files go to.
        now: aware UTC.
        reports: folder of definitions and templates.
        known_at: only what had been learnt by then (such as `quarter.closes_at`); None: all that is known.
        read_known: gives what is known of the quarter, where several packs rest on it; None: it is read.

    Raises:
        SettingsError: no such edition, or the definition is wrong.
        PackError: the quarter or year has not ended, or nothing had been taken in.
    """
    _check_request(quarter, edition, now)
    definition = load_pack_definition(reports, pack).choose_sentences(quarter)
    known = read_known() if read_known else read_known_state(engine, context, quarter, known_at)
    tables = _build_tables(definition, context.landlord.id, known)
    protected = _protect_tables(engine, context, tables, known) if edition == "publishable" else None
    shown = protected.tables if protected else tables
    landlord, key = context.landlord.id, PackKey(pack, str(quarter), edition)
    with reading(engine, landlord) as conn:
        issued = read_issued_figures(conn, landlord, pack=pack, edition=edition, known_at=known_at)
        life = read_pack_life(conn, landlord, key)
        basis = find_basis_head(conn, landlord, known_at or EVER)
    figures = list_kept_figures({name: table for name, table in tables.items() if name in shown})
    find_grounds = partial(_find_grounds, engine, context, quarter, definition, known)
    definition, shown, revised = add_changes(definition, shown, issued, edition, find_grounds)
    found = _select_shared_duties(context.history, known)
    standing = describe_standing(context, quarter, known.snapshots[0].duties, known.files)
    standing += describe_disputes(found, known.references, edition) + describe_basis_head(basis)
    commentary = {section: one.words for section, one in life.commentary.items()}
    wording = load_paper_wording(reports / "paper", quarter.word)
    made = provenance.gather_provenance(
        known.files, context, definition, wording, known_at=known_at, run_id=_find_last_run(engine, landlord, known_at),
        head=read_audit_head(engine, landlord), basis_head=basis.head if basis else None, commentary=commentary,
    )  # fmt: skip
    content = compose_content(
        definition, context.landlord, shown, quarter=quarter, edition=edition, revised=revised, standing=standing,
        commentary=commentary, version=life.version, correction=life.describe_correction(life.version),
        provenance=provenance.list_printed_provenance(made),
    )  # fmt: skip
    sources = PaperSources(
        known.snapshots[0].duties, found, find_action_day(context, content.switch, content.quarter)
    )  # fmt: skip
    paper = compose_paper(content, wording, sources)
    share = measure_share(tables, protected, definition, paper, quarter) if protected else None
    if share is not None and not share.is_enough:
        # No file, and no figure that anybody was shown, or that is hidden for good.
        return file_pack(
            engine, content, {}, made | {"withheld": share.describe(quarter)}, {}, out=out, now=now, known_at=known_at,
            published={}, version=life.version,
        )  # fmt: skip
    contents = _make_files(content, paper, reports)
    stem = _name_pack_file(content)
    if landlord in definition.fragments_for:
        pieces = build_fragments(content, reports / "paper")
        contents |= {f"{stem}_{ending}": body for ending, body in pieces.items()}
    if edition == "confidential":
        contents[f"{stem}_action_list.xlsx"] = build_audience_list(
            definition, content, known.snapshots[0], known.references, sources, wording
        )
    return file_pack(
        engine, content, contents, made, figures, out=out, now=now, known_at=known_at,
        published=protected.published if protected else None, version=life.version,
    )  # fmt: skip


def _protect_tables(
    engine: Engine, context: LandlordContext, tables: dict[str, MeasureTable], known: KnownState
) -> ProtectedTables:
    from due_regard.packs.content.disclosure_control import find_audited_periods, protect_tables
    from due_regard.packs.life.published_before import read_published_before

    landlord, now = context.landlord.id, known.snapshots[0]
    with reading(engine, landlord) as conn:
        before = read_published_before(conn, landlord)
    periods = find_audited_periods(now.quarter, before.list_periods())
    take = partial(
        take_snapshots, context=context, quarter=now.quarter, files=now.files, periods=periods,
        withdrawals=now.withdrawals,
    )  # fmt: skip
    is_own = periods == tuple(snapshot.quarter for snapshot in known.snapshots)
    # The pack's own records end with its quarter: of one published since they would tell nothing.
    is_last = periods[0].ends_on == now.quarter.ends_on
    records = now.records if is_last else read_records(engine, landlord, known_at=known.known_at)
    audited = known.snapshots if is_own else take(records)
    return protect_tables(tables, audited, crossed=take(add_crossed_records(records)), before=before)


def _check_request(quarter: Period, edition: str, now: datetime) -> None:
    if edition not in EDITIONS:
        raise SettingsError(f"no edition {edition!r}; there are: {', '.join(EDITIONS)}")
    if isinstance(quarter, ReportingYear) and edition != "publishable":
        raise SettingsError("a year has a publishable edition alone; name it with --edition publishable")
    if find_london_day(now) <= quarter.ends_on:
        raise PackError(
            f"{quarter} ends on {quarter.ends_on:%-d %B %Y}; a pack is built once its {quarter.word} has ended"
        )


def _build_tables(definition: PackDefinition, landlord: str, known: KnownState) -> dict[str, MeasureTable]:
    is_year = isinstance(known.snapshots[0].quarter, ReportingYear)
    return {
        section.table: known.fill_table(section.table, section.title or "")
        for section in definition.list_sections(landlord)
        if SPECS[section.table].is_publishable or not is_year
    }


def _find_grounds(
    engine: Engine,
    context: LandlordContext,
    quarter: Period,
    definition: PackDefinition,
    known: KnownState,
    build: IssuedBuild,
) -> ChangeGrounds:
    """What may have changed the figures of a build since it was issued."""

    def count_figures(known_at: datetime | None) -> dict[str, list[float | None]]:
        state = read_known_state(engine, context, quarter, known_at, withdrawn_at=build.withdrawn_at)
        return list_kept_figures(_build_tables(definition, context.landlord.id, state))

    rules = provenance.name_changed_rules(build.made, provenance.gather_rules(context))
    has_acts = known.has_acts_after(build.withdrawn_at)
    has_moved = has_acts or build.made.get("drops") != provenance.list_drops(known.files)
    return ChangeGrounds(
        rules, has_moved, count_figures(build.known_at) if rules and has_moved else None,
        count_figures(known.known_at) if has_acts else None, build.quarter != str(quarter),
    )  # fmt: skip


def _name_pack_file(content: PackContent) -> str:
    """What the name of each of a pack's files begins with."""
    version = f"_v{content.version}" if content.version > 1 else ""
    return f"{content.landlord}_{content.pack}_{content.quarter}_{content.edition}{version}"


def _make_files(content: PackContent, paper: PaperContent, reports: Folder) -> dict[str, bytes]:
    stem, folder = _name_pack_file(content), reports / "paper"
    found = {
        f"{stem}.xlsx": build_committee_workbook(content, paper), f"{stem}.pdf": build_paper(paper, folder),
        f"{stem}.docx": build_word_paper(paper, folder),
    }  # fmt: skip
    for section in content.sections:
        if section.chart is not None:
            found[f"{stem}_{section.chart.name}.png"] = section.chart.png
    return found


def _select_shared_duties(history: PolicyHistory, known: KnownState) -> pd.DataFrame:
    """The open duties at the quarter's end that everybody may hear of."""
    now = known.snapshots[0]
    restricted = [duty.rule for duty in history.find_version(now.quarter.ends_on).duties if duty.restricted_to]
    return select_open_duties(now.assessments, restricted)


def _find_last_run(engine: Engine, landlord: str, known_at: datetime | None) -> int | None:
    with reading(engine, landlord) as conn:
        found = sql_files.read_statement(conn, "packs/last_run", landlord=landlord, known_at=known_at or EVER)
    return None if found["run_id"].isna().any() else int(found["run_id"].iloc[0])
