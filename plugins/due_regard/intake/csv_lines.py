"""The lines of a CSV file below its header, counted and cut out by their ends alone: no quotation mark matters here.

So lines are an account of the file that no parser can get wrong. What a line means is swallowed_rows.py's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LINE_END = re.compile(r"\r\n|\r|\n")


def count_line_ends(text: str) -> int:
    """Line ends in `text`, of whatever kind."""
    return sum(1 for _ in _LINE_END.finditer(text))


@dataclass(frozen=True)
class CsvBody:
    """What follows the header of a CSV file.

    Attributes:
        file: name inside the drop, for messages.
        content: UTF-8 bytes; the body begins at `start`.
        start: offset of the body.
        first_line: line of the file in which the body begins, from 1.
        delimiter: between cells.
    """

    file: str
    content: bytes
    start: int
    first_line: int
    delimiter: str

    def count_lines(self) -> int:
        """Lines of the body."""
        ends = [self.content.count(end, self.start) for end in (b"\n", b"\r", b"\r\n")]
        is_open = len(self.content) > self.start and not self.content.endswith((b"\n", b"\r"))
        return ends[0] + ends[1] - ends[2] + is_open

    def find_line_starts(self) -> NDArray[np.int64]:
        """Offsets at which lines begin, and at which the last one ends."""
        signs = np.frombuffer(self.content, dtype=np.uint8, offset=self.start)
        is_end: NDArray[Any] = signs == ord("\n")
        is_end[:-1] |= (signs[:-1] == ord("\r")) & (signs[1:] != ord("\n"))
        is_end[-1:] |= signs[-1:] == ord("\r")
        ends = np.flatnonzero(is_end) + self.start + 1
        last = [] if len(ends) and ends[-1] == len(self.content) else [len(self.content)]
        return np.concatenate([[self.start], ends, last]).astype(np.int64)

    def cut_lines(self, bounds: NDArray[np.int64]) -> list[str]:
        """The lines between these offsets, without their ends."""
        pairs = zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
        return [self.content[start:end].decode().rstrip("\r\n") for start, end in pairs]

    def cut_last_line(self) -> str:
        """The last line, without its end."""
        end = len(self.content) - (2 if self.content.endswith(b"\r\n") else 1)
        before = (self.content.rfind(sign, self.start, end) for sign in (b"\n", b"\r"))
        return self.content[max(self.start - 1, *before) + 1 :].decode().rstrip("\r\n")
