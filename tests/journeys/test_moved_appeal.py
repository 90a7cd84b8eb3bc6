"""Moving one appeal's date in a sample drop moves the table, the headline, the chart's data and the mail."""

from __future__ import annotations

import csv
import email
import email.policy
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from due_regard.config.settings import Settings
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.build_packs import build_packs
from due_regard.services.run_alerts import run_alerts
from due_regard.services.take_in_drop import take_in_drop
from tests.journeys.installations import small_include

LANDLORD, PACK = "queens_cross", "health_and_safety_committee"
AS_AT, NOW = date(2026, 6, 30), datetime(2026, 7, 1, 9, tzinfo=UTC)
DUTY = "Appeal acknowledged within 3 working days"
UNDONE = "Not done by the quarter's end"


@dataclass(frozen=True)
class Told:
    """What one run told people."""

    row: dict[str, int]
    headline: str
    chart: str
    mails: str


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Told, Told]:
    """As the sample is, and with the last appeal (not yet acknowledged) received in the quarter before."""
    return _run(tmp_path_factory.mktemp("as_is"), None), _run(tmp_path_factory.mktemp("moved"), "2026-03-31")


def _run(folder: Path, received_on: str | None) -> Told:
    include = small_include(folder / "include", [LANDLORD])
    drop = include / "samples" / LANDLORD
    shutil.rmtree(drop)
    shutil.copytree(Path(__file__).resolve().parents[2] / "include" / "samples" / LANDLORD, drop)
    if received_on:
        _move_last_appeal(drop / "appeals.csv", received_on)
    settings = Settings(include_dir=include, var_dir=folder / "var", drops_dir=include / "samples")
    take_in_drop(settings, LANDLORD, now=NOW)
    assess_landlord(settings, LANDLORD, as_at=AS_AT, now=NOW)
    run_alerts(settings, as_at=AS_AT, now=NOW)
    build_packs(settings, LANDLORD, quarter="2026-Q2", pack=PACK, now=NOW, out=folder / "pack")
    row, headline, chart = _timeliness(folder / "pack")
    return Told(row, headline, chart, _mails(settings.mail_dir))


def _move_last_appeal(file: Path, received_on: str) -> None:
    with file.open(encoding="utf-8", newline="") as opened:
        header, *rows = csv.reader(opened)
    last = max((row for row in rows if row[0].startswith("A")), key=lambda row: row[2])
    assert (last[2], last[3]) == ("2026-06-29", "")
    last[2] = received_on
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows([header, *rows])


def _timeliness(pack: Path) -> tuple[dict[str, int], str, str]:
    """The duty's row of the timeliness table, the headline on appeals, and what the chart of that table says."""
    (file,) = [each for each in pack.glob("*.xlsx") if "action_list" not in each.name]
    book = openpyxl.load_workbook(file)
    (headline,) = [str(row[0]) for row in book["Main points"].values if "appeals were received" in str(row[0])]
    (table,) = [list(sheet.values) for sheet in book if sheet.title.endswith(" Duties due, by lateness")]
    (chart,) = [str(row[0]) for row in table if str(row[0]).startswith("It also holds a chart of the table")]
    (headers,) = [row for row in table if row[0] == "Duty" and UNDONE in row]
    (found,) = [row for row in table if row[0] == DUTY]
    return {str(name): int(str(n)) for name, n in zip(headers[2:], found[2:], strict=True)}, headline, chart


def _mails(folder: Path) -> str:
    bodies = []
    for file in sorted(folder.rglob("*.eml")):
        body = email.message_from_bytes(file.read_bytes(), policy=email.policy.default).get_body(("plain",))
        assert body is not None
        bodies.append(body.get_content())
    return "\n".join(bodies)


def test_the_table_moves(told: tuple[Told, Told]) -> None:
    before, after = (each.row for each in told)
    assert after == before | {UNDONE: before[UNDONE] + 1, "Due in the quarter": before["Due in the quarter"] + 1}


def test_the_headline_moves(told: tuple[Told, Told]) -> None:
    before, after = (each.headline for each in told)
    assert before.startswith("4 appeals were received")
    assert after.startswith("3 appeals were received")


def test_the_chart_moves(told: tuple[Told, Told]) -> None:
    """The chart is drawn from the table, and its text says the table's totals."""
    before, after = (each.chart for each in told)
    assert before != after


def test_the_mail_moves(told: tuple[Told, Told]) -> None:
    before, after = (each.mails for each in told)
    # Three working days after Monday 29 June; after 31 March they end on 6 April, for Good Friday is a holiday.
    soon, overdue = "by Thu 2 July 2026", "due Mon 6 April 2026"
    assert soon in before
    assert overdue not in before
    assert soon not in after
    assert overdue in after
