"""Commands on packs: building them, their life from draft to corrected, one figure's rows, the check of a file."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from due_regard.calendars.reporting_years import ReportingYear, parse_period
from due_regard.commands import CommandResult, Commands, add_command, add_landlord_option
from due_regard.commands.assessment_commands import parse_instant
from due_regard.commands.given_now import add_now_option, check_mails_nobody, read_writing_now
from due_regard.config.settings import Settings
from due_regard.errors import PackError, SettingsError
from due_regard.services.act_on_pack import (
    PackAct,
    approve_pack,
    comment_on_pack,
    correct_pack,
    record_handover,
    reject_pack,
    undo_approval,
)
from due_regard.services.build_packs import build_packs
from due_regard.services.open_figure import open_figure
from due_regard.services.post_packs import check_may_hand_over, find_quarter_folder
from due_regard.services.result import Result
from due_regard.services.verify_pack_file import verify_pack_file

_EDITIONS = ("confidential", "publishable")


def add_commands(commands: Commands) -> None:
    """Adds pack."""
    about = "the committee or senior-management packs of one calendar quarter, or for publication of one year"
    parser = add_command(commands, "pack", run_pack, about)
    _add_pack_options(parser, is_built=True)
    parser.add_argument("--known-at", metavar="INSTANT", help="as the register knew it then; default: as known now")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the files")
    parser.add_argument("--issue", action="store_true", help="also mail it to its clerk, once; never a draft")
    verbs = parser.add_subparsers(metavar="VERB", help="without one, the packs are built:")
    _add_act(verbs, "comment", run_comment, "write commentary on a section into the draft, and build it anew")
    _add_act(verbs, "approve", run_approve, "approve the newest draft: it is mailed to its clerk")
    _add_act(verbs, "reject", run_reject, "reject the newest draft: it stays a draft, with your reason")
    _add_act(verbs, "undo", run_undo, "take an approval back, until the pack's mail leaves")
    _add_act(verbs, "issue", run_pack_issue, "a person handed a pack to its audience: it is issued today")
    _add_act(verbs, "correct", run_correct, "begin the next version of what was issued, and build its draft")
    parser = add_command(verbs, "figure", run_figure, "what one figure counts: each row with file, clause, decisions")
    parser.add_argument("address", metavar="ADDRESS", help="LANDLORD/QUARTER/PACK/EDITION/VERSION/TABLE/FIGURE/QUARTER")
    parser = add_command(verbs, "verify", run_verify, "is this file part of a pack as it was issued?")
    parser.add_argument("file", type=Path, metavar="FILE", help="the workbook or paper as it was received")
    parser.add_argument("--digest", metavar="SHA256", help="the checksum in the mail; default: what the register keeps")
    add_landlord_option(parser, "whose pack it is")


def _add_pack_options(parser: ArgumentParser, *, is_built: bool) -> None:
    """Which pack. What building needs is asked for by `run_pack`: argparse would ask it of the verbs, too."""
    every = "one pack; default every one that the landlord's settings name" if is_built else "which pack"
    parser.add_argument("--landlord", required=not is_built, metavar="ID", help="whose packs")
    quarter = "a calendar quarter; Q2 is April to June"
    period = parser.add_mutually_exclusive_group(required=not is_built)
    period.add_argument("--quarter", metavar="YYYY-Qn", help=quarter)
    period.add_argument(
        "--year", dest="quarter", metavar="YYYY-YY", help="a whole year, for publication: 2025-26 is April to March"
    )
    parser.add_argument("--pack", required=not is_built, metavar="NAME", help=every)
    parser.add_argument("--edition", choices=_EDITIONS, help="publishable hides small counts; of a year the only one")
    add_now_option(parser)


def _add_act(verbs: Any, name: str, run: Any, about: str) -> None:
    parser = add_command(verbs, name, run, about)
    _add_pack_options(parser, is_built=False)
    parser.add_argument("--by", required=True, help="your post; kept with the pack as cli:POST")
    words = {"comment": "the commentary itself, as it is printed", "issue": "how it was handed over, and why so"}
    parser.add_argument("--why", required=True, help=f"{words.get(name, 'the reason')}; kept with the pack")
    if name == "comment":
        parser.add_argument(
            "--section", required=True, help="a table of the pack; decision: what its audience is asked"
        )
        parser.add_argument("--remove", action="store_true", help="take the commentary out of the section instead")
    if name == "approve":
        parser.add_argument("--digest", metavar="SHA256", help="checksum of the draft you read: only that is approved")


def run_pack(args: Namespace, settings: Settings) -> CommandResult:
    """`pack --landlord L --quarter 2026-Q2 (or --year 2025-26) [--pack NAME] [--edition …] --out DIR [--issue]`."""
    if missing := [f"--{name}" for name in ("landlord", "quarter", "out") if getattr(args, name) is None]:
        raise SettingsError(f"a pack is built with {', '.join(missing)}; see `due-regard pack --help`")
    edition, period = _choose_edition(args), str(parse_period(args.quarter))
    if args.issue:
        check_mails_nobody(args, settings)
        chosen = {"quarter": period, "pack": args.pack, "edition": edition}
        check_may_hand_over(settings, args.landlord, **chosen)
    result = build_packs(
        settings,
        args.landlord,
        quarter=period,
        pack=args.pack,
        edition=edition,
        out=args.out,
        now=read_writing_now(args, settings),
        known_at=parse_instant(args.known_at) if args.known_at else None,
        issue=args.issue,
    )
    lines = [f"{built['name']}: {args.out / name}" for built in result["packs"] for name in built["files"]]
    lines += [f"{built['name']}: version {built['version']}, {built['state']}" for built in result["packs"]]
    withheld = [built for built in result["packs"] if built["status"] == "not_published"]
    lines += [line for built in withheld for line in _describe_withheld(built)]
    # Nothing came of what was asked for: whoever waits for files is told by the exit code, too.
    code = PackError.exit_code if withheld and len(withheld) == len(result["packs"]) else 0
    return CommandResult(result, tuple(lines) or (f"{args.landlord} has no pack switched on",), code)


def _choose_edition(args: Namespace) -> str:
    """The edition asked for; of a year the publishable one, as there is no other."""
    return args.edition or ("publishable" if isinstance(parse_period(args.quarter), ReportingYear) else "confidential")


def _describe_withheld(built: Result) -> list[str]:
    annual = built["annual"]
    offered = [f"In its place, {annual['label']} from {annual['from_on']}: {annual['command']}"] if annual else []
    return [f"{built['name']}: nothing is published. {built['why']}", *offered]


def _make_act(args: Namespace, seen: str | None = None) -> PackAct:
    from due_regard.register.findings.actors import make_typed_actor

    actor = make_typed_actor(args.by)
    return PackAct(args.landlord, args.quarter, args.pack, _choose_edition(args), actor, args.why, seen)


def run_comment(args: Namespace, settings: Settings) -> CommandResult:
    """`pack comment --landlord L --quarter Q --pack NAME --section TABLE --by POST --why WORDS [--remove]`."""
    place = {"section": args.section, "is_removal": args.remove}
    result = comment_on_pack(settings, _make_act(args), now=read_writing_now(args, settings), **place)
    done = "taken out of" if args.remove else "kept with"
    folder = find_quarter_folder(settings, args.landlord, result["quarter"])
    said = f"the commentary on {args.section} is {done} {_name_pack(result)}; its draft is built anew in {folder}"
    return CommandResult(result, (said,))


def run_approve(args: Namespace, settings: Settings) -> CommandResult:
    """`pack approve --landlord L --quarter Q --pack NAME [--edition E] --by POST --why … [--digest D]`."""
    check_mails_nobody(args, settings)
    result = approve_pack(settings, _make_act(args, args.digest), now=read_writing_now(args, settings), send=True)
    mailed = "it is not switched on, so nobody is mailed"
    if result["leaves_on"]:
        mailed = f"its mail to the clerk leaves with the first alerts from {result['leaves_on']} on"
    mailed = "its mail to the clerk is in the outbox" if result["posted"] else mailed
    return CommandResult(result, (f"{_name_pack(result)} is approved; {mailed}",))


def run_reject(args: Namespace, settings: Settings) -> CommandResult:
    """`pack reject --landlord L --quarter Q --pack NAME [--edition E] --by POST --why …`."""
    result = reject_pack(settings, _make_act(args), now=read_writing_now(args, settings))
    return CommandResult(result, (f"{_name_pack(result)} is rejected: it stays a draft, with your reason",))


def run_undo(args: Namespace, settings: Settings) -> CommandResult:
    """`pack undo --landlord L --quarter Q --pack NAME [--edition E] --by POST --why …`."""
    result = undo_approval(settings, _make_act(args), now=read_writing_now(args, settings))
    return CommandResult(result, (f"the approval of {_name_pack(result)} is taken back: it is a draft again",))


def run_correct(args: Namespace, settings: Settings) -> CommandResult:
    """`pack correct --landlord L --quarter Q --pack NAME [--edition E] --by POST --why …`."""
    check_mails_nobody(args, settings)
    result = correct_pack(settings, _make_act(args), now=read_writing_now(args, settings), send=True)
    folder = find_quarter_folder(settings, args.landlord, result["quarter"])
    mailed = "; its mail to the clerk is in the outbox" if result["posted"] else "; approve it to have it mailed"
    return CommandResult(result, (f"{_name_pack(result)} is begun, and its draft is built in {folder}{mailed}",))


def run_pack_issue(args: Namespace, settings: Settings) -> CommandResult:
    """`pack issue --landlord L --quarter 2026-Q2 --pack NAME [--edition …] --by WHO --why …`."""
    result = record_handover(settings, _make_act(args), now=read_writing_now(args, settings))
    if result["was_known"]:
        return CommandResult(result, (f"{args.pack} of {args.quarter} was issued before; nothing changed",))
    return CommandResult(result, (f"noted: {args.pack} of {args.quarter} is issued",))


def _name_pack(result: Result) -> str:
    return f"version {result['version']} of {result['pack']} of {result['quarter']} ({result['edition']})"


def run_figure(args: Namespace, settings: Settings) -> CommandResult:
    """`pack figure ADDRESS`.

    The command line knows no sign-in: whoever may run it has the register itself, so it sees every row.
    """
    found = open_figure(settings, args.address, sees_rows=True, sees_restricted=True)
    return CommandResult(found, tuple(_describe_figure(found)))


def _describe_figure(found: Result) -> list[str]:
    whole = "" if found["out_of"] is None else f" of {found['out_of']:g}"
    promise = f"Clause {found['clause']}, policy of {found['policy_version']}" if found["clause"] else ""
    return [
        f"{found['address']}",
        f"{found['table_title']}: {found['label']}, {found['figure_quarter']}: {found['number']:g}{whole}",
        *([promise] if promise else []),
        f"Of version {found['version']} ({found['state']}), checksum {found['sha256']}",
        *([found["row_order"]] if found["row_count"] > 1 else []),
        *(_describe_figure_row(row) for row in found["rows"]),
        f"{found['row_count']} {'row' if found['row_count'] == 1 else 'rows'}",
    ]


def _describe_figure_row(row: Result) -> str:
    place = f"row {row['row_number']} of {row['file']} in batch {row['batch_id']}" if row["file"] else row["origin"]
    judged = f"; {row['rule']}: {row['state']}, clause {row['clause']}, policy of {row['policy_version']}"
    said = "".join(
        f"; {one['register_ref']} {one['event'].replace('_', ' ')} by {one['actor']}: {' '.join(one['why'].split())}"
        for one in row["decisions"]
    )
    return f"  {row['kind']} {row['ref']}: {place}{judged if row['rule'] else ''}{said}"


def run_verify(args: Namespace, settings: Settings) -> CommandResult:
    """`pack verify FILE [--digest D] [--landlord L]`."""
    found = verify_pack_file(settings, args.file, digest=args.digest, landlord=args.landlord)
    return CommandResult(found, (found["says"],))
