"""The action list that a pack's readers get: managers one row a finding, a committee one row a duty."""

from __future__ import annotations

import pandas as pd

from due_regard.packs.content.pack_content import PackContent
from due_regard.packs.content.pack_definition import PackDefinition
from due_regard.packs.content.paper_parts import PaperSources
from due_regard.packs.content.paper_wording import PaperWording
from due_regard.packs.documents.action_list import (
    build_action_workbook,
    build_actions,
    build_committee_actions,
)
from due_regard.packs.measures import QuarterSnapshot
from due_regard.records.canonical import find_open_rows


def build_audience_list(
    definition: PackDefinition,
    content: PackContent,
    now: QuarterSnapshot,
    references: pd.DataFrame,
    sources: PaperSources,
    wording: PaperWording,
) -> bytes:
    """The list as .xlsx bytes; `references` as `build_actions` asks for them."""
    found, duties = sources.found, sources.duties
    if definition.reader == "committee":
        rows, listed = build_committee_actions(found, duties, wording.format_post, sources.act_by), len(found)
    else:
        rows = build_actions(found, duties, references, now.records, wording.format_post)
        listed = len(rows)
    return build_action_workbook(
        rows, f"Action list: {content.landlord_name}, {content.quarter_label}", content.quarter.closes_at,
        total=len(found), listed=listed, left_out=int(find_open_rows(now.assessments).sum()) - len(found),
    )  # fmt: skip
