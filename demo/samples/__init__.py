"""Synthetic drops for the demo: seeded, believable, dirty, and nobody's.

`samples.yaml` says what each landlord's drop is like; `people`, `conduct` and `restricting` invent the records, `dirt`
spoils a few, `shapes` writes them as that landlord's own source mapping reads them. Nothing here is used by a real run.
"""

from demo.samples.write import write_samples

__all__ = ["write_samples"]
