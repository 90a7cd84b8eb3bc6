"""Landlords are separate controllers: what each login of PostgreSQL may see and do, by the roles' script."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from due_regard import packs
from due_regard.alerts import record_bounce
from due_regard.errors import DueRegardError, RegisterError
from due_regard.mail.outbox import Delivery
from due_regard.packs.life.pack_records import record_issue, record_pack
from due_regard.packs.life.provenance import digest_commentary
from due_regard.records.canonical import ENTITIES, ENTITY, UNKNOWN_CELLS, ColumnKind
from due_regard.register import (
    comment_on_finding,
    dispute_finding,
    hand_over_finding,
    hold_drop,
    load_drop,
    open_register,
    read_open_findings,
    read_records,
    reading,
    record_assessment,
    record_view,
    release_drop,
    resolve_finding,
    seal_views,
    silence_finding,
    sql_files,
    undo_decision,
    upgrade_register,
    verify_audit,
    writing,
)
from due_regard.register.findings.said_words import SaidWords
from due_regard.register.logins import create_login
from due_regard.register.schema import revisions
from due_regard.register.schema.write_rules import find_write_rule
from due_regard.register.task_runs import RunKey, close_run, fail_run, open_run
from tests.alerts.world import RECORDS, World, check, due
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
        "UPDATE packs SET sha256 = ''",
        "UPDATE packs SET figures = '{}'",
        "UPDATE packs SET ingredients = ingredients",
        "DELETE FROM packs",
        "UPDATE pack_issues SET issued_on = '2026-01-01'",
        "DELETE FROM pack_issues",
        "UPDATE alert_messages SET subject = ''",
        "UPDATE alert_messages SET recipient = ''",
        "UPDATE alert_messages SET mail_on = '2026-01-01'",
        "DELETE FROM alert_messages",
        "UPDATE alert_told SET stage = ''",
        "UPDATE alert_told SET as_at = '2026-01-01'",
        "UPDATE alert_dates SET due_on = '2026-01-01'",
        "UPDATE alert_notices SET key = ''",
        "UPDATE findings SET register_ref = ''",
        "UPDATE findings SET subject_ref = ''",
        "UPDATE findings SET first_seen_as_at = '2026-01-01'",
        "UPDATE batches SET drop_sha256 = ''",
        "UPDATE batches SET received_at = now()",
        "UPDATE batch_files SET known_from = now()",
        "UPDATE disappearances SET noticed_at = now()",
        "UPDATE validation_results SET result = '{}'",
        "UPDATE record_views SET actor = ''",
        "DELETE FROM runs",
        "UPDATE customer_numbers SET customer_no = 1",
        "DROP TRIGGER guard_packs_update ON packs",
        "ALTER TABLE packs DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
    ],
)
def test_a_loader_cannot_change_history_or_its_own_access(login: Callable[..., Engine], statement: str) -> None:
    forbidden_or_owner = "permission denied|must be owner"
    with pytest.raises(DBAPIError, match=forbidden_or_owner), login("loader", LANDLORD).begin() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE alert_messages SET status = 'waiting' WHERE status = 'sent'", "alert_messages: only"),
        ("UPDATE alert_messages SET accepted_on = '2026-01-01' WHERE status = 'sent'", "alert_messages: only"),
        ("UPDATE alert_messages SET body = 'other' WHERE status = 'sent'", "alert_messages: only"),
        ("DELETE FROM alert_told", "alert_told: no row is changed"),
        ("UPDATE batches SET status = 'loading'", "batches: only"),
        ("UPDATE assessment_runs SET opened = 99 WHERE opened > 0", "assessment_runs: only"),
        ("UPDATE batch_files SET rows_sha256 = '', status = 'refused'", "batch_files: only"),
    ],
)
def test_what_a_loader_may_change_it_may_not_turn_back(busy: World, statement: str, words: str) -> None:
    with pytest.raises(DBAPIError, match=words), busy.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_the_loaders_grants_are_the_rules(owned: Engine) -> None:
    """In include/postgresql/roles.sql stands by hand what write_rules.py says; the pages may change less."""
    with owned.connect() as connection:
        asked = text("SELECT has_column_privilege(:role, :of, :column, 'UPDATE')")
        deletes = text("SELECT has_table_privilege(:role, :of, 'DELETE')")
        for name, table in revisions.build_metadata().tables.items():
            rule, one = find_write_rule(name), {"of": name}
            is_owners = name == "landlord_access"
            granted = {
                role: {
                    column.name
                    for column in table.columns
                    if connection.scalar(asked, one | {"role": f"due_regard_{role}", "column": column.name})
                }
                for role in ("loader", "pages", "reporter", "auditor")
            }
            assert granted["loader"] == (set() if is_owners else set(rule.changing)), name
            assert granted["pages"] <= granted["loader"], name
            assert granted["reporter"] == granted["auditor"] == set(), name
            for role in granted:
                may = role == "loader" and rule.deletable and not is_owners
                assert connection.scalar(deletes, one | {"role": f"due_regard_{role}"}) == may, (role, name)


def test_nobodys_temporary_table_says_whom_a_login_may_see(login: Callable[..., Engine]) -> None:
    loader = login("loader", LANDLORD)
    with loader.begin() as connection:
        connection.exec_driver_sql("CREATE TEMP TABLE landlord_access (role_name text, landlord text)")
        connection.exec_driver_sql("INSERT INTO landlord_access VALUES (session_user, '*')")
        connection.exec_driver_sql("GRANT SELECT ON landlord_access TO PUBLIC")
        assert set(connection.scalars(text("SELECT register_landlords()"))) == {LANDLORD}


def test_nobodys_temporary_table_lets_what_was_told_be_forgotten(busy: World) -> None:
    with pytest.raises(DBAPIError, match="alert_told: no row"), busy.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TEMP TABLE alert_messages AS TABLE public.alert_messages")
        connection.exec_driver_sql("UPDATE pg_temp.alert_messages SET status = 'superseded'")
        connection.exec_driver_sql("GRANT SELECT ON pg_temp.alert_messages TO PUBLIC")
        connection.exec_driver_sql("DELETE FROM alert_told")


@pytest.fixture(scope="module")
def busy(new_postgresql: Callable[[], str]) -> Iterator[World]:
    """A landlord for whom a loader has done, under its own login, all that is done by the clock or by a command."""
    owner, name, landlord = upgrade_register(new_postgresql()), f"t_{uuid.uuid4().hex}", "example"
    create_login(owner, name, role="loader", landlords=[landlord], password=PASSWORD)
    engine = open_register(make_url(owner.url).set(username=name, password=PASSWORD))
    world = World(engine)
    do_everything(world)
    yield world
    engine.dispose()
    with owner.begin() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP ROLE {name}")
    owner.dispose()


def do_everything(world: World) -> None:
    """Drops that come, change, vanish, return and are held; findings through their life; mails of every fate; packs."""
    engine, landlord, days = world.engine, world.landlord.id, [date(2026, 6, day) for day in (1, 2, 3, 4, 5)]
    world.load(RECORDS, days[0])
    for n, gone in enumerate((("A1",), ())):
        file = accepted("appeals", [appeal("A2", outcome=str(n))] + ([] if gone else [appeal("A1")]), disappeared=gone)
        load_drop(engine, drop(file, landlord=landlord, name=f"d{n}"), now=NOW)
    batch = hold_drop(engine, landlord=landlord, source="s", drop="d", sha256="x", why="few", now=NOW)
    release_drop(engine, batch, actor="a", why="b", now=NOW)
    rows = [due("restriction.review", "R1", "2026-06-12"), check("restriction.system_flag", "R2")]
    world.sink.answers = {"boss@example.org": [Delivery("later")], "decider@example.org": [Delivery("sent", 250)]}
    for day, found in zip(days, (rows, rows[:1], rows, [], rows), strict=True):
        world.assess(found, day)
        world.compose(day)
        world.send(day) if day != days[1] else None
    decide(engine, world.ref("restriction.review", "R1"))
    sent = next(mail["message_id"] for mail in world.messages() if mail["status"] == "sent")
    record_bounce(engine, sent, now=NOW)
    file_and_issue(world)
    key = RunKey(landlord, "daily", "load", "r1")
    open_run(engine, key, now=NOW, must_end_by=NOW)
    fail_run(engine, key, now=NOW, must_end_by=NOW)
    close_run(engine, key, now=NOW)
    record_view(engine, landlord, actor="fab:7", used_right="read", kind="finding", ref="F-000001", now=NOW)
    assert seal_views(engine, landlord, now=at("2026-06-09 06:00")) != []
    verify_audit(engine)
    assert {"sent", "bounced"} <= {mail["status"] for mail in world.messages()}


def decide(engine: Engine, ref: str) -> None:
    said = {"actor": "a", "why": "b", "now": NOW}
    silence_finding(engine, ref, until=date(2026, 6, 9), **said)
    hand_over_finding(engine, ref, to_ref="S2", **said)
    dispute_finding(engine, ref, **said)
    comment_on_finding(engine, ref, **said)
    resolve_finding(engine, ref, **said)
    undo_decision(engine, ref, **said)


def file_and_issue(world: World) -> None:
    key = {"pack": "p", "quarter": "2026-Q1", "edition": "confidential", "known_at": None}
    with writing(world.engine, world.landlord.id) as connection:
        pack = record_pack(
            connection, world.landlord.id, at=NOW, **key, sha256="ab", files={}, ingredients={}, figures={}
        )
        assert record_issue(connection, world.landlord.id, pack, how="paper", now=NOW, by="a", why="b")


def test_a_loader_does_everything_under_its_own_login(busy: World) -> None:
    assert len(busy.told()) > 0


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


def test_the_pages_act_on_packs_and_mail_nobody(owned: Engine, login: Callable[..., Engine]) -> None:
    """Commentary builds the draft anew; what is mailed of an approved one is for the loader's runs."""
    pages, loader = login("pages", LANDLORD), login("loader", LANDLORD)
    key = packs.PackKey("q", "2026-Q1", "confidential")

    def act(engine: Engine, record: Callable[..., Any], *more: Any) -> None:
        with writing(engine, LANDLORD) as connection:
            life = packs.read_pack_life(connection, LANDLORD, key)
            record(connection, LANDLORD, life, *more, SaidWords("fab:7", "b", NOW))

    def build(engine: Engine) -> int:
        with writing(engine, LANDLORD) as connection:
            life = packs.read_pack_life(connection, LANDLORD, key)
            said = {name: one.words for name, one in life.commentary.items()}
            values: dict[str, Any] = {
                "pack": "q",
                "quarter": "2026-Q1",
                "edition": "confidential",
                "version": life.version,
            }
            made = {"commentary": digest_commentary(said)}
            return record_pack(
                connection,
                LANDLORD,
                at=NOW,
                **values,
                known_at=None,
                sha256="ab",
                files={},
                ingredients=made,
                figures={},
            )

    build(loader)
    act(pages, packs.record_comment, "reviews")
    build(pages)
    act(pages, packs.record_comment_removal, "reviews")
    build(pages)
    act(pages, packs.record_rejection)
    act(pages, packs.record_approval)
    act(pages, packs.record_undoing)
    act(pages, packs.record_approval)
    with pytest.raises(RegisterError, match="permission denied"), writing(pages, LANDLORD) as connection:
        record_issue(connection, LANDLORD, 1, how="paper", now=NOW, by="a", why="b")
    with writing(loader, LANDLORD) as connection:
        life = packs.read_pack_life(connection, LANDLORD, key)
        assert packs.list_unsettled_packs(connection, LANDLORD) == [("q", "2026-Q1", "confidential")]
        build_id = life.find_own_build(1)["id"]  # type: ignore[index]
        record_issue(connection, LANDLORD, build_id, how="paper", now=NOW, by="a", why="b")
        assert ("q", "2026-Q1", "confidential") not in packs.list_unsettled_packs(connection, LANDLORD)
    act(pages, packs.record_correction)
    with reading(pages, LANDLORD) as connection:
        assert packs.list_unsettled_packs(connection, LANDLORD) == [("q", "2026-Q1", "confidential")]
        assert packs.read_pack_life(connection, LANDLORD, key).version == 2
    verify_audit(owned)


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
        "UPDATE pack_issues SET issued_on = issued_on",
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
        "INSERT INTO pack_issues SELECT * FROM pack_issues",
        "UPDATE pack_events SET why = ''",
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
