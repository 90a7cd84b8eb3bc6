"""Prove every register each night within bounds: the newest runs, and a share of the older ones in turn.

Whose turn it was stands in the audit, so that a night that was missed delays the others and leaves none out.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.errors import AuditError, DueRegardError, RegisterError
from due_regard.services.landlord_context import list_landlords_to_run, open_landlord_register
from due_regard.services.report_failure import report_register_faults
from due_regard.services.result import Result
from due_regard.services.verify_register import prove_register

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.register.findings.recorded_runs import RecordedRun

NEWEST = 5
"""How many of a landlord's newest runs are judged again each night: a week of working days."""

NIGHTS = 21
"""In how many nights every older run is judged once: nine may be missed, and it is still once a month."""

_log = logging.getLogger(__name__)


def verify_registers(settings: Settings, *, now: datetime) -> Result:
    """Prove each register of the installation, and mail the data owners of those that do not hold.

    Returns:
        registers (landlords, faults and unproved: landlord -> table -> how many, proved, runs_left), failed (landlord
        -> why its register could not be proved), told (mails posted), untold (landlord -> why its data owner could not
        be told). No row is named: `due-regard audit verify --deep` does.
    """
    proved: list[Result] = []
    failed: dict[str, str] = {}
    told, untold = 0, dict[str, str]()
    for names in settings.registers(list_landlords_to_run(settings)).values():
        try:
            result = _verify_one(settings, names, now=now)
        except DueRegardError as reason:
            _log.warning("%s: the register could not be proved: %s", ", ".join(names), reason)
            failed |= dict.fromkeys(names, str(reason))
            continue
        proved.append(result)
        said = report_register_faults(settings, names, result["faults"], now=now)
        told, untold = told + said["told"], untold | said["untold"]
    return {"registers": proved, "failed": failed, "told": told, "untold": untold}


def check_registers_hold(result: Result) -> None:
    """Fail the night where a register does not hold, or could not be proved.

    Raises:
        AuditError: of whom how much in which table.
        RegisterError: whose could not be proved, and why.
    """
    wrong = [
        f"{landlord}: {', '.join(f'{number} in {table}' for table, number in tables.items())}"
        for register in result["registers"]
        for landlord, tables in register["faults"].items()
    ]
    if wrong:
        raise AuditError(f"does not hold: {'; '.join(wrong)}; `due-regard audit verify --deep` names each")
    if result["failed"]:
        raise RegisterError("; ".join(f"{landlord}: {why}" for landlord, why in result["failed"].items()))


def _verify_one(settings: Settings, names: Sequence[str], *, now: datetime) -> Result:
    turns: dict[str, int] = {}
    with open_landlord_register(settings, names[0], upgrade=True) as engine:
        result = prove_register(settings, names[0], partial(_choose_tonight, engine, turns))
        faults, unproved = (_count_by_table(result[name]) for name in ("faults", "unproved"))
        for landlord, last in turns.items():
            _record_turn(engine, landlord, last, faults, now=now)
    kept = {name: result[name] for name in ("proved", "runs_left")}
    return {"landlords": list(names), **kept, "faults": faults, "unproved": unproved}


def choose_in_turn(runs: Sequence[RecordedRun], last: int | None) -> list[RecordedRun]:
    """The runs of one night, of all of a landlord's, the newest first: the newest, and the next of the older ones.

    `last` is the older run at which the night before ended.
    """
    older = runs[NEWEST:]
    next_ones = [run for run in older if last is None or run.id < last]
    in_order = [*next_ones, *older[: len(older) - len(next_ones)]]
    return [*runs[:NEWEST], *in_order[: ceil(len(older) / NIGHTS)]]


def _choose_tonight(engine: Engine, turns: dict[str, int], runs: Sequence[RecordedRun]) -> list[RecordedRun]:
    if not runs:
        return []
    from due_regard.register.findings.proved_runs import read_last_turn

    landlord = runs[0].landlord
    chosen = choose_in_turn(runs, read_last_turn(engine, landlord))
    turns[landlord] = chosen[-1].id
    return chosen


def _record_turn(engine: Engine, landlord: str, last: int, faults: dict[str, dict[str, int]], *, now: datetime) -> None:
    from due_regard.register.findings.proved_runs import record_turn

    record_turn(engine, landlord, last, faults=sum(faults.get(landlord, {}).values()), now=now)


def _count_by_table(found: Sequence[Result]) -> dict[str, dict[str, int]]:
    """Landlord -> table -> how many; what concerns no landlord is under `-`."""
    counts: dict[str, Counter[str]] = {}
    for one in found:
        counts.setdefault(one["landlord"] or "-", Counter())[one["table"]] += 1
    return {landlord: dict(tables) for landlord, tables in counts.items()}
