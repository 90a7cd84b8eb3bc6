"""Where the console script `due-regard` begins: Ctrl-C while the program is still being loaded says one line, too."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable


def start_program() -> int:
    """Load the command line and run it; returns its exit code."""
    try:
        # Loading takes a second or more, in which __main__ cannot catch anything yet.
        main = _load_program()
    except KeyboardInterrupt:
        print("due-regard: interrupted; nothing was begun", file=sys.stderr)
        return 130
    return main()


def _load_program() -> Callable[[], int]:
    """The command line, loaded without a look for circles among its objects, now or later: what is loaded stays.

    Such looks took a tenth of a short command's time (`python -m benchmarks.landlord`).
    """
    gc.disable()
    try:
        from due_regard.__main__ import main

        gc.freeze()
    finally:
        gc.enable()
    return main


if __name__ == "__main__":
    sys.exit(start_program())
