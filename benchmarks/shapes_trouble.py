"""What each shape makes of trouble: days that one landlord missed, a drop that is refused, a landlord switched off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx

from benchmarks.orchestration_airflow import read_rows
from benchmarks.shapes_airflow import ShapeAirflow, Spent, ask_patiently

MISSED = (date(2026, 6, 23), date(2026, 6, 24), date(2026, 6, 25))
"""Tuesday to Thursday: slots of every shape that has a clock."""


@dataclass(frozen=True)
class Filled:
    """How one landlord's missed days were filled.

    Attributes:
        code: what the server answered to a backfill over those dates.
        way: how it went at last.
        assessed: landlord -> how many of the missed days were assessed.
        spent: what it took.
    """

    code: int
    way: str
    assessed: Mapping[str, int]
    spent: Spent


def fill_missed_days(found: ShapeAirflow, person: httpx.Client, landlord: str) -> Filled:
    """Fill one landlord's three missed days, as its own data team: by a backfill, else by a run a day."""
    dag = found.shape.name_dag(landlord, "daily")
    span = {"from_date": f"{MISSED[0]}T00:00:00Z", "to_date": f"{MISSED[-1]}T23:59:59Z"}
    codes: list[int] = []

    def backfill() -> None:
        codes.append(ask_patiently(person, "POST", "/api/v2/backfills", {"dag_id": dag, **span}).status_code)
        for day in MISSED if codes[0] >= httpx.codes.BAD_REQUEST else ():
            own, body = found.shape.begin_one(landlord, "daily", day)
            ask_patiently(person, "POST", f"/api/v2/dags/{own}/dagRuns", body).raise_for_status()

    spent = found.measure(backfill, len(MISSED))
    return Filled(codes[0], "a backfill" if codes[0] < 400 else "a run by hand a day", count_assessed(found), spent)


def count_assessed(found: ShapeAirflow) -> dict[str, int]:
    """Landlord -> how many of the missed days the register has an assessment of."""
    asked = "SELECT landlord, as_at FROM assessment_runs WHERE as_at BETWEEN ? AND ? GROUP BY landlord, as_at"
    rows = read_rows(found.airflow.register, asked, str(MISSED[0]), str(MISSED[-1]))
    return dict(Counter(landlord for landlord, _ in rows))


def fill_again(found: ShapeAirflow, person: httpx.Client, landlord: str) -> str:
    """What becomes of a second landlord's backfill over the same dates, asked for that landlord alone."""
    dag = found.shape.name_dag(landlord, "daily")
    body = {
        "dag_id": dag,
        "from_date": f"{MISSED[0]}T00:00:00Z",
        "to_date": f"{MISSED[-1]}T23:59:59Z",
        "dag_run_conf": {"only": landlord},
    }
    answer = ask_patiently(person, "POST", "/api/v2/backfills", body)
    found.wait_until_still()
    if answer.is_error:
        return f"{answer.status_code}"
    asked = "SELECT exception_reason, count(*) FROM backfill_dag_run WHERE backfill_id = ? GROUP BY 1"
    rows = found.airflow.ask(asked, answer.json()["id"])
    return f"{answer.status_code}, " + ", ".join(f"{count} {reason or 'made'}" for reason, count in rows)


def fail_one(found: ShapeAirflow, landlord: str, day: date) -> dict[str, str]:
    """Spoil a landlord's drop and run a day: how each run of it ended, and whose work after `load` was done."""
    for file in (Path(found.airflow.place.drops) / landlord).iterdir():
        if file.name != "READY":
            file.write_bytes(b"%PDF-1.7 not an export\n")
    newest = found.airflow.ask("SELECT coalesce(max(id), 0) FROM dag_run")[0][0]
    found.run_all("daily", found.shape.begin_all(found.landlords, "daily", day))
    runs = found.airflow.ask(
        "SELECT dag_id, partition_key, state FROM dag_run WHERE id > ? AND dag_id NOT LIKE 'announce%'", newest
    )
    said = {f"{key.split('|')[0] if key else dag.split('.')[0]}": state for dag, key, state in runs}
    asked = "SELECT DISTINCT landlord FROM assessment_runs WHERE as_at = ?"
    done = [name for (name,) in read_rows(found.airflow.register, asked, str(day))]
    return said | {"assessed": f"{len(done)} of {len(found.landlords)}"}


def count_switched_off(found: ShapeAirflow, admin: httpx.Client, landlord: str) -> int:
    """How many landlords' days are off once one landlord's is switched off."""
    dag = found.shape.name_dag(landlord, "daily")
    ask_patiently(admin, "PATCH", f"/api/v2/dags/{dag}", {"is_paused": True}).raise_for_status()
    off = {name for (name,) in found.airflow.ask("SELECT dag_id FROM dag WHERE is_paused")}
    ask_patiently(admin, "PATCH", f"/api/v2/dags/{dag}", {"is_paused": False}).raise_for_status()
    return sum(found.shape.name_dag(each, "daily") in off for each in found.landlords)


def has_clock(found: ShapeAirflow, landlord: str) -> bool:
    """Whether the DAG of a landlord's day knows when it is to run next."""
    dag = found.shape.name_dag(landlord, "daily")
    return bool(found.airflow.ask("SELECT next_dagrun_create_after FROM dag WHERE dag_id = ?", dag)[0][0])
