"""An export out of a PostgreSQL database: every view as at one instant, exact text, memory flat, no cell told."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine

from due_regard.config.connections import WrittenConnection
from due_regard.delivery import sql_export
from due_regard.errors import FetchError, FetchRefused
from tests.delivery.places import CELL, NOW, FetchedLandlord, L, keeping_secrets, make_landlord
from tests.delivery.servers import PASSWORD

QUERIES = {
    "customers": "reporting.v_customers",
    "staff": (
        "SELECT ref AS staff_ref, 'officer' AS role, NULL AS email, true AS is_active "
        "FROM reporting.people ORDER BY ref"
    ),
}


def run(database: WrittenConnection, statement: str) -> None:
    place = URL.create(
        "postgresql+psycopg2", database.login, database.password, database.host, database.port, database.schema
    )
    engine = create_engine(place, isolation_level="AUTOCOMMIT")
    with engine.connect() as session:
        session.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture
def landlord(tmp_path: Path, database: WrittenConnection) -> FetchedLandlord:
    return make_landlord(tmp_path, {"kind": "sql", "connection": "housing", "queries": QUERIES}, {"housing": database})


def test_each_query_becomes_a_file_and_the_same_rows_are_nothing_new(landlord: FetchedLandlord) -> None:
    result = landlord.fetch()
    assert (result["status"], result["files"]) == ("fetched", 2)
    folder = landlord.inbox / result["drop"]
    assert (folder / "customers.csv").read_text(
        encoding="utf-8"
    ) == "customer_ref,customer_type\n00045,tenant\nC2,tenant\n"
    assert (folder / "staff.csv").read_text(encoding="utf-8").splitlines()[1] == "00045,officer,,true"
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    again = landlord.fetch(NOW + timedelta(hours=1))
    assert (again["status"], again["drop"]) == ("known", result["drop"])


@pytest.mark.parametrize("kind", ["generic", "postgresql"])
def test_a_connection_as_airflows_form_makes_it_without_the_provider_is_postgresqls(
    kind: str, landlord: FetchedLandlord, database: WrittenConnection
) -> None:
    landlord.connections["housing"] = replace(database, conn_type=kind)
    assert landlord.fetch()["files"] == 2


def test_text_is_exact_and_null_is_empty(database: WrittenConnection, tmp_path: Path) -> None:
    sql_export.write_query_files(database, {"customers": "reporting.v_exact"}, tmp_path, largest=10**6)
    assert (tmp_path / "customers.csv").read_text(encoding="utf-8") == (
        'ref,age,since,note\n00045,7.100,2026-01-02 03:04:05,"two\nlines, ""quoted"""\nC2,,,\n'
    )


def test_a_percent_sign_or_a_colon_begins_no_parameter(database: WrittenConnection, tmp_path: Path) -> None:
    query = "SELECT ref AS customer_ref, '10:30 100%'::text AS note FROM reporting.people WHERE ref LIKE 'C%'"
    sql_export.write_query_files(database, {"customers": query}, tmp_path, largest=10**6)
    assert (tmp_path / "customers.csv").read_text(encoding="utf-8") == "customer_ref,note\nC2,10:30 100%\n"


@pytest.mark.parametrize("code", ["40001", "57P03"])
def test_what_passes_is_tried_again(database: WrittenConnection, tmp_path: Path, code: str) -> None:
    """A standby that catches up ends a query with 40001, and the connection lives on."""
    run(
        database,
        f"""
        CREATE FUNCTION reporting.fail() RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$""",
    )
    with pytest.raises(FetchError, match="broke off") as caught:
        sql_export.write_query_files(database, {"customers": "SELECT reporting.fail()"}, tmp_path, largest=10**6)
    assert type(caught.value) is FetchError


def test_a_change_in_the_middle_of_reading_is_not_seen(
    landlord: FetchedLandlord, database: WrittenConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another connection removes a customer, and adds one, once the first file is written."""
    write = sql_export._write_query_file

    def write_and_change(*args: object) -> None:
        write(*args)  # type: ignore[arg-type]
        run(database, "DELETE FROM reporting.people WHERE ref = 'C2'")
        run(database, "INSERT INTO reporting.people (ref) VALUES ('C9')")

    monkeypatch.setattr(sql_export, "_write_query_file", write_and_change)
    folder = landlord.inbox / landlord.fetch()["drop"]
    seen = {
        file.name: {line.partition(",")[0] for line in file.read_text().splitlines()[1:]} for file in folder.iterdir()
    }
    assert seen == {"customers.csv": {"00045", "C2"}, "staff.csv": {"00045", "C2"}}


def test_a_query_can_write_nothing(database: WrittenConnection, tmp_path: Path) -> None:
    run(database, "CREATE SEQUENCE reporting.numbers")
    writing = {"customers": "SELECT nextval('reporting.numbers') AS customer_ref"}
    with pytest.raises(FetchRefused, match="its code: 25006"):
        sql_export.write_query_files(database, writing, tmp_path, largest=10**6)


WRONG = {
    "a view that is none": ({"customers": "reporting.v_none"}, "customers: the database refuses the query"),
    "a query that fails on a cell": (
        {"customers": f"SELECT ('{CELL}' || ref)::int AS customer_ref FROM reporting.people"},
        "its code: 22P02",
    ),
    "another column": ({"customers": "SELECT ref AS customer_ref, note AS customer_type, age FROM reporting.people"},
                       "other columns than source canonical maps: .* column C"),
    "a column less": ({"customers": "SELECT 'tenant' AS customer_type FROM reporting.people"}, "customer_ref"),
    "an entity nobody maps": ({"budgies": "reporting.v_customers"}, "other columns"),
    "a column of bytes": ({"customers": "reporting.v_bytes"}, "cast it to text"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_query_that_fails_or_gives_others_loads_nothing(
    case: str, tmp_path: Path, database: WrittenConnection, caplog: pytest.LogCaptureFixture
) -> None:
    queries, told = WRONG[case]
    fetch = {"kind": "sql", "connection": "housing", "queries": queries}
    landlord = make_landlord(tmp_path, fetch, {"housing": database})
    with keeping_secrets(caplog, PASSWORD) as said, pytest.raises(FetchRefused, match=told) as caught:
        landlord.fetch()
    said.append(str(caught.value))
    assert str(caught.value).startswith(f"{L}, connection housing: ")
    assert landlord.list_drops() == []
    assert [entry.name for entry in landlord.inbox.iterdir()] == []


@pytest.mark.parametrize(
    ("change", "kind", "told"),
    [
        ({"schema": "no_such_database"}, FetchRefused, "refuses the login"),
        ({"login": "nobody_here"}, FetchRefused, "refuses the login"),
        ({"host": "127.0.0.1", "port": 1}, FetchError, "does not answer"),
        ({"conn_type": "oracle"}, FetchRefused, "known: postgres, mssql"),
        ({"conn_type": "mssql"}, FetchRefused, "pymssql is not installed"),
    ],
)
def test_a_wrong_connection_is_named(
    change: dict[str, object], kind: type[FetchError], told: str, landlord: FetchedLandlord,
    database: WrittenConnection, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    from dataclasses import replace

    landlord.connections["housing"] = replace(database, password=PASSWORD, **change)  # type: ignore[arg-type]
    with keeping_secrets(caplog, PASSWORD) as said, pytest.raises(kind, match=told) as caught:
        landlord.fetch()
    said.append(str(caught.value))
    assert type(caught.value) is kind and "connection housing" in str(caught.value)


def test_a_view_that_grows_too_large_is_refused(database: WrittenConnection, tmp_path: Path) -> None:
    many = {"customers": "SELECT repeat('x', 1000) AS ref FROM generate_series(1, 4000)"}
    with pytest.raises(FetchRefused, match="gives more than 2 MB"):
        sql_export.write_query_files(database, many, tmp_path, largest=2 * 2**20)


def test_memory_stays_flat(database: WrittenConnection, tmp_path: Path) -> None:
    import tracemalloc

    many = {"customers": "SELECT repeat('x', 1000) AS ref, n FROM generate_series(1, 60000) AS n"}
    tracemalloc.start()
    sql_export.write_query_files(database, many, tmp_path, largest=10**9)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "customers.csv").stat().st_size > 60 * 10**6
    assert most < 20 * 10**6
