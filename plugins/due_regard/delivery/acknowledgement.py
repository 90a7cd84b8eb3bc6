"""What is said where an export lies, once it is loaded: nothing, its files moved into `taken/`, or a receipt.

Doing it again changes nothing, so what was cut off is simply done again. A file that was written anew since it was
listed is the next drop's and stays.
"""

from __future__ import annotations

import json

from due_regard.config.export_place import ExportPlace
from due_regard.delivery.export_sources import RECEIPTS, TAKEN, ExportSource, FoundFile
from due_regard.delivery.inbox_record import InboxRecord

_SHORT = 12
"""Signs of a digest that name a drop to people."""


def acknowledge_drop(source: ExportSource, place: ExportPlace, record: InboxRecord) -> None:
    """Say at the place of an export that it was loaded, as its settings ask.

    Raises:
        FetchError: it could not be said; nothing of it is said twice when it is tried again.
    """
    if place.acknowledge == "receipt":
        source.write_note(RECEIPTS, f"{record.drop}.json", write_receipt(record))
    elif place.acknowledge == "move":
        folder = f"{TAKEN}/{record.fetched_at:%Y%m%dT%H%M%S}-{record.drop[:_SHORT]}"
        for file in record.listing:
            source.move_file(FoundFile(file.name, file.size, file.changed_at, file.stamp), folder)


def write_receipt(record: InboxRecord) -> bytes:
    """The receipt of a drop that was taken in: its digest, its batch, when, and how many of its rows; never a name."""
    if record.taken is None:
        raise ValueError("a drop that was not taken in has no receipt")
    said = {"drop": record.drop, "batch": record.taken.batch_id, "status": record.taken.status}
    said |= {"taken_in_at": record.taken.at.isoformat(), "files": len(record.files), **record.taken.counts}
    return (json.dumps(said, indent=1) + "\n").encode()
