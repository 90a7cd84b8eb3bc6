"""Open findings as at a judged day, and silences, of one landlord or of all, from every register of the installation.

"No open finding" means judged: each answer says when and by what knowledge, or that the landlord was not judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.services.landlord_context import find_register_url, list_landlords_to_run, open_landlord_register
from due_regard.services.past_findings import COLUMNS, read_findings_as_at
from due_regard.services.steps import report_step

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

    from due_regard.register import JudgedDay


@dataclass(frozen=True)
class LandlordAnswer:
    """What a list of findings can say of one landlord.

    Attributes:
        landlord: id.
        as_at: the day asked about.
        judged: how it was judged on that day; None where it was not.
        judged_days: every day on which it was judged.
        is_whole: False where due dates and days overdue of that day can no longer be worked out.
        is_delivered: whether any file of it was ever taken in.
    """

    landlord: str
    as_at: date
    judged: JudgedDay | None
    judged_days: tuple[date, ...]
    is_whole: bool
    is_delivered: bool


@dataclass(frozen=True)
class OpenFindings:
    """Findings open at the end of a day, oldest due first, and what can be said of each landlord."""

    rows: pd.DataFrame
    answers: tuple[LandlordAnswer, ...]


def list_findings(settings: Settings, *, as_at: date, landlord: str | None = None) -> OpenFindings:
    """The findings that were open at the end of `as_at`, as the register stood then (past_findings.py).

    Rows: `past_findings.COLUMNS`.
    """
    import pandas as pd

    frames, answers = [], []
    for engine, names in _open_registers(settings, landlord):
        for name in names:
            report_step(f"{name}: reading findings")
            answer, found = _answer_for_landlord(engine, settings, name, as_at)
            answers.append(answer)
            frames += [found] if len(found) else []
    rows = pd.concat(frames) if frames else pd.DataFrame(columns=[*COLUMNS])
    return OpenFindings(rows.sort_values(["due_on", "register_ref"], ignore_index=True), tuple(answers))


def _answer_for_landlord(
    engine: Engine, settings: Settings, landlord: str, as_at: date
) -> tuple[LandlordAnswer, pd.DataFrame]:
    import pandas as pd

    from due_regard import register

    judged, found, is_whole = register.find_judged_day(engine, landlord, as_at), pd.DataFrame(), True
    if judged is not None:
        found, is_whole = read_findings_as_at(engine, settings, landlord, judged)
    days = tuple(register.list_judged_days(engine, landlord))
    is_delivered = register.find_newest_file(engine, landlord) > 0
    return LandlordAnswer(landlord, as_at, judged, days, is_whole, is_delivered), found


def list_silences(settings: Settings, *, on: date, landlord: str | None = None) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Silences that hold on a day, the first to end first, and the landlords never judged."""
    import pandas as pd

    from due_regard import register

    frames, unjudged = [], []
    for engine, names in _open_registers(settings, landlord):
        frames.append(register.list_silences(engine, landlord, on=on))
        unjudged += [name for name in names if not register.list_judged_days(engine, name)]
    if len(frames) == 1:
        return frames[0], tuple(unjudged)
    rows = pd.concat(frames).sort_values(["silenced_until", "register_ref"], na_position="last", ignore_index=True)
    return rows, tuple(unjudged)


def _open_registers(settings: Settings, landlord: str | None) -> Iterator[tuple[Engine, list[str]]]:
    """Each register with the landlords asked about; where all are, also those whose settings are gone."""
    from due_regard import register

    asked = list_landlords_to_run(settings, None if landlord is None else [landlord])
    for name in asked:
        find_register_url(settings, name)  # a landlord nobody knows has no finding, and that is no answer
    for names in settings.registers(asked).values():
        with open_landlord_register(settings, names[0]) as engine:
            gone = [] if landlord else [name for name in register.list_judged_landlords(engine) if name not in names]
            yield engine, [*names, *gone]
