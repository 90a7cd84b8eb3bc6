"""What `audit verify --deep` says: each row that does not hold, what stands unproved, and what no digest can prove."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from due_regard.commands import CommandResult

if TYPE_CHECKING:
    from due_regard.register import DeepReport

NOT_PROVED = 5
"""The exit code where something does not hold, as of a chain that does not."""


def describe_proof(report: DeepReport) -> CommandResult:
    """The report as JSON and as lines: faults first."""
    from due_regard.register.sealing.seal_rules import BEYOND_PROOF

    result = {
        "rows": report.rows,
        "head": report.head,
        "groups": report.groups,
        "faults": [asdict(fault) for fault in report.faults],
        "unproved_before": [
            {"landlord": one.landlord, "rows": one.rule, "before": one.before.isoformat()} for one in report.unproved
        ],
        "beyond_proof": BEYOND_PROOF,
    }
    return CommandResult(result, tuple(_list_lines(report)), NOT_PROVED if report.faults else 0)


def _list_lines(report: DeepReport) -> list[str]:
    from due_regard.register.sealing.seal_rules import BEYOND_PROOF

    lines = [f"{one.landlord}: {one.table}, {one.key}: {one.what} ({one.why})" for one in report.faults]
    lines += [
        f"{one.landlord}: {one.rule}: unproved before {one.before:%Y-%m-%d %H:%M} UTC, when the register was upgraded"
        for one in report.unproved
    ]
    lines += [f"beyond proof: {what}: {why}" for what, why in BEYOND_PROOF.items()]
    held = f"{report.rows} rows of the audit hold, and {report.groups} groups of rows were compared with their seals"
    faults = f"{len(report.faults)} faults" if report.faults else "no fault"
    return [*lines, f"{held}: {faults}; head {report.head}"]
