"""Run as a process of its own: one look of `due-regard watch`, paused before a statement to the register.

Its words are the instant it shows, the statement before which it pauses (0: none) and the folder in which it leaves
`paused`, waits for `go`, and leaves the number of its `statements`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from due_regard.__main__ import main as run_command
from tests.journeys.task_process import count_statements


def main(now: str, pause_at: str, folder: str) -> int:
    """Look once; gives the command's own exit code."""
    order: Any = SimpleNamespace(pause_at=int(pause_at), folder=folder)
    seen = count_statements(order)
    code = run_command(["watch", "--now", now])
    Path(folder, "statements").write_text(str(len(seen)), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
