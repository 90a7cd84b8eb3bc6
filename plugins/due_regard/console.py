"""Where the console script `due-regard` begins: Ctrl-C while the program is still being loaded says one line, too."""

from __future__ import annotations

import sys


def start_program() -> int:
    """Load the command line and run it; returns its exit code."""
    try:
        # Loading takes a second or more, in which __main__ cannot catch anything yet.
        from due_regard.__main__ import main
    except KeyboardInterrupt:
        print("due-regard: interrupted; nothing was begun", file=sys.stderr)
        return 130
    return main()


if __name__ == "__main__":
    sys.exit(start_program())
