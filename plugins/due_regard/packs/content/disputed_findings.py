"""What a pack says of findings that somebody disputes: they count as they stand, and the reader is told so."""

from __future__ import annotations

import pandas as pd

_KEY = ["rule", "subject_ref", "occurrence"]


def describe_disputes(found: pd.DataFrame, references: pd.DataFrame, edition: str) -> tuple[str, ...]:
    """A sentence for the cover where any of the open duties is disputed; a publishable edition counts none.

    Args:
        found: the open duties at the quarter's end that everybody may hear of (`select_open_duties`).
        references: `packs/finding_references`.
        edition: confidential or publishable.
    """
    disputed = references.loc[references["is_disputed"], _KEY]
    count = len(found[_KEY].astype({"rule": "str", "subject_ref": "str"}).merge(disputed, on=_KEY))
    if not count:
        return ()
    said = (
        f"{count:,} of the {len(found):,} open findings" if edition == "confidential" else "Some of the open findings"
    )
    verb = "is" if count == 1 and edition == "confidential" else "are"
    return (f"{said} {verb} disputed. They count as they stand until governance has decided.",)
