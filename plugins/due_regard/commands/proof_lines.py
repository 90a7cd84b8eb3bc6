"""What `audit verify --deep` says: each row that does not hold, what stands unproved, and what no digest can prove."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def describe_proof(result: dict[str, Any]) -> Iterator[str]:
    """The result of `verify_register` as lines, beside those of the chain: faults first, the sum last."""
    yield from (f"WRONG    {_name_place(one)}: {one['what']} ({one['why']})" for one in result["faults"])
    yield from (f"UNPROVED {_name_place(one)}: {one['why']}" for one in result["unproved"])
    yield from (f"beyond proof: {what}: {why}" for what, why in result["beyond_proof"].items())
    yield "proved: " + (", ".join(f"{number} {what}" for what, number in result["proved"].items()) or "nothing")
    if result["runs_left"]:
        yield f"not judged again: {result['runs_left']} older runs (--runs)"
    yield "everything that can be proved holds" if result["holds"] else f"{len(result['faults'])} faults"


def _name_place(one: dict[str, Any]) -> str:
    return " ".join(filter(None, (one["landlord"], one["table"], one["key"])))
