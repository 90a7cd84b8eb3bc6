"""What a demo prints: each step with its figures, what failed, whether anything changed.

Pure: results and outcomes in, lines out. Add a figure here when the result of a service carries it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from demo.api import TaskOutcome
from due_regard.records.canonical import STATES

Steps = Mapping[str, Sequence[Mapping[str, Any]]]
"""Step -> the results that its tasks returned, one a landlord."""


def select_results(outcomes: Iterable[TaskOutcome]) -> list[dict[str, Any]]:
    """The results of a step, one a landlord, each with the landlord it is about."""
    return [{"landlord": each.landlord, **each.result} for each in outcomes if each.result is not None]


def list_failures(outcomes: Iterable[TaskOutcome]) -> list[str]:
    """Names of the tasks that did not succeed, with their states."""
    return [f"{each.name}: {each.state}" for each in outcomes if each.state != "success"]


def describe_step(step: str, results: Sequence[Mapping[str, Any]], rules: Mapping[str, int]) -> list[str]:
    """The lines that say what one step did, for people."""
    return {
        "intake": _describe_intake,
        "assessment": _describe_assessment,
        "alerts": _describe_alerts,
        "committee_packs": _describe_packs,
    }[step](results, rules)


def count_rows(result: Mapping[str, Any]) -> dict[str, int]:
    """Rows read, loaded, unchanged and rejected over a drop's files."""
    return {word: sum(int(file[word]) for file in result["files"]) for word in ROWS}


ROWS = ("read", "loaded", "unchanged", "rejected")


def find_unbalanced(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Landlords whose rows read are not those loaded, unchanged and rejected together."""
    counted = {str(result["landlord"]): count_rows(result) for result in results}
    return [who for who, n in counted.items() if n["read"] != n["loaded"] + n["unchanged"] + n["rejected"]]


def describe_changes(steps: Steps, packs_before: Mapping[str, Any]) -> list[str]:
    """What this run changed, in words; nothing where every step found all as it was."""
    loaded = sum(count_rows(result)["loaded"] for result in steps.get("intake", ()))
    moved = sum(int(t["findings"][word]) for t in steps.get("assessment", ()) for word in _MOVES)
    sent = sum(int(result["sent"]) for result in steps.get("alerts", ()))
    packs = sum(sums != packs_before.get(name) for name, sums in list_pack_checksums(steps).items())
    counts = {"rows loaded": loaded, "findings moved": moved, "mails sent": sent, "packs built anew": packs}
    return [f"{number} {what}" for what, number in counts.items() if number]


_MOVES = ("opened", "resolved", "reopened")


def list_pack_checksums(steps: Steps) -> dict[str, Any]:
    """Checksums of the packs built, by landlord, quarter and name."""
    return {
        f"{result['landlord']} {result['quarter']} {pack['name']}": pack["sha256"]
        for result in steps.get("committee_packs", ())
        for pack in result["packs"]
    }


def _describe_intake(results: Sequence[Mapping[str, Any]], _: Mapping[str, int]) -> list[str]:
    head = ["landlord", "rows read", "= loaded", "+ unchanged", "+ rejected", "files refused", "drop"]
    return _format_table(
        head, [[t["landlord"], *count_rows(t).values(), len(_count_refused(t)), t["status"]] for t in results]
    )


def _count_refused(result: Mapping[str, Any]) -> list[Any]:
    return [file for file in result["files"] if file["refused"]]


def _describe_assessment(results: Sequence[Mapping[str, Any]], rules: Mapping[str, int]) -> list[str]:
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
        for t in results
    ]
    return _format_table(head, body)


def _describe_alerts(results: Sequence[Mapping[str, Any]], _: Mapping[str, int]) -> list[str]:
    # Rejected rows handed back at intake leave with these, so more may be sent than was composed.
    words = {"composed": "alerts new", "sent": "mails sent", "refused": "refused", "waiting": "waiting"}
    return _format_table(
        ["landlord", *words.values()], [[t["landlord"], *(t[word] for word in words)] for t in results]
    )


def _describe_packs(results: Sequence[Mapping[str, Any]], _: Mapping[str, int]) -> list[str]:
    names = [", ".join(map(_describe_pack, t["packs"])) or "none switched on" for t in results]
    return _format_table(
        ["landlord", "quarter", "packs"],
        [[t["landlord"], t["quarter"], name] for t, name in zip(results, names, strict=True)],
    )


def _describe_pack(pack: Mapping[str, Any]) -> str:
    """A pack and what became of it: some landlords ask a person to approve each, some have it mailed as it is built."""
    if pack.get("posted"):
        return f"{pack['name']} (mailed)"
    is_draft = pack.get("needs_approval", True) and pack.get("state") in {"draft", "commented"}
    is_waiting = pack.get("asked") or is_draft
    return f"{pack['name']} (to approve)" if is_waiting else str(pack["name"])


def _format_table(head: Sequence[str], body: Sequence[Sequence[Any]]) -> list[str]:
    """Columns lined up; numbers to the right, with a total below them where there are several rows."""
    numeric = [bool(body) and all(isinstance(row[i], int) for row in body) for i in range(len(head))]
    sums = [sum(row[i] for row in body) if yes else "" for i, yes in enumerate(numeric)]
    total = [["all", *sums[1:]]] if any(numeric) and len(body) > 1 else []
    table = [[str(cell) for cell in row] for row in [head, *body, *total]]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    return ["  ".join(map(_fit_cell, row, widths, numeric)).rstrip() for row in table]


def _fit_cell(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)
