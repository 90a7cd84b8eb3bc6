"""A landlord's settings file, written with explanations.

What a settings file may say is config/landlord.py; whether it fits its policy, packs and calendar landlord_checks.py.
"""

from __future__ import annotations

from pathlib import Path

from due_regard.config.layered_folders import find_file
from due_regard.config.settings import Settings
from due_regard.errors import LandlordError

_TEMPLATE = """\
# How {id} runs Due Regard. What its policy promises is in policies/{id}/<effective_from>.yaml.
id: {id}
name: {id}                      # the name as reports print it
division: scotland              # whose bank holidays count: scotland, england_and_wales, northern_ireland
closure_days: []                # the landlord's own closed days, e.g. [2026-12-24]
source: canonical               # how its export is read: sources/<source>.yaml
drop_folder: {id}               # folder below DUE_REGARD_DROPS_DIR
# Its export fetched from where it lies, and not read from the drop folder (docs/fetching.md):
# fetch:
#   kind: sftp                  # folder, sftp, s3, azure_blob, sql
#   connection: {id}_export     # id of the Airflow connection, or of AIRFLOW_CONN_<ID>; a folder needs none
#   path: /outgoing/export      # bucket/prefix for s3, container/prefix for azure_blob; for sql, in its place:
#   # queries: {{customers: reporting.v_customers, staff: "SELECT staff_ref, role, email FROM hr.staff ORDER BY 1"}}
#   acknowledge: leave          # once it is loaded: leave, move (into taken/), receipt (into receipts/)
cadence: weekly                 # how often a drop comes: daily, weekly, fortnightly, monthly
reporting_year_starts: 4        # first month of the reporting year
confirmed_readings: {{}}          # rule: post and date of the officer who confirmed our reading
alerts:
  role_mailboxes:               # mailboxes of roles, never of people
    governance: governance@{host}.example
    line_manager: managers@{host}.example       # where the staff export names no line manager
    director: director@{host}.example           # hears of what is late the ladder's days (10 working days) long
    committee: committee-clerk@{host}.example   # the last stage (20 working days)
  fallback_mailbox: governance@{host}.example   # hears of what nobody else can be told
  data_owner: data@{host}.example               # hears of rejected rows and refused files
  longest_silence_days: 92        # for how many days a person may silence a finding
  go_live_on: {year}-01-01        # what was overdue before goes to one backlog list
  assessed_by: 07:30              # London; not assessed by then on a working day: the data owner hears
# Committee and management packs: name (reports/packs/<name>.yaml), clerk; a named person approves each before it is
# mailed, unless it says needs_approval: false; publishes: [quarter, year] adds editions fit for publication
packs: []
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
