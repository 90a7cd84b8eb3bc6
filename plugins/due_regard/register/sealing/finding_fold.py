"""Findings proved as the fold of their events: the events are sealed, so where a finding stands follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Any

from sqlalchemy import Connection, select

from due_regard.register.findings.held_decisions import TAKEN_BACK_BY, fold_decisions
from due_regard.register.findings.said_words import hash_said_words
from due_regard.register.schema.finding_tables import OPEN, RESOLVED, Finding, FindingEvent
from due_regard.register.schema.work_tables import WorkItem
from due_regard.register.sealing.finding_digests import IDENTITY, RUN_MADE, read_finding_digests
from due_regard.register.sealing.kept_seals import KeptSeals
from due_regard.register.sealing.row_faults import ProofFault, What
from due_regard.register.sealing.seal_rules import DECIDED

Event = Mapping[str, Any]

FOLDED = (
    *("status", "times_opened", "opened_on", "opened_at", "resolved_on", "resolved_at", "resolved_state"),
    *("resolved_file_id", *DECIDED),
)
"""Columns of a finding that its events alone decide."""

_HANDING = ("handed_over", TAKEN_BACK_BY["handed_over"])
_AT_ONCE = 10_000
_END = 2**63
"""Beyond every finding's id."""


def find_finding_faults(connection: Connection, kept: KeptSeals) -> Iterator[ProofFault]:
    """Findings that their events do not give, decisions that the audit's digests of them do not, work passed on."""
    for finding, events in _pair_with_events(_read_findings(connection), _read_events(connection)):
        if finding is None:
            why = f"its event {events[0]['id']} is there"
            yield ProofFault(events[0]["landlord"], "findings", f"finding {events[0]['finding_id']}", "missing", why)
        else:
            yield from (
                ProofFault(finding["landlord"], "findings", finding["register_ref"], *one)
                for one in _list_faults(finding, events)
            )
        yield from _check_words(events, kept)
    yield from _find_passed_on_faults(connection)


def _read_findings(connection: Connection) -> Iterator[dict[str, Any]]:
    """Every finding in order of its id, with `identity` and `whole`: its digests as it stands."""
    names = ("id", "landlord", "register_ref", *FOLDED)
    rows = select(*(getattr(Finding, name) for name in names)).order_by(Finding.id)
    found = connection.execute(rows, execution_options={"yield_per": _AT_ONCE}).mappings()
    identities, wholes = (read_finding_digests(connection, names) for names in (IDENTITY, RUN_MADE))
    for row, (_, identity), (_, whole) in zip(found, identities, wholes, strict=True):
        yield {**row, "identity": identity, "whole": whole}


def _read_events(connection: Connection) -> Iterator[Event]:
    rows = select(FindingEvent.__table__).order_by(FindingEvent.finding_id, FindingEvent.id)
    for row in connection.execute(rows, execution_options={"yield_per": _AT_ONCE}).mappings():
        yield dict(row)


def _pair_with_events(
    findings: Iterator[dict[str, Any]], events: Iterator[Event]
) -> Iterator[tuple[dict[str, Any] | None, list[Event]]]:
    """Each finding with its events, oldest first; None where events are of a finding that is not there."""
    groups = groupby(events, key=lambda row: row["finding_id"])
    number, own = next(groups, (_END, iter(())))
    for finding in chain(findings, [None]):
        wanted = _END if finding is None else finding["id"]
        while number < wanted:
            yield None, list(own)
            number, own = next(groups, (_END, iter(())))
        if finding is None:
            return
        if number == wanted:
            yield finding, list(own)
            number, own = next(groups, (_END, iter(())))
        else:
            yield finding, []


def _list_faults(finding: Mapping[str, Any], events: Sequence[Event]) -> Iterator[tuple[What, str]]:
    if not events:
        yield "put in", "it has no event"
        return
    expected = fold_events(events)
    wrong = [name for name, value in expected.items() if finding[name] != value]
    if wrong:
        yield "changed", f"its events say otherwise of {', '.join(wrong)}"
    digests = {row["event"]: row["finding_sha256"] for row in events}
    if digests.get("opened") not in {None, finding["identity"]}:
        yield "changed", "the event that opened it holds another digest of what it is about"
    if expected["status"] == RESOLVED and digests["resolved"] not in {None, finding["whole"]}:
        yield "changed", "the event that resolved it holds another digest"


def _check_words(events: Sequence[Event], kept: KeptSeals) -> Iterator[ProofFault]:
    for row in events:
        said = kept.said.get((row["landlord"], row["id"]))
        words = {name: row[name] for name in ("actor", "why", "until", "to_ref")}
        if said is not None and hash_said_words(row["nonce"] or "", **words) != said:
            why = "what was said is not that of which the audit holds a digest"
            yield ProofFault(row["landlord"], "finding_events", f"event {row['id']}", "changed", why)


def fold_events(events: Sequence[Event]) -> dict[str, Any]:
    """What `findings` says of one, by its events, oldest first: of `FOLDED` all that they tell."""
    turns = [row for row in events if row["event"] in {"opened", "reopened", "resolved"}]
    openings = [row for row in turns if row["event"] != "resolved"]
    last = openings[-1] if openings else None
    ended = turns[-1] if turns and turns[-1]["event"] == "resolved" else None
    return {
        "status": RESOLVED if ended else OPEN,
        "times_opened": len(openings),
        "opened_on": last and last["as_at"],
        "opened_at": last and last["at"],
        "resolved_on": ended and ended["as_at"],
        "resolved_at": ended and ended["at"],
        "resolved_state": ended and ended["state"],
        "resolved_file_id": ended and ended["file_id"],
        **_fold_decided(events),
    }


def _fold_decided(events: Sequence[Event]) -> dict[str, Any]:
    if all(row["run_id"] is not None for row in events):
        return dict.fromkeys(DECIDED)
    held = fold_decisions(events)
    silence, waiting, handed = held.get("silenced"), held.get("reported_done"), held.get("handed_over")
    dispute = held.get("disputed")
    handings = [row["at"] for row in events if row["event"] in _HANDING]
    found = {
        "silenced_until": silence and silence.until,
        "silenced_at": silence and silence.at,
        "awaiting_since": waiting and waiting.at,
        "handed_to": handed and handed.to_ref,
        "handed_at": handings[-1] if handings else None,
        "disputed_at": dispute and dispute.at,
    }
    files = {row["id"]: row["file_id"] for row in events}
    # Earlier revisions did not keep in the event which file was the newest then.
    if waiting is None or files[waiting.event_id] is not None:
        found["awaiting_file_id"] = waiting and files[waiting.event_id]
    return found


def _find_passed_on_faults(connection: Connection) -> Iterator[ProofFault]:
    """Work that is not whose the finding was handed to."""
    rows = (
        select(WorkItem.landlord, Finding.register_ref)
        .join(Finding, Finding.id == WorkItem.finding_id)
        .where(WorkItem.handed_to.is_distinct_from(Finding.handed_to))
    )
    for landlord, register_ref in connection.execute(rows):
        yield ProofFault(landlord, "work_items", register_ref, "changed", "its finding is handed to somebody else")
