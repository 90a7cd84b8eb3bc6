"""Three shapes of a landlord's work in Airflow, tried on the demo's five landlords with real work, and on fifty.

Run `python -m benchmarks.shapes [--pictures FOLDER] [--copies N] [shape …]`. Each shape runs in an Airflow of its own
with FAB: everybody's day and packs, then what one landlord's data team may do, its missed days, another's refused drop,
a landlord switched off. Then an Airflow without FAB runs the day of fifty landlords whose tasks do nothing. Processor,
rows, sizes and codes count on any machine; the clock counts on a quiet one alone.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from benchmarks.orchestration_landlords import INCLUDE, make_include
from benchmarks.shapes_airflow import ShapeAirflow, Spent, start_shape
from benchmarks.shapes_known import SHAPES, Shape
from benchmarks.shapes_people import ask_rights, let_data_team_in
from benchmarks.shapes_trouble import count_switched_off, fail_one, fill_again, fill_missed_days, has_clock
from due_regard.config.landlord import list_landlord_ids

DAY, NEXT_DAY, PACK_DAY = date(2026, 6, 30), date(2026, 7, 1), date(2026, 6, 30)
OWN, OTHER = "queens_cross", "hanover"
IDLE_S = 30


def try_with_work(shape: Shape, pictures: Path | None) -> None:
    """The demo's five landlords."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        include = _copy_demo(Path(place) / "include")
        landlords = list_landlord_ids(include / "landlords")
        with start_shape(shape, Path(place) / "airflow", include, landlords, workers=2) as found:
            print(f"\n{shape.name}, {len(landlords)} landlords with work, 2 workers", flush=True)
            _print_reading(found)
            for kind, day in (("daily", DAY), ("committee_packs", PACK_DAY)):
                _print_spent(kind, found.run_all(kind, shape.begin_all(landlords, kind, day)))
            print(f"  begins by a clock of its own: {'yes' if has_clock(found, OWN) else 'no'}")
            _print_trouble(found, pictures)


def _print_trouble(found: ShapeAirflow, pictures: Path | None) -> None:
    person, admin = let_data_team_in(found, OWN), found.airflow.api._http
    for action, (own, other) in ask_rights(found, person, OWN, OTHER).items():
        print(f"  {OWN}'s data team, {action:16} its own {own}, {OTHER}'s {other}", flush=True)
    filled = fill_missed_days(found, person, OWN)
    print(f"  three missed days of {OWN}: a backfill is answered {filled.code}; filled by {filled.way}")
    print(f"    missed days assessed: {', '.join(f'{name} {days}' for name, days in filled.assessed.items())}")
    _print_spent("  filling", filled.spent)
    print(f"    then {OTHER}'s alone: {fill_again(found, person, OTHER)}", flush=True)
    said = ", ".join(f"{what} {state}" for what, state in fail_one(found, "clydebank", NEXT_DAY).items())
    print(f"  clydebank's drop refused: {said}")
    off = count_switched_off(found, admin, OTHER)
    print(f"  {OTHER} switched off: the day of {off} of {len(found.landlords)} landlords is off", flush=True)
    _take_pictures(found, OWN, pictures)


def _take_pictures(found: ShapeAirflow, landlord: str, pictures: Path | None) -> None:
    if pictures:
        from benchmarks.shapes_pictures import take_pictures

        take_pictures(found, landlord, pictures)


def try_empty(shape: Shape, copies: int, pictures: Path | None) -> None:
    """So many landlords whose tasks do nothing."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        include = make_include(Path(place) / "include", copies)
        landlords = list_landlord_ids(include / "landlords")
        with start_shape(shape, Path(place) / "airflow", include, landlords, workers=4, is_empty=True) as found:
            print(f"\n{shape.name}, {copies} landlords whose tasks do nothing, 4 workers", flush=True)
            _print_reading(found)
            found.loops.clear()
            found_idle = found.measure(lambda: time.sleep(IDLE_S), 0)
            _print_spent(f"idle, {IDLE_S} s", found_idle)
            _print_loops(found)
            _print_spent("daily", found.run_all("daily", shape.begin_all(landlords, "daily", DAY)))
            _print_loops(found)
            _take_pictures(found, landlords[0], pictures)


def _print_reading(found: ShapeAirflow) -> None:
    dags = len(found.shape.list_dags(found.landlords))
    print(f"  {dags} DAGs, read again in {found.measure_parsing():.2f} s of processor", end="")
    print(f", serialised {found.measure_serialised():.0f} kB", flush=True)


def _print_spent(what: str, spent: Spent) -> None:
    parts = ", ".join(f"{part} {seconds:.1f}" for part, seconds in sorted(spent.processor.items()))
    print(f"  {what:15} {spent.clock:6.0f} s by the clock, processor {spent.whole:.1f} s ({parts})")
    print(f"  {'':15} Airflow's database +{spent.rows} rows, +{spent.kilobytes:.0f} kB", flush=True)


def _print_loops(found: ShapeAirflow) -> None:
    loops = sorted(found.loops)
    if len(loops) > 1:
        slow = loops[int(0.95 * len(loops))]
        print(
            f"    a round of the scheduler: median {statistics.median(loops):.3f} s, 95th percentile {slow:.3f} s",
            end="",
        )
        print(f", {len(loops)} rounds", flush=True)
    found.loops.clear()


def _copy_demo(folder: Path) -> Path:
    """The repository's include folder with drops of its own, so that one may be spoilt."""
    folder.mkdir()
    for part in INCLUDE.iterdir():
        if part.name != "samples":
            (folder / part.name).symlink_to(part)
    shutil.copytree(INCLUDE / "samples", folder / "samples")
    return folder


def main(words: Sequence[str] = ()) -> None:
    """Try every shape, or those named by their first word."""
    parser = ArgumentParser(prog="benchmarks.shapes", description=__doc__)
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="keep pictures of Airflow's pages here")
    parser.add_argument("--copies", type=int, default=50, help="landlords whose tasks do nothing; 0: none")
    parser.add_argument("--no-work", action="store_true", help="leave the five landlords with work out")
    parser.add_argument("shapes", nargs="*", choices=[[], *(shape.name.split()[0] for shape in SHAPES)])
    asked = parser.parse_args(words)
    chosen = [shape for shape in SHAPES if not asked.shapes or shape.name.split()[0] in asked.shapes]
    for shape in () if asked.no_work else chosen:
        try_with_work(shape, asked.pictures)
    for shape in chosen if asked.copies else ():
        try_empty(shape, asked.copies, asked.pictures)


if __name__ == "__main__":
    main(sys.argv[1:])
