"""Prove everything that a register holds: chain, rows, people's words, texts, runs judged again, packs, their files.

Faults are collected, not raised: each names table and row. What cannot be proved is said, with why. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.errors import AuditError, RegisterError
from due_regard.services.audit_heads import verify_register_audit
from due_regard.services.judge_run_again import RunProof, Verdict, judge_run_again
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.result import Result
from due_regard.services.standing_findings import find_standing_faults
from due_regard.services.steps import report_step

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from due_regard.register.findings.recorded_runs import RecordedRun
    from due_regard.register.sealing.row_faults import ProofFault

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
        from due_regard.register.sealing.row_faults import ProofFault

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
        of the chain as `verify_register_audit` (rows 0 where it does not hold), holds, faults (landlord, table, key,
        what, why), unproved (landlord, table, key, why), beyond_proof (what no digest can prove -> why), proved (how
        many groups of rows, texts, runs, packs, files), runs_left (recorded runs not judged again).

    Raises:
        RegisterError: there is no register, it is older or newer than this program, or it cannot be reached.
    """
    return prove_register(settings, landlord, lambda found: found[:runs], head=head)


def prove_register(
    settings: Settings, landlord: str | None, choose_runs: ChooseRuns, *, head: str | None = None
) -> Result:
    """As `verify_register`; `choose_runs` says which runs are judged again."""
    from due_regard.register.sealing.seal_rules import BEYOND_PROOF

    proof, left = _Proof(), 0
    report_step("proving the audit's chain")
    chain = _prove_chain(settings, landlord, proof, head)
    with open_landlord_register(settings, landlord) as engine:
        report_step("proving every row")
        proof.add_faults("", "rows", partial(_prove_rows, engine, proof))
        for name in _list_landlords(engine):
            report_step(f"{name}: proving texts and packs")
            _prove_tables(engine, settings, name, proof)
            left += _prove_runs(engine, settings, name, choose_runs, proof)
    return chain | {
        "holds": not proof.faults,
        "faults": [asdict(fault) for fault in proof.faults],
        "unproved": proof.unproved,
        "beyond_proof": dict(BEYOND_PROOF),
        "proved": proof.proved,
        "runs_left": left,
    }


def _prove_chain(settings: Settings, landlord: str | None, proof: _Proof, head: str | None) -> Result:
    from due_regard.register.sealing.row_faults import ProofFault

    try:
        return verify_register_audit(settings, landlord, head)
    except AuditError as reason:
        proof.faults.append(ProofFault("", "audit", "the chain", "changed", str(reason)))
        return {"rows": 0, "head": "", "noted": 0, "noted_in": None, "restored_at": ""}


def _prove_rows(engine: Engine, proof: _Proof) -> tuple[ProofFault, ...]:
    from due_regard import register

    try:
        report = register.verify_rows(engine)
    except AuditError:
        proof.add_unproved("", "rows", "every one", "the audit's chain does not hold: no row can be proved by it")
        return ()
    proof.count("groups of rows", report.groups)
    for one in report.unproved:
        why = "the register was upgraded then: what the rows were before is not known"
        proof.add_unproved(one.landlord, one.rule, f"before {one.before:%Y-%m-%d %H:%M} UTC", why)
    return report.faults


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
    from due_regard.register.findings.used_texts import count_texts, find_text_faults

    for table, find, what, count in (
        ("used_texts", find_text_faults, "texts", count_texts),
        ("assessment_runs", find_run_faults, "", None),
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
    from due_regard.register.sealing.row_faults import ProofFault

    found: RunProof = judge_run_again(engine, settings, run)
    if found.verdict is Verdict.WRONG:
        return [ProofFault(run.landlord, "assessment_runs", run.place, "changed", found.says)]
    if found.verdict is Verdict.UNPROVED:
        proof.add_unproved(run.landlord, "assessment_runs", run.place, found.says)
        return []
    proof.count("runs", 1)
    return list(find_standing_faults(engine, found)) if is_last else []
