"""`python -m demo.samples [OUT]`: write the sample drops (make samples)."""

from __future__ import annotations

import sys
from pathlib import Path

from demo.samples import write_samples
from due_regard.config.settings import Settings


def main() -> None:
    """Write them where the demo reads them, or below the folder given."""
    include = Settings().include_dir
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else include / "samples"
    for folder in write_samples(include, out):
        sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()
