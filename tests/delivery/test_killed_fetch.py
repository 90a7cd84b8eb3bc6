"""A fetch and a load killed anywhere: nothing lost, nothing twice, no half drop loaded, what was cut off is finished.

The process kills itself at its n-th act on a disk below the inbox or at the export's place (an audit hook counts them).
The long form kills at every act.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.places import EXPORT, NOW, FetchedLandlord, make_landlord, skip_great_expectations, write_export

ACTS = frozenset({"open", "os.rename", "os.mkdir", "os.remove", "os.utime", "os.rmdir", "shutil.rmtree"})
SHORT = 5
"""Kills of the short form, evenly over all acts."""


def act_until(landlord: FetchedLandlord, places: tuple[str, ...], last: int | None) -> int:
    """Fetch and take in, in a process of its own that kills itself before its `last` act; how many it made."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            _count_acts(places, last, lambda number: os.write(writing, bytes([number & 255])))
            landlord.fetch()
            landlord.take_in()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        number = len(said.read())
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) == (last is not None), "it was killed, or ran to its end"
    return number


def _count_acts(places: tuple[str, ...], last: int | None, tell: Callable[[int], Any]) -> None:
    number = 0

    def heed(event: str, args: tuple[Any, ...]) -> None:
        nonlocal number
        if event not in ACTS or not args or not str(args[0]).startswith(places):
            return
        if event == "open" and not args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        number += 1
        tell(number)
        if number == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(heed)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("acknowledge", ["move", "receipt"])
def test_killed_anywhere_nothing_is_lost_and_nothing_done_twice(
    tmp_path: Path, acknowledge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_great_expectations(monkeypatch)
    whole = _prepare(tmp_path / "whole", acknowledge)
    acts = act_until(*whole, None)
    assert acts > 3 * len(EXPORT)
    _check_end(whole[0], tmp_path / "whole", acknowledge, 1)
    every = os.environ.get("DUE_REGARD_LONG_TESTS")
    points = range(1, acts + 1) if every else sorted({1 + at * (acts - 1) // (SHORT - 1) for at in range(SHORT)})
    for point in points:
        place = tmp_path / f"killed{point}"
        landlord, places = _prepare(place, acknowledge)
        act_until(landlord, places, point)
        _check_between(landlord, place)
        landlord.fetch(NOW + timedelta(minutes=10))
        landlord.take_in(NOW + timedelta(minutes=20))
        _check_end(landlord, place, acknowledge, 2)


def _prepare(place: Path, acknowledge: str) -> tuple[FetchedLandlord, tuple[str, ...]]:
    export = write_export(place / "export")
    fetch = {"kind": "folder", "path": str(export), "acknowledge": acknowledge}
    landlord = make_landlord(place, fetch)
    return landlord, (str(export), str(landlord.inbox))


def _check_between(landlord: FetchedLandlord, place: Path) -> None:
    """A drop that counts is whole; what is not loaded still lies where it came from."""
    for drop in landlord.list_drops():
        assert {file.name: file.read_text(encoding="utf-8") for file in (landlord.inbox / drop).iterdir()} == EXPORT
    left = {file.name for file in (place / "export").iterdir() if file.is_file()}
    is_loaded = (place / "var" / "register.db").exists() and landlord.list_statuses()[:1] == ["loaded"]
    assert is_loaded or left == set(EXPORT)


def _check_end(landlord: FetchedLandlord, place: Path, acknowledge: str, most: int) -> None:
    """As an undisturbed run leaves it; a drop whose loading was not noted was found unchanged."""
    assert landlord.list_statuses() in (["loaded"], ["loaded", "unchanged"][:most])
    assert landlord.count_records() == 2
    assert len(landlord.list_drops()) == 1
    names = {file.name for file in (place / "export").iterdir()}
    if acknowledge == "move":
        (taken,) = (place / "export" / "taken").iterdir()
        assert names == {"taken"} and {file.name for file in taken.iterdir()} == set(EXPORT)
    else:
        assert names == {*EXPORT, "receipts"} and len(list((place / "export" / "receipts").iterdir())) == 1
    assert landlord.fetch(NOW + timedelta(days=1))["status"] == "nothing_new"
    assert landlord.take_in(NOW + timedelta(days=1))["status"] == "nothing_new"
    late = NOW + timedelta(days=4000)
    landlord.take_in(late)
    assert {entry.name for entry in landlord.inbox.iterdir()} == {
        name for drop in landlord.list_drops() for name in (drop, f"{drop}.json")
    }
