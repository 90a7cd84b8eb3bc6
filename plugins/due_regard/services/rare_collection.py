"""Have Python look for circles among objects less often, while a large landlord's work makes millions that have none.

At Python's own setting a tenth of the time of alerts, packs and assessments goes into looking in vain
(`python -m benchmarks.landlord`); what no circle holds is freed at once either way.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NEW_OBJECTS = 100_000
"""Objects made, less those freed, before Python looks among them; its own setting is 700."""


@contextmanager
def collect_rarely() -> Iterator[None]:
    """Raise the threshold until the end; it never lowers one that somebody set higher."""
    first, *others = gc.get_threshold()
    gc.set_threshold(max(first, _NEW_OBJECTS), *others)
    try:
        yield
    finally:
        gc.set_threshold(first, *others)
