"""What a service returns: a JSON-safe result for a log, an XCom or the command line's `--json`."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Result = dict[str, Any]
"""Ids, dates as text and counts; never a row, a name or the content of a file."""


def make_json_value(value: Any) -> Any:
    """A cell or a Python value as JSON knows it: dates and instants as ISO text, blanks as None."""
    if value is None or value != value:  # NaN and NaT are unlike themselves
        return None
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo is not None else value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else value


def list_json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows with values as `make_json_value` gives them."""
    return [{str(k): make_json_value(v) for k, v in row.items()} for row in frame.to_dict("records")]


def remove_file_names(result: Result) -> Result:
    """What a task hands on of an intake: counts of each file by entity; its name is the data owner's alone."""
    return {**result, "files": [{key: file[key] for key in file if key != "file"} for file in result["files"]]}
