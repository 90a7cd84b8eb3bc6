"""Why a database failed, in one line that a log may hold: never a statement, never a cell's value."""

from __future__ import annotations


def find_plain_reason(reason: Exception) -> str:
    """The driver's own first line, without the statement; PostgreSQL's class 22 and 23 would quote a cell's value."""
    own = getattr(reason, "orig", None) or reason
    state = getattr(own, "pgcode", None) or ""
    if state.startswith(("22", "23")):
        return f"the database refused a value ({type(own).__name__}, {state})"
    said = (str(own).strip() or type(own).__name__).splitlines()[0]
    if state in {"42703", "42P01"} or said.startswith(("no such column", "no such table")):
        return f"{said}; it is not of this program's version: `due-regard register upgrade`, or use the newer program"
    return said
