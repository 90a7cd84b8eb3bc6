"""What is known of one fetched drop: what lay there, what was copied, what took it in, and when that was acknowledged.

It lies beside the drop as `<digest>.json`. It holds names of files, and is its owner's alone. Which drops are taken in
the register knows better.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeptFile(_Kept):
    """One file of a drop in the inbox."""

    name: str
    size: int
    sha256: str


class ListedFile(_Kept):
    """One file as its place listed it when the drop was fetched."""

    name: str
    size: int
    changed_at: datetime
    stamp: str


class TakenIn(_Kept):
    """By which batch a drop was taken in; `sha256` is the batch's own digest, by which the register is asked."""

    batch_id: int
    sha256: str
    status: str
    counts: dict[str, int]
    at: datetime


class InboxRecord(_Kept):
    """What is known of one fetched drop.

    Attributes:
        drop: the digest of its files' names and bytes, and the name of its folder.
        fetched_at: when it was copied.
        is_settled: whether the same listing means the same content.
        mounted_on: what the place's folder was mounted on.
        taken: None while it is to be taken in.
        acknowledged_at: None while it is to be acknowledged.
    """

    drop: str
    fetched_at: datetime
    files: tuple[KeptFile, ...]
    listing: tuple[ListedFile, ...] = ()
    is_settled: bool = False
    mounted_on: str = ""
    taken: TakenIn | None = None
    acknowledged_at: datetime | None = None

    def count_bytes(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)
