"""A landlord's records as frames in which nothing stands that was not known to have happened by a day.

For those who count records themselves; by `CanonicalColumn.dated_by`, as `RecordsAsAt`: events after the day are blank,
planned dates stay. Rows are kept: a record opened after the day is left out by whoever counts, by its opening date.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from due_regard.records.canonical import ASSESSED_ENTITY, CanonicalColumn, Records


def mask_later_events(records: Records, as_at: date) -> dict[str, pd.DataFrame]:
    """The records with every event date after `as_at`, and what is known by such a date, blank (contract: Assessment).

    Frames share their columns with the ones given, save those in which something is blanked.
    """
    return {name: _mask_frame(name, frame, pd.Timestamp(as_at)) for name, frame in records.items()}


def _mask_frame(name: str, frame: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    entity = ASSESSED_ENTITY[name]
    later = {
        column.name: mask
        for column in entity.columns
        if column.name != entity.opened_on and (mask := _find_later_cells(column, frame, day)) is not None
    }
    return frame.assign(**{column: frame[column].mask(mask) for column, mask in later.items()}) if later else frame


def _find_later_cells(column: CanonicalColumn, frame: pd.DataFrame, day: pd.Timestamp) -> pd.Series | None:
    """Rows in which a column must be blank; None where there are none."""
    if column.name not in frame.columns or column.dated_by not in frame.columns:
        return None
    later = frame[column.dated_by] > day
    return later if later.any() else None
