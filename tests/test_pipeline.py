"""The verbs together: what one room hands to the next, and what must happen once however often a verb is run."""

from __future__ import annotations

import email
import itertools
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from due_regard import assessment, register
from due_regard.__main__ import main
from due_regard.config.settings import Settings
from due_regard.errors import DropError, LandlordError, RegisterMovedOn, SettingsError, WordingError
from due_regard.intake import rejections
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.mail import wording
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.register.schema.finding_tables import AssessmentRun
from due_regard.services.assess_landlord import assess_landlord, assess_with_rows
from due_regard.services.build_packs import build_packs
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.list_findings import list_findings
from due_regard.services.read_assessments import RecordChoice, read_assessments
from due_regard.services.result import Result
from due_regard.services.run_alerts import run_alerts
from due_regard.services.take_in_drop import take_in_drop
from tests.alerts.mail_server import Mailbox, serving
from tests.approval_off import switch_approval_off
from tests.contract_examples import CONTRACT

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
AS_AT = date(2026, 7, 1)
L = "hanover"
PACK = "audit_performance_and_risk"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    own = switch_approval_off(tmp_path / "own", L)
    return Settings(var_dir=tmp_path / "var", drops_dir=tmp_path / "drops", landlords=(L,), own_dir=own)


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """The landlord's own drop folder, in canonical form, ready to be taken."""
    folder = tmp_path / "drops" / L
    shutil.copytree(CONTRACT / "examples" / L / "exports", folder)
    (folder / "READY").touch()
    return folder


def take(settings: Settings, now: datetime = NOW) -> Result:
    return take_in_drop(settings, L, source="canonical", now=now)


def load(settings: Settings, folder: Path, now: datetime = NOW) -> None:
    """Take a drop without Great Expectations, whose verdict is the same and takes seconds (tests/intake)."""
    source = load_source_mapping(settings.sources_dir, "canonical")
    with open_landlord_register(settings, L, upgrade=True) as engine:
        known = partial(register.read_known_refs, engine, L)
        validated = read_drop(folder, L, source, on=AS_AT, known=known, great_expectations=False)
        register.load_drop(engine, validated, now=now)


def mails(settings: Settings) -> Iterator[EmailMessage]:
    for file in sorted(settings.mail_dir.glob("*.eml")):
        yield email.message_from_bytes(file.read_bytes(), policy=policy.default)  # type: ignore[misc]


def spoil(drop: Path) -> None:
    """One appeal in the drop of a restriction that exists nowhere."""
    with (drop / "appeals.csv").open("a", encoding="utf-8") as file:
        header = (drop / "appeals.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        row = {"appeal_ref": "A-SPOILT", "restriction_ref": "R-NOWHERE", "received_on": "2026-05-05"}
        file.write(",".join(row.get(name, "") for name in header) + "\n")


def test_a_landlord_without_a_drop_is_no_error(settings: Settings) -> None:
    assert take(settings)["status"] == "missing"


def test_a_drop_still_being_written_waits(settings: Settings, drop: Path) -> None:
    (drop / "READY").unlink()
    newest = max(file.stat().st_mtime for file in drop.iterdir())
    assert take(settings, datetime.fromtimestamp(newest, UTC))["status"] == "waiting"
    assert take(settings, datetime.fromtimestamp(newest, UTC) + timedelta(hours=1))["status"] == "loaded"


def test_a_drop_named_by_hand_must_be_there(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(DropError):
        take_in_drop(settings, L, drop=tmp_path / "nowhere", source="canonical", now=NOW)


def test_an_unknown_landlord_is_named_with_those_known(settings: Settings) -> None:
    with pytest.raises(LandlordError, match=r"known: .*hanover"):
        take_in_drop(settings, "nobody", now=NOW)


def test_the_data_owner_hears_once_of_what_was_not_taken(settings: Settings, drop: Path) -> None:
    spoil(drop)
    result = take(settings)
    assert result["exit_code"] == 3
    handed_back = load_workbook(next(Path(result["rejections"]).glob("appeals*"))).active
    assert "A-SPOILT" in {cell.value for cell in handed_back[2]}
    again = take(settings, NOW + timedelta(days=1))
    assert (again["status"], again["rejections"]) == ("unchanged", result["rejections"])
    run_alerts(settings, as_at=AS_AT, now=NOW)
    told = [mail for mail in mails(settings) if "rows to mend" in mail["Subject"]]
    assert len(told) == 1
    body = told[0].get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "appeals.csv: 1 of" in text
    assert "orphan in restriction_ref" in text
    assert "A-SPOILT" not in text
    assert "R-NOWHERE" not in text


def list_told(settings: Settings) -> list[str]:
    """Subjects of the mails about rows to mend that stand in the outbox."""
    with open_landlord_register(settings) as engine, register.reading(engine) as connection:
        own = select(AlertMessage.subject).where(AlertMessage.kind == "handback").order_by(AlertMessage.composed_at)
        return list(connection.scalars(own))


def test_killed_after_the_load_the_data_owner_is_told_and_the_next_run_writes_the_files(
    settings: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As a kill: nothing catches it."""

    def die(*_: Any) -> None:
        raise Killed

    spoil(drop)
    with monkeypatch.context() as struck, pytest.raises(Killed):
        struck.setattr(rejections, "write_rejections", die)
        take(settings)
    assert len(list_told(settings)) == 1
    again = take(settings, NOW + timedelta(hours=1))
    assert (again["status"], again["exit_code"]) == ("unchanged", 3)
    assert {file.name for file in Path(again["rejections"]).iterdir()} >= {"appeals.csv.xlsx"}
    run_alerts(settings, as_at=AS_AT, now=NOW)
    (mail,) = [mail for mail in mails(settings) if "rows to mend" in mail["Subject"]]
    body = mail.get_body(("plain",))
    assert body is not None
    assert again["rejections"] in body.get_content().replace("\n", "")


def test_what_is_first_wrong_in_a_drop_that_brings_nothing_new_is_told(settings: Settings, drop: Path) -> None:
    take(settings)
    assert list_told(settings) == []
    spoil(drop)
    for hours, drops_told in ((1, 1), (2, 1)):
        result = take(settings, NOW + timedelta(hours=hours))
        assert (result["status"], result["exit_code"]) == ("unchanged", 3)
        assert len(list_told(settings)) == drops_told
    (drop / "notes.csv").write_text("what,is,this\n1,2,3\n", encoding="utf-8")
    result = take(settings, NOW + timedelta(hours=3))
    assert (result["status"], result["exit_code"]) == ("unchanged", 4)
    assert len(list_told(settings)) == 2


def test_wrong_wording_loads_nothing_rather_than_telling_nobody(
    settings: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise WordingError("a sentence lacks a placeholder")

    spoil(drop)
    with monkeypatch.context() as broken, pytest.raises(WordingError):
        broken.setattr(wording, "load_mail_wording", refuse)
        take(settings)
    with open_landlord_register(settings) as engine:
        assert register.list_drops(engine).empty
    assert take(settings)["status"] == "loaded"
    assert len(list_told(settings)) == 1


def test_mending_and_sending_again_loads_just_those_rows(settings: Settings, drop: Path, tmp_path: Path) -> None:
    spoil(drop)
    rejected = next(Path(take(settings)["rejections"]).glob("appeals*"))
    mended = tmp_path / "mended"
    mended.mkdir()
    with open_landlord_register(settings) as engine:
        there = min(register.read_known_refs(engine, L, "restrictions") or ())
    book = load_workbook(rejected)
    (cell,) = [cell for cell in book.active[2] if cell.value == "R-NOWHERE"]
    cell.value = there
    book.save(mended / rejected.name)
    result = take_in_drop(settings, L, drop=mended, source="canonical", now=NOW)
    assert [(file["read"], file["loaded"]) for file in result["files"]] == [(1, 1)]


def test_a_shrunken_snapshot_is_held_until_a_person_releases_it(settings: Settings, drop: Path) -> None:
    shutil.copytree(CONTRACT / "examples" / L / "exports", drop, dirs_exist_ok=True)
    snapshot = "canonical_snapshot"
    assert take_in_drop(settings, L, source=snapshot, now=NOW)["status"] == "loaded"
    lines = (drop / "incidents.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (drop / "incidents.csv").write_text("".join(lines[: len(lines) // 4]), encoding="utf-8")
    held = take_in_drop(settings, L, source=snapshot, now=NOW)
    assert (held["status"], held["exit_code"]) == ("held", 5)
    assert "incidents" in held["why"]
    with open_landlord_register(settings) as engine:
        register.release_drop(engine, held["batch_id"], actor="data-owner", why="a new system", now=NOW)
        before = len(register.read_records(engine, L)["incidents"])
    assert take_in_drop(settings, L, source=snapshot, now=NOW)["status"] in {"loaded", "unchanged"}
    with open_landlord_register(settings) as engine:
        assert len(register.read_records(engine, L)["incidents"]) == before, "a snapshot never deletes"


def test_an_older_drop_sent_again_is_held_and_undoes_nothing(
    settings: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(settings.var_dir))
    words = ["intake", str(drop), "--landlord", L, "--source", "canonical"]
    old = {file.name: file.read_bytes() for file in drop.glob("*.csv")}
    assert main(words) == 0
    appeals = pd.read_csv(drop / "appeals.csv", dtype=str, keep_default_na=False)
    appeals.assign(outcome="upheld").to_csv(drop / "appeals.csv", index=False)
    assert main(words) == 0
    assert main(words) == 0
    assert "unchanged" in capsys.readouterr().out
    with open_landlord_register(settings) as engine:
        newer = register.read_records(engine, L)["appeals"]
    for name, content in old.items():
        (drop / name).write_bytes(content)
    assert main(words) == 5
    said = capsys.readouterr().out
    assert "held: every file of this drop was taken in before" in said
    batch = re.search("`due-regard drop release ([0-9]+) --landlord hanover", said)
    assert batch is not None
    with open_landlord_register(settings) as engine:
        pd.testing.assert_frame_equal(register.read_records(engine, L)["appeals"], newer)
    let_in = ["drop", "release", batch[1], "--landlord", L, "--by", "data-owner", "--why", "the newer one was wrong"]
    assert main(let_in) == 0
    assert main(let_in) == 5
    assert "run intake again" in capsys.readouterr().err
    assert main(words) == 0
    with open_landlord_register(settings) as engine:
        assert not register.read_records(engine, L)["appeals"].equals(newer)
    assert main(let_in) == 5
    assert "a release counts once" in capsys.readouterr().err


def test_the_duty_to_report_is_judged_and_done_by_the_day_the_pack_is_issued(settings: Settings, drop: Path) -> None:
    load(settings, drop)
    assess_landlord(settings, L, as_at=AS_AT, now=NOW)
    assert "report.issued" not in set(read_assessments(settings, L, as_at=AS_AT)[0]["rule"])
    late = date(2026, 10, 2)
    now = datetime(2026, 10, 2, 9, tzinfo=UTC)
    assess_landlord(settings, L, as_at=late, now=now)
    found = list_findings(settings, as_at=late, landlord=L).rows
    assert "report.issued" in set(found["rule"]), "nobody was handed the quarter's report"
    tried = build_packs(settings, L, quarter="2026-Q2", now=now, issue=True)
    assert all(pack["posted"] and not pack["issued"] for pack in tried["packs"]), "a folder issues nothing"
    with serving(Mailbox()) as port:
        there = {"mail_mode": "live", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_starttls": False}
        real = settings.model_copy(update=there)
        built = build_packs(real, L, quarter="2026-Q2", now=now, issue=True)
    assert all(pack["issued"] for pack in built["packs"])
    assert built["mails"] == len(built["packs"]) > 0
    assess_landlord(settings, L, as_at=late, now=now)
    assert "report.issued" not in set(list_findings(settings, as_at=late, landlord=L).rows["rule"])


def test_a_quarters_pack_is_mailed_once_however_often_it_is_built(settings: Settings, drop: Path) -> None:
    load(settings, drop)
    build_packs(settings, L, quarter="2026-Q2", pack=PACK, now=NOW, issue=True)
    spoil(drop)
    load(settings, drop, NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=2)
    again = build_packs(settings, L, quarter="2026-Q2", pack=PACK, now=later, issue=True)
    assert not any(pack["posted"] for pack in again["packs"])
    subjects = [mail["Subject"] for mail in mails(settings)]
    assert len(subjects) == len(set(subjects)) == len(again["packs"])


def test_running_every_verb_again_changes_nothing(settings: Settings, drop: Path) -> None:
    for again in (False, True):
        loaded = take(settings)
        judged = assess_landlord(settings, L, as_at=AS_AT, now=NOW)
        told = run_alerts(settings, as_at=AS_AT, now=NOW)
        built = build_packs(settings, L, quarter="2026-Q2", pack=PACK, now=NOW)
        if again:
            assert loaded["status"] == "unchanged"
            assert (judged["findings"]["opened"], judged["findings"]["resolved"]) == (0, 0)
            assert (told["composed"], told["sent"]) == (0, 0)
            assert {pack["status"] for pack in built["packs"]} == {"unchanged"}
    assert judged["findings"]["open"] == len(list_findings(settings, as_at=AS_AT, landlord=L).rows)


def test_alerts_judge_a_day_that_nobody_judged(settings: Settings, drop: Path) -> None:
    load(settings, drop)
    told = run_alerts(settings, as_at=AS_AT, now=NOW)
    assert told["sent"] == told["composed"] + told["waiting"] > 0
    assert len(list_findings(settings, as_at=AS_AT, landlord=L).rows) > 0


def test_a_dry_run_records_nothing(settings: Settings, drop: Path, tmp_path: Path) -> None:
    load(settings, drop)
    assess_landlord(settings, L, as_at=AS_AT, now=NOW)
    shown = run_alerts(settings, as_at=AS_AT, now=NOW, dry_run=tmp_path / "dry")
    assert len(list((tmp_path / "dry").glob("*.eml"))) == shown["composed"] > 0
    assert run_alerts(settings, as_at=AS_AT, now=NOW)["sent"] == shown["composed"]


def test_each_landlord_may_have_a_register_of_its_own(settings: Settings, drop: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/{{landlord}}.db"
    apart = settings.model_copy(update={"register_url": url, "landlords": (L, "port_of_leith")})
    take(apart)
    told = run_alerts(apart, as_at=AS_AT, now=NOW, upgrade=True)
    assert told["sent"] > 0
    assert sorted(file.stem for file in tmp_path.glob("*.db")) == sorted(apart.landlords)
    with open_landlord_register(apart, "port_of_leith") as engine:
        assert register.read_records(engine, L) == {}
    found = list_findings(apart, as_at=AS_AT).rows
    assert set(found["landlord"]) == {L, "port_of_leith"}
    with pytest.raises(SettingsError, match="--register"), open_landlord_register(apart):
        pass


def test_a_drop_that_comes_while_a_landlord_is_judged_is_judged_too(
    settings: Settings, drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the run would rest on other records than a later `--known-at` gives."""
    load(settings, drop)
    late, judge = tmp_path / "late", assessment.assess_records
    calls: list[pd.DataFrame] = []
    late.mkdir()
    (late / "reviews.csv").write_text(
        "review_ref,restriction_ref,reviewed_on,outcome\nV-LATE,R000005,2026-06-29,retain\n", encoding="utf-8"
    )

    def interrupted(*terms: Any) -> pd.DataFrame:
        if not calls:
            load(settings, late, NOW - timedelta(minutes=5))
        calls.append(judge(*terms))
        return calls[-1]

    monkeypatch.setattr(assessment, "assess_records", interrupted)
    _, found = assess_with_rows(settings, L, as_at=AS_AT, now=NOW)
    assert len(calls) == 2
    assert not calls[0].equals(calls[1]), "the late drop changes what is judged"
    with open_landlord_register(settings, L) as engine, register.reading(engine, L) as connection:
        known_at = connection.scalars(select(AssessmentRun.known_at)).all()
    assert len(known_at) == 1, "the first judgement was not recorded"
    monkeypatch.undo()
    rebuilt, _ = read_assessments(settings, L, RecordChoice(known_at[0]), as_at=AS_AT)
    pd.testing.assert_frame_equal(rebuilt, found)


def test_drops_that_keep_coming_end_in_an_error_and_not_in_a_loop(
    settings: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(settings, drop)
    newest = itertools.count(1)
    monkeypatch.setattr(register, "find_knowledge_mark", lambda *_: (-next(newest), 0))
    with pytest.raises(RegisterMovedOn, match="assess it again"):
        assess_landlord(settings, L, as_at=AS_AT, now=NOW)
    assert next(newest) == 4


def test_a_mistyped_year_stops_neither_findings_nor_alerts(settings: Settings, drop: Path, tmp_path: Path) -> None:
    load(settings, drop)
    far = AS_AT.replace(year=2036)
    assert assess_landlord(settings, L, as_at=far, now=NOW)["moved"] is False
    with pytest.raises(SettingsError, match="2036-07-01 is still to come"):
        run_alerts(settings, as_at=far, now=NOW)
    run_alerts(settings, as_at=far, now=NOW, dry_run=tmp_path / "dry")
    assert assess_landlord(settings, L, as_at=AS_AT, now=NOW)["findings"]["opened"] > 0
    assert run_alerts(settings, as_at=AS_AT, now=NOW)["sent"] > 0
