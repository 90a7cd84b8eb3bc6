"""Whether the dates of a column can be trusted together: dates of another order, and days swapped with months.

Excel set to month first takes a typed 05/06/2026 for the sixth of May and makes a real date of it; 25/06/2026 is no
date to it and stays text. So a column is left with real dates before the 13th and typed ones after the 12th (ADR 0014).
"""

from __future__ import annotations

from collections.abc import Sequence

SWAPPED_SHARE = 0.9
"""Of the real dates that lie before the 13th, and of the typed ones that lie after the 12th, in a swapped column."""

OTHER_ORDER = {"dmy": "month_first_column", "mdy": "day_first_column"}


def find_column_fault(order: str, typed: Sequence[tuple[int, int]], real: Sequence[int]) -> str:
    """Why no date of a column may be loaded; "" where they may.

    Args:
        order: the declared one.
        typed: day and month, by that order, of the dates typed as three numbers.
        real: days of the dates that the workbook itself holds as dates.
    """
    if order not in OTHER_ORDER:
        return ""
    if any(day <= 12 < month for day, month in typed):
        return OTHER_ORDER[order]
    return "swapped_dates" if _is_swapped([day for day, _ in typed], real) else ""


def _is_swapped(typed: Sequence[int], real: Sequence[int]) -> bool:
    if not typed or not real:
        return False
    early = sum(day <= 12 for day in real) / len(real)
    late = sum(day > 12 for day in typed) / len(typed)
    return early >= SWAPPED_SHARE and late >= SWAPPED_SHARE
