"""A landlord whose export is fetched: its settings, a small export in canonical form, and the verbs on it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from due_regard import register
from due_regard.config.connections import WrittenConnection, read_connection
from due_regard.config.settings import Settings
from due_regard.intake.completeness import find_rows_before
from due_regard.intake.drop_reading import read_drop
from due_regard.services import take_in_drop
from due_regard.services.fetch_drop import fetch_drop
from due_regard.services.landlord_files import write_landlord_template
from due_regard.services.result import Result
from due_regard.services.take_in_delivery import take_in_delivery

if TYPE_CHECKING:
    from tests.delivery.servers import Remote

L = "example_homes"
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
OLD = NOW - timedelta(hours=2)
CELL, NAME = "Canary", "budgerigar"
"""A name in a cell, and one in a file's name: neither may stand in a log, a result or an audit."""

STAFF = "staff.csv"
EXPORT = {
    STAFF: "staff_ref,role,email,is_active\nS1,head_of_service,s1@landlord.example,yes\n",
    "customers.csv": f"customer_ref,customer_type,receives_support_service\nC1,tenant,yes\nC2,tenant,{CELL}\n",
    f"{NAME}.csv": f"{CELL}\n",
}


@dataclass
class FetchedLandlord:
    """One landlord whose settings say where to fetch, and what finds its connections."""

    settings: Settings
    connections: dict[str, Any]

    def fetch(self, now: datetime = NOW) -> Result:
        return fetch_drop(self.settings, L, find_connection=self.find_connection, now=now)

    def take_in(self, now: datetime = NOW) -> Result:
        return take_in_delivery(self.settings, L, find_connection=self.find_connection, now=now)

    def find_connection(self, name: str) -> Any:
        return self.connections[name] if self.connections else read_connection(name)

    @property
    def inbox(self) -> Any:
        """A folder of this disk, or a place on object storage."""
        return self.settings.inbox / L

    def list_drops(self) -> list[str]:
        """Digests of the whole drops in the inbox."""
        there = self.inbox.iterdir() if self.inbox.is_dir() else ()
        return sorted(entry.stem for entry in there if entry.suffix == ".json")

    def read_drop(self, drop: str) -> dict[str, str]:
        """The files of a drop in the inbox, and what they say."""
        return {file.name: file.read_text(encoding="utf-8") for file in (self.inbox / drop).iterdir()}

    def list_statuses(self) -> list[str]:
        """Status of every batch in the register, in order."""
        engine = register.open_register(self.settings.register(L))
        rows = register.list_drops(engine, L)
        engine.dispose()
        return list(rows.sort_values("id")["status"])

    def count_records(self, entity: str = "customers") -> int:
        engine = register.open_register(self.settings.register(L))
        records = register.read_records(engine, L)
        engine.dispose()
        return len(records[entity])


def make_landlord(
    tmp_path: Path, fetch: Mapping[str, Any] | None, connections: Mapping[str, Any] | None = None, **settings: Any
) -> FetchedLandlord:
    """A landlord in a folder of its own files, with this `fetch`."""
    own = tmp_path / "own"
    (own / "landlords").mkdir(parents=True, exist_ok=True)
    made = Settings(var_dir=tmp_path / "var", own_dir=own, landlords=(L,), _env_file=None, **settings)
    file = own / "landlords" / f"{L}.yaml"
    if not file.exists():
        write_landlord_template(made, L)
        policies = own / "policies" / L
        policies.mkdir(parents=True)
        shipped = sorted((made.include_dir / "policies" / "hanover").glob("*.yaml"))
        for policy in shipped:
            text = policy.read_text(encoding="utf-8").replace("landlord: hanover", f"landlord: {L}")
            (policies / policy.name).write_text(text, encoding="utf-8")
    said = yaml.safe_load(file.read_text(encoding="utf-8")) | ({"fetch": dict(fetch)} if fetch else {})
    file.write_text(yaml.safe_dump(said), encoding="utf-8")
    return FetchedLandlord(made, dict(connections or {}))


def make_fetched(tmp_path: Path, remote: Remote, acknowledge: str = "leave", **fetch: str) -> FetchedLandlord:
    """A landlord whose export lies in a place of a server."""
    said = remote.fetch | {"connection": "export", "acknowledge": acknowledge} | fetch
    return make_landlord(tmp_path, said, {"export": remote.connection})


def connect(conn_type: str, **parts: Any) -> WrittenConnection:
    return WrittenConnection(conn_type, **parts)


def write_export(folder: Path, files: Mapping[str, str] = EXPORT, at: datetime = OLD) -> Path:
    """Lay an export into a folder, last written at `at`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
        os.utime(folder / name, (at.timestamp(), at.timestamp()))
    return folder


def skip_great_expectations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Great Expectations says the same as our own checks, in seconds (tests/intake)."""

    def validate(engine: Any, settings: Settings, landlord: str, folder: Any, mapping: Any, now: datetime) -> Any:
        known = partial(register.read_known_refs, engine, landlord)

        def before(entity: str) -> int | None:
            return find_rows_before(register.list_record_counts(engine, landlord, entity), mapping.max_shrink)

        return read_drop(
            folder, landlord, mapping, on=now.date(), known=known, previous_rows=before, great_expectations=False
        )

    monkeypatch.setattr(take_in_drop, "validate_drop", validate)
    monkeypatch.setattr("due_regard.intake.data_docs.publish_data_docs", lambda *_, **__: None)


@contextmanager
def keeping_secrets(caplog: pytest.LogCaptureFixture, *secrets: str) -> Iterator[list[str]]:
    """Collects what was said inside, and finds no secret, cell or file name in it or in the log."""
    said: list[str] = []
    with caplog.at_level(0):
        yield said
    text = "\n".join([*said, caplog.text])
    assert [word for word in (CELL, NAME, *secrets) if word in text] == []
