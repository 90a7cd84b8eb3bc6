"""Help and shell completion: every command and argument says a line, and a shell can be told of all of them."""

from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path

import pytest

from due_regard.__main__ import build_parser, list_parsers, main

PARSERS = list(list_parsers(build_parser()))


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.prog)
def test_every_command_and_argument_says_a_line(parser: argparse.ArgumentParser) -> None:
    assert parser.description
    silent = [action.option_strings or action.dest for action in parser._actions if not _has_help(action)]
    silent += [command.dest for command in _list_commands(parser) if not command.help]
    assert silent == []


def _has_help(action: argparse.Action) -> bool:
    return bool(action.help) and action.help != argparse.SUPPRESS


def _list_commands(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    commands = [command for group in groups for command in group._choices_actions]
    # A command added without `help` is left out of this list altogether.
    assert len(commands) == sum(len(group.choices) for group in groups)
    return commands


def test_the_walk_reaches_commands_of_commands() -> None:
    reached = {parser.prog for parser in PARSERS}
    assert {"due-regard", "due-regard intake", "due-regard policy check", "due-regard alerts explain"} <= reached


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `due-regard --print-completion bash` prints."""
    file = tmp_path_factory.mktemp("completion") / "due-regard.bash"
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", lambda text, *_, **__: printed.append(text))
        with pytest.raises(SystemExit) as ended:
            main(["--print-completion", "bash"])
    assert ended.value.code in {0, None}
    file.write_text("\n".join(printed), encoding="utf-8")
    return file


def test_the_completion_script_parses(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True, timeout=30)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["due-regard", "asse"], {"assess"}),
        (["due-regard", "policy", ""], {"check", "show", "diff", "rules"}),
        (["due-regard", "assess", "--as"], {"--as-at"}),
        (["due-regard", "intake", "dr"], {"drop"}),
        (["due-regard", "pack", "--edition", "pub"], {"publishable"}),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_a_shell_completes_commands_options_and_folders(
    script: Path, tmp_path: Path, typed: list[str], offered: set[str]
) -> None:
    (tmp_path / "drop").mkdir()
    words = " ".join(f"'{word}'" for word in typed)
    ask = (
        f"source '{script}'; COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1};"
        " $(complete -p due-regard | sed 's/.*-F \\([^ ]*\\).*/\\1/'); printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        ["bash", "-c", ask], cwd=tmp_path, env=env, capture_output=True, text=True, check=True, timeout=30
    )
    assert offered <= {line.strip().rstrip("/") for line in done.stdout.splitlines()}, done.stderr
