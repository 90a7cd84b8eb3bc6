"""Migrations go up from every earlier revision with data in place, and the models match them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from due_regard.alerts.escalation import EscalationStage
from due_regard.alerts.sent_history import read_sent_history
from due_regard.errors import RegisterError
from due_regard.mail.mail_mode import LIVE_MODE, MailMode
from due_regard.packs import is_issued, make_pack_key, read_pack_life
from due_regard.packs.life.issued_figures import read_issued_figures
from due_regard.records.canonical import ENTITIES
from due_regard.register import (
    EVER,
    hold_drop,
    is_released,
    load_drop,
    read_finding,
    read_records,
    reading,
    record_assessment,
    release_drop,
    undo_decision,
    upgrade_register,
    verify_audit,
)
from due_regard.register.findings.coming_duties import count_dates_between
from due_regard.register.findings.work_list import WorkChoice, count_owners, read_work
from due_regard.register.restriction_cases import count_restrictions_in_force, read_restriction_cases
from due_regard.register.schema import revisions
from due_regard.register.schema.work_tables import OVERDUE
from tests.register.drops import LANDLORD, accepted, appeal, assessments, at, drop, restriction
from tests.register.older import write_older_register

REVISIONS = [
    revision.revision
    for revision in ScriptDirectory.from_config(revisions.make_migration_config()).walk_revisions("base", "heads")
]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without any table."""
    if request.param == "postgresql":
        new: Callable[[], str] = request.getfixturevalue("new_postgresql")
        return new()
    return f"sqlite:///{tmp_path / 'old.db'}"


def test_models_equal_what_the_migrations_make(register: Engine) -> None:
    with register.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, revisions.build_metadata()) == []


def test_every_entity_has_its_current_view(register: Engine) -> None:
    views = inspect(register).get_view_names()
    assert {f"current_{entity.name}" for entity in ENTITIES} <= set(views)


def test_every_table_of_a_landlord_is_under_row_level_security(register: Engine) -> None:
    if register.dialect.name == "sqlite":
        assert all("landlord" in table.c for table in revisions.build_metadata().tables.values())
        return
    with register.connect() as connection:
        rows = connection.execute(text("SELECT relname, relrowsecurity FROM pg_class WHERE relkind = 'r'")).all()
        protected = {name for name, on in rows if on}
        views = connection.execute(text("SELECT relname, reloptions FROM pg_class WHERE relkind = 'v'")).all()
    assert set(revisions.build_metadata().tables) - {"landlord_access"} == protected
    ours = {name: options or () for name, options in views if name.startswith(("current_", "report_"))}
    for name, options in ours.items():
        rule = "security_invoker=true" if name.startswith("current_") else "security_barrier=true"
        assert rule in options, name


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_earlier_revision_goes_up_with_its_data(empty_url: str, revision: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        revisions.upgrade_schema(connection, revision)
        connection.exec_driver_sql(
            "INSERT INTO batches (id, landlord, source, drop_name, drop_sha256, received_at, status, rows_read, "
            "rows_loaded, rows_unchanged, rows_rejected, files_refused) VALUES "
            "(1000, 'sample_landlord', 'canonical', 'd', 'ab', '2026-01-05 07:00:00.000000', 'loaded', 1, 1, 0, 0, 0)"
        )
        connection.exec_driver_sql(
            "INSERT INTO batch_files (id, landlord, batch_id, file, sha256, entity, status, rows_sha256, delivery, "
            "columns, rows_read, rows_loaded, rows_unchanged, rows_rejected, rows_vanished, known_from) VALUES "
            "(1000, 'sample_landlord', 1000, 'appeals.csv', 'ab', 'appeals', 'loaded', 'cd', 'snapshot', '[]', "
            "1, 1, 0, 0, 0, '2026-01-05 07:00:00.000000')"
        )
        for column in ("appeal_ref", "restriction_ref", "received_on", "outcome"):
            connection.exec_driver_sql(
                "INSERT INTO carried_columns (landlord, entity, column_name, known_from, batch_file_id) VALUES "
                f"('sample_landlord', 'appeals', '{column}', '2026-01-05 07:00:00.000000', 1000)"
            )
        connection.exec_driver_sql(
            "INSERT INTO appeals (landlord, appeal_ref, version, known_from, batch_file_id, row_number, row_hash, "
            "restriction_ref, received_on, outcome) VALUES ('sample_landlord', 'A1', 1, "
            "'2026-01-05 07:00:00.000000', 1000, 2, 5, 'R1', '2026-01-02', 'upheld')"
        )
    engine.dispose()
    register = upgrade_register(empty_url)
    assert read_records(register, LANDLORD)["appeals"].iloc[0]["outcome"] == "upheld"
    load_drop(register, drop(accepted("appeals", [appeal("A1"), appeal("A2")])), now=at("2026-02-01 07:00"))
    assert read_records(register, LANDLORD)["appeals"]["appeal_ref"].tolist() == ["A1", "A2"]
    verify_audit(register)
    with reading(register) as connection:
        assert revisions.read_revisions(connection) == [revisions.HEAD]
    register.dispose()


def test_a_register_without_coming_dates_gets_them_with_its_next_run(empty_url: str, tmp_path: Path) -> None:
    newer = upgrade_register(f"sqlite:///{tmp_path / 'newer.db'}")
    load_drop(newer, drop(accepted("restrictions", [restriction("R1")])), now=at("2026-06-01 07:00"))
    write_older_register(newer, empty_url, "0008_published")
    newer.dispose()
    register = upgrade_register(empty_url)
    year, day = (date(2026, 1, 1), date(2026, 12, 31)), date(2026, 6, 1)
    with reading(register, LANDLORD) as connection:
        assert read_restriction_cases(connection, LANDLORD, ["R1"], known_at=EVER)["restrictions"].shape[0] == 1
        assert count_restrictions_in_force(connection, LANDLORD, as_at=day, known_at=EVER) == 1
        assert count_dates_between(connection, LANDLORD, *year) == 0
    rows = [{"rule": "restriction.review", "subject_ref": "R1", "state": "pending", "due_on": "2026-11-01"}]
    record_assessment(
        register, LANDLORD, assessments(rows), as_at=day, now=at("2026-06-01 08:00"), policy_version="2022-01-01"
    )
    with reading(register, LANDLORD) as connection:
        assert count_dates_between(connection, LANDLORD, *year) == 1
    register.dispose()


def test_a_drop_held_by_an_earlier_version_is_let_in_as_before(empty_url: str) -> None:
    held = {"landlord": LANDLORD, "source": "canonical", "drop": "d", "sha256": "ab", "why": "few"}
    old = create_engine(empty_url)
    with old.begin() as connection:
        revisions.upgrade_schema(connection, "0013_silences")
        connection.exec_driver_sql(
            "INSERT INTO batches (id, landlord, source, drop_name, drop_sha256, received_at, status, why, rows_read, "
            "rows_loaded, rows_unchanged, rows_rejected, files_refused) VALUES "
            "(7, 'sample_landlord', 'canonical', 'd', 'ab', '2026-01-05 07:00:00.000000', 'held', 'few', 0, 0, 0, 0, 0)"
        )
    old.dispose()
    register = upgrade_register(empty_url)
    assert hold_drop(register, **held, now=at("2026-02-01 07:00")) == 7
    release_drop(register, 7, actor="data-owner", why="archived", now=at("2026-02-01 08:00"))
    assert is_released(register, LANDLORD, "ab")
    register.dispose()


def test_opening_twice_migrates_once(empty_url: str) -> None:
    upgrade_register(empty_url).dispose()
    before = upgrade_register(empty_url)
    assert read_records(before, LANDLORD) == {}
    before.dispose()


MAILS = {
    # Message-ID -> landlord, status, code, reason, what its mode is after the upgrade, and whether it was accepted.
    "<live@x>": ("a", "sent", 250, None, "live", True),
    "<refused@x>": ("a", "refused", 550, "the mail server refused the recipient's address", "live", False),
    "<shadow@x>": ("a", "shadow", None, "would have sent: the recipient is not on the allow-list", "shadow", True),
    "<waiting@x>": ("a", "waiting", None, None, "live", False),
    "<folder@x>": ("b", "sent", None, "written to the mail folder", "folder", True),
    "<next@x>": ("b", "waiting", None, None, "folder", False),
    "<first@x>": ("c", "waiting", None, None, "live", False),
}


def _keep_earlier_mails(connection: Connection) -> None:
    """Mails, tellings and an issued pack as the revision before kept them."""
    token = hashlib.sha256(b"b\n7\nabc\nclerk@x.example").hexdigest()[:20]
    pack = f"<due-regard.{token}@x.example>"
    rows = [(message_id, *values[:4], "digest", "who@x.example") for message_id, values in MAILS.items()]
    rows.append((pack, "b", "sent", None, "written to the mail folder", "pack", "clerk@x.example"))
    for n, (message_id, landlord, status, code, reason, kind, recipient) in enumerate(rows):
        connection.execute(
            text(
                "INSERT INTO alert_messages (landlord, message_id, kind, mail_on, sender, recipient, subject, body, "
                "composed_at, send_days, status, attempts, resends, orphaned, next_attempt_at, code, reason, "
                "is_address_refused) VALUES (:landlord, :id, :kind, '2026-06-30', 's', :to, 'x', 'x', "
                f"'2026-06-30 0{n}:00:00.000000', '[]', :status, 1, 0, 0, '2026-06-30 07:00:00.000000', :code, "
                ":reason, false)"
            ),
            {"landlord": landlord, "id": message_id, "kind": kind, "to": recipient, "status": status, "code": code,
             "reason": reason},
        )  # fmt: skip
    for landlord, message_id in (("a", "<live@x>"), ("b", "<folder@x>")):
        connection.execute(
            text(
                "INSERT INTO alert_told (landlord, finding_id, occasion, stage, recipient, message_id, as_at, why) "
                "VALUES (:landlord, 1, '1/-', 'overdue', 'who@x.example', :id, '2026-06-30', 'x')"
            ),
            {"landlord": landlord, "id": message_id},
        )
        connection.execute(
            text("INSERT INTO alert_days VALUES (:landlord, '2026-06-30', '2026-06-30 07:00:00.000000')"),
            {"landlord": landlord},
        )
    connection.exec_driver_sql(
        "INSERT INTO packs (id, landlord, pack, quarter, edition, built_at, sha256, files, ingredients, figures) "
        "VALUES (7, 'b', 'p', '2026-Q2', 'confidential', '2026-07-01 07:00:00.000000', 'abc', '{}', '{}', '{}')"
    )
    connection.exec_driver_sql(
        "INSERT INTO pack_issues (id, landlord, pack_id, pack, quarter, issued_on, issued_at, how) VALUES "
        "(1, 'b', 7, 'p', '2026-Q2', '2026-07-01', '2026-07-01 07:00:00.000000', 'mail')"
    )


def test_earlier_mails_get_their_mode_and_may_be_told_again(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        revisions.upgrade_schema(connection, "0004_access")
        _keep_earlier_mails(connection)
    engine.dispose()
    register = upgrade_register(empty_url)
    with register.begin() as connection:
        found = connection.execute(
            text("SELECT message_id, mode, accepted_on FROM alert_messages WHERE kind = 'digest'")
        )
        assert {message_id: (mode, day is not None) for message_id, mode, day in found} == {
            message_id: values[4:] for message_id, values in MAILS.items()
        }
        days = connection.execute(text("SELECT landlord, mode FROM alert_days ORDER BY landlord")).all()
        assert [tuple(row) for row in days] == [("a", "live"), ("b", "folder")]
        # The same stage of the same finding, told by another mail.
        connection.exec_driver_sql(
            "INSERT INTO alert_told (landlord, finding_id, occasion, stage, recipient, message_id, as_at, why) "
            "VALUES ('b', 1, '1/-', 'overdue', 'who@x.example', '<next@x>', '2026-07-01', 'x')"
        )
    with reading(register, "b") as connection:
        assert not is_issued(connection, "b", "p", "2026-Q2"), "a folder issues nothing"
        told = read_sent_history(
            connection, "b", MailMode("folder"), as_at=date(2026, 6, 30), now=at("2026-06-30 07:00")
        )
        assert told.last_as_at == date(2026, 6, 30) and (1, "1/-", "who@x.example") in told.stages
        live = read_sent_history(connection, "b", LIVE_MODE, as_at=date(2026, 6, 30), now=at("2026-06-30 07:00"))
        assert (live.last_as_at, live.stages) == (None, {})
    with reading(register, "a") as connection:
        live = read_sent_history(connection, "a", LIVE_MODE, as_at=date(2026, 6, 30), now=at("2026-06-30 07:00"))
        assert live.find_accepted_day(1, "1/-", EscalationStage.OVERDUE, EscalationStage.AHEAD) == date(2026, 6, 30)
    register.dispose()


def _keep_earlier_decisions(connection: Connection) -> None:
    """A silenced finding reported done, and one whose two silences were taken back, as 0008 kept them."""
    for n, until, waiting in ((1, "'2026-07-01'", "'2026-06-02 09:00:00.000000'"), (2, "NULL", "NULL")):
        connection.exec_driver_sql(
            "INSERT INTO findings (id, register_ref, landlord, rule, subject_type, subject_ref, occurrence, status, "
            "state, days_overdue, severity, clause, owner_role, opened_on, opened_at, first_seen_as_at, last_as_at, "
            "last_run_id, times_seen, times_opened, silenced_until, silenced_at, awaiting_since) VALUES "
            f"({n}, 'F-00000{n}', 'sample_landlord', 'appeal.acknowledge', 'appeal', 'A{n}', 1, 'open', 'breach', 0, "
            "'breach', '1', 'appeal_handler', '2026-06-01', '2026-06-01 07:00:00.000000', '2026-06-01', '2026-06-01', "
            f"1, 1, 1, {until}, '2026-06-01 09:00:00.000000', {waiting})"
        )
    events = [(1, "silenced", "'2026-07-01'"), (1, "reported_done", "NULL"), (2, "silenced", "'2026-07-01'")]
    events += [(2, "silenced", "'2026-07-02'"), (2, "unsilenced", "NULL")]
    for finding, event, until in events:
        connection.exec_driver_sql(
            "INSERT INTO finding_events (landlord, finding_id, at, event, state, actor, why, until, nonce) VALUES "
            f"('sample_landlord', {finding}, '2026-06-01 09:00:00.000000', '{event}', 'breach', 'officer', 'x', "
            f"{until}, 'n')"
        )


def test_earlier_decisions_hold_as_they_did(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        revisions.upgrade_schema(connection, "0008_published")
        _keep_earlier_decisions(connection)
    engine.dispose()
    register, said = upgrade_register(empty_url), {"actor": "cli:officer", "why": "y", "now": at("2026-06-03 09:00")}
    found = read_finding(register, "F-000001")
    assert (found["silenced_until"], found["awaiting_since"]) == (date(2026, 7, 1), at("2026-06-02 09:00"))
    assert (found["handed_to"], found["disputed_at"]) == (None, None)
    assert [undo_decision(register, "F-000001", **said) for _ in range(2)] == ["reported_done", "silenced"]
    found = read_finding(register, "F-000001")
    assert (found["silenced_until"], found["awaiting_since"]) == (None, None)
    with pytest.raises(RegisterError, match="nothing to undo"):
        undo_decision(register, "F-000002", **said)
    verify_audit(register)
    register.dispose()


def test_a_silence_that_outlived_its_finding_ends(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        revisions.upgrade_schema(connection, "0010_work")
        _keep_earlier_decisions(connection)
        connection.exec_driver_sql(
            "UPDATE findings SET silenced_until = '2026-07-01', silenced_at = '2026-06-01 09:00:00.000000'"
        )
        for event in ("resolved", "reopened"):
            connection.exec_driver_sql(
                "INSERT INTO finding_events (landlord, finding_id, at, event, state) VALUES "
                f"('sample_landlord', 2, '2026-06-02 07:00:00.000000', '{event}', 'met')"
            )
    engine.dispose()
    register = upgrade_register(empty_url)
    assert read_finding(register, "F-000001")["silenced_until"] == date(2026, 7, 1)
    ended = read_finding(register, "F-000002")
    assert (ended["silenced_until"], ended["silenced_at"]) == (None, None)
    register.dispose()


def test_what_was_open_before_is_to_be_done_at_once(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        revisions.upgrade_schema(connection, "0009_decisions")
        _keep_earlier_decisions(connection)
        connection.exec_driver_sql("UPDATE findings SET status = 'resolved' WHERE id = 2")
        connection.exec_driver_sql("UPDATE findings SET state = 'overdue', due_on = '2026-05-20' WHERE id = 1")
    engine.dispose()
    register = upgrade_register(empty_url)
    choice = WorkChoice(LANDLORD, None, date(2026, 6, 3))
    with reading(register, LANDLORD) as connection:
        (row,) = read_work(connection, choice, offset=0, limit=50)
        assert [(one.findings, one.unknown) for one in count_owners(connection, choice)] == [(1, 1)]
    assert (row["register_ref"], row["urgency"], row["since_on"]) == ("F-000001", OVERDUE, date(2026, 5, 20))
    assert (row["staff_ref"], row["stage"]) == (None, None)
    register.dispose()


def test_a_pack_issued_before_packs_had_a_life_counts_as_issued(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        revisions.upgrade_schema(connection, "0011_coming_duties")
        for number, edition in ((1, "confidential"), (2, "publishable")):
            connection.exec_driver_sql(
                "INSERT INTO packs (id, landlord, pack, quarter, edition, built_at, sha256, files, ingredients, "
                f"figures) VALUES ({number}, 'b', 'p', '2026-Q2', '{edition}', '2026-07-01 07:00:00.000000', 'abc', "
                "'{}', '{}', '{\"restrictions/new/2026-Q2\": [3, null]}')"
            )
        connection.exec_driver_sql(
            "INSERT INTO pack_issues (id, landlord, pack_id, pack, quarter, issued_on, issued_at, how) VALUES "
            "(1, 'b', 1, 'p', '2026-Q2', '2026-07-01', '2026-07-01 07:00:00.000000', 'by hand')"
        )
    engine.dispose()
    engine = upgrade_register(empty_url)
    with reading(engine, "b") as connection:
        states = {
            edition: read_pack_life(connection, "b", make_pack_key("p", "2026-Q2", edition)).name_state(1)
            for edition in ("confidential", "publishable")
        }
        frozen = read_issued_figures(connection, "b", pack="p", edition="confidential")
    engine.dispose()
    assert states == {"confidential": "issued", "publishable": "draft"}
    assert frozen.figures == {"restrictions/new/2026-Q2": (3, None)}
