"""Whether open findings stand as the newest run that moved them says, once that run is proved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from due_regard.services.judge_run_again import RunProof

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

    from due_regard.register.sealing.row_faults import ProofFault


def find_standing_faults(engine: Engine, proof: RunProof) -> Iterator[ProofFault]:
    """Open findings that are not what the run says of them, and open duties of it without any finding."""
    import pandas as pd

    from due_regard.register.findings.finding_transitions import KEY, STAND
    from due_regard.register.sealing.row_faults import ProofFault

    landlord, place = proof.run.landlord, proof.run.place
    said, kept = _list_said(proof), _read_findings(engine, landlord)
    both = kept.merge(said, on=KEY, how="outer", suffixes=("", "_said"), indicator=True)
    for number in both.loc[both["_merge"] == "right_only"].index:
        yield ProofFault(landlord, "findings", f"duty {number} of {place}", "missing", "it is open, without a finding")
    is_open = both["status"] == "open"
    for ref in both.loc[is_open & (both["_merge"] == "left_only"), "register_ref"]:
        yield ProofFault(landlord, "findings", ref, "changed", f"it is open, and {place} says nothing of it")
    here = both[is_open & (both["_merge"] == "both")]
    differs = pd.DataFrame({name: ~_is_same(here[name], here[f"{name}_said"]) for name in STAND}, index=here.index)
    for index in differs.index[differs.any(axis="columns")]:
        names = ", ".join(name for name in STAND if differs.at[index, name])
        ref = str(here.at[index, "register_ref"])
        yield ProofFault(landlord, "findings", ref, "changed", f"{place} says otherwise of {names}")


def _list_said(proof: RunProof) -> pd.DataFrame:
    """What the run says of every open duty."""
    from due_regard.records.canonical import find_open_rows
    from due_regard.register.findings.finding_transitions import KEY, STAND, list_policy_versions

    assert proof.every is not None  # noqa: S101 - a proved run has its assessments
    rows = proof.every.assign(policy_version=list_policy_versions(proof.every, proof.run.policy_version))
    return rows.loc[find_open_rows(rows), [*KEY, *STAND]]


def _read_findings(engine: Engine, landlord: str) -> pd.DataFrame:
    from sqlalchemy import select

    from due_regard.register import reading, sql_files
    from due_regard.register.findings.finding_transitions import KEY, STAND
    from due_regard.register.schema.finding_tables import Finding

    names = ("register_ref", "status", *KEY, *STAND)
    with reading(engine, landlord) as connection:
        rows = select(*(getattr(Finding, name) for name in names)).where(Finding.landlord == landlord)
        return sql_files.make_frame(connection.execute(rows))


def _is_same(kept: pd.Series, said: pd.Series) -> pd.Series:
    kept, said = kept.astype("object"), said.astype("object")
    return (kept == said) | (kept.isna() & said.isna())
