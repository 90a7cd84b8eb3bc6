"""How long a pack takes for a landlord with 1,000,000 incidents in its history, and what its parts cost.

Run `python -m benchmarks.packs [incidents]`. Prints, each measured in a process of its own: a quarter's pack and a
year's edition for publication (time and memory), the six charts with their imports, and an action list of 50,000 rows
next to plain openpyxl in its write-only mode.
Incidents are spread over ten years, one restriction in 25 of them; 19 duties in 20 are done in time.
"""

from __future__ import annotations

import io
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

INCLUDE = Path(__file__).parents[1] / "include"
LANDLORD, PACK = "queens_cross", "health_and_safety_committee"
ROWS, ROUNDS = 50_000, 3
_FIRST, _LAST = np.datetime64("2016-07-01"), np.datetime64("2026-06-30")
_TAKEN_IN = datetime(2026, 6, 30, 18, tzinfo=UTC)


class _Draw:
    """Whole columns drawn from one seeded source."""

    def __init__(self, size: int, seed: int) -> None:
        self.size, self.rng = size, np.random.default_rng(seed)

    def days(self) -> np.ndarray:
        """Days of the ten years."""
        return _FIRST + self.rng.integers(0, int((_LAST - _FIRST).astype(int)) + 1, self.size)

    def later(self, days: np.ndarray, longest: int, done: float = 0.95) -> pd.Series:
        """Up to `longest` days later, blank for those not done."""
        found = pd.Series((days + self.rng.integers(0, longest + 1, self.size)).astype("datetime64[s]"))
        return found.mask(self.rng.random(self.size) > done)

    def words(self, *pool: str) -> pd.Series:
        """One of `pool` each."""
        return pd.Series(np.array(pool, dtype=object)[self.rng.integers(0, len(pool), self.size)], dtype="str")

    def refs(self, letter: str, among: int) -> pd.Series:
        """References into `among` others."""
        pool = np.array([f"{letter}{number:07}" for number in range(among)], dtype=object)
        return pd.Series(pool[self.rng.integers(0, among, self.size)], dtype="str")

    def yes(self, share: float = 0.95) -> pd.Series:
        """Yes for `share` of the rows."""
        return pd.Series(self.rng.random(self.size) < share, dtype="boolean")


def _own(letter: str, size: int) -> pd.Series:
    return pd.Series([f"{letter}{number:07}" for number in range(size)], dtype="str")


def history(incidents: int) -> dict[str, pd.DataFrame]:
    """Records in canonical dtypes, in order of reference."""
    people, limits = incidents // 5, incidents // 25
    met, held = _Draw(incidents, 1), _Draw(limits, 2)
    on, decided = met.days(), held.days()
    return {
        "customers": _customers(people),
        "incidents": _incidents(met, on, people),
        "warnings": _warnings(people, incidents // 10),
        "restrictions": _restrictions(held, decided, people, incidents),
        "reviews": _reviews(held, decided),
        "appeals": _appeals(limits // 10, limits),
    }


def _customers(people: int) -> pd.DataFrame:
    draw = _Draw(people, 3)
    return pd.DataFrame({
        "customer_ref": _own("C", people), "customer_type": draw.words("tenant", "tenant", "factored_owner"),
        "receives_support_service": draw.yes(0.05),
    })  # fmt: skip


def _incidents(draw: _Draw, on: np.ndarray, people: int) -> pd.DataFrame:
    violence = draw.words(*["none"] * 9, "threat")
    police = draw.later(on, 2)
    return pd.DataFrame({
        "incident_ref": _own("I", draw.size), "customer_ref": draw.refs("C", people),
        "occurred_on": pd.Series(on.astype("datetime64[s]")),
        "category": draw.words("aggressive_or_abusive", "unreasonable_demands", "harassment"),
        "channel": draw.words("phone", "email", "in_person"), "violence": violence,
        "manager_informed_on": draw.later(on, 1), "police_reported_on": police.where(violence == "threat"),
        "committee_reported_on": draw.later(on, 60), "team": draw.words("Housing", "Repairs", "Income", "Care"),
    })  # fmt: skip


def _warnings(people: int, size: int) -> pd.DataFrame:
    draw = _Draw(size, 4)
    return pd.DataFrame({
        "warning_ref": _own("W", size), "customer_ref": draw.refs("C", people),
        "issued_on": pd.Series(draw.days().astype("datetime64[s]")), "policy_enclosed": draw.yes(),
    })  # fmt: skip


def _restrictions(draw: _Draw, decided: np.ndarray, people: int, incidents: int) -> pd.DataFrame:
    on = pd.Series(decided.astype("datetime64[s]"))
    ended = draw.later(decided, 180, 1.0)
    return pd.DataFrame({
        "restriction_ref": _own("R", draw.size), "customer_ref": draw.refs("C", people),
        "incident_ref": draw.refs("I", incidents),
        "measure": draw.words("named_contact", "writing_only", "set_times;channel_limited"), "decided_on": on,
        "decided_by": draw.refs("S", 40), "decided_by_role": draw.words("director", "leadership_team"),
        "notified_on": on, "notice_in_writing": draw.yes(), "notice_reasons": draw.yes(),
        "notice_duration": draw.yes(), "notice_review_date": draw.yes(), "notice_appeal_right": draw.yes(),
        "starts_on": on, "expires_on": on + pd.Timedelta(days=170), "ended_on": ended,
        "adjustments_considered": draw.yes(), "emergency_route": draw.yes(), "duration_reason": draw.words("none"),
        "review_due_on": on + pd.Timedelta(days=160), "care_inspectorate_notified_on": on,
    })  # fmt: skip


def _reviews(restrictions: _Draw, decided: np.ndarray) -> pd.DataFrame:
    draw = _Draw(restrictions.size // 2, 5)
    held = pd.Series((decided[: draw.size] + 90).astype("datetime64[s]"))
    return pd.DataFrame({
        "review_ref": _own("V", draw.size), "restriction_ref": _own("R", draw.size), "reviewed_on": held,
        "outcome": draw.words("retain", "vary"), "next_review_on": held + pd.Timedelta(days=90),
    })  # fmt: skip


def _appeals(size: int, among: int) -> pd.DataFrame:
    draw = _Draw(size, 6)
    on = draw.days()
    return pd.DataFrame({
        "appeal_ref": _own("A", size), "restriction_ref": draw.refs("R", among),
        "received_on": pd.Series(on.astype("datetime64[s]")), "acknowledged_on": draw.later(on, 3),
        "considered_by": draw.refs("S", 40), "considered_by_role": draw.words("director"),
        "decided_on": draw.later(on, 13), "outcome": draw.words("upheld", "varied", "quashed"),
        "notified_on": draw.later(on, 14), "external_body": draw.words("spso"),
    })  # fmt: skip


def _load(folder: Path, incidents: int) -> None:
    from due_regard.records.validated_drop import ROW_NUMBER, AcceptedFile, ValidatedDrop
    from due_regard.register import load_drop, upgrade_register

    files = tuple(
        AcceptedFile(f"{name}.csv", name, name, tuple(f), f.assign(**{ROW_NUMBER: np.arange(2, len(f) + 2)}), len(f))
        for name, f in history(incidents).items()
    )
    engine = upgrade_register(f"sqlite:///{folder / 'register.db'}")
    load_drop(engine, ValidatedDrop(LANDLORD, "canonical", "history", files), now=_TAKEN_IN)
    engine.dispose()


def _pack(folder: Path) -> dict[str, float]:
    return _build(folder, "2026-Q2", "confidential")


def _annual(folder: Path) -> dict[str, float]:
    return _build(folder, "2025-26", "publishable")


def _build(folder: Path, period: str, edition: str) -> dict[str, float]:
    start = time.perf_counter()
    from due_regard.calendars.reporting_years import parse_period
    from due_regard.calendars.working_days import load_calendar
    from due_regard.config.landlord import load_landlord
    from due_regard.packs.build import build_pack
    from due_regard.policy import LandlordContext, load_policies
    from due_regard.register import upgrade_register

    landlord = load_landlord(INCLUDE / "landlords", LANDLORD)
    calendar = load_calendar(landlord.division, landlord.closure_days, folder=INCLUDE / "calendars")
    engine = upgrade_register(f"sqlite:///{folder / 'register.db'}")
    build_pack(
        engine, LandlordContext(landlord, load_policies(INCLUDE / "policies", LANDLORD), calendar),
        quarter=parse_period(period), pack=PACK, edition=edition, out=folder / "packs",
        now=datetime(2026, 7, 3, tzinfo=UTC), reports=INCLUDE / "reports",
    )  # fmt: skip
    return {"seconds": time.perf_counter() - start, "processor": time.process_time(), "gigabytes": _memory()}


def _charts(_: Path) -> dict[str, float]:
    start = time.perf_counter()
    from due_regard.packs import charts
    from due_regard.packs.charts.kept_chart import PARTS
    from due_regard.packs.measures.timeliness import LATENESS, OVERDUE_BANDS
    from due_regard.packs.measures.trends import count_in_force_over_time  # noqa: F401

    ages = pd.DataFrame({"Age": [label for _, label, _ in OVERDUE_BANDS], "Reviews": [1, 2, 3, 4, 5]})
    over_time = pd.DataFrame({"Quarter": [f"Apr to Jun {2010 + n}" for n in range(12)]})
    for place in range(10):
        over_time["All restrictions" if place == 0 else f"Kind {place}"] = range(place, place + 12)
    late = pd.DataFrame(
        [[f"Duty {n}", "days", 5, 4, 3, 2, 1, 15] for n in range(9)],
        columns=["Duty", "Counted in", *LATENESS, "Due in the quarter"],
    )
    kept = pd.DataFrame({"Quarter": [f"Apr to Jun {n}" for n in range(2026, 2021, -1)], "Due": 10,
                         PARTS[0]: 8, PARTS[1]: 1, PARTS[2]: 1})  # fmt: skip
    days = pd.DataFrame([("Apr to Jun 2026", n, 1 + n % 3, 10) for n in range(40)],
                        columns=["Quarter", "Working days to decide", "Appeals", "Limit in working days"])  # fmt: skip
    months = pd.DataFrame({"Month": pd.date_range("2024-07-01", periods=24, freq="MS"), "Incidents": range(20, 44),
                           "Baseline": 22.0})  # fmt: skip
    drawn = {"lateness": late, "in_force_over_time": over_time, "days_to_decide": days, "incidents_by_month": months,
             "overdue_reviews": ages, "duties_kept": kept}  # fmt: skip
    assert all(charts.CHARTS[name](data) for name, data in drawn.items()) and set(drawn) == set(charts.CHARTS)
    return {"seconds": time.perf_counter() - start, "processor": time.process_time(), "gigabytes": _memory()}


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def _action_rows() -> pd.DataFrame:
    return pd.DataFrame({
        "Register reference": [f"F-{n:06}" for n in range(ROWS)],
        "What to do": "Hold the review and record its outcome, its reasons and the next date.", "By whom": "reviewer",
        "By when": pd.Series(np.datetime64("2026-01-01") + np.arange(ROWS) % 180).astype("datetime64[s]"),
        "Days overdue": np.arange(ROWS) % 180, "State": "Overdue", "Duty": "Restriction reviewed", "Clause": "6.6",
        "How serious": "Breach",
    })  # fmt: skip


def _ours(found: pd.DataFrame) -> None:
    from due_regard.packs.documents.action_list import build_action_workbook

    build_action_workbook(found, "Action list", _TAKEN_IN, total=len(found), listed=len(found))


def _theirs(found: pd.DataFrame) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Actions")
    sheet.append(list(found.columns))
    for row in found.assign(**{"By when": found["By when"].dt.date}).itertuples(index=False):
        sheet.append(row)
    book.save(io.BytesIO())


def _lists() -> None:
    found = _action_rows()
    _ours(found.head(10)), _theirs(found.head(10))
    times: dict[str, list[float]] = {"ours": [], "openpyxl write-only": []}
    for _ in range(ROUNDS):
        for name, side in (("ours", _ours), ("openpyxl write-only", _theirs)):
            start = time.process_time()
            side(found)
            times[name].append(time.process_time() - start)
    ours, theirs = (statistics.median(times[name]) for name in times)
    sides = f"ours {ours:.1f} s, plain openpyxl {theirs:.1f} s ({ours / theirs:.2f}x)"
    print(f"action list of {ROWS:,} rows, processor time: {sides}")


def _apart(part: str, folder: Path) -> dict[str, float]:
    """Run one part in a process of its own, so that its time holds its imports and its memory is its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.packs", part, str(folder)], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main(incidents: int = 1_000_000) -> None:
    """Load a history, then measure each part."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _load(folder, incidents)
        parts = {
            "pack": f"pack, {incidents:,} incidents",
            "annual": f"year's edition for publication, {incidents:,} incidents",
            "charts": "six charts",
        }
        for part, words in parts.items():
            runs = [_apart(part, folder) for _ in range(ROUNDS)]
            seconds, processor = (statistics.median(run[name] for run in runs) for name in ("seconds", "processor"))
            most = max(run["gigabytes"] for run in runs)
            print(f"{words}: {seconds:.1f} s ({processor:.1f} s of processor time), {most:.2f} GB", flush=True)
    _lists()
    print(date.today().isoformat())  # noqa: DTZ011 - the day it was measured


if __name__ == "__main__":
    parts_apart = {"pack": _pack, "annual": _annual, "charts": _charts}
    if sys.argv[1:] and sys.argv[1] in parts_apart:
        print(json.dumps(parts_apart[sys.argv[1]](Path(sys.argv[2]))))
    else:
        main(*(int(value) for value in sys.argv[1:2]))
