"""What the register and the files of an installation on several machines say in the end, comparable with another's.

Numbers that the order of work gives (of batches, findings, runs, builds), instants, hashes over instants, and folders
are left out or named alike; so is what a killed process left half written (`.….part`). Nothing else is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from due_regard.delivery.inbox import Inbox
from due_regard.register import open_register, read_records, verify_audit
from tests.journeys.celery_machines import Machines, ask_engine
from tests.journeys.test_database_restart import read_words

_FINDING = "f.landlord || ' ' || f.rule || ' ' || f.subject_ref || ' ' || f.occurrence"
QUESTIONS = {
    "findings": f"SELECT {_FINDING}, status, state, due_on, days_overdue, severity, opened_on, times_seen, "
    "times_opened, resolved_on FROM findings AS f ORDER BY 1",
    "events": f"SELECT {_FINDING}, event, e.state, e.as_at, actor, until FROM finding_events AS e "
    "JOIN findings AS f ON f.id = e.finding_id ORDER BY 1, 2, 3, 4",
    "assessed": "SELECT landlord, as_at, rows, sha256, policy_version, moved, opened, seen, open_after "
    "FROM assessment_runs ORDER BY 1, 2",
    "mails": "SELECT landlord, kind, mail_on, recipient, mode, status, subject, body FROM alert_messages "
    "ORDER BY landlord, kind, recipient, subject",
    "told": f"SELECT {_FINDING}, occasion, stage, step, recipient, t.as_at FROM alert_told AS t "
    "JOIN findings AS f ON f.id = t.finding_id ORDER BY 1, 2, 3, 5",
    "packs": "SELECT landlord, pack, edition, quarter, version, CAST(figures AS text), CAST(published AS text) "
    "FROM packs ORDER BY landlord, pack, edition",
    "issues": "SELECT landlord, pack, quarter, how, issued_on FROM pack_issues ORDER BY 1, 2",
    "lives": "SELECT landlord, pack, quarter, version, event FROM pack_events ORDER BY 1, 2, 5",
    "batches": "SELECT landlord, status, rows_read, rows_loaded, rows_rejected, files_refused FROM batches "
    "WHERE status <> 'unchanged' ORDER BY 1, 2",
    "loaded": "SELECT landlord, entity, status, sum(rows_loaded) FROM batch_files WHERE rows_loaded > 0 "
    "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    "rejections": "SELECT f.landlord, f.entity, level, column_name, reason, rows, first_row FROM rejection_counts AS c "
    "JOIN batch_files AS f ON f.id = c.batch_file_id JOIN batches AS b ON b.id = f.batch_id "
    "WHERE b.status <> 'unchanged' ORDER BY 1, 2, 3, 4, 5, 6, 7",
    "runs": "SELECT landlord, dag_id, verb, outcome FROM runs ORDER BY 1, 2, 3",
}


def read_outcome(machines: Machines, landlords: tuple[str, ...]) -> dict[str, Any]:
    """Everything that is compared."""
    engine = create_engine(machines.register)
    try:
        found: dict[str, Any] = {what: ask_engine(engine, question) for what, question in QUESTIONS.items()}
        refs = dict(ask_engine(engine, f"SELECT register_ref, {_FINDING} FROM findings AS f"))
    finally:
        engine.dispose()
    found["mails"] = sorted(
        (*map(str, mail[:-2]), *(_name_alike(machines, refs, text) for text in _words_of(mail)))
        for mail in found["mails"]
    )
    found["files"] = sorted(_list_files(machines.shared / "files"))
    found["inbox"] = [drop for landlord in landlords for drop in _list_fetched_drops(machines, landlord)]
    found["places"] = machines.exports.list_names()
    return found | {"records": _read_records(machines, landlords)}


def _words_of(mail: tuple[Any, ...]) -> tuple[str, str]:
    return str(mail[-2]), read_words(str(mail[-1]))


def _name_alike(machines: Machines, refs: dict[str, str], text: str) -> str:
    text = re.sub(r"F-\d{6,}", lambda found: refs.get(found[0], found[0]), text)
    masked = rf"{re.escape(str(machines.folder))}|\b(batch|run) \d+|/\d+/|due-regard\.\w+@|\b[0-9a-f]{{32,64}}\b|:\d+:"
    return re.sub(rf"{masked}|\d\d:\d\d", "", " ".join(text.split()))


def _list_files(base: Path) -> list[str]:
    """Files for people by their place; hashes over what differs are left out, and pages numbered by batch."""
    found = (str(file.relative_to(base)) for file in base.rglob("*") if file.is_file() and not is_half_written(file))
    return [re.sub(r"[0-9a-f]{12,}|batch-\d+|due-regard\.\w+", "#", name) for name in found]


def is_half_written(file: Path) -> bool:
    """Whether a file is what a killed process left, or lies in a folder that is: nobody looks at it."""
    return any(part.startswith(".") and part.endswith(".part") for part in file.parts)


def _list_fetched_drops(machines: Machines, landlord: str) -> list[tuple[Any, ...]]:
    """Each drop of the inbox: its bytes, by their digests, and whether it was taken in and acknowledged."""
    inbox = Inbox(machines.shared / "files" / "inbox" / landlord)
    return [
        (landlord, each.drop, each.files, inbox.is_whole(each), bool(each.taken), bool(each.acknowledged_at))
        for each in inbox.list_records()
    ]


def _read_records(machines: Machines, landlords: tuple[str, ...]) -> dict[str, list[str]]:
    engine = open_register(machines.register)
    try:
        verify_audit(engine)
        return {
            f"{landlord} {entity}": sorted(map(str, frame.to_numpy().tolist()))
            for landlord in landlords
            for entity, frame in read_records(engine, landlord).items()
        }
    finally:
        engine.dispose()
