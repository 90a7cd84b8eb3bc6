"""Text as people send it: encodings, look-alike characters, and how words are compared.

Add a rule here when it is true of any text of any vendor. What one vendor does is a source mapping; what a cell *means*
is cell_values.py.
"""

from __future__ import annotations

import codecs
import re

from due_regard.errors import FileRefused

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NUL_SAMPLE = 4096
_NUL_SHARE = 8
"""Of Latin text in UTF-16 half of all bytes are NUL; one in eight is enough, and a stray one is none."""
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_ONLY_UTF8 = re.compile(rb"[\xc2\xc3][\x80-\xbf]|\xc5[\xb4-\xb7]|\xe2[\x80-\x84][\x80-\xbf]")
"""Accents, Welsh letters, quotation marks and dashes in UTF-8; cp1252 reads them as A and a with signs after them."""
# Word, Outlook and PDF copies put these for "-": U+2011 above all, which no eye tells from the real one.
LOOKALIKE_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
LOOKALIKE_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_PLAIN = str.maketrans({**dict.fromkeys(LOOKALIKE_HYPHENS, "-"), **dict.fromkeys(LOOKALIKE_SPACES, " ")}) | {
    ord(character): None for character in INVISIBLE
}
_SPACES = re.compile(r"\s+")


def decode_text(file: str, content: bytes, declared: str | None = None) -> tuple[str, str]:
    """`content` as text, and its encoding: by its mark, as declared, by its NUL pattern, else UTF-8 or cp1252.

    Args:
        file: name inside the drop, for messages.
        content: the file's bytes.
        declared: the encoding that the source declares.

    Raises:
        FileRefused: the bytes are not text in the declared encoding, or in any of these, or in two at once.
    """
    encoding = next((name for bom, name in _BOMS if content.startswith(bom)), None) or declared or _guess_utf16(content)
    faults = []
    for candidate in (encoding,) if encoding else ("utf-8", "cp1252"):
        if candidate == "cp1252":
            _check_mixture(file, content, is_declared=declared is not None)
        try:
            text = content.decode(candidate)
        except UnicodeDecodeError as reason:
            faults.append(reason.start)
            continue
        _check_nuls(file, text)
        return text, candidate
    raise FileRefused(
        "encoding",
        f"{file}: line {_count_line(content[: faults[0]])} is not readable text ({encoding or 'UTF-8'} is expected); "
        "save it as CSV UTF-8 and send it again",
    )


def _count_line(before: bytes) -> int:
    return len(before.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))


def _check_nuls(file: str, text: str) -> None:
    """A NUL is no text, and no editor shows it; it would hide in a reference and PostgreSQL cannot store it."""
    if "\0" in text:
        line = _count_line(text[: text.index("\0")].encode(errors="replace"))
        raise FileRefused(
            "nul",
            f"{file}: line {line} holds a NUL byte ({text.count(chr(0))} in the file), which is no text; have it "
            "exported again without it",
        )


def _check_mixture(file: str, content: bytes, *, is_declared: bool) -> None:
    """Bytes that are cp1252 in one place and UTF-8 in another would be read as nonsense in one of them.

    A few pairs of cp1252 letters happen to be UTF-8 as well: unless they are what only UTF-8 writes, they count by
    majority, and not where the source says that it is cp1252.
    """
    other = [found for found in _BEYOND_ASCII.finditer(content) if not _is_utf8(found[0])]
    both = [found for found in _BEYOND_ASCII.finditer(content) if _is_utf8(found[0])]
    certain = [found for found in both if _ONLY_UTF8.search(found[0])]
    if certain or (len(both) > len(other) and not is_declared):
        lines = sorted(_count_line(content[: found.start()]) for found in (*(certain or both)[:1], *other[:1]))
        raise FileRefused(
            "mixed_encoding",
            f"{file}: holds letters in UTF-8 and in cp1252 (first in lines {' and '.join(map(str, lines))}), of which "
            "one would be read wrongly; save it as CSV UTF-8, look at these letters, and send it again",
        )


def _is_utf8(sequence: bytes) -> bool:
    try:
        sequence.decode()
    except UnicodeDecodeError:
        return False
    return True


def _guess_utf16(content: bytes) -> str | None:
    """UTF-16 without a mark shows as a NUL in every other byte of the Latin letters of a header."""
    sample = content[:_NUL_SAMPLE]
    odd, even = sample[1::2].count(0), sample[0::2].count(0)
    if max(odd, even) < len(sample) / _NUL_SHARE or not sample:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def clean_text(text: str) -> str:
    """`text` trimmed, with look-alike hyphens and spaces made plain and invisible characters removed."""
    return text.translate(_PLAIN).strip()


def fold_text(text: str) -> str:
    """`text` as headers, sheet names and code words are compared: plain, one space between words, case ignored."""
    return _SPACES.sub(" ", clean_text(text)).casefold()
