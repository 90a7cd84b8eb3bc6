"""Measures: pure functions from a snapshot (records, assessments, one quarter) to figures and listings.

Add a measure in the module of its subject and name it in content/measure_tables. No register, file, clock or chart
comes in here.
"""

from due_regard.packs.measures.figure import FIGURE_COLUMNS, Cases, Figure, tidy_figures
from due_regard.packs.measures.quarter_snapshot import (
    BATCH_COLUMNS,
    DUTY_COLUMNS,
    WITHDRAWAL_COLUMNS,
    QuarterSnapshot,
)

__all__ = [
    "BATCH_COLUMNS",
    "DUTY_COLUMNS",
    "FIGURE_COLUMNS",
    "WITHDRAWAL_COLUMNS",
    "Cases",
    "Figure",
    "QuarterSnapshot",
    "tidy_figures",
]
