"""What SQL Server is asked, by a double of its driver that keeps what was sent: there is no such server here.

The double has of pymssql 2.4 what SQLAlchemy calls, and its errors: those of a server that is away were seen, the
others are as SQL Server's manual has them.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from due_regard.delivery import sql_export
from due_regard.errors import FetchError, FetchRefused
from tests.delivery.places import connect
from tests.delivery.servers import PASSWORD

HOUSING = connect("mssql", host="db.landlord.example", port=1433, login="fetcher", password=PASSWORD, schema="Housing")
QUERIES = {"customers": "reporting.v_Customers", "staff": "SELECT ref, '10:30' AS x FROM hr.staff WHERE ref LIKE 'C%'"}
AWAY = (
    20009,
    b"DB-Lib error message 20009, severity 9:\nUnable to connect: TDS server is unavailable or does not exist",
)
REFUSED = (18456, b"Login failed for user 'fetcher'.DB-Lib error message 20018, severity 14:\nGeneral SQL Server error")
NO_DATABASE = (4060, b'Cannot open database "Housing" requested by the login. The login failed.')


@dataclass
class Driver:
    """What was sent, in order, and what fails: a connect, or the statement that holds a word."""

    sent: list[str] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)
    refuses: Any = None
    fails: tuple[str, Any] | None = None

    def answer(self, statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        if "@@version" in statement.lower():
            return ["v"], [("Microsoft SQL Server 2022 (RTM) - 16.0.1000.6 (X64)",)]
        if "schema_name()" in statement:
            return ["s"], [("dbo",)]
        if "FROM reporting" in statement or "FROM hr" in statement:
            return ["ref", "x"], [("1", "a"), ("2", None)]
        return ["n"], [("READ COMMITTED",)]


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    made, module = Driver(), ModuleType("pymssql")

    class Error(Exception):
        pass

    class DatabaseError(Error):
        pass

    class OperationalError(DatabaseError):
        pass

    class Cursor:
        arraysize, rowcount = 1, -1

        def __init__(self) -> None:
            self.description: list[tuple[Any, ...]] | None = None
            self.rows: list[tuple[Any, ...]] = []

        def execute(self, statement: str, params: Any = ()) -> None:
            assert not params
            made.sent.append(re.sub(r"\s+", " ", statement).strip())
            if made.fails and made.fails[0] in statement:
                raise OperationalError(made.fails[1])
            if statement.lstrip().upper().startswith("SET"):
                self.description, self.rows = None, []
                return
            names, self.rows = made.answer(statement)
            self.description = [(name, 1, None, None, None, None, None) for name in names]

        def fetchone(self) -> tuple[Any, ...] | None:
            return self.rows.pop(0) if self.rows else None

        def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
            part, self.rows = self.rows[:size], self.rows[size:]
            return part

        def fetchall(self) -> list[tuple[Any, ...]]:
            return self.fetchmany(len(self.rows))

        def close(self) -> None:
            pass

    class Connection:
        def cursor(self) -> Cursor:
            return Cursor()

        def autocommit(self, status: bool) -> None:
            made.sent.append(f"autocommit {status}")

        def commit(self) -> None:
            made.sent.append("commit")

        def rollback(self) -> None:
            made.sent.append("rollback")

        def close(self) -> None:
            made.sent.append("close")

    def open_connection(**given: Any) -> Connection:
        made.given = given
        if made.refuses:
            raise OperationalError(made.refuses)
        return Connection()

    given = {
        "Error": Error,
        "DatabaseError": DatabaseError,
        "OperationalError": OperationalError,
        "connect": open_connection,
    }
    for name in (
        "InterfaceError",
        "DataError",
        "IntegrityError",
        "InternalError",
        "ProgrammingError",
        "NotSupportedError",
    ):
        given[name] = type(name, (DatabaseError,), {})
    vars(module).update(given | {"__version__": "2.4.6", "paramstyle": "pyformat", "apilevel": "2.0", "Binary": bytes})
    monkeypatch.setitem(sys.modules, "pymssql", module)
    return made


def test_all_queries_are_read_in_one_snapshot_as_they_are_written(driver: Driver, tmp_path: Path) -> None:
    sql_export.write_query_files(HOUSING, QUERIES, tmp_path, largest=10**6)
    first, second = "SELECT * FROM reporting.[v_Customers] ORDER BY 1", QUERIES["staff"]
    begin = driver.sent.index("SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
    at = driver.sent.index(first)
    assert begin < at and driver.sent[at + 1] == second, "nothing ends the transaction between the two"
    assert not any(word.startswith("SET") for word in driver.sent[begin + 1 : at])
    assert driver.sent[at + 2] == "rollback"
    assert (tmp_path / "customers.csv").read_text(encoding="utf-8") == "ref,x\n1,a\n2,\n"
    named = {name: driver.given[name] for name in ("user", "password", "database", "login_timeout")}
    assert named == {"user": "fetcher", "password": PASSWORD, "database": "Housing", "login_timeout": 30}
    assert "db.landlord.example" in str(driver.given) and "1433" in str(driver.given)


@pytest.mark.parametrize(
    ("refuses", "kind", "told"),
    [
        (AWAY, FetchError, "does not answer"),
        (REFUSED, FetchRefused, "the login"),
        (NO_DATABASE, FetchRefused, "schema"),
    ],
)
def test_a_server_that_is_away_is_told_from_one_that_refuses(
    driver: Driver, tmp_path: Path, refuses: Any, kind: type[FetchError], told: str
) -> None:
    driver.refuses = refuses
    with pytest.raises(FetchError, match=told) as caught:
        sql_export.write_query_files(HOUSING, QUERIES, tmp_path, largest=10**6)
    assert type(caught.value) is kind and "fetcher" not in str(caught.value)


@pytest.mark.parametrize(
    ("reason", "kind", "told"),
    [
        ((3952, b"Snapshot isolation transaction failed accessing database 'Housing'"), FetchRefused, "ALLOW_SNAPSHOT"),
        ((208, b"Invalid object name 'reporting.v_Customers'."), FetchRefused, r"customers: .*its code: 208"),
        ((245, b"Conversion failed when converting the varchar value 'Canary' to data type int."), FetchRefused, "245"),
        ((1205, b"Transaction was deadlocked"), FetchError, "broke off"),
        (
            (20047, b"DB-Lib error message 20047, severity 9:\nDBPROCESS is dead or not enabled"),
            FetchError,
            "broke off",
        ),
    ],
)
def test_a_query_that_fails_is_named_by_its_number_alone(
    driver: Driver, tmp_path: Path, reason: Any, kind: type[FetchError], told: str
) -> None:
    driver.fails = ("v_Customers", reason)
    with pytest.raises(FetchError, match=told) as caught:
        sql_export.write_query_files(HOUSING, QUERIES, tmp_path, largest=10**6)
    assert type(caught.value) is kind and "Canary" not in str(caught.value)
