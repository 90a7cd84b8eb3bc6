"""The command line `due-regard` (contract: CLI): words in, lines or JSON out, an exit code that tells what happened.

Commands live in commands/; here is only what they share: options, printing, errors without a traceback.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import shtab
from pydantic import ValidationError

from due_regard import __version__
from due_regard.commands import (
    CommandResult,
    alert_commands,
    assessment_commands,
    finding_commands,
    intake_commands,
    mail_commands,
    policy_commands,
    register_commands,
)
from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError

_GROUPS = (
    intake_commands,
    assessment_commands,
    finding_commands,
    alert_commands,
    mail_commands,
    policy_commands,
    register_commands,
)
_EXIT_CODES = """exit codes: 0 done, nothing rejected; 2 wrong usage or settings; 3 done, some rows were rejected;
4 a file was refused (other files are loaded); 5 could not be done (nothing changed)"""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (contract: CLI, exit codes)."""
    given, as_json, register = _split_global_options(list(sys.argv[1:] if words is None else words))
    args = build_parser().parse_args(given)
    args.json = as_json
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("alembic", "great_expectations", "httpx", "matplotlib"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        settings = Settings() if register is None else Settings(register_url=register)
        result: CommandResult = args.run(args, settings)
    except ValidationError as reason:
        fields = "; ".join(f"DUE_REGARD_{str(e['loc'][0]).upper()}: {e['msg']}" for e in reason.errors() if e["loc"])
        return _report_failure(2, f"settings are wrong: {fields}", as_json)
    except DueRegardError as reason:
        return _report_failure(reason.exit_code, str(reason), as_json)
    _print_text(json.dumps(result.result, indent=2, default=str) if as_json else "\n".join(result.lines))
    return result.exit_code


def _print_text(text: str) -> None:
    """Print, and end quietly where the reader (`| head`) has gone."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _split_global_options(words: list[str]) -> tuple[list[str], bool, str | None]:
    """`--json` and `--register URL` may stand anywhere, before or after the command."""
    shared = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    shared.add_argument("--json", action="store_true")
    shared.add_argument("--register")
    found, rest = shared.parse_known_args(words)
    return rest, found.json, found.register


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options, and what a shell may complete."""
    parser = argparse.ArgumentParser(
        prog="due-regard", description="Keep a landlord's register honest against its own policy.", epilog=_EXIT_CODES
    )
    parser.add_argument("--version", action="version", version=f"due-regard {__version__}")
    parser.add_argument("--json", action="store_true", help="machine-readable results on standard output")
    parser.add_argument("--register", metavar="URL", help="SQLAlchemy URL of the register; default from settings")
    shtab.add_argument_to(parser, help="print a script that completes commands and options in this shell")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, help="one of:")
    for group in _GROUPS:
        group.add_commands(commands)
    for command in list_parsers(parser):
        for action in command._actions:
            if action.type is Path:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    return parser


def list_parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """`parser` and those of all its commands, however deep."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from list_parsers(command)


def _report_failure(code: int, message: str, as_json: bool) -> int:
    print(f"due-regard: {message}", file=sys.stderr)
    if as_json:
        print(json.dumps({"error": message, "exit_code": code}))
    return code


if __name__ == "__main__":
    sys.exit(main())
