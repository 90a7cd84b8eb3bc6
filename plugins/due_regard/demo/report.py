"""What a demo prints: each step with its figures, what failed, whether anything changed.

Pure: tickets and outcomes in, lines out. Add a figure here when a ticket of pipeline.py carries it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from due_regard.contract import STATES
from due_regard.demo.api import Outcome

Tickets = Mapping[str, Sequence[Mapping[str, Any]]]
"""DAG -> the tickets that its mapped tasks returned, one a landlord."""

_WORK = {"intake": "load", "assessment": "assess", "alerts": "send", "committee_packs": "build"}


def tickets_of(dag: str, outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """The tickets of a DAG's own work, one a landlord, each with the landlord it is about."""
    done = [each for each in outcomes if each.task == _WORK[dag] and each.ticket is not None]
    return [{"landlord": each.label, **each.ticket} for each in done]


def failures(outcomes: Iterable[Outcome]) -> list[str]:
    """Names of the tasks that did not succeed, with their states."""
    return [f"{each.name}: {each.state}" for each in outcomes if each.state != "success"]


def lines_of(dag: str, tickets: Sequence[Mapping[str, Any]], rules: Mapping[str, int]) -> list[str]:
    """The lines that say what one DAG did, for people."""
    return {"intake": _intake, "assessment": _assessment, "alerts": _alerts, "committee_packs": _packs}[dag](
        tickets, rules
    )


def rows(ticket: Mapping[str, Any]) -> dict[str, int]:
    """Rows read, loaded, unchanged and rejected over a drop's files."""
    return {word: sum(int(file[word]) for file in ticket["files"]) for word in ROWS}


ROWS = ("read", "loaded", "unchanged", "rejected")


def unbalanced(tickets: Sequence[Mapping[str, Any]]) -> list[str]:
    """Landlords whose rows read are not those loaded, unchanged and rejected together."""
    counted = {str(ticket["landlord"]): rows(ticket) for ticket in tickets}
    return [who for who, n in counted.items() if n["read"] != n["loaded"] + n["unchanged"] + n["rejected"]]


def changes(steps: Tickets, packs_before: Mapping[str, Any]) -> list[str]:
    """What this run changed, in words; nothing where every step found all as it was."""
    loaded = sum(rows(ticket)["loaded"] for ticket in steps.get("intake", ()))
    moved = sum(int(t["findings"][word]) for t in steps.get("assessment", ()) for word in _MOVES)
    sent = sum(int(ticket["sent"]) for ticket in steps.get("alerts", ()))
    packs = sum(sums != packs_before.get(name) for name, sums in pack_sums(steps).items())
    counts = {"rows loaded": loaded, "findings moved": moved, "mails sent": sent, "packs built anew": packs}
    return [f"{number} {what}" for what, number in counts.items() if number]


_MOVES = ("opened", "resolved", "reopened")


def pack_sums(steps: Tickets) -> dict[str, Any]:
    """Checksums of the packs built, by landlord, quarter and name."""
    return {
        f"{ticket['landlord']} {ticket['quarter']} {pack['name']}": pack["sha256"]
        for ticket in steps.get("committee_packs", ())
        for pack in ticket["packs"]
    }


def _intake(tickets: Sequence[Mapping[str, Any]], _: Mapping[str, int]) -> list[str]:
    head = ["landlord", "rows read", "= loaded", "+ unchanged", "+ rejected", "files refused", "drop"]
    return _table(head, [[t["landlord"], *rows(t).values(), len(_refused(t)), t["status"]] for t in tickets])


def _refused(ticket: Mapping[str, Any]) -> list[Any]:
    return [file for file in ticket["files"] if file["refused"]]


def _assessment(tickets: Sequence[Mapping[str, Any]], rules: Mapping[str, int]) -> list[str]:
    head = [
        "landlord",
        "rules held",
        *(state.replace("_", " ") for state in STATES),
        "findings open",
        "new",
        "resolved",
    ]
    body = [
        [
            t["landlord"],
            rules.get(t["landlord"], 0),
            *(t["states"].get(state, 0) for state in STATES),
            *(t["findings"][word] for word in ("open", "opened", "resolved")),
        ]
        for t in tickets
    ]
    return _table(head, body)


def _alerts(tickets: Sequence[Mapping[str, Any]], _: Mapping[str, int]) -> list[str]:
    # Rejected rows handed back at intake leave with these, so more may be sent than was composed.
    words = {"composed": "alerts new", "sent": "mails sent", "refused": "refused", "waiting": "waiting"}
    return _table(["landlord", *words.values()], [[t["landlord"], *(t[word] for word in words)] for t in tickets])


def _packs(tickets: Sequence[Mapping[str, Any]], _: Mapping[str, int]) -> list[str]:
    names = [", ".join(str(pack["name"]) for pack in t["packs"]) or "none switched on" for t in tickets]
    return _table(
        ["landlord", "quarter", "packs"],
        [[t["landlord"], t["quarter"], name] for t, name in zip(tickets, names, strict=True)],
    )


def _table(head: Sequence[str], body: Sequence[Sequence[Any]]) -> list[str]:
    """Columns lined up; numbers to the right, with a total below them where there are several rows."""
    numeric = [bool(body) and all(isinstance(row[i], int) for row in body) for i in range(len(head))]
    sums = [sum(row[i] for row in body) if yes else "" for i, yes in enumerate(numeric)]
    total = [["all", *sums[1:]]] if any(numeric) and len(body) > 1 else []
    table = [[str(cell) for cell in row] for row in [head, *body, *total]]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    return ["  ".join(map(_fit, row, widths, numeric)).rstrip() for row in table]


def _fit(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)
