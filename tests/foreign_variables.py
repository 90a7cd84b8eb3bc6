"""The variables that a process started by a test inherits."""

from __future__ import annotations

import os

_FOREIGN = ("AIRFLOW", "DUE_REGARD_")


def drop_foreign_variables(*more: str) -> dict[str, str]:
    """This process's variables without any of Airflow's or ours, or whose names begin with one of `more`."""
    return {name: value for name, value in os.environ.items() if not name.startswith((*_FOREIGN, *more))}
