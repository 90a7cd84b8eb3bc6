"""Landlords are separate controllers: what each login of PostgreSQL may see and do, by the roles' script."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from due_regard.errors import DueRegardError, RegisterError
from due_regard.records.canonical import ENTITIES, ENTITY, UNKNOWN_CELLS, ColumnKind
from due_regard.register import (
    load_drop,
    open_register,
    read_open_findings,
    read_records,
    reading,
    record_assessment,
    resolve_finding,
    silence_finding,
    sql_files,
    undo_decision,
    upgrade_register,
    verify_audit,
)
from due_regard.register.logins import create_login
from tests.register.drops import LANDLORD, OTHER, accepted, appeal, assessments, at, drop, restriction

SCRIPT = Path(__file__).parents[2] / "include" / "postgresql" / "roles.sql"
NOW = at("2026-06-01 08:00")
PASSWORD = uuid.uuid4().hex
TABLES = ("appeals", "restrictions", "batches", "batch_files", "carried_columns", "findings", "finding_events", "audit")


@pytest.fixture(scope="module")
def owned(new_postgresql: Callable[[], str]) -> Iterator[Engine]:
    """A register of two landlords with data, its roles made."""
    engine = upgrade_register(new_postgresql())
    for landlord in (LANDLORD, OTHER):
        files = accepted("appeals", [appeal("A1")]), accepted("restrictions", [restriction("R1", evidence_ref="E1")])
        load_drop(engine, drop(*files, landlord=landlord), now=NOW)
        record(engine, landlord)
    with engine.begin() as connection:
        connection.connection.cursor().execute(SCRIPT.read_text())
    yield engine
    engine.dispose()


def record(engine: Engine, landlord: str) -> None:
    rows = assessments([{"rule": "appeal.decide", "subject_ref": "A1", "state": "breach"}], landlord)
    record_assessment(engine, landlord, rows, as_at=date(2026, 6, 1), now=NOW, policy_version="2024-01-01")


@pytest.fixture
def login(owned: Engine) -> Iterator[Callable[..., Engine]]:
    """Makes a login of a role for some landlords; gives its engine."""
    made: list[tuple[str, Engine]] = []

    def new(role: str, *landlords: str) -> Engine:
        name = f"t_{uuid.uuid4().hex}"
        with owned.begin() as connection:
            connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}' IN ROLE due_regard_{role}")
            for landlord in landlords:
                connection.execute(text("INSERT INTO landlord_access VALUES (:r, :l)"), {"r": name, "l": landlord})
        url = make_url(owned.url).set(username=name, password=PASSWORD)
        engine = open_register(url.render_as_string(hide_password=False))
        made.append((name, engine))
        return engine

    yield new
    for name, engine in made:
        engine.dispose()
        with owned.begin() as connection:
            connection.exec_driver_sql(f"DROP ROLE {name}")


def landlords_seen(engine: Engine, table: str, landlord: str | None = None) -> set[str]:
    with reading(engine, landlord) as connection:
        return set(connection.scalars(text(f"SELECT landlord FROM {table}")))


def forbidden(engine: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"permission denied|row-level security"), engine.begin() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize("table", TABLES)
def test_a_loader_sees_its_landlords_alone(login: Callable[..., Engine], table: str) -> None:
    assert landlords_seen(login("loader", LANDLORD), table) == {LANDLORD}
    assert landlords_seen(login("loader", LANDLORD, OTHER), table) == {LANDLORD, OTHER}
    assert landlords_seen(login("loader", "*"), table) == {LANDLORD, OTHER}
    assert landlords_seen(login("loader"), table) == set()


def test_a_run_for_one_landlord_sees_no_other_even_where_it_may(login: Callable[..., Engine]) -> None:
    for engine in (login("loader", "*"), login("loader", LANDLORD, OTHER)):
        assert landlords_seen(engine, "appeals", LANDLORD) == {LANDLORD}
        assert landlords_seen(engine, "appeals", "third_landlord") <= {"third_landlord"}
    assert landlords_seen(login("loader", LANDLORD), "appeals", OTHER) == set()


def test_a_loader_works_for_its_landlord_and_cannot_write_for_another(login: Callable[..., Engine]) -> None:
    loader = login("loader", LANDLORD)
    for outcome in ("upheld", "varied"):
        done = load_drop(loader, drop(accepted("appeals", [appeal("A1", outcome=outcome)])), now=NOW)
        assert done.files[0].loaded == 1
    assert read_records(loader, LANDLORD)["appeals"]["outcome"].tolist() == ["varied"]
    assert set(read_records(loader, OTHER)) == set()
    record(loader, LANDLORD)
    ref = read_open_findings(loader, as_at=date(2026, 6, 1))["register_ref"].item()
    silence_finding(loader, ref, actor="a", why="b", until=date(2026, 6, 9), now=NOW)
    resolve_finding(loader, ref, actor="a", why="b", now=NOW)
    verify_audit(loader)
    with pytest.raises((DBAPIError, DueRegardError)):
        load_drop(loader, drop(accepted("appeals", [appeal("A1")]), landlord=OTHER), now=NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM appeals",
        "UPDATE appeals SET outcome = NULL",
        "UPDATE audit SET subject = ''",
        "DELETE FROM findings",
        "UPDATE finding_events SET why = ''",
        "UPDATE assessment_runs SET as_at = as_at",
        "INSERT INTO landlord_access VALUES (session_user, '*')",
        "UPDATE alembic_version SET version_num = ''",
        "ALTER TABLE appeals DISABLE ROW LEVEL SECURITY",
        "TRUNCATE appeals",
    ],
)
def test_a_loader_cannot_change_history_or_its_own_access(login: Callable[..., Engine], statement: str) -> None:
    forbidden_or_owner = "permission denied|must be owner"
    with pytest.raises(DBAPIError, match=forbidden_or_owner), login("loader", LANDLORD).begin() as connection:
        connection.exec_driver_sql(statement)


def test_a_reporter_reads_views_without_customer_references(login: Callable[..., Engine]) -> None:
    reporter = login("reporter", LANDLORD)
    for entity in ENTITIES:
        forbidden(reporter, f"SELECT * FROM {entity.name}")
        forbidden(reporter, f"SELECT * FROM current_{entity.name}")
        assert landlords_seen(reporter, f"report_{entity.name}") <= {LANDLORD}
    for table in ("customer_numbers", "finding_events", "audit", "batches"):
        forbidden(reporter, f"SELECT * FROM {table}")
    forbidden(reporter, "UPDATE findings SET status = 'resolved'")
    assert landlords_seen(reporter, "report_restrictions") == landlords_seen(reporter, "findings") == {LANDLORD}
    assert landlords_seen(login("reporter", "*"), "report_restrictions", OTHER) == {OTHER}
    with reading(reporter, LANDLORD) as connection:
        row = sql_files.make_frame(connection.exec_driver_sql("SELECT * FROM report_restrictions")).iloc[0]
    assert row["customer_no"] == 1
    assert (row["has_evidence_ref"], row["has_no_review_reason"]) == (True, False)


def test_an_auditor_reads_the_audit_and_no_record(login: Callable[..., Engine]) -> None:
    auditor = login("auditor", "*")
    assert verify_audit(auditor).rows > 0
    assert landlords_seen(auditor, "finding_events") == {LANDLORD, OTHER}
    for table in ("appeals", "report_appeals", "current_appeals", "customer_numbers"):
        forbidden(auditor, f"SELECT * FROM {table}")
    forbidden(auditor, "INSERT INTO audit SELECT * FROM audit")


def test_the_pages_read_every_record_and_decide(login: Callable[..., Engine]) -> None:
    """Silence, done and their undoing go through the same functions as the command line's."""
    pages = login("pages", LANDLORD)
    for table in (*TABLES, "report_appeals", "current_appeals", "packs", "alert_told"):
        assert landlords_seen(pages, table) <= {LANDLORD}
    assert read_records(pages, LANDLORD)["appeals"]["appeal_ref"].tolist() == ["A1"]
    ref = read_open_findings(pages, as_at=date(2026, 6, 1))["register_ref"].item()
    silence_finding(pages, ref, actor="fab:7", why="b", until=date(2026, 6, 9), now=NOW)
    undo_decision(pages, ref, actor="fab:7", why="b", now=NOW)
    resolve_finding(pages, ref, actor="fab:7", why="b", now=NOW)
    verify_audit(pages)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO appeals SELECT * FROM appeals",
        "INSERT INTO batches (landlord, source, drop_name) VALUES ('x', 'x', 'x')",
        "INSERT INTO assessment_runs SELECT * FROM assessment_runs",
        "INSERT INTO findings SELECT * FROM findings",
        "UPDATE findings SET status = 'resolved'",
        "UPDATE findings SET state = 'met', due_on = NULL",
        "UPDATE batches SET drop_sha256 = ''",
        "UPDATE finding_events SET why = ''",
        "UPDATE audit SET subject = ''",
        "UPDATE appeals SET outcome = NULL",
        "UPDATE packs SET sha256 = ''",
        "INSERT INTO pack_issues SELECT * FROM pack_issues",
        "DELETE FROM findings",
        "DELETE FROM finding_events",
        "DELETE FROM audit",
        "TRUNCATE alert_told",
        "INSERT INTO landlord_access VALUES (session_user, '*')",
        "UPDATE alembic_version SET version_num = ''",
        "SELECT * FROM customer_numbers",
        "SELECT * FROM landlord_access",
        "SELECT body FROM alert_messages",
        "SELECT reason FROM alert_messages",
        "INSERT INTO alert_messages (landlord, message_id) VALUES ('x', 'x')",
        "UPDATE alert_messages SET status = 'waiting'",
        "ALTER TABLE findings DISABLE ROW LEVEL SECURITY",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_pages_load_nothing_and_change_no_history(login: Callable[..., Engine], statement: str) -> None:
    forbidden_or_owner = "permission denied|must be owner|row-level security"
    with pytest.raises(DBAPIError, match=forbidden_or_owner), login("pages", LANDLORD).begin() as connection:
        connection.exec_driver_sql(statement)


def test_the_pages_of_one_landlord_decide_nothing_for_another(owned: Engine, login: Callable[..., Engine]) -> None:
    refs = read_open_findings(owned, as_at=date(2026, 6, 1))
    (ref,) = refs.loc[refs["landlord"] == OTHER, "register_ref"]
    with pytest.raises((DBAPIError, DueRegardError)):
        silence_finding(login("pages", LANDLORD), ref, actor="fab:7", why="b", until=date(2026, 6, 9), now=NOW)


def test_the_command_makes_a_login_and_renews_it(owned: Engine) -> None:
    name = f"t_{uuid.uuid4().hex}"
    try:
        for landlords, password in (([LANDLORD], "the first password"), (["*"], PASSWORD)):
            create_login(owned, name, role="pages", landlords=landlords, password=password)
        engine = open_register(make_url(owned.url).set(username=name, password=PASSWORD))
        assert landlords_seen(engine, "findings") == {LANDLORD, OTHER}
        forbidden(engine, "UPDATE findings SET status = 'resolved'")
        engine.dispose()
        with owned.connect() as connection:
            kept = connection.execute(text("SELECT rolpassword FROM pg_authid WHERE rolname = :n"), {"n": name})
            assert str(kept.scalar()).startswith("SCRAM-SHA-256$")
    finally:
        with owned.begin() as connection:
            connection.exec_driver_sql(f"DROP ROLE {name}")


def test_a_register_without_logins_says_so(tmp_path: Path) -> None:
    engine = upgrade_register(f"sqlite:///{tmp_path / 'register.db'}")
    with pytest.raises(RegisterError, match="only a register on PostgreSQL"):
        create_login(engine, "x", role="pages", landlords=["*"], password=PASSWORD)
    engine.dispose()


def test_an_outsider_sees_nothing(owned: Engine) -> None:
    name = f"t_{uuid.uuid4().hex}"
    with owned.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    engine = create_engine(make_url(owned.url).set(username=name, password=PASSWORD))
    for table in (*TABLES, "report_appeals", "current_appeals", "landlord_access"):
        forbidden(engine, f"SELECT * FROM {table}")
    engine.dispose()
    with owned.begin() as connection:
        connection.exec_driver_sql(f"DROP ROLE {name}")


def test_the_script_can_be_run_again(owned: Engine) -> None:
    with owned.begin() as connection:
        connection.connection.cursor().execute(SCRIPT.read_text())


def test_report_views_carry_every_column_but_the_personal_and_the_reasons(register: Engine) -> None:
    columns = {name: {c["name"] for c in inspect(register).get_columns(f"report_{name}")} for name in ENTITY}
    for entity in ENTITIES:
        hidden = {c.name for c in entity.columns if c.personal}
        reasons = {c.name for c in entity.columns if c.kind is ColumnKind.TEXT and c.name != "team"} - hidden
        expected = {c.name for c in entity.columns} - hidden - reasons | {f"has_{name}" for name in reasons}
        assert columns[entity.name] == expected | {"landlord", UNKNOWN_CELLS} | (
            {"customer_no"} if "customer_ref" in hidden else set()
        )
