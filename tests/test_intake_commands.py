"""What `intake` prints is true of what became of the drop, whatever that is."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from due_regard.commands import intake_commands
from due_regard.config.settings import Settings


def result(status: str, **counts: int) -> dict[str, Any]:
    names = ("read", "loaded", "unchanged", "rejected")
    file = {"file": "a.csv", "entity": "customers", "refused": None} | {name: counts.get(name, 0) for name in names}
    return {"landlord": "one", "batch_id": 1, "status": status, "files": [file], "not_known": [], "exit_code": 0}


REFUSED = result("refused") | {"quarantine": "/q", "rejections": "/r"}
REFUSED["files"][0] |= {"entity": None, "refused": "no_header"}


@pytest.mark.parametrize(
    ("found", "told", "untold"),
    [
        (result("loaded", read=3, loaded=3), ["one: loaded"], ["rejections", "look at", "refused files"]),
        (
            result("loaded", read=3, loaded=2, rejected=1) | {"rejections": "/r"},
            ["one: loaded", "rejections are in /r"],
            [],
        ),
        (result("loaded", read=3, loaded=3) | {"rejections": "/r"}, ["what to look at is in /r"], ["rejections are"]),
        (
            result("loaded", read=3, loaded=3) | {"not_known": [{"entity": "staff", "column": "role", "cells": 2}]},
            ["staff: 2 loaded with a word in role that is not known"],
            ["rejections"],
        ),
        (result("unchanged", read=3, unchanged=3), ["one: unchanged"], ["nothing was loaded"]),
        (result("unchanged", read=3, unchanged=2, rejected=1) | {"rejections": "/r"}, ["one: unchanged"], []),
        (
            result("unchanged", read=3, rejected=3) | {"rejections": "/r"},
            ["one: nothing was loaded"],
            ["one: unchanged"],
        ),
        (result("unchanged"), ["one: unchanged"], ["nothing was loaded"]),
        (REFUSED, ["one: refused", "what to look at is in /r", "refused files are in /q"], ["rejections are"]),
    ],
)
def test_every_sentence_fits_the_counts(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, Any], told: list[str], untold: list[str]
) -> None:
    monkeypatch.setattr(intake_commands, "take_in_drop", lambda *_, **__: found)
    args = Namespace(landlord="one", drop=Path("d"), source=None)
    lines = "\n".join(intake_commands.run_intake(args, Settings()).lines)
    assert all(sentence in lines for sentence in told)
    assert not any(sentence in lines for sentence in untold)
