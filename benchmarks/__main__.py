"""Run the benchmarks named on the command line, or all of them."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def known() -> list[str]:
    """Names of the benchmarks in this folder."""
    return sorted(file.stem for file in Path(__file__).parent.glob("*.py") if "_" not in file.stem)


def main(names: list[str]) -> int:
    """Run each named benchmark, or all; 2 for a name that is none."""
    unknown = sorted(set(names) - set(known()))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; known: {', '.join(known())}", file=sys.stderr)
        return 2
    for name in names or known():
        print(f"\n== {name}", flush=True)
        import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
