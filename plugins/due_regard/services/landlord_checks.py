"""A landlord's settings checked together with what they point to: policy, source, calendar, packs, roles, drop folder.

Every remark says file and line. What a file may say by itself is checked where it is loaded; a date or a name that is
well written and yet points nowhere is found here. Add a check for each new name that a settings file may refer to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import get_args

from due_regard.calendars.working_days import load_calendar, read_calendar_snapshot
from due_regard.config.landlord import Landlord, list_landlord_ids, load_landlord
from due_regard.config.layered_folders import Folder, find_file
from due_regard.config.settings import Settings
from due_regard.config.yaml_errors import Place
from due_regard.config.yaml_files import find_line, suggest_word
from due_regard.errors import DueRegardError, RegisterError
from due_regard.policy import DocumentDuty, Policy, PolicyHistory, load_policies
from due_regard.policy.duties import OwnerRole
from due_regard.services.fetch_checks import find_query_faults
from due_regard.services.landlord_context import open_landlord_register

EARLIEST = date(1990, 1, 1)
"""No policy, closure day or meeting of ours is older: an earlier date is a slip."""

_YEARS_AHEAD = {"go_live_on": 1, "effective_from": 2, "closure day": 3, "meeting": 3, "review": 15}
"""How many years ahead of today a date may lie before it must be a slip."""

_STAGES = ("director", "committee")
"""Stages whose mailbox alone can be told; a line manager is found in the staff export first."""


@dataclass(frozen=True)
class Remark:
    """Something about a landlord's files that a person must look at; unless it `is_wrong`, it may be meant."""

    words: str
    is_wrong: bool = True


@dataclass(frozen=True)
class LandlordCheck:
    """What is good, what may be meant, and what is wrong in a landlord's files, a line each."""

    good: tuple[str, ...]
    warnings: tuple[str, ...]
    wrong: tuple[str, ...]


Fault = tuple[Place, str, bool]
"""Where in a file, what, and whether it is wrong (else it may be meant)."""


def check_landlord_files(settings: Settings, landlord: str, *, today: date) -> LandlordCheck:
    """What is good, doubtful and wrong in a landlord's settings, policy, source, calendar and packs."""
    try:
        found = load_landlord(settings.landlords_dir, landlord)
    except DueRegardError as reason:
        return LandlordCheck((), (), (str(reason),))
    place = f"by `fetch` ({found.fetch.kind})" if found.fetch else f"from {found.drop_folder}"
    good, wrong = [f"settings: {found.name}, {found.cadence} drops {place}"], []
    checks: dict[str, Callable[[], str]] = {
        "policy": lambda: _describe_policy(settings, landlord, today),
        "calendar": lambda: _describe_calendar(settings.calendars_dir, found),
    }
    for name, check in checks.items():
        try:
            good.append(f"{name}: {check()}")
        except DueRegardError as reason:
            wrong.append(f"{name}: {reason}")
    remarks = [] if wrong else list(_list_remarks(settings, found, today))
    good += [f"source: {found.source}", f"packs: {', '.join(each.name for each in found.packs) or 'none switched on'}"]
    wrong += [remark.words for remark in remarks if remark.is_wrong]
    warnings = [remark.words for remark in remarks if not remark.is_wrong]
    if not wrong:
        warnings += _find_late_go_live(settings, found, today)
    return LandlordCheck(tuple(good), tuple(warnings), tuple(wrong))


def _find_late_go_live(settings: Settings, landlord: Landlord, today: date) -> list[str]:
    """A sentence where the landlord's go-live lies long back and no mail was ever really sent, as its register says.

    Without a register nothing was: the settings alone say how long back it lies.
    """
    from due_regard.alerts import describe_late_go_live, find_late_go_live

    try:
        with open_landlord_register(settings, landlord.id) as engine:
            return find_late_go_live(engine, landlord, today)
    except RegisterError:
        return describe_late_go_live(landlord, today)


def _describe_policy(settings: Settings, landlord: str, today: date) -> str:
    version = load_policies(settings.policies_dir, landlord).find_version(today)
    return f"{version.title}, {len(version.duties)} duties, in force from {version.effective_from}"


def _describe_calendar(folder: Folder, landlord: Landlord) -> str:
    calendar = load_calendar(landlord.division, landlord.closure_days, folder=folder)
    published = read_calendar_snapshot(folder, landlord.division).published_to
    own = f", {len(landlord.closure_days)} closure days" if landlord.closure_days else ""
    return f"{landlord.division}, {calendar.first_year} to {calendar.last_year}, published to {published}{own}"


def _list_remarks(settings: Settings, landlord: Landlord, today: date) -> Iterator[Remark]:
    history = load_policies(settings.policies_dir, landlord.id)
    own = find_file(settings.landlords_dir, f"{landlord.id}.yaml")
    yield from _place_faults(own, _find_mailbox_faults(landlord, history))
    yield from _place_faults(own, _find_date_faults(landlord, today))
    yield from _place_faults(own, _find_name_faults(settings, landlord, history))
    yield from _place_faults(own, _find_missing_files(settings, landlord))
    yield from _place_faults(own, find_query_faults(settings, landlord))
    yield from _place_faults(own, _find_missing_links(settings, landlord))
    for version in history.versions:
        file = find_file(settings.policies_dir / landlord.id, f"{version.effective_from}.yaml")
        yield from _place_faults(file, _find_policy_faults(version, history, today))


def _place_faults(file: Path, faults: Iterable[Fault]) -> Iterator[Remark]:
    for place, words, is_wrong in faults:
        line = find_line(file, place)
        yield Remark(f"{file}:{line}: {words}" if line else f"{file}: {words}", is_wrong)


def _find_mailbox_faults(landlord: Landlord, history: PolicyHistory) -> Iterator[Fault]:
    """Mailboxes of roles nobody knows, and roles and stages that only a mailbox can stand for and that have none."""
    from due_regard.alerts.owner_fields import OWNER_FIELDS

    given, place = landlord.alerts.role_mailboxes, ("alerts", "role_mailboxes")
    known = sorted({*get_args(OwnerRole), "line_manager", *_STAGES})
    for role in given:
        if role not in known:
            words = f"no role {role!r}{suggest_word(role, known)}; nobody is told by it; known: {', '.join(known)}"
            yield (*place, role), words, True
    for stage in _STAGES:
        if stage not in given:
            after = getattr(landlord.alerts.ladder, stage)
            words = f"no mailbox for {stage}: {after} after a due date (alerts.ladder) the fallback mailbox is told"
            yield place, words, False
    duties = [duty for version in history.versions for duty in version.duties]
    owners = {duty.owner_role for duty in duties}
    alone = {role for duty in duties for role in duty.restricted_to} - {"line_manager"}
    for role in sorted((owners | alone) - {*given, *_STAGES}):
        if role not in OWNER_FIELDS:
            yield place, f"no mailbox for {role}, who alone is told of a duty of the policy", True
        else:
            yield place, f"no mailbox for {role}: where a record names nobody, the fallback mailbox is told", False


def _find_date_faults(landlord: Landlord, today: date) -> Iterator[Fault]:
    """Dates of the settings that no landlord can mean."""
    live = landlord.alerts.go_live_on
    place = ("alerts", "go_live_on")
    if words := _find_slip(live, "go_live_on", today):
        yield place, f"go_live_on is {live}: {words}", True
    elif live > today:
        yield place, f"go_live_on is {live}: what is overdue before it goes to one backlog list", False
    for number, day in enumerate(landlord.closure_days):
        if words := _find_slip(day, "closure day", today):
            yield ("closure_days", number), f"the closure day {day}: {words}", True
        elif day.weekday() > 4:
            yield ("closure_days", number), f"the closure day {day} is a {day:%A}, no working day anyway", False
    for number, switch in enumerate(landlord.packs):
        for at, day in enumerate(switch.meets_on):
            if words := _find_slip(day, "meeting", today):
                yield ("packs", number, "meets_on", at), f"the meeting of {day}: {words}", True


def _find_slip(day: date, what: str, today: date) -> str:
    """Why the date must be a slip of the pen; nothing where it may be meant."""
    if day < EARLIEST:
        return f"before {EARLIEST.year}; a slip?"
    years = _YEARS_AHEAD[what]
    return f"more than {years} year{'' if years == 1 else 's'} ahead; a slip?" if day.year - today.year > years else ""


def _find_name_faults(settings: Settings, landlord: Landlord, history: PolicyHistory) -> Iterator[Fault]:
    """Names of the settings that point nowhere, or to where another landlord's point."""
    read = {duty.rule for version in history.versions for duty in version.duties if duty.reading}
    for rule in landlord.confirmed_readings:
        if rule not in read:
            words = f"confirmed_readings: {rule} has no reading in the policy{suggest_word(rule, read)}"
            yield ("confirmed_readings", rule), words, True
    names = [switch.name for switch in landlord.packs]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield ("packs", number, "name"), f"the pack {name} is switched on twice", True
    if other := _find_same_drop_folder(settings, landlord):
        words = f"drop_folder {landlord.drop_folder} is {other}'s too: one's export would be loaded as the other's"
        yield ("drop_folder",), words, True


def _find_missing_files(settings: Settings, landlord: Landlord) -> Iterator[Fault]:
    """The source mapping and the packs that cannot be read."""
    from due_regard.intake.source_mapping import load_source_mapping
    from due_regard.packs.content.pack_definition import load_pack_definition

    try:
        load_source_mapping(settings.sources_dir, landlord.source)
    except DueRegardError as reason:
        yield ("source",), f"source: {reason}", True
    for number, switch in enumerate(landlord.packs):
        try:
            load_pack_definition(settings.reports_dir, switch.name)
        except DueRegardError as reason:
            yield ("packs", number, "name"), f"pack: {reason}", True


def _find_missing_links(settings: Settings, landlord: Landlord) -> Iterator[Fault]:
    """Packs that are to be delivered as a link, where no page can be linked to."""
    for number, switch in enumerate(landlord.packs):
        if switch.deliver == "link" and settings.base_url is None:
            words = f"the pack {switch.name} is delivered as a link, and DUE_REGARD_BASE_URL is not set"
            yield ("packs", number, "deliver"), f"{words}: its mail says where the files lie and whom to ask", False


def _find_same_drop_folder(settings: Settings, landlord: Landlord) -> str:
    for name in list_landlord_ids(settings.landlords_dir):
        if name != landlord.id:
            try:
                other = load_landlord(settings.landlords_dir, name)
            except DueRegardError:
                continue  # its own check says what is wrong in it
            if Path(other.drop_folder) == Path(landlord.drop_folder):
                return name
    return ""


def _find_policy_faults(version: Policy, history: PolicyHistory, today: date) -> Iterator[Fault]:
    """Dates of one version of the policy that cannot be meant, or that leave today without a version of its own."""
    start = version.effective_from
    if words := _find_slip(start, "effective_from", today):
        yield (), f"in force from {start}, as its name says: {words}", True
    elif start > today:
        until = history.find_version(today)
        ruling = "it judges everything older, too" if until is version else f"until then {until.effective_from} holds"
        yield (), f"not yet in force: from {start}; {ruling}", False
    if version.approved_on and version.approved_on > max(today, start):
        yield ("approved_on",), f"approved_on is {version.approved_on}, still to come; a slip?", True
    elif version.approved_on and version.approved_on < EARLIEST:
        yield ("approved_on",), f"approved_on is {version.approved_on}: before {EARLIEST.year}; a slip?", True
    for number, duty in enumerate(version.duties):
        if isinstance(duty, DocumentDuty) and duty.due and (words := _find_slip(duty.due, "review", today)):
            yield ("duties", number, "due"), f"{duty.rule}: due {duty.due}: {words}", True
