"""Commands on what landlords have written: policy, landlord, calendar."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from pathlib import Path

from due_regard import questions
from due_regard.commands import Commands, Result, add, group
from due_regard.commands.judging import as_day
from due_regard.errors import PolicyError
from due_regard.quarters import LONDON
from due_regard.settings import Settings
from due_regard.terms import run_here, terms


def register_commands(commands: Commands) -> None:
    """Adds policy, landlord and calendar."""
    policies = group(commands, "policy", "policy files")
    parser = add(policies, "check", check, "validate policy files, with errors that name the line")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser = add(policies, "show", show, "a landlord's policy in plain words")
    parser.add_argument("landlord", metavar="LANDLORD")
    parser.add_argument("--on", metavar="YYYY-MM-DD", help="the version in force then; default today")
    parser = add(policies, "rules", rules, "every landlord's rules as one page, docs/rules.md")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="write it there; default print it")
    parser = add(policies, "diff", diff, "what a changed policy would change in the findings")
    parser.add_argument("old", type=Path, metavar="OLD")
    parser.add_argument("new", type=Path, metavar="NEW")
    parser.add_argument("--as-at", metavar="YYYY-MM-DD", help="default today")
    parser.add_argument("--drop", type=Path, help="judge this drop instead of the register")
    parser.add_argument("--source", default="canonical", help="source mapping of --drop")
    landlords = group(commands, "landlord", "landlords' settings files")
    parser = add(landlords, "new", landlord_new, "write a landlord's settings with explanations")
    parser.add_argument("landlord", metavar="ID")
    parser = add(landlords, "check", landlord_check, "check a landlord's settings, policy, source and calendar")
    parser.add_argument("landlord", metavar="ID")
    calendars = group(commands, "calendar", "stored bank holidays")
    add(calendars, "refresh", calendar_refresh, "take every year that the installed holidays library knows anew")


def _today(given: str | None) -> str:
    return given or datetime.now(LONDON).date().isoformat()


def check(args: Namespace, settings: Settings) -> Result:
    """`policy check FILE…`."""
    from due_regard.policy import read_policy

    found, faults = [], []
    for file in args.files:
        try:
            policy = read_policy(file)
        except PolicyError as reason:
            faults.append(str(reason))
        else:
            found.append(f"{file}: {policy.landlord}, {len(policy.duties)} duties")
    return Result({"good": found, "wrong": faults}, (*found, *faults), 2 if faults else 0)


def show(args: Namespace, settings: Settings) -> Result:
    """`policy show L`."""
    from due_regard.policy.page import say_policy

    known = terms(settings, args.landlord)
    policy = known.history.in_force(as_day(_today(args.on)))
    lines = say_policy(policy, known.landlord.confirmed_readings)
    return Result({"landlord": args.landlord, "policy": lines}, tuple(lines))


def rules(args: Namespace, settings: Settings) -> Result:
    """`policy rules [--out FILE.md]`."""
    from due_regard.policy.rules_page import rules_page

    known = [terms(settings, landlord) for landlord in run_here(settings)]
    page = rules_page([each.history for each in known], {each.landlord.id: each.landlord for each in known})
    if args.out is None:
        return Result({"page": page}, tuple(page.splitlines()))
    args.out.write_text(page, encoding="utf-8", newline="\n")
    return Result({"file": str(args.out)}, (f"wrote {args.out}",))


def diff(args: Namespace, settings: Settings) -> Result:
    """`policy diff OLD NEW [--as-at D]`."""
    found = questions.policy_diff(
        settings, args.old, args.new, as_at=as_day(_today(args.as_at)), drop=args.drop, source=args.source
    )
    rows = found.astype(object).where(found.notna(), None).to_dict("records")
    lines = [
        f"{row['change']}: {row['rule']} {row['subject_ref']} ({row['occurrence']})"
        f" {row['old_state'] or '-'} due {_day(row['old_due_on'])} -> {row['new_state'] or '-'} due"
        f" {_day(row['new_due_on'])}"
        for row in rows
    ]
    counts = found["change"].value_counts().to_dict()
    total = ", ".join(f"{counts.get(name, 0)} {name}" for name in ("added", "removed", "moved"))
    return Result({"counts": counts, "changes": rows}, (*lines, f"findings: {total}"))


def _day(value: object) -> str:
    return value.date().isoformat() if isinstance(value, datetime) else "-"


def landlord_new(args: Namespace, settings: Settings) -> Result:
    """`landlord new ID`."""
    from due_regard.landlord_files import write_template

    file = write_template(settings.landlords_dir, args.landlord)
    return Result({"file": str(file)}, (f"wrote {file}; fill it in, then: due-regard landlord check {args.landlord}",))


def landlord_check(args: Namespace, settings: Settings) -> Result:
    """`landlord check ID`."""
    from due_regard.landlord_files import check_landlord

    good, wrong = check_landlord(settings, args.landlord)
    return Result({"good": good, "wrong": wrong}, (*good, *wrong), 2 if wrong else 0)


def calendar_refresh(args: Namespace, settings: Settings) -> Result:
    """`calendar refresh`."""
    from due_regard import working_days

    folder, lines = settings.include_dir / "calendars", []
    today = as_day(_today(None))
    for division in working_days.SUBDIVISIONS:
        stored = working_days.read_snapshot(folder, division)
        years = sorted(stored.years)
        taken = working_days.compute_snapshot(
            division, years[0], max(years[-1], today.year + 14), taken_on=today, published_to=stored.published_to
        )
        merged = working_days.merge(stored, taken)
        working_days.write_snapshot(folder, merged)
        moved = [
            year for year in merged.years if year in stored.years and merged.years[year].days != stored.years[year].days
        ]
        lines.append(f"{division}: {years[0]} to {max(merged.years)}; changed: {', '.join(map(str, moved)) or 'none'}")
    return Result({"calendars": lines}, tuple(lines))
