"""What the two-page paper says, before it is a file: PDF and Word print the same.

Pure: from a pack's content (whose tables disclosure control has gone over, if the edition asks for it), the wording,
and the actions. What is too long for two pages is cut here; the annex has it whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from due_regard.packs.content.pack_content import PackContent, describe_clause
from due_regard.packs.content.paper_actions import MOST_ACTIONS, PaperAction, list_paper_actions, list_point_actions
from due_regard.packs.content.paper_commentary import cut_text, list_commentary, list_decision, list_other_commentary
from due_regard.packs.content.paper_head import join_words, list_particulars
from due_regard.packs.content.paper_parts import PaperContent, PaperSources, PrintedPoint
from due_regard.packs.content.paper_points import (
    PaperPoint,
    RankedPoints,
    fill_known_sentence,
    find_reported,
    rank_points,
)
from due_regard.packs.content.paper_wording import PaperWording
from due_regard.packs.content.printed_head import describe_drops
from due_regard.packs.content.sheet_names import list_sheet_places

_LONGEST = {
    "title": 110,
    "says": 330,
    "change": 150,
    "standard": 210,
    "what": 160,
    "line": 420,
    "item": 80,
    "decision": 420,
}
"""Characters that two pages hold, by what they are."""
_MOST_NAMED = 3


def compose_paper(content: PackContent, wording: PaperWording, sources: PaperSources) -> PaperContent:
    """The paper of `content`.

    Raises:
        DefinitionError: a sentence names a figure that its table does not have.
    """
    lines, tables = wording.lines, content.tables
    ranked = rank_points(tables, wording, sources.duties)
    actions = _list_actions(content, wording, sources, ranked)
    key = fill_known_sentence(wording.key.says, tables, is_first=False)
    change = fill_known_sentence(wording.key.change, tables)
    chart = next((section.chart for section in content.sections if section.table.name == wording.key.table), None)
    particulars, to_complete = list_particulars(content, wording.particulars)
    said = list_commentary(content, wording)
    noted = fill_known_sentence(wording.key.noted, tables) if key else ""
    asked = _list_asked(wording, sources, ranked.points, actions, noted)
    return PaperContent(
        title=_cut(content.title, "title"),
        landlord=_cut(content.landlord_name, "title"),
        subtitle=f"Report to the {content.audience}, {content.quarter_label}",
        particulars=particulars,
        to_complete=to_complete,
        correction=_cut(content.correction, "line", wording.lines.whole),
        asked_heading=wording.asked.heading.format(audience=content.audience),
        asked=(*list_decision(content, wording), *asked),
        key_figure=fill_known_sentence(wording.key.figure, tables) if key else "",
        key=f"{key} {change}".strip() if key else _explain_no_key(content, wording),
        points_heading=lines.points,
        points=tuple(
            _print_point(number, point, content, wording, said) for number, point in enumerate(ranked.points, 1)
        ),
        rest=_list_rest(ranked, content, wording),
        commentary=list_other_commentary(ranked, said),
        chart=chart,
        chart_where=_name_where([wording.key.table], content, wording) if chart else "",
        actions_heading=lines.actions,
        action_columns=lines.action_columns,
        actions=tuple(
            (_cut(each.what, "what"), each.how_much, each.owner, f"{each.by:%-d %B %Y}")
            for each in actions[:MOST_ACTIONS]
        ),
        actions_line=_describe_actions(content, wording, actions),
        measured_heading=lines.measured,
        measured=_describe_measured(content, wording, sources),
        made_heading=lines.made,
        made=(
            *content.basis,
            *content.standing,
            *_describe_changed(content, wording),
            *describe_drops(content.provenance, wording.lines.provenance),
            lines.annex,
        ),
        footer=f"{_cut(content.landlord_name, 'item')} · {content.quarter_label}",
        dated=int(content.quarter.closes_at.timestamp()),
    )


def _cut(text: str, kind: str, mark: str = "") -> str:
    return cut_text(text, _LONGEST[kind], mark)


def _list_actions(
    content: PackContent, wording: PaperWording, sources: PaperSources, ranked: RankedPoints
) -> tuple[PaperAction, ...]:
    if content.edition == "publishable":
        return list_point_actions((*ranked.points, *ranked.hidden), wording.format_post, sources.act_by)
    return list_paper_actions(sources.found, sources.duties, wording.lines, wording.format_post, sources.act_by)


def _explain_no_key(content: PackContent, wording: PaperWording) -> str:
    """Why the one number is not there. A confidential paper hides nothing, and a published one no nought."""
    due = find_reported(content.tables, f"{wording.key.table}/due")
    is_nought = due is not None and pd.notna(due["numerator"]) and due["numerator"] == 0
    return wording.key.hidden if content.edition == "publishable" and not is_nought else wording.key.none


def _describe_actions(content: PackContent, wording: PaperWording, actions: Sequence[PaperAction]) -> str:
    """What stands below the actions: how many more there are, and what their numbers count."""
    if not actions:
        return wording.lines.no_actions
    more = len(actions) - MOST_ACTIONS
    said = [wording.lines.more_actions.format(n=more)] if more > 0 else []
    # A published paper's actions are the points' own, without numbers.
    return " ".join([*said, *([] if content.edition == "publishable" else [wording.lines.all_open])])


def _list_asked(
    wording: PaperWording,
    sources: PaperSources,
    points: Sequence[PaperPoint],
    actions: Sequence[PaperAction],
    noted: str,
) -> tuple[str, ...]:
    """What is asked: to note, to approve the actions if there are any, to ask about the worst that went wrong."""
    words = wording.asked
    asked = [words.note.format(key=noted) if noted else words.note_without_key]
    if actions:
        asked.append(words.approve.format(n=min(len(actions), MOST_ACTIONS)))
    worst = next((point for point in points if point.score and point.words.issue and point.words.owner), None)
    if worst is not None:
        day, post = f"{sources.act_by:%-d %B %Y}", wording.name_post(str(worst.words.owner))
        asked.append(words.ask.format(post=post, day=day, issue=worst.words.issue))
    return (*asked, words.nothing) if len(asked) == 1 else tuple(asked)


def _print_point(
    number: int, point: PaperPoint, content: PackContent, wording: PaperWording, said: Mapping[str, str]
) -> PrintedPoint:
    words = point.words
    return PrintedPoint(
        number, point.title, tuple(_cut(text, "says") for text in point.says), _cut(point.change, "change"),
        _cut(_describe_basis(point, content), "standard"),
        _name_where(words.tables, content, wording),
        tuple(said[name] for name in words.tables if name in said),
    )  # fmt: skip


def _describe_basis(point: PaperPoint, content: PackContent) -> str:
    """The clause that asks for the point's figure, and the duties behind it; without either, that none asks for it."""
    here = [section for section in content.sections if section.table.name in point.words.tables]
    asked = [describe_clause(section).rstrip(".") for section in here if section.clause or not point.standard]
    return ". ".join(part for part in (*asked[:1], point.standard) if part)


def _name_where(names: Sequence[str], content: PackContent, wording: PaperWording) -> str:
    places = _list_places(names, content, wording)
    return wording.lines.where.format(places=join_words(places)) if places else ""


def _list_places(names: Sequence[str], content: PackContent, wording: PaperWording) -> list[str]:
    """Number and sheet of each of these tables that the annex has."""
    sheets = list_sheet_places(content.sections)
    return [f"{wording.lines.place.format(number=sheets[name])}" for name in names if name in sheets]


def _list_rest(ranked: RankedPoints, content: PackContent, wording: PaperWording) -> tuple[str, ...]:
    """One line of what there is none of, one of what else there is, one of what is hidden."""
    lines = wording.lines
    said = []
    if ranked.none:
        said.append(lines.none.format(parts=join_words(ranked.none)))
    if ranked.more:
        parts = [
            f"{point.words.title.lower()} ({', '.join(_list_places(point.words.tables, content, wording))})"
            for point in ranked.more
        ]
        said.append(lines.more.format(parts=join_words(parts)))
    if ranked.hidden:
        said.append(lines.hidden.format(parts=join_words(point.words.title.lower() for point in ranked.hidden)))
    return tuple(_cut(text, "line") for text in said)


def _describe_measured(content: PackContent, wording: PaperWording, sources: PaperSources) -> str:
    lines, table = wording.lines, content.tables.get("not_measured")
    if table is None or table.listing is None or table.listing.empty:
        return lines.all_measured if table is not None else ""
    labels = [_cut(str(label), "item") for label in table.listing["Duty"]]
    named = "; ".join([*labels[:_MOST_NAMED], *([lines.and_others] if len(labels) > _MOST_NAMED else [])])
    (place,) = _list_places(["not_measured"], content, wording)
    return lines.not_measured.format(n=len(labels), of=len(sources.duties), duties=named, place=place)


def _describe_changed(content: PackContent, wording: PaperWording) -> tuple[str, ...]:
    changed = next((section for section in content.sections if section.table.name == "what_changed"), None)
    if changed is None or changed.table.listing is None or changed.table.listing.empty:
        return ()
    (place,) = _list_places(["what_changed"], content, wording)
    return (wording.lines.changed.format(n=len(changed.table.listing), place=place),)
