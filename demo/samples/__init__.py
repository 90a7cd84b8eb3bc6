"""Synthetic drops for the demo: seeded, plausible, with faults, and about nobody.

`samples.yaml` says what each landlord's drop is like; `people`, `conduct` and `restricting` invent the records,
`sample_cells` spoils a few, `shapes` writes them as that landlord's own source mapping reads them. Nothing here is used
by a real run.
"""

from demo.samples.write import write_samples

__all__ = ["write_samples"]
