"""A register's whole life in small, every table of it filled: what `audit verify --deep` is tried on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, select

from due_regard.alerts.bounces import record_bounce
from due_regard.mail.builder import ComposedMail
from due_regard.mail.mail_mode import MailMode
from due_regard.mail.outbox import Delivery
from due_regard.packs.life.pack_acts import record_comment
from due_regard.packs.life.pack_lives import make_pack_key, read_pack_life
from due_regard.packs.life.pack_records import record_issue, record_mailing, record_pack
from due_regard.records.canonical import ENTITIES, ENTITY, CanonicalColumn, ColumnKind
from due_regard.records.validated_drop import AcceptedFile, LoadNote, RefusedFile, Rejection, ValidatedDrop
from due_regard.register import (
    comment_on_finding,
    dispute_finding,
    hand_over_finding,
    hold_drop,
    load_drop,
    record_assessment,
    record_view,
    release_drop,
    resolve_finding,
    seal_views,
    silence_finding,
    undo_decision,
    withdraw_record,
    writing,
)
from due_regard.register.findings.said_words import SaidWords
from due_regard.register.findings.work_items import replace_work
from due_regard.register.schema.finding_tables import OPEN, Finding
from due_regard.register.task_runs import RunKey, open_run
from tests.alerts.world import RECORDS, Sink, World, at, check, due, frame
from tests.code_words import list_codes
from tests.register.drops import assessments

LANDLORD = "example"
MON, TUE, WED, THU, FRI = (date(2026, 6, 29) + timedelta(days=n) for n in range(5))
COMING = (("OLD", "2026-09-01"), ("FLAGGED", "2026-09-02"))
ROWS = [due("restriction.review", f"R{n}", "2026-06-29") for n in (1, 2, 3, 7)]
ROWS += [due("appeal.acknowledge", "A2", "2026-06-29"), due("restriction.review", "R6", "2026-07-15", state="due_soon")]
ROWS += [due("restriction.review", ref, day, state="pending") for ref, day in COMING]


def _list_two(entity: str) -> list[dict[str, Any]]:
    """Two records of an entity that differ, with what a record must have."""
    columns = {column.name: column for column in ENTITY[entity].columns}
    required = {name: _choose_cell(column, 1) for name, column in columns.items() if column.required}
    last = [name for name, column in columns.items() if column.kind in {ColumnKind.REF, ColumnKind.TEXT}][-1]
    return [{**required, last: _choose_cell(columns[last], n), ENTITY[entity].key: f"X{n}"} for n in (1, 2)]


def _choose_cell(column: CanonicalColumn, n: int) -> object:
    if codes := list_codes(column):
        return codes[n - 1]
    if column.kind in {ColumnKind.DATE, ColumnKind.YN}:
        return "2026-03-02" if column.kind is ColumnKind.DATE else True
    return f'é "q", \\N; {n}' if column.kind is ColumnKind.TEXT else f"X{n}"


EVERY_RECORD = {
    entity.name: [*RECORDS.get(entity.name, []), *([] if entity.name == "staff" else _list_two(entity.name))]
    for entity in ENTITIES
}
"""The world's records, and at least two of every entity."""


def live_whole_life(engine: Engine) -> None:
    """Loads, runs, decisions, mails, packs, views and a second landlord, as the program itself writes them."""
    world = World(engine, sink=Sink(answers=_choose_answers()))
    _load(world)
    world.run(ROWS, TUE)
    _decide(engine)
    with engine.connect() as connection:
        sent = connection.exec_driver_sql("SELECT message_id FROM alert_messages WHERE status = 'sent'").scalars().all()
    record_bounce(engine, sorted(sent)[0], now=at(TUE, 12))
    world.assess([*ROWS[1:], check("restriction.system_flag", "R1")], WED)
    world.compose(WED)
    world.run([*ROWS, due("restriction.review", "R4", "2026-07-01")], THU)
    world.compose(FRI)
    world.through(Sink(mode=MailMode("folder"))).compose(THU)
    _work(world)
    _pack(engine)
    _look(engine)
    other = World(engine, landlord=world.landlord.model_copy(update={"id": "another"}))
    other.load({"appeals": RECORDS["appeals"]}, WED)


def _choose_answers() -> dict[str, list[Delivery]]:
    return {
        "boss@example.org": [Delivery("refused", 550, "the mail server refused the recipient's address")],
        "appeals@example.org": [Delivery("later", 451, "try later")],
        "deputy@example.org": [Delivery("uncertain", None, "no answer"), Delivery("uncertain", None, "no answer")],
    }


def _load(world: World) -> None:
    world.load(EVERY_RECORD, MON)
    _load_appeals(world, RECORDS["appeals"][:1], TUE, disappeared=("A2",))
    _load_appeals(world, [RECORDS["appeals"][1]], TUE, disappeared=("A1",))
    words = SaidWords(actor="cli:officer", why="entered twice", now=at(TUE, 6))
    withdraw_record(world.engine, LANDLORD, "appeals", "A1", words=words)
    corrected = RECORDS["appeals"][0] | {"outcome": "upheld"}
    _load_appeals(world, [corrected, RECORDS["appeals"][1]], WED)
    held = hold_drop(world.engine, landlord=LANDLORD, source="s", drop="d", sha256="ab", why="shrank", now=at(TUE, 6))
    release_drop(world.engine, held, actor="cli:officer", why="as it is", now=at(TUE, 7))


def _load_appeals(world: World, rows: list[dict[str, Any]], day: date, **more: Any) -> None:
    table = frame("appeals", rows)
    columns = tuple(name for name in table.columns if name != "row_number")
    part = AcceptedFile(
        "appeals.csv", f"{day}", "appeals", columns, table, len(table) + 1, delivery="snapshot",
        rejections=(Rejection("appeals.csv", 9, "received_on", "required", "say when"),),
        notes=(LoadNote("appeals.csv", 2, "outcome", "unknown", "not known"),), **more,
    )  # fmt: skip
    refused = RefusedFile("x.csv", "ff", "too_large", "too large")
    suites = ({"suite": "appeals", "success": True},)
    drop = ValidatedDrop(LANDLORD, "canonical", f"drop {day}", (part,), (refused,), suites)
    load_drop(world.engine, drop, now=at(day, 5))


def _decide(engine: Engine) -> None:
    said = {"actor": "cli:officer", "why": "a reason", "now": at(TUE, 10), "landlord": LANDLORD}
    silence_finding(engine, "F-000001", until=date(2026, 7, 20), **said)
    resolve_finding(engine, "F-000002", **said)
    hand_over_finding(engine, "F-000003", to_ref="S2", **said)
    hand_over_finding(engine, "F-000002", to_ref="S2", **said)
    dispute_finding(engine, "F-000003", **said)
    comment_on_finding(engine, "F-000004", **said)
    undo_decision(engine, "F-000003", **said)


def _work(world: World) -> None:
    """A run that also writes down what is to be done, and then a hand-over."""

    def record_work(connection: Connection, run_id: int) -> None:
        mine = select(Finding.id, Finding.rule, Finding.state, Finding.owner_role, Finding.handed_to)
        rows = connection.execute(mine.where(Finding.landlord == LANDLORD, Finding.status == OPEN)).mappings()
        blank = {"urgency": 1, "since_on": TUE, "staff_ref": "S1", "team": "t", "handed_team": None, "is_deputy": False}
        blank |= {"has_problem": False, "stage": "overdue", "is_backlog": False}
        items = pd.DataFrame([{"finding_id": row["id"], **blank, **row} for row in rows]).drop(columns="id")
        items["since_on"] = pd.to_datetime(items["since_on"]).astype("datetime64[s]")
        words = {"words": "no address", "remedy": "mend it", "staff_ref": "S5", "more_cells": 0, "findings": 1}
        problem: dict[str, Any] = {"key": "S5", "cells": [["staff", "S5", "email"]], **words}
        replace_work(connection, LANDLORD, run_id, items, [problem, {**problem, "key": "S6", "findings": 2}])

    rows = assessments([{"rule": "appeal.decide", "subject_ref": "A1", "state": "breach"}], LANDLORD)
    table = pd.concat([pd.DataFrame(ROWS).reindex(columns=rows.columns), rows], ignore_index=True)
    for name in ("due_on", "done_on"):
        table[name] = pd.to_datetime(table[name]).astype("datetime64[s]")
    record_assessment(
        world.engine,
        LANDLORD,
        table,
        as_at=FRI,
        now=at(FRI, 10),
        policy_version="2020-01-01",
        record_work=record_work,
        texts={"own/policies/example.yaml": "a policy", "program/rules": "a rule"},
    )
    said = {"actor": "cli:officer", "why": "a reason", "now": at(FRI, 11)}
    hand_over_finding(world.engine, "F-000005", to_ref="S1", **said)


def _pack(engine: Engine) -> None:
    values = {"pack": "p", "quarter": "2026-Q2", "edition": "confidential", "known_at": at(FRI), "sha256": "ab"}
    values |= {"files": {"a.xlsx": "cd"}, "ingredients": {"run": 1}, "figures": {"x": [1.0, None]}, "published": None}
    mail = ComposedMail(
        "<pack@example.org>", "pack", FRI, "due-regard@landlord.example", "clerk@example.org", "pack", b"body", [FRI]
    )
    with writing(engine, LANDLORD) as connection:
        record_pack(connection, LANDLORD, at=at(FRI, 12), **{**values, "pack": "q"})
        key = make_pack_key("q", "2026-Q2", "confidential")
        for section in ("decision", "restrictions"):
            words = SaidWords(actor="cli:officer", why=f"on {section}", now=at(FRI, 12))
            record_comment(connection, LANDLORD, read_pack_life(connection, LANDLORD, key), section, words)
        first = record_pack(connection, LANDLORD, at=at(FRI, 12), **values)
        second = record_pack(connection, LANDLORD, at=at(FRI, 13), **{**values, "sha256": "ef"})
        record_issue(connection, LANDLORD, first, how="by hand", now=at(FRI, 14), by="cli:officer", why="asked")
        record_mailing(connection, LANDLORD, second, mail, now=at(FRI, 14))
        record_mailing(connection, LANDLORD, second, replace(mail, message_id="<2@example.org>"), now=at(FRI, 15))


def _look(engine: Engine) -> None:
    for ref in ("R1", "R2"):
        seen = {"actor": "fab:1", "used_right": "can_read", "kind": "restriction", "ref": ref}
        record_view(engine, LANDLORD, **seen, now=at(TUE, 9))
    seal_views(engine, LANDLORD, now=at(THU))
    key = RunKey(LANDLORD, "due_regard", "intake", "scheduled")
    open_run(engine, key, now=at(TUE), must_end_by=at(WED))
