"""What a pack's figures rest on, as its cover and its paper say it."""

from __future__ import annotations

import pandas as pd

from due_regard.calendars.quarters import LONDON
from due_regard.calendars.reporting_years import Period
from due_regard.policy import LandlordContext

_NATIONS = {
    "scotland": "Scotland", "england_and_wales": "England and Wales", "northern_ireland": "Northern Ireland",
}  # fmt: skip


def describe_standing(
    context: LandlordContext, quarter: Period, duties: pd.DataFrame, files: pd.DataFrame
) -> tuple[str, ...]:
    """Sentences on policy, exports, working days and readings; `files` as `packs/files_taken_in` gives them."""
    landlord, policy = context.landlord, context.history.find_version(quarter.ends_on)
    last = files["loaded_at"].max().astimezone(LONDON)
    open_readings = int(((duties["reading"] != "") & (duties["confirmed"] == "")).sum())
    closed = f" and the landlord's {len(landlord.closure_days)} closed days" if landlord.closure_days else ""
    counts = {"day0": "the day after an event is day 1", "day1": "the day of an event is day 1"}
    return (
        f"Policy: {policy.title}, the version in force from {policy.effective_from:%-d %B %Y}.",
        f"Records: exports of the housing system taken in up to {last:%-d %B %Y} "
        f"({files['batch_id'].nunique()} in all).",
        f"Working days: Monday to Friday without the bank holidays of {_NATIONS[landlord.division]}{closed}; "
        f"{counts.get(policy.counting, 'counting starts on the first working day')}.",
        f"Our readings of the policy that a named officer of {landlord.name} has not yet confirmed: {open_readings}.",
    )
