"""The command line's verbs (contract: CLI), one module a subject; each calls a service and prints.

A command returns a `CommandResult`; only __main__ prints it, and only an exception of errors.py ends it early.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from due_regard.config.settings import Settings


@dataclass(frozen=True)
class CommandResult:
    """What a command says: a JSON-safe result, the same in lines for a person, and the exit code."""

    result: dict[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    exit_code: int = 0


Command = Callable[[Namespace, Settings], CommandResult]
Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"


def add_command(commands: Commands, name: str, run: Command, about: str) -> ArgumentParser:
    """A subcommand called `name` that runs `run`."""
    parser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    return parser


def add_landlord_option(parser: ArgumentParser, about: str) -> None:
    """`--landlord`, for a command that opens one register."""
    parser.add_argument(
        "--landlord", metavar="ID", help=f"{about}; needed where each landlord has a register of its own"
    )


def add_command_group(commands: Commands, name: str, about: str) -> Commands:
    """A subcommand that has subcommands of its own."""
    parser = commands.add_parser(name, help=about, description=about)
    return parser.add_subparsers(dest=f"{name}_command", metavar="COMMAND", required=True, help="one of:")
