"""What a service returns: a JSON-safe result for a log, an XCom or the command line's `--json`."""

from __future__ import annotations

from typing import Any

Result = dict[str, Any]
"""Ids, dates as text and counts; never a row, a name or the content of a file."""
