"""How a run moves findings: by whole columns and statements, whatever their number.

A run opens what is newly due or in breach, sees again what still is, escalates what became overdue, resolves what no
longer is (as "withdrawn" where the record it is about was), and reopens what came back; never deletes. Recording the
run itself is assessment_runs.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd
import pyarrow as pa
from pandas.api.types import is_datetime64_any_dtype
from sqlalchemy import Connection, TableClause, and_, case, column, func, select, table, text, update

from due_regard.records.canonical import ENTITIES, ENTITY, ENTITY_OF_SUBJECT, Entity, find_open_rows
from due_regard.register.findings.coming_duties import replace_coming_duties
from due_regard.register.findings.finding_references import format_register_ref
from due_regard.register.loading import bulk
from due_regard.register.loading.encoding import make_arrow_column
from due_regard.register.schema.column_types import Ref
from due_regard.register.schema.drop_tables import Base
from due_regard.register.schema.finding_tables import OPEN, RESOLVED, Finding, FindingEvent
from due_regard.register.schema.record_tables import RECORD_TABLES
from due_regard.register.sealing.finding_digests import IDENTITY, RUN_MADE, hash_identities, read_finding_digests
from due_regard.register.withdrawn_records import WITHDRAWN, list_withdrawn_refs

FINDINGS = Base.metadata.tables[Finding.__tablename__]
EVENTS = Base.metadata.tables[FindingEvent.__tablename__]

KEY = ["rule", "subject_type", "subject_ref", "occurrence"]
"""What makes a finding of one landlord the same finding in the next run."""

STAND = ["state", "due_on", "done_on", "days_overdue", "severity", "clause", "owner_role", "policy_version"]
"""What an assessment says about a finding and the next may say otherwise."""


@dataclass(frozen=True)
class FindingTransition:
    """One run that moves the landlord's findings."""

    connection: Connection
    landlord: str
    run_id: int
    as_at: date
    now: datetime
    policy_version: str
    last_file: int | None

    def move_findings(self, assessments: pd.DataFrame) -> dict[str, int]:
        """Move every finding to what `assessments` says; how many went which way."""
        rows = assessments.assign(policy_version=list_policy_versions(assessments, self.policy_version))
        replace_coming_duties(self.connection, self.landlord, rows)
        is_open = find_open_rows(rows)
        known = self._read_known()
        now_open = rows.loc[is_open, [*KEY, *STAND]].merge(known, on=KEY, how="left", suffixes=("", "_before"))
        is_new, was_open = now_open["id"].isna(), now_open["status"] == OPEN
        escalated = was_open & (now_open["state_before"] == "due_soon") & (now_open["state"] == "overdue")
        fresh, back = self._open_findings(now_open[is_new]), now_open[~is_new & ~was_open]
        self._update_known(now_open[~is_new])
        self._write_events("opened", fresh, fresh["state"], finding_sha256=self._hash_identities(fresh))
        for event, moved in (("escalated", now_open[escalated]), ("reopened", back)):
            self._write_events(event, moved, moved["state"])
        self._end_unconfirmed_waits()
        gone = self._resolve_gone(known[known["status"] == OPEN], rows[~is_open], now_open)
        return {
            "opened": len(fresh),
            "seen": int(was_open.sum()),
            "escalated": int(escalated.sum()),
            "resolved": gone,
            "reopened": len(back),
        }

    def _read_known(self) -> pd.DataFrame:
        """Every finding the landlord ever had: its key, id, status and last state."""
        names = ["id", *KEY, "status", "state"]
        statement = f"SELECT {', '.join(names)} FROM findings WHERE landlord = :landlord"  # noqa: S608 - our names
        found = bulk.fetch_columns(self.connection, statement, {"landlord": self.landlord}, names).to_pandas()
        kinds = {"id": "Int64", "occurrence": "int64"}
        return pd.DataFrame(found.assign(**{name: pd.to_numeric(found[name]) for name in kinds})).astype(kinds)

    def _open_findings(self, rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows.sort_values(KEY, ignore_index=True)
        numbers = self._draw_numbers(len(rows))
        rows = rows.assign(id=numbers, register_ref=[format_register_ref(number) for number in numbers])
        said = {
            "landlord": self.landlord,
            "status": OPEN,
            "opened_at": self.now,
            "opened_on": self.as_at,
            "first_seen_as_at": self.as_at,
            "last_as_at": self.as_at,
            "last_run_id": self.run_id,
            "times_seen": 1,
            "times_opened": 1,
        }
        if len(rows):
            columns = bulk.list_frame_columns(rows[["id", "register_ref", *KEY, *STAND]])
            bulk.insert_rows(self.connection, FINDINGS, columns, said)
        return rows

    def _draw_numbers(self, count: int) -> list[int]:
        """The next numbers of the register's findings: they count, and say nothing about anyone."""
        if self.connection.dialect.name == "postgresql":
            series = text("SELECT nextval('finding_numbers') FROM generate_series(1, :count)")
            return [int(number) for number in self.connection.scalars(series, {"count": count})]
        last = int(self.connection.scalar(select(func.coalesce(func.max(Finding.id), 0))) or 0)
        return list(range(last + 1, last + 1 + count))

    def _update_known(self, rows: pd.DataFrame) -> None:
        """Bring known findings to what the run says, opening those that were resolved."""
        if rows.empty:
            return
        staged = self._stage_rows("seen_findings", rows[["id", *STAND]])
        was_resolved = Finding.status == RESOLVED
        self.connection.execute(
            update(Finding)
            .where(Finding.id == staged.c.id)
            .values(
                {name: staged.c[name] for name in STAND}
                | {
                    "status": OPEN,
                    "last_as_at": self.as_at,
                    "last_run_id": self.run_id,
                    "times_seen": Finding.times_seen + 1,
                    "times_opened": Finding.times_opened + case((was_resolved, 1), else_=0),
                    "opened_on": case((was_resolved, self.as_at), else_=Finding.opened_on),
                    "opened_at": case((was_resolved, self.now), else_=Finding.opened_at),
                    "resolved_on": None,
                    "resolved_at": None,
                    "resolved_state": None,
                    "resolved_file_id": None,
                }
            )
        )

    def _stage_rows(self, name: str, rows: pd.DataFrame) -> TableClause:
        bulk.stage_rows(self.connection, name, FINDINGS, bulk.list_frame_columns(rows))
        return table(name, *(column(str(n), FINDINGS.c[str(n)].type) for n in rows.columns))

    def _resolve_gone(self, open_before: pd.DataFrame, not_open: pd.DataFrame, now_open: pd.DataFrame) -> int:
        """Resolve the open findings that the run does not list as open, by what it says of them instead."""
        gone = open_before[~open_before["id"].isin(now_open["id"])].drop(columns="state")
        if gone.empty:
            return 0
        gone = gone.merge(not_open[[*KEY, "state", "done_on"]], on=KEY, how="left")
        is_withdrawn = gone["state"].isna() & self._find_withdrawn(gone)
        gone["resolved_state"] = gone["state"].fillna("gone").mask(is_withdrawn, WITHDRAWN)
        settling = find_settling_files(self.connection, self.landlord, gone)
        # No file settled what a person withdrew.
        gone["resolved_file_id"] = settling.mask(is_withdrawn)
        staged = self._stage_rows("gone_findings", gone[["id", "resolved_state", "done_on", "resolved_file_id"]])
        self.connection.execute(
            update(Finding)
            .where(Finding.id == staged.c.id)
            .values(
                status=RESOLVED,
                resolved_on=self.as_at,
                resolved_at=self.now,
                resolved_state=staged.c.resolved_state,
                resolved_file_id=staged.c.resolved_file_id,
                done_on=staged.c.done_on,
                awaiting_since=None,
                awaiting_file_id=None,
                disputed_at=None,
                silenced_until=None,
                silenced_at=None,
            )
        )
        digests = dict(read_finding_digests(self.connection, RUN_MADE, Finding.id.in_(select(staged.c.id))))
        said = {
            "file_id": make_arrow_column(gone["resolved_file_id"]),
            "finding_sha256": pa.array([digests[str(number)] for number in gone["id"]], pa.string()),
        }
        self._write_events("resolved", gone, gone["resolved_state"], **said)
        return len(gone)

    def _find_withdrawn(self, findings: pd.DataFrame) -> pd.Series:
        """Which findings are about a record that is withdrawn."""
        held = {(ENTITY[entity].subject, ref) for entity, ref in list_withdrawn_refs(self.connection, self.landlord)}
        subjects = zip(findings["subject_type"], findings["subject_ref"], strict=True)
        return pd.Series([subject in held for subject in subjects], index=findings.index, dtype="bool")

    def _hash_identities(self, rows: pd.DataFrame) -> pa.Array:
        columns = bulk.list_frame_columns(rows[[name for name in IDENTITY if name != "landlord"]])
        return hash_identities(columns, self.landlord)

    def _end_unconfirmed_waits(self) -> None:
        """End the wait for findings reported done that a later drop still shows open."""
        is_waiting = and_(
            Finding.landlord == self.landlord,
            Finding.last_run_id == self.run_id,
            Finding.awaiting_file_id < (self.last_file or 0),
        )
        waiting = self.connection.execute(select(Finding.id, Finding.state).where(is_waiting)).all()
        rows = pd.DataFrame(waiting, columns=["id", "state"])
        if len(rows):
            ended = update(Finding).where(is_waiting).values(awaiting_since=None, awaiting_file_id=None)
            self.connection.execute(ended)
            self._write_events("not_confirmed", rows, rows["state"])

    def _write_events(self, event: str, rows: pd.DataFrame, state: pd.Series, **more: pa.Array) -> None:
        if rows.empty:
            return
        columns = {"finding_id": make_arrow_column(rows["id"]), "state": make_arrow_column(state)} | more
        said = {"landlord": self.landlord, "run_id": self.run_id, "at": self.now, "as_at": self.as_at, "event": event}
        bulk.insert_rows(self.connection, EVENTS, columns, said)


def list_policy_versions(assessments: pd.DataFrame, policy_version: str) -> pd.Series:
    """The policy version of each row as text, whether the assessment says it a row or not."""
    if "policy_version" not in assessments:
        return pd.Series(policy_version, index=assessments.index, dtype="str")
    given = assessments["policy_version"]
    return given.dt.strftime("%Y-%m-%d").astype("str") if is_datetime64_any_dtype(given) else given


def find_settling_files(connection: Connection, landlord: str, findings: pd.DataFrame) -> pd.Series:
    """The newest file that brought a version of each finding's subject, or of a record linked to it."""
    newest = pd.Series(pd.NA, index=findings.index, dtype="Int64")
    for subject, rows in findings.groupby("subject_type"):
        if entity := ENTITY_OF_SUBJECT.get(str(subject)):
            files = _find_newest_files(connection, landlord, entity, rows["subject_ref"])
            newest.loc[rows.index] = rows["subject_ref"].map(files).astype("Int64")
    return newest


def _find_newest_files(connection: Connection, landlord: str, entity: Entity, refs: pd.Series) -> dict[str, int]:
    wanted = {"subject_ref": make_arrow_column(refs.drop_duplicates())}
    bulk.stage_rows(connection, "gone_subjects", FINDINGS, wanted)
    # Not a join: of two tables without statistics SQLite would walk the second for each row of the first.
    gone = select(column("subject_ref", Ref)).select_from(table("gone_subjects"))
    carriers = [(entity.name, entity.key)]
    carriers += [(other.name, name) for other in ENTITIES for name, to in other.links if to == entity.name]
    files: dict[str, int] = {}
    for name, link in carriers:
        own = RECORD_TABLES[name]
        newest = (
            select(own.c[link], func.max(own.c.batch_file_id))
            .where(own.c.landlord == landlord, own.c[link].in_(gone))
            .group_by(own.c[link])
        )
        for ref, file_id in connection.execute(newest):
            files[ref] = max(files.get(ref, 0), file_id)
    return files
