"""How the register names whoever decided: by the id that the sign-in gives, or as typed on the command line.

A page stores `fab:7`; the command line knows no sign-in and stores `cli:` with what was typed after `--by`.
"""

from __future__ import annotations

_TYPED = "cli:"


def make_typed_actor(name: str) -> str:
    """The id of whoever was named on the command line; blank where nobody was."""
    return f"{_TYPED}{name.strip()}" if name.strip() else ""


def format_actor(actor: str) -> str:
    """The id as a person reads it; events of earlier revisions hold what was typed alone."""
    return actor.removeprefix(_TYPED)
