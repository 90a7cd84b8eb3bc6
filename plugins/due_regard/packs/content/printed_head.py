"""The audit head that a pack prints, so that a copy in other hands proves what the register held."""

from __future__ import annotations

from due_regard.calendars.quarters import find_london_day
from due_regard.register.audit import BasisHead


def describe_basis_head(basis: BasisHead | None) -> tuple[str, ...]:
    """A sentence with the head of the newest load or decision, and what to do with it; none before the first."""
    if basis is None:
        return ()
    return (
        f"Audit head of the newest export or decision that this rests on ({find_london_day(basis.at):%-d %B %Y}): "
        f"{basis.head} (`due-regard audit verify --head` with it finds what was changed or removed since).",
    )


def describe_drops(provenance: tuple[tuple[str, str], ...], sentence: str) -> tuple[str, ...]:
    """`sentence` with the number of drops of what a pack prints of its provenance; none where it prints nothing."""
    drops = sum(name.startswith("Drop ") for name, _ in provenance)
    return (sentence.format(n=drops),) if provenance else ()
