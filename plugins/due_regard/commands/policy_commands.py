"""Commands on what landlords have written: policy, landlord, calendar."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

from due_regard.commands import CommandResult, Commands, add_command, add_command_group
from due_regard.commands.assessment_commands import list_untaken, parse_day_or_today
from due_regard.commands.output_files import write_output_file
from due_regard.config.settings import Settings
from due_regard.errors import PolicyError
from due_regard.services.compare_policies import PolicyComparison, compare_policy_files
from due_regard.services.landlord_context import list_landlords_to_run, load_landlord_context
from due_regard.services.read_assessments import RecordChoice


def add_commands(commands: Commands) -> None:
    """Adds policy, landlord and calendar."""
    policies = add_command_group(commands, "policy", "policy files")
    parser = add_command(policies, "check", run_policy_check, "validate policy files, with errors that name the line")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a policy file, <effective_from>.yaml")
    parser = add_command(policies, "show", run_policy_show, "a landlord's policy in plain words")
    parser.add_argument("landlord", metavar="LANDLORD", help="the landlord's id")
    parser.add_argument("--on", metavar="YYYY-MM-DD", help="the version in force then; default today")
    parser = add_command(policies, "rules", run_policy_rules, "every landlord's rules as one page, docs/rules.md")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="write it there; default print it")
    parser = add_command(policies, "diff", run_policy_diff, "what a changed policy would change in the findings")
    parser.add_argument("old", type=Path, metavar="OLD", help="policy file to compare with")
    parser.add_argument("new", type=Path, metavar="NEW", help="policy file as it would be")
    parser.add_argument("--as-at", metavar="YYYY-MM-DD", help="the day to assess at; default today")
    parser.add_argument("--drop", type=Path, help="assess this drop instead of the register")
    parser.add_argument("--source", help="source mapping of --drop; default: the landlord's own")
    landlords = add_command_group(commands, "landlord", "landlords' settings files")
    parser = add_command(landlords, "new", run_landlord_new, "write a landlord's settings with explanations")
    parser.add_argument("landlord", metavar="ID", help="lower-case letters, digits and underscores")
    parser = add_command(
        landlords, "check", run_landlord_check, "check a landlord's settings, policy, source and calendar"
    )
    parser.add_argument("landlord", metavar="ID", help="the landlord's id")
    calendars = add_command_group(commands, "calendar", "stored bank holidays")
    add_command(
        calendars, "refresh", run_calendar_refresh, "take every year that the installed holidays library knows anew"
    )


def run_policy_check(args: Namespace, settings: Settings) -> CommandResult:
    """`policy check FILE…`."""
    from due_regard.policy import read_policy
    from due_regard.policy.fed_figures import find_unfed_figures

    found, warnings, faults = [], [], []
    for file in args.files:
        try:
            policy = read_policy(file)
        except PolicyError as reason:
            faults.append(str(reason))
        else:
            found.append(f"{file}: {policy.landlord}, {len(policy.duties)} duties")
            warnings += [
                f"{file}: warning: no duty feeds the figure {figure}; say `feeds: {figure}` in {' or '.join(rules)}"
                for figure, rules in find_unfed_figures(policy.duties).items()
            ]
    data = {"good": found, "warnings": warnings, "wrong": faults}
    return CommandResult(data, (*found, *warnings, *faults), 2 if faults else 0)


def run_policy_show(args: Namespace, settings: Settings) -> CommandResult:
    """`policy show L`."""
    from due_regard.policy.policy_page import describe_policy

    known = load_landlord_context(settings, args.landlord)
    policy = known.history.find_version(parse_day_or_today(args.on))
    lines = describe_policy(policy, known.landlord.confirmed_readings)
    return CommandResult({"landlord": args.landlord, "policy": lines}, tuple(lines))


def run_policy_rules(args: Namespace, settings: Settings) -> CommandResult:
    """`policy rules [--out FILE.md]`."""
    from due_regard.policy.rules_page import build_rules_page

    known = [load_landlord_context(settings, landlord) for landlord in list_landlords_to_run(settings)]
    page = build_rules_page([each.history for each in known], {each.landlord.id: each.landlord for each in known})
    if args.out is None:
        return CommandResult({"page": page}, tuple(page.splitlines()))
    write_output_file(args.out, page)
    return CommandResult({"file": str(args.out)}, (f"wrote {args.out}",))


def run_policy_diff(args: Namespace, settings: Settings) -> CommandResult:
    """`policy diff OLD NEW [--as-at D] [--drop DROP --source S]`."""
    as_at = parse_day_or_today(args.as_at)
    choice = RecordChoice(None, args.drop, args.source)
    found = compare_policy_files(settings, args.old, args.new, choice, as_at=as_at)
    changes = found.changes
    rows = changes.astype(object).where(changes.notna(), None).to_dict("records")
    lines = [
        f"{row['change']}: {row['rule']} {row['subject_ref']} ({row['occurrence']})"
        f" {row['old_state'] or '-'} due {_format_day(row['old_due_on'])} -> {row['new_state'] or '-'} due"
        f" {_format_day(row['new_due_on'])}"
        for row in rows
    ]
    counts = changes["change"].value_counts().to_dict()
    total = ", ".join(f"{counts.get(name, 0)} {name}" for name in ("added", "removed", "moved"))
    says, code = list(_describe_standing(found, as_at)), 0
    if found.drop is not None:
        untaken, code = list_untaken(found.drop)
        says = [*untaken, *says]
    result = {"counts": counts, "changes": rows, "holds_from": found.starts_on.isoformat(), "notes": says}
    return CommandResult(result, (*says, *lines, f"findings: {total}"), code)


def _describe_standing(found: PolicyComparison, as_at: date) -> Iterator[str]:
    """How the new file stands in the history, where that is not simply in place of the old one and now."""
    if found.replaces is None:
        yield f"judged as one more version, for what arises from {found.starts_on} on"
    if found.starts_on > as_at:
        day = found.starts_on
        yield f"not yet in force as at {as_at}; ask --as-at {day} or later what it will change"
    elif found.ends_before and found.ends_before <= as_at:
        yield f"a later version holds from {found.ends_before} on: only what arose before is judged by this one"


def _format_day(value: object) -> str:
    return value.date().isoformat() if isinstance(value, datetime) else "-"


def run_landlord_new(args: Namespace, settings: Settings) -> CommandResult:
    """`landlord new ID`."""
    from due_regard.services.landlord_files import write_landlord_template

    file = write_landlord_template(settings, args.landlord)
    policies = file.parents[1] / "policies" / args.landlord
    lines = (
        f"wrote {file}; fill it in",
        f"its policy goes to {policies}/<effective_from>.yaml",
        f"then: due-regard landlord check {args.landlord}",
    )
    return CommandResult({"file": str(file), "policies": str(policies)}, lines)


def run_landlord_check(args: Namespace, settings: Settings) -> CommandResult:
    """`landlord check ID`."""
    from due_regard.services.landlord_checks import check_landlord_files

    found = check_landlord_files(settings, args.landlord, today=parse_day_or_today(None))
    lines = (*found.good, *(f"WARNING {words}" for words in found.warnings), *(f"WRONG {w}" for w in found.wrong))
    return CommandResult(asdict(found), lines, 2 if found.wrong else 0)


def run_calendar_refresh(args: Namespace, settings: Settings) -> CommandResult:
    """`calendar refresh`."""
    from due_regard.calendars import working_days

    lines: list[str] = []
    today = parse_day_or_today(None)
    for division in working_days.SUBDIVISIONS:
        stored = working_days.read_calendar_snapshot(settings.calendars_dir, division)
        years = sorted(stored.years)
        taken = working_days.compute_calendar_snapshot(
            division, years[0], max(years[-1], today.year + 14), taken_on=today, published_to=stored.published_to
        )
        merged = working_days.merge_snapshots(stored, taken)
        # A calendar that says the same must not be laid over the next upgrade's.
        if merged != stored:
            working_days.write_calendar_snapshot(settings.editable_dir / "calendars", merged)
        moved = [
            year for year in merged.years if year in stored.years and merged.years[year].days != stored.years[year].days
        ]
        lines.append(f"{division}: {years[0]} to {max(merged.years)}; changed: {', '.join(map(str, moved)) or 'none'}")
    return CommandResult({"calendars": lines}, tuple(lines))
