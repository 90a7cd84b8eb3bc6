"""A landlord's settings file, written with explanations and checked together with what it points to.

What a settings file may say is config/landlord.py; here is only its template and the check across files.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from due_regard.calendars.working_days import load_calendar, read_calendar_snapshot
from due_regard.config.landlord import Landlord, load_landlord
from due_regard.config.layered_folders import Folder, find_file
from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError, LandlordError, RegisterError
from due_regard.policy import PolicyHistory, load_policies
from due_regard.services.landlord_context import open_landlord_register

_TEMPLATE = """\
# How {id} runs Due Regard. What its policy promises is in policies/{id}/<effective_from>.yaml.
id: {id}
name: {id}                      # the name as reports print it
division: scotland              # whose bank holidays count: scotland, england_and_wales, northern_ireland
closure_days: []                # the landlord's own closed days, e.g. [2026-12-24]
source: canonical               # how its export is read: sources/<source>.yaml
drop_folder: {id}               # folder below DUE_REGARD_DROPS_DIR
cadence: weekly                 # how often a drop comes: daily, weekly, fortnightly, monthly
reporting_year_starts: 4        # first month of the reporting year
confirmed_readings: {{}}          # rule: post and date of the officer who confirmed our reading
alerts:
  role_mailboxes:               # mailboxes of roles, never of people
    governance: governance@{host}.example
    director: director@{host}.example
  fallback_mailbox: governance@{host}.example   # hears of what nobody else can be told
  data_owner: data@{host}.example               # hears of rejected rows and refused files
  go_live_on: {year}-01-01        # what was overdue before goes to one backlog list
packs: []                       # committee and management packs: reports/packs/<name>.yaml
"""


def write_landlord_template(settings: Settings, landlord: str, *, year: int = 2026) -> Path:
    """Write `landlords/<landlord>.yaml` where this installation's own files are; it loads as it stands.

    Raises:
        LandlordError: there is such a landlord, or the id is no identifier.
        SettingsError: the installation has no folder for files of its own.
    """
    file = settings.editable_dir / "landlords" / f"{landlord}.yaml"
    if not landlord.isidentifier() or not landlord.islower() or not landlord.isascii():
        raise LandlordError("an id is lower-case letters, digits and underscores", file=file)
    # The folder for own files is made before it is asked who is in it.
    file.parent.mkdir(parents=True, exist_ok=True)
    known = find_file(settings.landlords_dir, file.name)
    if known.exists():
        raise LandlordError("exists already; edit it, or choose another id", file=known)
    text = _TEMPLATE.format(id=landlord, host=landlord.replace("_", "-"), year=year)
    file.write_text(text, encoding="utf-8", newline="\n")
    return file


def check_landlord_files(settings: Settings, landlord: str) -> tuple[list[str], list[str]]:
    """What is good and what is wrong in a landlord's settings, policy, source and calendar, a line each."""
    from due_regard.intake import load_source_mapping

    try:
        found = load_landlord(settings.landlords_dir, landlord)
    except DueRegardError as reason:
        return [], [str(reason)]
    good, wrong = [f"settings: {found.name}, {found.cadence} drops from {found.drop_folder}"], []
    checks: dict[str, Callable[[], str]] = {
        "policy": lambda: _describe_policy(settings, landlord),
        "source": lambda: load_source_mapping(settings.sources_dir, found.source).name,
        "calendar": lambda: _describe_calendar(settings.calendars_dir, found),
    }
    for name, check in checks.items():
        try:
            good.append(f"{name}: {check()}")
        except DueRegardError as reason:
            wrong.append(f"{name}: {reason}")
    if not wrong:
        history = load_policies(settings.policies_dir, landlord)
        wrong = [*_find_unreachable_roles(found, history), *_find_unread_confirmations(found, history)]
    return good, wrong


def find_late_go_lives(settings: Settings, landlord: str, today: date) -> list[str]:
    """A sentence where the landlord's go-live lies long back and no mail was ever really sent, as its register says.

    Without a register nothing was: the settings alone say how long back it lies.
    """
    from due_regard.alerts import describe_late_go_live, find_late_go_live

    found = load_landlord(settings.landlords_dir, landlord)
    try:
        with open_landlord_register(settings, landlord) as engine:
            return find_late_go_live(engine, found, today)
    except RegisterError:
        return describe_late_go_live(found, today)


def _describe_policy(settings: Settings, landlord: str) -> str:
    latest = load_policies(settings.policies_dir, landlord).versions[-1]
    return f"{latest.title}, {len(latest.duties)} duties, in force from {latest.effective_from}"


def _describe_calendar(folder: Folder, landlord: Landlord) -> str:
    calendar = load_calendar(landlord.division, landlord.closure_days, folder=folder)
    published = read_calendar_snapshot(folder, landlord.division).published_to
    own = f", {len(landlord.closure_days)} closure days" if landlord.closure_days else ""
    return f"{landlord.division}, {calendar.first_year} to {calendar.last_year}, published to {published}{own}"


def _find_unreachable_roles(landlord: Landlord, history: PolicyHistory) -> list[str]:
    """Owner roles of the policy that only a mailbox can stand for and that have none."""
    wanted = {duty.owner_role for duty in history.versions[-1].duties} & {"governance", "services_manager"}
    missing = wanted - set(landlord.alerts.role_mailboxes)
    return [f"alerts.role_mailboxes: no mailbox for {role}" for role in sorted(missing)]


def _find_unread_confirmations(landlord: Landlord, history: PolicyHistory) -> list[str]:
    """Readings confirmed of rules that no version of the policy reads anything into: a slip would confirm nothing."""
    read = {duty.rule for version in history.versions for duty in version.duties if duty.reading}
    unread = set(landlord.confirmed_readings) - read
    return [f"confirmed_readings: {rule} has no reading in the policy" for rule in sorted(unread)]
