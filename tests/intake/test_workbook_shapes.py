"""The same workbook however its XML is written: what its cells show is seen in every shape, or the file is refused."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.intake.drops import only, read, reasons, write
from tests.intake.packages import SHEET, repacked, saved, with_sheet

Change = Callable[[str, bytes], bytes]
MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = (
    (MAIN, b"http://purl.oclc.org/ooxml/spreadsheetml/main"),
    (
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
    ),
)
TEXTS = "xl/sharedStrings.xml"


def appeals_workbook(*, epoch_1904: bool) -> bytes:
    """Rows 3 to 5 cannot be read in one cell each; of row 6 a blank cell stands before a date."""
    book = Workbook()
    if epoch_1904:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    day = date(2026, 3, 1)
    sheet.append(["appeal_ref", "restriction_ref", "received_on", "acknowledged_on", "handled_by"])
    for row in (["A1", "R1", day, day], ["A2", "#N/A", day], ["A3", "R3", "=1+1"], ["A4", '="R"', day]):
        sheet.append(row)
    sheet.append([45, "R5", day, None, " two  blanks "])
    sheet["A6"].number_format = "000000"
    sheet["D6"].font = Font(bold=True)
    # A formula of text without a value: openpyxl itself writes no type.
    return with_sheet(
        saved(book),
        lambda part: part.replace(b'<c r="B5">', b'<c r="B5" t="str">').replace(b'"R"</f><v />', b'"R"</f>'),
    )


def on_sheet(change: Callable[[bytes], bytes]) -> Change:
    return lambda name, part: change(part) if name == SHEET else part


def made_strict(_: str, part: bytes) -> bytes:
    for old, new in STRICT:
        part = part.replace(old, new)
    return part


def prefixed(_: str, part: bytes) -> bytes:
    if b'xmlns="' + MAIN not in part:
        return part
    part = part.replace(b'xmlns="' + MAIN, b'xmlns:x="' + MAIN)
    return re.sub(rb"<(/?)(?=[a-zA-Z]+[ />])", rb"<\1x:", part)


def turned_attributes(part: bytes) -> bytes:
    return re.sub(rb'<c (r="\w+")((?: \w+="\w+")+)', rb"<c\2 \1", part)


def as_rich_text(part: bytes) -> bytes:
    rich = rb"<is><r><rPr><b/></rPr><t>\1</t></r><r><t>\2</t></r></is>"
    return re.sub(rb"<is><t>(\w)(\w*)</t></is>", rich, part)


SHAPES: dict[str, Change] = {
    "as openpyxl writes it": lambda _, part: part,
    "cells without r": on_sheet(lambda part: re.sub(rb'<c r="[A-Z]+[0-9]+"', b"<c", part)),
    "rows without r": on_sheet(lambda part: re.sub(rb'<row r="[0-9]+"', b"<row", part)),
    "no r at all": on_sheet(lambda part: re.sub(rb'<(c|row) r="[A-Z0-9]+"', rb"<\1", part)),
    "every other cell without r": on_sheet(lambda part: re.sub(rb'<c r="[BD][0-9]+"', b"<c", part)),
    "strict": made_strict,
    "with a prefix": prefixed,
    "strict, with a prefix": lambda name, part: made_strict(name, prefixed(name, part)),
    "parted by line ends": on_sheet(lambda part: part.replace(b"><", b">\n  <")),
    "blanks inside tags": on_sheet(lambda part: re.sub(rb"<(/?\w+)([^<>]*?)(/?)>", rb"<\1\n \2\t\3>", part)),
    "single quotes": on_sheet(lambda part: part.replace(b'"', b"'")),
    "attributes in another order": on_sheet(turned_attributes),
    "closed apart": on_sheet(lambda part: re.sub(rb"<(c|v)\b([^<>]*?) ?/>", rb"<\1\2></\1>", part)),
    "rich texts": on_sheet(as_rich_text),
    "comments between cells": on_sheet(lambda part: part.replace(b"</c>", b"</c><!-- <c t='e'> -->")),
    "rows from the last to the first": on_sheet(
        lambda part: re.sub(
            rb"<sheetData>(.*)</sheetData>",
            lambda found: b"<sheetData>%s</sheetData>" % b"".join(reversed(re.findall(rb"<row.*?</row>", found[1]))),
            part,
        )
    ),
    "true for 1": lambda _, part: part.replace(b'date1904="1"', b'date1904="true"'),
}  # fmt: skip


@pytest.mark.parametrize("shape", list(SHAPES)[1:])
def test_every_shape_is_another_one(shape: str) -> None:
    content = appeals_workbook(epoch_1904=True)
    assert list_parts(repacked(content, SHAPES[shape])) != list_parts(content)


def list_parts(content: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return [package.read(name) for name in package.namelist()]


def share_texts(content: bytes) -> bytes:
    """The workbook with its texts in a part of their own, as Excel writes them."""
    texts: list[bytes] = []

    def share(found: re.Match[bytes]) -> bytes:
        texts.append(found[2])
        return b'<c%s t="s"><v>%d</v></c>' % (found[1], len(texts) - 1)

    def change(name: str, part: bytes) -> bytes:
        if name == "[Content_Types].xml":
            kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
            new = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>'
            return part.replace(b"</Types>", new)
        if name == "xl/_rels/workbook.xml.rels":
            kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
            new = b'<Relationship Id="texts" Type="' + kind + b'" Target="sharedStrings.xml"/></Relationships>'
            return part.replace(b"</Relationships>", new)
        return (
            re.sub(rb'<c((?: r="\w+")?(?: s="\d+")?) t="inlineStr"><is>(.*?)</is></c>', share, part)
            if name == SHEET
            else part
        )

    content = repacked(content, change)
    table = b'<sst xmlns="' + MAIN + b'">' + b"".join(b"<si>" + text + b"</si>" for text in texts) + b"</sst>"
    return repacked(content, added={TEXTS: table})


@pytest.mark.parametrize("excel", [False, True], ids=["as openpyxl", "as Excel for Mac"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_shows_its_faults_and_its_dates(tmp_path: Path, shape: str, excel: bool) -> None:
    content = appeals_workbook(epoch_1904=excel)
    shaped = repacked(share_texts(content) if excel else content, SHAPES[shape])
    accepted = only(read(write(tmp_path, appeals__xlsx=shaped)), "appeals")
    assert reasons(accepted) == [
        (3, "restriction_ref", "unreadable_cell"),
        (4, "received_on", "unreadable_cell"),
        (5, "restriction_ref", "unreadable_cell"),
    ]
    assert accepted.rows["appeal_ref"].tolist() == ["A1", "000045"]
    for column in ("received_on", "acknowledged_on"):
        days = accepted.rows[column].dt.strftime("%Y-%m-%d").fillna("").tolist()
        assert days == ["2026-03-01", "2026-03-01" if column == "received_on" else ""]
    assert accepted.rows["handled_by"].fillna("").tolist() == ["", "two  blanks"]


NUMBER = b'<c r="A6" s="2" t="n"><v>45</v></c>'
FOREIGN = b'<o:c xmlns:o="urn:other"><o:v>9</o:v></o:c>'
COMPATIBLE = (
    b'<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    b'<mc:Choice Requires="x14"><c><v>5</v></c></mc:Choice><mc:Fallback><c><v>6</v></c></mc:Fallback>'
    b"</mc:AlternateContent>"
)


@pytest.mark.parametrize(
    "written",
    [
        b'<c r="A6" s="2"><v>4<!-- half -->5</v></c>',
        b'<c r="A6" s="2"><v>4&#53;</v></c>',
        b'<c r="A6" s="2"><v><![CDATA[45]]></v></c>',
        b'<c r="A6" t="str"><v><![CDATA[45]]></v></c>',
        b'<c r="A6" t="&#101;"><v>#N/A</v></c>',
        b'<c r="&#65;6"><v>45</v></c>',
        b'<c r="A5"><v>45</v></c>',
        b'<c r="6"><v>45</v></c>',
        b'<c r="$A$6"><v>45</v></c>',
        NUMBER + NUMBER,
        NUMBER + b"<c r='A6' t='e'><v>#N/A</v></c>",
        FOREIGN + NUMBER,
        NUMBER.replace(b"</v>", b"</v>" + FOREIGN),
        COMPATIBLE,
        b'<c r="A6"><is><c r="B6"><v>5</v></c></is></c>',
        b'</row></sheetData><sheetData><row r="6">' + NUMBER,
        b'</row><c r="A6"><v>45</v></c><row r="7">',
    ],
)
def test_what_two_readers_may_read_differently_is_refused(tmp_path: Path, written: bytes) -> None:
    content = with_sheet(appeals_workbook(epoch_1904=False), lambda part: part.replace(NUMBER, written))
    validated = read(write(tmp_path, appeals__xlsx=content))
    assert [refused.code for refused in validated.refused] == ["corrupt_workbook"]


def test_a_sheet_that_the_workbook_does_not_list_is_refused(tmp_path: Path) -> None:
    content = appeals_workbook(epoch_1904=False)
    for old, new in ((b"worksheets/sheet1.xml", b"worksheets/sheet9.xml"), (b'/worksheet"', b'/other"')):
        changed = repacked(
            content,
            lambda name, part, old=old, new=new: part.replace(old, new) if name.endswith("workbook.xml.rels") else part,
        )
        assert [refused.code for refused in read(write(tmp_path, appeals__xlsx=changed)).refused] == [
            "corrupt_workbook"
        ]


def test_a_comment_inside_a_text_changes_nothing(tmp_path: Path) -> None:
    content = with_sheet(appeals_workbook(epoch_1904=False), lambda part: part.replace(b">R1<", b">R<!-- x -->1<"))
    assert only(read(write(tmp_path, appeals__xlsx=content)), "appeals").rows["restriction_ref"].tolist() == [
        "R1",
        "R5",
    ]
