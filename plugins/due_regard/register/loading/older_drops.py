"""Whether a drop is an older one sent again: all its files were taken in before, and others of its source since.

Decided by the digest of each file, so that a part of an older drop, or one whose files were renamed, is known too. A
drop with one new file is a newer export, whatever its other files say: a mistake put right gives the old bytes again.
What becomes of an older drop is load.py's and held_drops.py's.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, func, select

from due_regard.errors import OlderDrop
from due_regard.records.validated_drop import AcceptedFile, ValidatedDrop
from due_regard.register.schema.drop_tables import Batch, BatchFile


def find_newer_drop(connection: Connection, validated: ValidatedDrop) -> OlderDrop | None:
    """What says that a drop was taken in before and newer ones since, and which; None where it is not so.

    Ask before the drop's own files are on record. Whether it would undo anything is not asked here.
    """
    shas = {part.sha256 for part in validated.files}
    seen = (
        select(BatchFile.entity, BatchFile.sha256, BatchFile.batch_id)
        .where(*_list_own_terms(validated), BatchFile.sha256.in_(shas))
        .order_by(BatchFile.batch_id)
    )
    known = {(row.entity, row.sha256): int(row.batch_id) for row in connection.execute(seen)}
    if not validated.files or any((part.entity, part.sha256) not in known for part in validated.files):
        return None
    overtaken = list(_list_overtaken(connection, validated, known))
    if not overtaken:
        return None
    before, newer = map(max, zip(*overtaken, strict=True))
    came = connection.scalar(select(Batch.received_at).where(Batch.id == newer))
    return OlderDrop(
        newer,
        f"every file of this drop was taken in before, last with batch {before}, and others came since with batch "
        f"{newer} ({came:%Y-%m-%d %H:%M} UTC), which it would undo",
    )


def _list_own_terms(validated: ValidatedDrop) -> list[ColumnElement[bool]]:
    """That a file is one of the source's that was not refused."""
    batches = select(Batch.id).where(Batch.landlord == validated.landlord, Batch.source == validated.source)
    return [
        BatchFile.landlord == validated.landlord,
        BatchFile.status != "refused",
        BatchFile.batch_id.in_(batches),
    ]


def _list_overtaken(
    connection: Connection, validated: ValidatedDrop, known: dict[tuple[str, str], int]
) -> Iterator[tuple[int, int]]:
    """Of each file that the newest batch of its entity does not have: its own last batch, and that one."""
    for part in validated.files:
        newest, own = _find_newest_batch(connection, validated, part), known[part.entity, part.sha256]
        if newest is not None and newest > own:
            yield own, newest


def _find_newest_batch(connection: Connection, validated: ValidatedDrop, part: AcceptedFile) -> int | None:
    """The newest batch that brought the entity; mended rows are none that makes a snapshot older."""
    terms = [*_list_own_terms(validated), BatchFile.entity == part.entity]
    if part.delivery == "snapshot":
        terms.append(BatchFile.delivery == "snapshot")
    return connection.scalar(select(func.max(BatchFile.batch_id)).where(*terms))
