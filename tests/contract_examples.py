"""The contract's examples and its own comparison, for every test that must agree with them."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).parent / "contract"
COLUMNS = (
    "landlord",
    "rule",
    "subject_type",
    "subject_ref",
    "occurrence",
    "state",
    "due_on",
    "done_on",
    "days_overdue",
)


@dataclass(frozen=True)
class Example:
    """One expected file: whose it is, for which date, from which exports."""

    expected: Path

    @property
    def landlord(self) -> str:
        """The landlord's id."""
        return self.expected.parent.name

    @property
    def as_at(self) -> date:
        """The date the file was computed for."""
        return date.fromisoformat(self.expected.stem.removeprefix("expected_"))

    @property
    def exports(self) -> Path:
        """The drop it was computed from."""
        return self.expected.parent / "exports"

    def __str__(self) -> str:
        return f"{self.expected.parents[1].name}-{self.landlord}-{self.as_at}"


EXAMPLES = [Example(path) for path in sorted(CONTRACT.glob("examples*/*/expected_*.csv"))]


def write_assessments(rows: Iterable[Mapping[str, Any]], path: Path) -> Path:
    """Write rows of plain Python values as an assessment file; None is a blank cell."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def differences(example: Example, actual: Path) -> str:
    """What the contract's compare.py says against `actual`; empty if they agree."""
    compare = [sys.executable, str(CONTRACT / "compare.py"), str(example.expected), str(actual)]
    done = subprocess.run(compare, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
