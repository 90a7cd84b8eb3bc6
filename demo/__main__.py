"""`python -m demo [--out DIR] [--stay-up] [--stop] [--json]`: what `make demo`, `make up` and `make down` run."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from demo.run import run_demo, stop_demo
from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError


def main(words: Sequence[str] | None = None) -> int:
    """Run or stop a demo; returns 0, or 5 where it could not be done or a step failed."""
    args = _build_parser().parse_args(words)
    # Airflow writes its database, passwords and logs as its processes may; they inherit this.
    os.umask(0o077)
    try:
        result = _run_or_stop(args)
    except DueRegardError as reason:
        print(f"demo: {reason}", file=sys.stderr)
        result = {"error": str(reason), "ok": False}
    if args.json:
        print(json.dumps(result, indent=2, default=str))
    return 0 if result["ok"] else 5


def _run_or_stop(args: Namespace) -> dict[str, object]:
    def say(line: str) -> None:
        # Standard output belongs to the result under --json; a person reads standard error there.
        print(line, file=sys.stderr if args.json else sys.stdout, flush=True)

    if args.stop:
        return {"stopped": stop_demo(args.out, say=say), "ok": True}
    return run_demo(args.out, include=Settings().include_dir, stay_up=args.stay_up, say=say)


def _build_parser() -> ArgumentParser:
    parser = ArgumentParser(prog="demo", description="The whole flow on the sample drops, in a real Airflow.")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("var/demo"), help="where everything is written")
    parser.add_argument("--stay-up", action="store_true", help="leave Airflow running and print its address")
    parser.add_argument("--stop", action="store_true", help="stop an Airflow that --stay-up left running")
    parser.add_argument("--json", action="store_true", help="machine-readable results on standard output")
    return parser


if __name__ == "__main__":
    sys.exit(main())
