"""The command line `due-regard` (contract: CLI): words in, lines or JSON out, an exit code that tells what happened.

Commands live in commands/; here is only what they share: options, printing, errors without a traceback.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import shtab
from pydantic import ValidationError

from due_regard import __version__
from due_regard.commands import (
    CommandResult,
    alert_commands,
    assessment_commands,
    finding_commands,
    intake_commands,
    listing_commands,
    mail_commands,
    metrics_commands,
    pack_commands,
    policy_commands,
    record_commands,
    register_commands,
)
from due_regard.commands.progress_line import show_progress
from due_regard.commands.termination import Terminated, heed_termination
from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError, SettingsError

_GROUPS = (
    intake_commands,
    assessment_commands,
    listing_commands,
    finding_commands,
    alert_commands,
    mail_commands,
    pack_commands,
    policy_commands,
    record_commands,
    register_commands,
    metrics_commands,
)
_EXIT_CODES = """exit codes: 0 done, nothing rejected; 2 wrong usage or settings; 3 done, some rows were rejected;
4 a file was refused (other files are loaded); 5 could not be done: what failed is named, and what was done before it or
for other landlords stays; 130 interrupted; 143 terminated"""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (contract: CLI, exit codes)."""
    left = "what was finished stays, and the rest may be run again"
    try:
        with heed_termination():
            return _run_command(list(sys.argv[1:] if words is None else words))
    except Terminated:
        return _report_failure(143, f"terminated; {left}", False)
    except KeyboardInterrupt:
        return _report_failure(130, f"interrupted; {left}", False)


def _run_command(words: list[str]) -> int:
    parser = build_parser()
    given, as_json, register = _split_global_options(join_dashed_values(parser, words))
    args = parser.parse_args(given)
    args.json = as_json
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("alembic", "great_expectations", "httpx", "matplotlib"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        with show_progress(sys.stderr):
            result: CommandResult = args.run(args, _load_settings(register))
    except DueRegardError as reason:
        return _report_failure(reason.exit_code, str(reason), as_json)
    except OSError as reason:
        # Only the folder: the name of a delivered file may hold a person's.
        place = Path(str(reason.filename)).parent if reason.filename else "a file or a connection"
        return _report_failure(5, f"{place} could not be used: {reason.strerror or type(reason).__name__}", as_json)
    _print_text(json.dumps(result.result, indent=2, default=str) if as_json else "\n".join(result.lines))
    return result.exit_code


def _load_settings(register: str | None) -> Settings:
    """The installation's settings, with the register that the call names.

    Raises:
        SettingsError: one is wrong; says which, never its value.
    """
    if register is not None and not register.strip():
        raise SettingsError("--register is given without a URL; leave it out to use the settings' own")
    try:
        return Settings() if register is None else Settings(register_url=register)
    except ValidationError as reason:
        said = "; ".join(_describe_wrong_setting(item) for item in reason.errors(include_input=False))
        raise SettingsError(f"settings are wrong: {said}") from None


def _describe_wrong_setting(item: Mapping[str, Any]) -> str:
    name, *entry = item["loc"] or ("",)
    which = f", entry {int(entry[0]) + 1}" if entry and isinstance(entry[0], int) else ""
    return f"DUE_REGARD_{str(name).upper()}{which}: {item['msg'].removeprefix('Value error, ')}"


def join_dashed_values(parser: argparse.ArgumentParser, words: Sequence[str]) -> list[str]:
    """`--head -:7:ab` as `--head=-:7:ab`: argparse would take a value that begins with a dash for an option."""
    actions = [action for each in list_parsers(parser) for action in each._actions]
    options = {option for action in actions for option in action.option_strings}
    taking = {
        option for action in actions for option in action.option_strings if action.nargs is None and option[:2] == "--"
    }
    joined: list[str] = []
    for word in words:
        is_value = word.startswith("-") and word.partition("=")[0] not in options
        if joined and joined[-1] in taking and is_value:
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


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
