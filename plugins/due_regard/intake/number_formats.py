"""What a cell shows where its number format changes its value: 45 under `"C"000000` reads C000045.

The zeros and letters are in the format alone, where no reader of values looks; people and every other file have them.
A format is rendered where it only fills up and surrounds digits or a text. Where it does more (thousands, decimals,
exponents, conditions), the cell cannot be read, and a person decides. Dates are left alone: readers know their formats.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

_THOUSANDS = "#,##0"
_TOKEN = re.compile(rf'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|General|{_THOUSANDS}|.', re.IGNORECASE | re.DOTALL)
_COLOUR = re.compile(r"\[(black|blue|cyan|green|magenta|red|white|yellow|colou?r ?[0-9]+)\]", re.IGNORECASE)
_LOCALE = re.compile(r"\[\$([^\]-]*)(?:-[0-9a-f,]*)?\]", re.IGNORECASE)
_BARE = frozenset("$-+():!^&'~{}<>= €£")
"""Characters that a format shows without quotation marks."""
_PLACES = frozenset("0#?")
_WHOLE = "@"
_PLAIN = frozenset({"", "General", "GENERAL", "general", "0", "@"})

Piece: TypeAlias = tuple[str, bool]
"""A part of a format and whether it is shown as it stands; else it is a digit's place or the whole value (@)."""
Section: TypeAlias = tuple[Piece, ...] | None
"""What shows a value: its pieces, None where it does more than fill up and surround."""


@dataclass(frozen=True)
class NumberFormat:
    """How a style shows numbers: those above zero, and zero; nothing is said of others."""

    above_zero: Section
    zero: Section

    def render_cell(self, value: str) -> str | None:
        """What a cell of this value shows, None where that is not known."""
        digits = value.strip()
        if not re.fullmatch("[0-9]+", digits):
            return None if digits else value
        section = self.above_zero if int(digits) else self.zero
        return None if section is None else _fill_places(section, digits)


@dataclass(frozen=True)
class TextFormat:
    """How a style shows texts."""

    section: Section

    def render_cell(self, value: str) -> str | None:
        """What a cell of this text shows, None where that is not known."""
        if self.section is None:
            return None
        return "".join(piece if is_literal else value for piece, is_literal in self.section)


CellFormat: TypeAlias = NumberFormat | TextFormat


@dataclass(frozen=True)
class StyleFormats:
    """Cell style -> format, of the styles that show something else than the value; for numbers and for texts."""

    numbers: dict[int, NumberFormat] = field(default_factory=dict)
    texts: dict[int, TextFormat] = field(default_factory=dict)


def find_changing_formats(styles: Any) -> StyleFormats:
    """The formats of a workbook that change what is read.

    Args:
        styles: root element of the workbook's style sheet.
    """
    codes: dict[int, str] = BUILTIN_FORMATS | {
        int(item.get("numFmtId")): item.get("formatCode", "") for item in styles.iterfind("{*}numFmts/{*}numFmt")
    }
    found = StyleFormats()
    for style, item in enumerate(styles.iterfind("{*}cellXfs/{*}xf")):
        code = codes.get(int(item.get("numFmtId", 0)), "General")
        if (number := read_number_format(code)) is not None:
            found.numbers[style] = number
        if (text := read_text_format(code)) is not None:
            found.texts[style] = text
    return found


def read_number_format(code: str) -> NumberFormat | None:
    """How a format code shows numbers; None where it shows them as they are, or as dates."""
    sections = _split_sections(code)
    if code in _PLAIN or is_date_format(code):
        return None
    zero = sections[2] if len(sections) > 2 and _WHOLE not in sections[2] else sections[0]
    return NumberFormat(_read_section(sections[0]), _read_section(zero))


def read_text_format(code: str) -> TextFormat | None:
    """How a format code shows texts; None where it shows them as they are."""
    sections = _split_sections(code)
    text = sections[-1]
    if code in _PLAIN or text == [_WHOLE] or is_date_format("".join(text)):
        return None
    return TextFormat(_read_section(text)) if len(sections) > 3 or _WHOLE in text else None


def _split_sections(code: str) -> list[list[str]]:
    """The parts of each section of a format code: above zero, below zero, zero, text."""
    sections: list[list[str]] = [[]]
    for part in _TOKEN.findall(code):
        if part == ";":
            sections.append([])
        else:
            sections[-1].append(part)
    return sections


def _read_section(parts: Sequence[str]) -> Section:
    pieces: list[Piece] = []
    for part in parts:
        if part[0] in "_*" and len(part) == 2:
            # Blanks as wide as another character, or up to the cell's end; anything else that is repeated is shown.
            if part[0] == "*" and part[1] != " ":
                return None
        elif part in _PLACES or part in {_WHOLE, _THOUSANDS}:
            pieces.append((part, False))
        elif part.casefold() == "general":
            pieces.append((_WHOLE, False))
        elif (literal := _find_literal(part)) is not None:
            pieces.append((literal, True))
        else:
            return None
    # A section without any piece hides the value.
    return tuple(pieces) or None


def _find_literal(part: str) -> str | None:
    """What a part shows as it stands; None where it is an order: a condition, an exponent, a decimal point."""
    if part[0] == '"' and len(part) > 1:
        return part[1:-1]
    if part[0] == "\\" and len(part) > 1:
        return part[1]
    if _COLOUR.fullmatch(part):
        return ""
    if locale := _LOCALE.fullmatch(part):
        return locale[1]
    return part if part in _BARE else None


def _fill_places(section: tuple[Piece, ...], digits: str) -> str | None:
    """The digits in their places from the right, all that are left over in the first; None where nothing is shown."""
    number = digits.lstrip("0")
    if (_THOUSANDS, False) in section and len(number) > 3:
        return None
    first = next((at for at, (_, is_literal) in enumerate(section) if not is_literal), None)
    shown = []
    for at, (piece, is_literal) in reversed(tuple(enumerate(section))):
        if is_literal:
            shown.append(piece)
        elif piece in {_WHOLE, _THOUSANDS}:
            shown.append(number or "0")
        else:
            number, digit = ("", number) if at == first else (number[:-1], number[-1:])
            shown.append(digit or {"0": "0", "#": "", "?": " "}[piece])
    return "".join(reversed(shown)) or None


def find_column_position(letters: str) -> int:
    """Position from 0 of a column given by its letters.

    Raises:
        ValueError: they are none.
    """
    if not re.fullmatch("[A-Za-z]{1,3}", letters):
        raise ValueError("no column letters")
    position = 0
    for letter in letters.upper():
        position = position * 26 + ord(letter) - 64
    return position - 1
