"""Text as people send it: encodings, look-alike characters, A1 addresses.

Add a rule here when it is true of any text of any vendor. What one vendor does is a source mapping; what a cell *means*
is cell_values.py.
"""

from __future__ import annotations

import codecs
import re

from due_regard.errors import FileRefused

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NUL_SAMPLE = 4096
# Word, Outlook and PDF copies put these for "-": U+2011 above all, which no eye tells from the real one.
LOOKALIKE_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
LOOKALIKE_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_PLAIN = str.maketrans({**dict.fromkeys(LOOKALIKE_HYPHENS, "-"), **dict.fromkeys(LOOKALIKE_SPACES, " ")}) | {
    ord(character): None for character in INVISIBLE
}
_SPACES = re.compile(r"\s+")


def decode_text(content: bytes, declared: str | None = None) -> tuple[str, str]:
    """`content` as text, and in which encoding: declared, else found by mark, NUL pattern, strict UTF-8, cp1252.

    Raises:
        FileRefused: the bytes are not text in the declared encoding, or in any that is tried.
    """
    encoding = next((name for bom, name in _BOMS if content.startswith(bom)), None) or declared or _guess_utf16(content)
    for candidate in (encoding,) if encoding else ("utf-8", "cp1252"):
        try:
            text = content.decode(candidate)
        except UnicodeDecodeError:
            continue
        # A NUL in decoded text is a binary file, or UTF-16 that was cut at an odd byte.
        if "\0" not in text:
            return text, candidate
    raise FileRefused("encoding", "is not readable text: save it as CSV UTF-8 and send it again")


def _guess_utf16(content: bytes) -> str | None:
    """UTF-16 without a mark shows as a NUL in every other byte of the Latin letters of a header."""
    sample = content[:_NUL_SAMPLE]
    if not sample or b"\0" not in sample:
        return None
    odd, even = sample[1::2].count(0), sample[0::2].count(0)
    if odd > 4 * max(even, 1) or (odd and not even):
        return "utf-16-le"
    return "utf-16-be" if even else None


def clean_text(text: str) -> str:
    """`text` trimmed, with look-alike hyphens and spaces made plain and invisible characters removed."""
    return text.translate(_PLAIN).strip()


def fold_text(text: str) -> str:
    """`text` as headers, sheet names and code words are compared: plain, one space between words, case ignored."""
    return _SPACES.sub(" ", clean_text(text)).casefold()


def make_column_letters(position: int) -> str:
    """Spreadsheet letters of a column counted from 0."""
    letters = ""
    position += 1
    while position:
        position, remainder = divmod(position - 1, 26)
        letters = chr(65 + remainder) + letters
    return letters
