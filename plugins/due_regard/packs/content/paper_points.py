"""The points of the paper: which there are, in what order, and what each says.

All that a point says is worked out from tables that the same edition's annex shows, after disclosure control, and from
the policy: so a published paper tells nothing that its annex does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from due_regard.errors import DefinitionError, MissingFigure
from due_regard.packs.content.headlines import HIDDEN, fill_sentence
from due_regard.packs.content.paper_head import join_words
from due_regard.packs.content.paper_wording import LineWords, PaperWording, PointWords, list_tables_named
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.measures.figure import fill_period
from due_regard.packs.measures.timeliness import LATENESS, OF_PERIOD

MOST_POINTS = 5
LEAST_POINTS = 3
"""Where fewer went wrong, standards that were kept are named: a reader is told what was looked at, not only that all is
well."""
_MOST_CLAUSES = 6
_MOST_DUTIES = 2


@dataclass(frozen=True)
class PaperPoint:
    """One point: its wording, how much went wrong (None: hidden, or not measured), and what it says.

    `is_kept`: nothing went wrong, and it says by which figure.
    """

    words: PointWords
    wrong: float | None
    says: tuple[str, ...]
    change: str
    standard: str
    is_hidden: bool = False
    is_kept: bool = False

    @property
    def title(self) -> str:
        """Its heading."""
        return self.words.kept_title or self.words.title if self.is_kept else self.words.title

    @property
    def score(self) -> float:
        """What points are ranked by."""
        return (self.wrong or 0) * self.words.weight


@dataclass(frozen=True)
class RankedPoints:
    """The points printed, worst first; the words of those with none; those beyond the most printed, or hidden."""

    points: tuple[PaperPoint, ...]
    none: tuple[str, ...]
    more: tuple[PaperPoint, ...]
    hidden: tuple[PaperPoint, ...]


def rank_points(tables: Mapping[str, MeasureTable], wording: PaperWording, duties: pd.DataFrame) -> RankedPoints:
    """Points of the tables that the pack has; `duties` has `measures.DUTY_COLUMNS`.

    Raises:
        DefinitionError: a sentence names a figure that its table does not have.
    """
    here = [words for words in wording.points if set(words.tables) & set(tables)]
    found = [_make_point(words, tables, wording.lines, duties) for words in here]
    said = [point for point in found if point.says]
    left = [point for point in said if point.wrong != 0 or point.words.always or not point.words.none]
    clean = [point for point in said if point not in left]
    ranked = sorted(left, key=lambda point: -point.score)
    printed = _keep_most(ranked)
    more = tuple(point for point in ranked if point not in printed)
    hidden = tuple(point for point in found if not point.says and point.is_hidden)
    kept = _list_kept_standards(clean, tables)[: max(LEAST_POINTS - len(printed), 0)]
    named = {point.words.name for point in kept}
    none = tuple(str(point.words.none) for point in clean if point.words.name not in named)
    return RankedPoints((*printed, *kept), none, more, hidden)


def _list_kept_standards(clean: Sequence[PaperPoint], tables: Mapping[str, MeasureTable]) -> list[PaperPoint]:
    """Points with nothing wrong, each with the figure that shows it, in the wording's order."""
    filled = [(point, [fill_known_sentence(text, tables) for text in point.words.kept]) for point in clean]
    said = [(point, tuple(text for text in texts if text)) for point, texts in filled]
    return [replace(point, says=texts, is_kept=True) for point, texts in said if texts]


def _keep_most(ranked: Sequence[PaperPoint]) -> list[PaperPoint]:
    """The worst, and those that are always there."""
    always = [point for point in ranked if point.words.always]
    others = [point for point in ranked if not point.words.always]
    kept = [*always[:MOST_POINTS], *others[: max(MOST_POINTS - len(always), 0)]]
    return [point for point in ranked if point in kept]


def fill_known_sentence(text: str, tables: Mapping[str, MeasureTable], *, is_first: bool = True) -> str:
    """The sentence of `text`, with a capital where it `is_first`; empty where a figure of it is not there to be said.

    Raises:
        DefinitionError: it names a figure that its table does not have.
    """
    if not list_tables_named([text]) <= set(tables):
        return ""
    try:
        said = fill_sentence(text, tables)
    except MissingFigure:
        return ""
    except KeyError as reason:
        raise DefinitionError(f"paper/wording.yaml: no figure {reason} in its table: {text}") from None
    return said[:1].upper() + said[1:] if is_first else said


def find_reported(tables: Mapping[str, MeasureTable], name: str) -> pd.Series | None:
    """The row of figure `table/measure` in the reported quarter; None where the pack has no such table or figure."""
    place, measure = name.split("/")
    figures = tables[place].figures if place in tables else None
    rows = None if figures is None else figures[figures["measure"] == measure]
    return None if rows is None or rows.empty else rows.iloc[0]


def _make_point(
    words: PointWords, tables: Mapping[str, MeasureTable], lines: LineWords, duties: pd.DataFrame
) -> PaperPoint:
    says = [sentence for text in words.says if (sentence := fill_known_sentence(text, tables))]
    worst = _describe_worst(words, tables) if says else ""
    change = " ".join(said for text in words.change if (said := fill_known_sentence(text, tables)))
    standard = _describe_standard(words, lines, duties)
    found = [row for name in words.wrong if (row := find_reported(tables, name)) is not None]
    known = [float(row["numerator"]) for row in found if pd.notna(row["numerator"])]
    is_hidden = any(row["why"] == HIDDEN for row in found)
    wrong = None if is_hidden or not known else sum(known)
    return PaperPoint(words, wrong, (*says, *([worst] if worst else [])), change, standard, is_hidden)


def _describe_worst(words: PointWords, tables: Mapping[str, MeasureTable]) -> str:
    """The row with most cases gone wrong, where its table is in the pack and hides nothing."""
    table = tables.get(words.worst or "")
    if table is None or words.worst_says is None:
        return ""
    rows = _list_undone(table) if table.listing is not None else _list_missing(table)
    rows = rows[rows["n"] > 0].sort_values(["n", "of"], ascending=[False, True], kind="stable")
    if rows.empty:
        return ""
    first = rows.iloc[0]
    return words.worst_says.format(what=first["what"], n=f"{first['n']:,}", of=f"{first['of']:,}")


def _list_undone(table: MeasureTable) -> pd.DataFrame:
    listing = table.listing
    assert listing is not None  # noqa: S101 - the caller asked
    return pd.DataFrame({"what": listing["Duty"], "n": listing[LATENESS[-1]], "of": listing["Due in the quarter"]})


def _list_missing(table: MeasureTable) -> pd.DataFrame:
    assert table.figures is not None  # noqa: S101 - a table is one of the two
    now = table.figures.drop_duplicates("measure")
    begins = tuple(fill_period(OF_PERIOD, word) for word in ("quarter", "year"))
    each = now[now["label"].str.startswith(begins)]
    if (each["why"] == HIDDEN).any():
        return pd.DataFrame({"what": [], "n": [], "of": []})
    known = each.dropna(subset=["numerator", "denominator"])
    columns = {"what": known["label"].str.partition(": ")[2], "n": known["numerator"].astype("int64")}
    return pd.DataFrame({**columns, "of": known["denominator"].astype("int64")})


def list_clauses(said: Iterable[str]) -> list[str]:
    """Each clause that is named once, in the policy's order: of `6.4 and 6.5` both."""
    return sorted({clause for text in said for clause in text.split(" and ")}, key=_list_numbers)


def describe_clauses(said: Sequence[str], and_others: str = "") -> str:
    """The clauses after their noun: `clause 12`, `clauses 6.4 and 6.5`, `clauses 4.1, 6.1 and others`."""
    clauses = list_clauses(said)
    listed = f"{', '.join(clauses)} {and_others}" if and_others else join_words(clauses)
    return f"{'clause' if len(clauses) == 1 else 'clauses'} {listed}"


def _list_numbers(clause: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", clause)]


def _describe_standard(words: PointWords, lines: LineWords, duties: pd.DataFrame) -> str:
    """The point's standard, and the duties of the policy behind it with their clauses."""
    if words.feeds:
        mine = duties[duties["feeds"].isin(words.feeds)]
        each = [f"{row.label} ({describe_clauses([str(row.clause)])})" for row in mine.itertuples()]
        parts = [*each[:_MOST_DUTIES], *([lines.and_others] if len(each) > _MOST_DUTIES else [])]
        said = "; ".join(parts)
    else:
        mine = duties[duties["kind"].isin(words.kinds) & (duties["severity"] != "info")]
        clauses = list_clauses(mine["clause"].astype("str"))
        more = [lines.and_others] if len(clauses) > _MOST_CLAUSES else []
        said = describe_clauses(clauses[:_MOST_CLAUSES], *more) if clauses else ""
    return ": ".join(part for part in (words.standard, said) if part)
