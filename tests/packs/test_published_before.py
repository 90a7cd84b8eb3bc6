"""What publishable editions showed and hid is kept with them, and read for the next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from due_regard.packs.content.crossed_records import MARK
from due_regard.packs.content.snapshots import take_snapshots
from due_regard.packs.life.published_before import read_published_before
from due_regard.packs.measures import QuarterSnapshot
from due_regard.records.canonical import Records
from due_regard.register import reading, upgrade_register
from due_regard.register.schema import revisions
from tests.packs.known import QUARTER
from tests.packs.registers import NAME, build


@pytest.mark.usefixtures("publish_the_least")
def test_an_edition_keeps_what_it_showed_and_hid(loaded: Engine, tmp_path: Path, small: dict[str, Any]) -> None:
    first = build(loaded, tmp_path, edition="publishable", **small)
    with reading(loaded, NAME) as conn:
        before = read_published_before(conn, NAME)
    assert before.shown
    assert not [name for name, value in before.shown.items() if 0 < value < 5]
    assert {name.split("/")[0] for name in before.shown} == {"restrictions", "appeals"}
    # What another pack would show is hidden beforehand.
    assert {"restrictions", "lacking", "incidents"} <= {name.split("/")[0] for name in before.hidden}
    again = build(loaded, tmp_path, edition="publishable", **small)
    assert (again.status, again.sha256) == ("unchanged", first.sha256)


@pytest.mark.usefixtures("publish_the_least")
def test_a_packs_own_quarters_are_judged_once_and_those_of_the_made_up_customers(
    loaded: Engine, tmp_path: Path, small: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[str, bool]] = []
    reported: dict[str, set[int]] = {}

    def take_noted(records: Records, *args: Any, **more: Any) -> tuple[QuarterSnapshot, ...]:
        found = take_snapshots(records, *args, **more)
        taken.append((str(found[0].quarter), bool(records["customers"]["customer_ref"].str.contains(MARK).any())))
        if not taken[-1][1]:
            known = sum(int(frame.notna().sum().sum()) for frame in found[0].records.values())
            reported.setdefault(taken[-1][0], set()).add(known)
        return found

    for module in ("build", "known_state"):
        monkeypatch.setattr(f"due_regard.packs.{module}.take_snapshots", take_noted)
    build(loaded, tmp_path, edition="publishable", **small)
    assert taken == [("2026-Q2", False), ("2026-Q2", True)]
    taken.clear()
    build(loaded, tmp_path, edition="publishable", quarter=QUARTER.shift(-1), **small)
    assert taken == [("2026-Q1", False), ("2026-Q2", False), ("2026-Q2", True)]  # with the quarter already published
    assert len(reported["2026-Q2"]) == 1  # which is what it was, though the pack's own quarter ends before it


def test_a_confidential_edition_publishes_nothing(loaded: Engine, tmp_path: Path, small: dict[str, Any]) -> None:
    build(loaded, tmp_path, **small)
    with reading(loaded, NAME) as conn:
        before = read_published_before(conn, NAME)
    assert not before.shown
    assert not before.hidden


def test_a_pack_from_before_upgrades_without_a_word_of_what_it_showed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        revisions.upgrade_schema(connection, "0004_access")
        connection.exec_driver_sql(
            "INSERT INTO packs (landlord, pack, quarter, edition, built_at, sha256, files, ingredients, figures) "
            f"VALUES ('{NAME}', 'small', '2026-Q1', 'publishable', '2026-04-05 07:00:00.000000', 'ab', '{{}}', '{{}}', "
            "'{\"appeals/decided/2026-Q1\": [3.0, null]}')"
        )
    engine.dispose()
    engine = upgrade_register(url)
    with reading(engine, NAME) as conn:
        before = read_published_before(conn, NAME)
        kept = conn.exec_driver_sql("SELECT figures, published FROM packs").one()
    assert "appeals/decided/2026-Q1" in kept.figures
    assert kept.published is None
    assert (dict(before.shown), before.hidden) == ({}, frozenset())
