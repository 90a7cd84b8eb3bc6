"""Who watches the watch: the two watches leave a sign in the register, and each sees where the other left none.

One is Airflow's DAG `watch`, the other `due-regard watch`, called from outside. One that never ran is not in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from due_regard.calendars.quarters import LONDON, find_london_day

AIRFLOW, OUTSIDE = "airflow", "outside"
WATCHES = (AIRFLOW, OUTSIDE)

FIRST_LOOK, LAST_LOOK = time(7, 30), time(19, 30)
"""London time between which a watch looks at least each hour on weekdays, at half past."""

_GRACE = timedelta(minutes=45)
"""How long after its slot a look may come: the retries of a task take eight minutes, a queue some more."""


def find_silent_watches(signs: Mapping[str, datetime], *, now: datetime) -> dict[str, datetime]:
    """The watches in use that missed their last slot, and when each was last there."""
    slot = find_last_slot(now - _GRACE)
    return {watch: seen for watch, seen in sorted(signs.items()) if seen < slot}


def find_last_slot(now: datetime) -> datetime:
    """The newest instant, not after `now`, at which a watch should have looked."""
    local = now.astimezone(LONDON)
    slot = local.replace(minute=FIRST_LOOK.minute, second=0, microsecond=0)
    if slot > local:
        slot -= timedelta(hours=1)
    if local.weekday() > 4 or local.time() < FIRST_LOOK:
        return _find_last_look(_find_weekday_before(find_london_day(now)))
    return min(slot, _find_last_look(local.date()))


def _find_last_look(day: date) -> datetime:
    return datetime.combine(day, LAST_LOOK, LONDON)


def _find_weekday_before(day: date) -> date:
    return next(before for back in range(1, 4) if (before := day - timedelta(days=back)).weekday() <= 4)
