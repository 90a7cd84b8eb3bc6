"""Prints how many bytes reading and judging a drop takes at most, beyond the imports: its own process, for intake.py.

python -m benchmarks.intake_memory DROP SOURCES
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import SourceMapping, load_source_mapping


def most() -> int:
    """The most memory this process ever held, in bytes."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def read(drop: Path, source: SourceMapping) -> None:
    """Reads a drop as intake does, Great Expectations aside."""
    read_drop(drop, "a", source, on=date(2026, 6, 30), known=lambda _: None, great_expectations=False)


def main(drop: Path, sources: Path) -> None:
    """Reads a row first, so that what is imported late is not counted."""
    source = load_source_mapping(sources, "canonical")
    with TemporaryDirectory() as folder:
        (Path(folder) / "customers.csv").write_text("customer_ref,customer_type\n1,tenant\n", encoding="utf-8")
        read(Path(folder), source)
    before = most()
    read(drop, source)
    print(most() - before)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
