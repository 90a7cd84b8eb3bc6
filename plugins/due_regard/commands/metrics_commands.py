"""The command that says how the installation does, for a program that watches it: metrics."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from itertools import groupby

from due_regard.commands import CommandResult, Commands, add_command
from due_regard.commands.given_now import add_now_option, read_now
from due_regard.config.settings import Settings
from due_regard.services.landlord_failures import describe_failures
from due_regard.services.measure_landlords import FIGURES, list_named_figures, measure_landlords
from due_regard.services.result import Result


def add_commands(commands: Commands) -> None:
    """Adds metrics."""
    about = "figures of every landlord for a monitoring system, as Prometheus reads them"
    add_now_option(add_command(commands, "metrics", run_metrics, about))


def run_metrics(args: Namespace, settings: Settings) -> CommandResult:
    """`metrics`."""
    result = measure_landlords(settings, now=read_now(args))
    return CommandResult(result, tuple(_format_for_prometheus(result)), result.get("exit_code", 0))


def _format_for_prometheus(result: Result) -> Iterator[str]:
    """The text format of Prometheus; a landlord's id needs no escaping, and what failed is a comment."""
    for figure, named in groupby(list_named_figures(result), key=lambda each: each[1]):
        yield f"# HELP due_regard_{figure} {FIGURES[figure]}"
        yield f"# TYPE due_regard_{figure} gauge"
        for landlord, _, value in named:
            yield f'due_regard_{figure}{{landlord="{landlord}"}} {value}'
    yield "# HELP due_regard_landlords_failed landlords of whom not every figure could be worked out"
    yield "# TYPE due_regard_landlords_failed gauge"
    yield f"due_regard_landlords_failed {len(result.get('failed', {}))}"
    for line in describe_failures(result):
        yield f"# {' '.join(line.split())}"
