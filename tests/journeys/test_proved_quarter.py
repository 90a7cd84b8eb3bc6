"""A quarter of working days: late, corrected, vanished and withdrawn records, decisions, packs; every run proves.

The policy and the calendar are edited on the way. The register is then taken to PostgreSQL, and proves there, too.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from due_regard.config.settings import Settings
from due_regard.records.canonical import ENTITY
from due_regard.records.validated_drop import AcceptedFile, ValidatedDrop
from due_regard.register import (
    comment_on_finding,
    dispute_finding,
    hand_over_finding,
    load_drop,
    read_open_findings,
    resolve_finding,
    silence_finding,
    undo_decision,
    upgrade_register,
)
from due_regard.register.findings.said_words import SaidWords
from due_regard.register.withdrawals import undo_withdrawal, withdraw_record
from due_regard.services.act_on_pack import PackAct, approve_pack, correct_pack, record_handover
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.build_packs import build_packs
from due_regard.services.move_register import move_landlord_register
from due_regard.services.run_alerts import run_alerts
from due_regard.services.verify_register import verify_register
from tests.packs.known import INCLUDE, example_drop
from tests.register.engines import new_postgresql, postgresql_url  # noqa: F401 - fixtures

L, PACK = "queens_cross", "health_and_safety_committee"
FIRST, LAST = date(2026, 6, 1), date(2026, 8, 31)
CHANGEABLE = ("acknowledged_on", "notified_on", "decided_on", "ended_on", "outcome", "expires_on", "reviewed_on")


def at(day: date, hour: int = 9) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def change_file(part: AcceptedFile, week: int) -> AcceptedFile:
    """The file as delivered in a week: rows come late, cells are corrected or cleared, some records are missing."""
    late = part.rows.iloc[: len(part.rows) * (week + 6) // 19].copy()
    required = {column.name for column in ENTITY[part.entity].columns if column.required}
    for name in set(CHANGEABLE) & set(late.columns) - required:
        here = late.index % 7 == week % 7
        late.loc[here, name] = late[name].shift(week + 1)[here]
    key = ENTITY[part.entity].key
    gone = tuple(late[key].iloc[week % 3 :: 11]) if part.entity in {"appeals", "reviews"} and week > 2 else ()
    here = ~late[key].isin(list(gone))
    return replace(
        part, rows=late[here].reset_index(drop=True), read=int(here.sum()), sha256=f"{part.entity} {week}",
        delivery="snapshot", disappeared=gone,
    )  # fmt: skip


def make_drop(week: int) -> ValidatedDrop:
    whole = example_drop(L)
    return replace(whole, drop=f"week {week}", files=tuple(change_file(part, week) for part in whole.files))


def edit_files(own: Path, week: int) -> None:
    """Somebody edits the policy in week 4, the calendar in week 6, takes a word of their own in week 8."""
    if week == 4:
        (file,) = (own / "policies" / L).glob("*.yaml")
        before = file.read_text(encoding="utf-8")
        file.write_text(before.replace("working_days: 3", "working_days: 4"), encoding="utf-8")
        assert "working_days: 3" in before
    if week == 6:
        file = own / "landlords" / f"{L}.yaml"
        before = file.read_text(encoding="utf-8")
        closed = before.replace("closure_days: []", "closure_days: [2026-07-20, 2026-07-21]")
        file.write_text(closed, encoding="utf-8")
        assert closed != before
    if week == 8:
        (own / "codes").mkdir()
        words = "name: channels\nwords:\n  pigeon: A pigeon brought it.\n"
        (own / "codes" / "channels.yaml").write_text(words, encoding="utf-8")


def decide(engine: Engine, day: date, number: int) -> None:
    """One decision of a kind a day, some of them taken back the same day."""
    refs = read_open_findings(engine, L, as_at=day)["register_ref"].tolist()
    if not refs:
        return
    ref, said = refs[number % len(refs)], {"actor": "cli:officer", "why": f"reason {number}", "now": at(day, 11)}
    kind = number % 5
    if kind == 0:
        silence_finding(engine, ref, until=day + timedelta(days=9), **said)
    elif kind == 1:
        resolve_finding(engine, ref, **said)
    elif kind == 2:
        hand_over_finding(engine, ref, to_ref=f"S{number}", **said)
        undo_decision(engine, ref, **said)
    elif kind == 3:
        comment_on_finding(engine, ref, **said)
    elif pd.isna(read_open_findings(engine, L, as_at=day).set_index("register_ref").at[ref, "disputed_at"]):
        dispute_finding(engine, ref, **said)


def withdraw_one(engine: Engine, day: date, *, undo: bool) -> None:
    """Withdraw a record that vanished; with `undo` take that back the same day."""
    with engine.connect() as connection:
        wanted = "SELECT entity, ref FROM disappearances WHERE returned_file_id IS NULL AND entity = 'appeals' LIMIT 1"
        entity, ref = connection.execute(text(wanted)).one()
    words = SaidWords("cli:owner", "entered by mistake", at(day, 12))
    withdraw_record(engine, L, entity, ref, words=words, with_linked=True)
    if undo:
        undo_withdrawal(engine, L, entity, ref, words=replace(words, now=at(day, 13)))


@pytest.mark.timeout(900)
def test_after_a_quarter_every_run_proves_on_both_engines(
    tmp_path: Path,
    new_postgresql: Callable[[], str],  # noqa: F811
) -> None:
    own = tmp_path / "own"
    for part in ("policies", "landlords"):
        shutil.copytree(INCLUDE / part, own / part)
    settings = Settings(own_dir=own, var_dir=tmp_path / "var", landlords=(L,))
    engine = upgrade_register(settings.register())
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    working = [day for day in days if day.weekday() < 5]
    for number, day in enumerate(working):
        week = number // 5
        if day.weekday() == 0:
            edit_files(own, week)
            load_drop(engine, make_drop(week), now=at(day, 5))
        assess_landlord(settings, L, as_at=day, now=at(day, 6))
        decide(engine, day, number)
        if day.weekday() == 2 and week in {5, 7}:
            withdraw_one(engine, day, undo=week == 5)
        if number % 13 == 0:
            run_alerts(settings, as_at=day, now=at(day, 7), landlords=[L])
            assess_landlord(settings, L, as_at=day - timedelta(days=30), now=at(day, 8))  # it looks back
        if day in {date(2026, 7, 3), date(2026, 8, 4)}:
            # Corrected after late records: another pack. Judged again: the duty to report is done.
            act = PackAct(L, "2026-Q2", PACK, "confidential", "cli:clerk", "by hand")
            if day.month == 7:
                build_packs(settings, L, quarter="2026-Q2", pack=PACK, now=at(day, 14))
            else:
                correct_pack(settings, act, now=at(day, 14))
            approve_pack(settings, act, now=at(day, 14))
            record_handover(settings, act, now=at(day, 15))
            assess_landlord(settings, L, as_at=day, now=at(day, 16))
    engine.dispose()
    runs = len(working) + 2 + sum(number % 13 == 0 for number in range(len(working)))
    check_all_proved(verify_register(settings, L), runs)
    target = new_postgresql()
    move_landlord_register(settings, target, L, now=at(LAST, 20))
    check_all_proved(verify_register(settings.model_copy(update={"register_url": target}), L), runs)


def check_all_proved(result: dict[str, object], runs: int) -> None:
    assert result["faults"] == []
    assert result["unproved"] == []
    assert (result["proved"]["runs"], result["runs_left"]) == (runs, 0)  # type: ignore[index]
