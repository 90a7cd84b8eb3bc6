"""Prove everything that a register holds: chain, rows, texts, runs, packs and their files, people's words.

Faults are collected, not raised: each names table and row. What cannot be proved is said, with why. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.errors import AuditError, RegisterError
from due_regard.services.judge_run_again import RunProof, Verdict, judge_run_again
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.result import Result
from due_regard.services.standing_findings import find_standing_faults
from due_regard.services.steps import report_step

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from due_regard.register.faults import ProofFault
    from due_regard.register.findings.recorded_runs import RecordedRun

ChooseRuns = Callable[[Sequence["RecordedRun"]], Sequence["RecordedRun"]]
"""Chooses the runs of a landlord that are judged again; it is given every one, the newest first."""

EXIT_WRONG = 5
"""What the command line ends with where something does not hold: as a broken chain does."""


@dataclass
class _Proof:
    """What was found so far: faults, what cannot be proved and why, and how much was proved."""

    faults: list[ProofFault] = field(default_factory=list)
    unproved: list[Result] = field(default_factory=list)
    proved: dict[str, int] = field(default_factory=dict)

    def add_faults(self, landlord: str, table: str, find: Callable[[], Iterable[ProofFault]]) -> None:
        """Collect what `find` finds; a cell that cannot even be read is a fault of its own."""
        from due_regard.register.faults import ProofFault

        try:
            self.faults.extend(find())
        except RegisterError as reason:
            self.add_unproved(landlord, table, "all of it", str(reason))
        except (ValueError, LookupError, TypeError, AttributeError) as reason:
            # Its words may hold a cell.
            why = f"a cell in it cannot be read ({type(reason).__name__})"
            self.faults.append(ProofFault(landlord, table, "as it stands", "changed", why))

    def add_unproved(self, landlord: str, table: str, key: str, why: str) -> None:
        """Note what cannot be proved, and why."""
        self.unproved.append({"landlord": landlord, "table": table, "key": key, "why": why})

    def count(self, what: str, number: int) -> None:
        """Note how much of a kind holds."""
        self.proved[what] = self.proved.get(what, 0) + number


def verify_register(
    settings: Settings, landlord: str | None = None, *, head: str | None = None, runs: int | None = None
) -> Result:
    """Prove the register (that of `landlord`, where each has its own), every landlord's chain and rows in it.

    Args:
        settings: the installation.
        landlord: whose register; may be left out where one register holds all.
        head: a head printed earlier, which the chains must still contain.
        runs: judge only so many of each landlord's newest runs again; all by default.

    Returns:
        rows and head (of the chain), holds, faults (landlord, table, key, what, why), unproved (landlord, table, key,
        why), proved (how many texts, runs, packs, files, decisions), runs_left (recorded runs not judged again).

    Raises:
        RegisterError: there is no register, it is older or newer than this program, or it cannot be reached.
    """
    with open_landlord_register(settings, landlord) as engine:
        return prove_register(engine, settings, lambda found: found[:runs], head=head)


def prove_register(
    engine: Engine,
    settings: Settings,
    choose_runs: ChooseRuns,
    *,
    head: str | None = None,
    landlords: Sequence[str] | None = None,
) -> Result:
    """As `verify_register`; `choose_runs` says which runs are judged again, `landlords` of whom (all by default)."""
    proof = _Proof()
    report_step("the chain")
    rows, kept_head = _prove_chain(engine, proof, head)
    left = 0
    for name in _list_landlords(engine) if landlords is None else landlords:
        _prove_tables(engine, settings, name, proof)
        left += _prove_runs(engine, settings, name, choose_runs, proof)
    return {
        "rows": rows,
        "head": kept_head,
        "holds": not proof.faults,
        "faults": [asdict(fault) for fault in proof.faults],
        "unproved": proof.unproved,
        "proved": proof.proved,
        "runs_left": left,
    }


def _prove_chain(engine: Engine, proof: _Proof, head: str | None) -> tuple[int, str]:
    from due_regard import register
    from due_regard.register.faults import ProofFault

    try:
        report = register.verify_audit(engine, head)
    except AuditError as reason:
        proof.faults.append(ProofFault("", "audit", "the chain", "changed", str(reason)))
        return 0, ""
    return report.rows, report.head


def _list_landlords(engine: Engine) -> list[str]:
    """Every landlord of whom the audit holds anything."""
    from sqlalchemy import select

    from due_regard.register import reading
    from due_regard.register.engines import REGISTER
    from due_regard.register.schema.drop_tables import AuditRow

    with reading(engine) as connection:
        found = set(connection.scalars(select(AuditRow.landlord).distinct()))
    return sorted(found - {REGISTER})


def _prove_tables(engine: Engine, settings: Settings, landlord: str, proof: _Proof) -> None:
    from due_regard.packs.life.pack_proof import count_packs, find_pack_faults
    from due_regard.register.findings.recorded_runs import find_run_faults
    from due_regard.register.findings.said_words_proof import count_said_words, find_word_faults
    from due_regard.register.findings.used_texts import count_texts, find_text_faults

    for table, find, what, count in (
        ("used_texts", find_text_faults, "texts", count_texts),
        ("assessment_runs", find_run_faults, "", None),
        ("finding_events", find_word_faults, "decisions", count_said_words),
        ("packs", find_pack_faults, "packs", count_packs),
    ):
        before = len(proof.faults)
        proof.add_faults(landlord, table, partial(_ask, engine, landlord, find))
        if count is not None and len(proof.faults) == before:
            proof.count(what, _read_count(engine, landlord, count))
    proof.add_faults(landlord, "packs", partial(_prove_files, engine, settings, landlord, proof))


def _ask(engine: Engine, landlord: str, find: Callable[[Connection, str], Iterable[ProofFault]]) -> list[ProofFault]:
    from due_regard.register import reading

    with reading(engine, landlord) as connection:
        return list(find(connection, landlord))


def _read_count(engine: Engine, landlord: str, count: Callable[[Connection, str], int]) -> int:
    from due_regard.register import reading

    with reading(engine, landlord) as connection:
        return count(connection, landlord)


def _prove_files(engine: Engine, settings: Settings, landlord: str, proof: _Proof) -> list[ProofFault]:
    from due_regard.packs.life.pack_proof import prove_pack_files
    from due_regard.register import reading

    with reading(engine, landlord) as connection:
        try:
            found = prove_pack_files(connection, landlord, settings.packs)
        except OSError as reason:
            proof.add_unproved(landlord, "packs", "files", f"their folder cannot be read ({type(reason).__name__})")
            return []
    proof.count("files", found.held)
    if found.missing:
        why = "files of them are not in the folder of packs: it was pruned, or they were written elsewhere"
        proof.add_unproved(landlord, "packs", f"{found.missing} packs", why)
    if found.replaced:
        why = "a later build wrote files of the same name: of these the checksums alone are left"
        proof.add_unproved(landlord, "packs", f"{found.replaced} packs", why)
    return list(found.faults)


def _prove_runs(engine: Engine, settings: Settings, landlord: str, choose_runs: ChooseRuns, proof: _Proof) -> int:
    """Judge the chosen runs again; how many were not chosen."""
    from due_regard.register.findings.recorded_runs import list_recorded_runs

    every: list[RecordedRun] = []

    def read_runs() -> Iterable[ProofFault]:
        every.extend(list_recorded_runs(engine, landlord))
        return ()

    proof.add_faults(landlord, "assessment_runs", read_runs)
    chosen = choose_runs(every)
    last = next((run for run in every if run.moved), None)
    for number, run in enumerate(chosen, 1):
        report_step(f"{landlord}: judging run {run.id} again ({number} of {len(chosen)})")
        proof.add_faults(landlord, "assessment_runs", partial(_prove_run, engine, settings, run, run == last, proof))
    return len(every) - len(chosen)


def _prove_run(engine: Engine, settings: Settings, run: RecordedRun, is_last: bool, proof: _Proof) -> list[ProofFault]:
    from due_regard.register.faults import ProofFault

    found: RunProof = judge_run_again(engine, settings, run)
    if found.verdict is Verdict.WRONG:
        return [ProofFault(run.landlord, "assessment_runs", run.place, "changed", found.says)]
    if found.verdict is Verdict.UNPROVED:
        proof.add_unproved(run.landlord, "assessment_runs", run.place, found.says)
        return []
    proof.count("runs", 1)
    return list(find_standing_faults(engine, found)) if is_last else []
