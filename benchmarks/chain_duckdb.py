"""The other side of the chain's benchmark: the same outcome by hand, in DuckDB SQL, XlsxWriter and typst.

From the same CSV files to the same open findings and figures of the same tables, with workbook, charts, an action
list, a paper and a text to each mailbox. It keeps no versions, no audit and no findings' life; it reads one shape
of files and knows one landlord; it mails nobody and remembers nothing. That is what it is faster by.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import typst
import xlsxwriter

from benchmarks.assessment_duckdb import put_calendar
from benchmarks.assessment_sql import assessment_sql, mask_records
from benchmarks.chain_sql import DUE, FIGURES, MET, SPANS
from due_regard.calendars.quarters import Quarter
from due_regard.codes.code_files import load_code_lists
from due_regard.config.landlord import Landlord
from due_regard.policy import LandlordContext, Policy
from due_regard.records.canonical import ENTITIES, ENTITY, CanonicalColumn, ColumnKind, Entity

QUARTERS = 5
ROWS_LISTED, ROWS_TOLD = 50_000, 50
_OPEN = "state IN ('due_soon', 'overdue', 'breach') AND severity <> 'info'"


class HandMade:
    """One landlord's chain by hand; each step leaves its tables in the database for the next."""

    def __init__(self, folder: Path, context: LandlordContext, as_at: date, quarter: Quarter) -> None:
        self.folder, self.as_at, self.quarter = folder, as_at, quarter
        self.landlord, self.calendar = context.landlord, context.calendar
        self.policy: Policy = context.history.find_version(as_at)
        self.connection = duckdb.connect(str(folder / "chain.duckdb"))
        self.figures: dict[str, list[tuple[str, str, float]]] = {}

    def take_in(self, drop: Path) -> int:
        """Read the files as text, turn cells into values, and check what the product checks of them; rows."""
        self.connection.execute("CREATE SCHEMA delivered")
        for entity in ENTITIES:
            file = drop / f"{entity.name}.csv"
            self._run(f"CREATE TEMP TABLE given AS SELECT * FROM read_csv('{file}', all_varchar = true, header = true)")
            cells = ", ".join(f"{_read(column)} AS {column.name}" for column in entity.columns)
            self._run(f"CREATE OR REPLACE TABLE delivered.{entity.name} AS SELECT {cells} FROM given")
            self._hold_right(entity)
            self._run("DROP TABLE given")
        return sum(self._count(f"SELECT count(*) FROM delivered.{entity.name}") for entity in ENTITIES)

    def _hold_right(self, entity: Entity) -> None:
        """Stop where a cell cannot be read, a required one is blank, a reference comes twice or leads nowhere."""
        name, faults = entity.name, [f"count(*) - count(DISTINCT d.{entity.key})"]
        for column in entity.columns:
            read = f"count(*) FILTER (g.{column.name} IS NOT NULL AND d.{column.name} IS NULL)"
            faults.append(read)
            if column.required:
                faults.append(f"count(*) FILTER (d.{column.name} IS NULL)")
            if column.code_list and column.kind is ColumnKind.CODE:
                words = tuple(load_code_lists().list_codes(column))
                faults.append(f"count(*) FILTER (d.{column.name} NOT IN {words})")
        source = f"given AS g POSITIONAL JOIN delivered.{name} AS d"
        wrong = self._count(f"SELECT {' + '.join(faults)} FROM {source}")
        for link, target in entity.links:
            key = ENTITY[target].key
            wrong += self._count(
                f"SELECT count(*) FROM delivered.{name} AS d ANTI JOIN delivered.{target} AS t ON d.{link} = t.{key}"
            )
        if wrong:
            raise AssertionError(f"{name}: {wrong} cells or rows are wrong")

    def judge(self) -> None:
        """Every duty as at the day, and the open findings."""
        put_calendar(self.connection, self.calendar)
        self._judge_at(self.as_at)
        self._run(f"CREATE TABLE findings AS SELECT * FROM judged WHERE {_OPEN}")

    def _judge_at(self, day: date) -> None:
        self._run(f"CREATE OR REPLACE TEMP TABLE judged AS {assessment_sql(self.policy, self.calendar, day)}")

    def count_findings(self) -> dict[str, int]:
        """Open findings by rule."""
        return dict(self.connection.execute("SELECT rule, count(*) FROM findings GROUP BY 1").fetchall())

    def plan_alerts(self) -> int:
        """Each open finding's stage and mailbox, and one text a mailbox; how many texts."""
        self._run(
            f"""CREATE TABLE told AS SELECT f.*, CASE
              WHEN state = 'due_soon' THEN 'ahead'
              WHEN due_on < DATE '{self.landlord.alerts.go_live_on or date.min}' THEN 'backlog'
              WHEN n.elapsed - c.elapsed >= {self.landlord.alerts.ladder.overdue.n} THEN 'overdue'
              ELSE 'due' END AS stage
            FROM findings AS f LEFT JOIN calendar AS c ON c.day = f.due_on
            LEFT JOIN calendar AS n ON n.day = DATE '{self.as_at}'"""
        )
        texts = 0
        for role, mailbox, body in self._write_texts(self.landlord):
            (self.folder / f"{role}.txt").write_text(f"To: {mailbox}\n\n{body}", encoding="utf-8")
            texts += 1
        return texts

    def _write_texts(self, landlord: Landlord) -> Iterator[tuple[str, str, str]]:
        counted = "SELECT stage, rule, count(*) FROM told WHERE owner_role = ? GROUP BY 1, 2 ORDER BY 1, 2"
        first = "SELECT rule, subject_ref, due_on FROM told WHERE owner_role = ? ORDER BY due_on, subject_ref LIMIT ?"
        for (role,) in self.connection.execute("SELECT DISTINCT owner_role FROM told ORDER BY 1").fetchall():
            lines = [f"{stage}: {rule}: {count}" for stage, rule, count in self._ask(counted, role)]
            lines += [f"{rule} {ref} {due or ''}" for rule, ref, due in self._ask(first, role, ROWS_TOLD)]
            mailbox = landlord.alerts.role_mailboxes.get(role, landlord.alerts.fallback_mailbox)
            yield role, mailbox, "\n".join(lines)

    def build_pack(self) -> None:
        """Five quarters judged and counted; workbook with charts, action list and paper."""
        duties = [
            (duty.rule, duty.kind, getattr(duty, "severity", ""), duty.feeds or "") for duty in self.policy.duties
        ]
        self._run("CREATE TEMP TABLE duties (rule TEXT, kind TEXT, severity TEXT, feeds TEXT)")
        self.connection.executemany("INSERT INTO duties VALUES (?, ?, ?, ?)", duties)
        self._run("CREATE SCHEMA known")
        for back in range(QUARTERS):
            self._count_quarter(self.quarter.shift(-back))
        self._write_workbook()
        self._write_action_list()
        self._write_paper()

    def _count_quarter(self, quarter: Quarter) -> None:
        for name, day in (("starts", quarter.starts_on), ("ends", quarter.ends_on)):
            self._run(f"CREATE OR REPLACE MACRO {name}() AS DATE '{day}'")
        for entity in ENTITIES:
            self._run(f"CREATE OR REPLACE VIEW known.{entity.name} AS {mask_records(entity, quarter.ends_on)}")
        self._judge_at(quarter.ends_on)
        for statement in (SPANS, DUE, MET):
            self._run(statement)
        for table, statement in FIGURES.items():
            rows = self._ask(statement)
            self.figures.setdefault(table, []).extend((str(m), str(quarter), float(n or 0)) for m, n in rows)

    def _write_workbook(self) -> None:
        quarters = [str(self.quarter.shift(-back)) for back in range(QUARTERS)]
        with xlsxwriter.Workbook(str(self.folder / "pack.xlsx")) as book:
            for table, rows in self.figures.items():
                sheet, found = book.add_worksheet(table[:31]), {(m, q): n for m, q, n in rows}
                measures = list(dict.fromkeys(measure for measure, _, _ in rows))
                sheet.write_row(0, 0, ["Measure", *quarters])
                for place, measure in enumerate(measures, 1):
                    sheet.write_row(place, 0, [measure, *(found.get((measure, quarter), 0) for quarter in quarters)])
                chart: Any = book.add_chart({"type": "column"})
                for place in range(1, len(measures) + 1):
                    values = [table[:31], place, 1, place, QUARTERS]
                    chart.add_series({
                        "name": [table[:31], place, 0],
                        "categories": [table[:31], 0, 1, 0, QUARTERS],
                        "values": values,
                    })
                sheet.insert_chart(1, QUARTERS + 2, chart)

    def _write_action_list(self) -> None:
        rows = self._ask(
            "SELECT rule, subject_ref, owner_role, due_on, days_overdue, state, clause, severity FROM findings "
            "ORDER BY severity, days_overdue DESC, rule, subject_ref LIMIT ?", ROWS_LISTED,
        )  # fmt: skip
        options = {"constant_memory": True, "strings_to_formulas": False, "default_date_format": "yyyy-mm-dd"}
        with xlsxwriter.Workbook(str(self.folder / "actions.xlsx"), options) as book:
            sheet = book.add_worksheet("Actions")
            sheet.write_row(
                0, 0, ["Duty", "Reference", "By whom", "By when", "Days overdue", "State", "Clause", "Severity"]
            )
            for place, row in enumerate(rows, 1):
                sheet.write_row(place, 0, row)
            sheet.autofilter(0, 0, len(rows), 7)

    def _write_paper(self) -> None:
        lines = ["#set document(title: [Managed contact])", "= Managed contact"]
        for table, rows in self.figures.items():
            cells = ", ".join(f"[{m.replace('_', ' ')}], [{n:g}]" for m, q, n in rows if q == str(self.quarter))
            lines.append(f"== {table.replace('_', ' ')}\n#table(columns: 2, {cells})" if cells else "")
        source = self.folder / "paper.typ"
        source.write_text("\n".join(lines), encoding="utf-8")
        typst.compile(source, output=self.folder / "paper.pdf")

    def _run(self, statement: str) -> None:
        self.connection.execute(statement)

    def _ask(self, statement: str, *values: object) -> list[Any]:
        return self.connection.execute(statement, list(values)).fetchall()

    def _count(self, statement: str) -> int:
        return int(self._ask(statement)[0][0])


def _read(column: CanonicalColumn) -> str:
    """SQL that turns a cell of text into the value it stands for; one that cannot be read becomes blank."""
    cell = f"nullif(trim({column.name}), '')"
    if column.kind is ColumnKind.DATE:
        return f"CAST(try_strptime({cell}, '%Y-%m-%d') AS DATE)"
    if column.kind is ColumnKind.YN:
        return f"CASE lower({cell}) WHEN 'y' THEN true WHEN 'n' THEN false END"
    return f"lower({cell})" if column.kind in {ColumnKind.CODE, ColumnKind.LIST} else cell
