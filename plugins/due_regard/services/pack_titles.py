"""What pages call a pack, its quarter and its files, in words that its readers know."""

from __future__ import annotations

import re
from contextlib import suppress

from due_regard.calendars.reporting_years import parse_period
from due_regard.config.landlord import Landlord
from due_regard.config.settings import Settings
from due_regard.errors import DefinitionError
from due_regard.services.result import Result

_TITLES = {
    ".pdf": "Paper (PDF)",
    ".docx": "Paper (Word)",
    ".xlsx": "Annex (workbook)",
    "_action_list.xlsx": "Action list (workbook)",
    "_fragments.docx": "Pieces for other reports (Word)",
    "_sentences.txt": "Pieces for other reports (text)",
}
"""End of a file's name -> what it is, the first first."""


def describe_period(landlord: Landlord, quarter: str) -> str:
    """As mails and papers name it: `Quarter 1 of 2026/27 (Apr to Jun 2026)`."""
    period = parse_period(quarter)
    return f"{period.label(landlord.reporting_year_starts)} ({period.months})"


def describe_definition(settings: Settings, name: str) -> Result:
    """The pack's title and audience; of a definition that is gone, its name."""
    from due_regard.packs.content.pack_definition import load_pack_definition

    with suppress(DefinitionError):
        definition = load_pack_definition(settings.reports_dir, name)
        return {"title": definition.title, "audience": definition.audience}
    return {"title": name, "audience": None}


def order_file(name: str) -> tuple[int, str]:
    """The paper first, pictures last."""
    ends = [place for place, end in enumerate(_TITLES) if name.endswith(end)]
    return (max(ends, default=len(_TITLES)), name)


def name_file(name: str, edition: str) -> str:
    """What a file is: `Paper (PDF)`, `Chart: duties kept`; of one that no build of ours names so, its name."""
    place, _ = order_file(name)
    if f"_{edition}" not in name:
        return name
    if place < len(_TITLES):
        return list(_TITLES.values())[place]
    drawn = re.sub(r"^v\d+_", "", name.rpartition(f"_{edition}_")[2])
    return "Chart: " + drawn.removesuffix(".png").replace("_", " ")
