"""Lists of findings answer as at a judged day, or say that there was none: never an all-clear by silence."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from due_regard import register
from due_regard.__main__ import main
from due_regard.commands import listing_commands
from due_regard.config.settings import Settings
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.list_findings import LandlordAnswer
from due_regard.services.past_findings import read_findings_as_at
from due_regard.services.steps import listen_to_steps
from tests.register.drops import accepted, appeal, drop
from tests.register.past_guards import pass_guards

L, OTHER = "queens_cross", "port_of_leith"
FIRST, SECOND = date(2026, 6, 15), date(2026, 6, 29)

Run = Callable[..., tuple[int, str, str]]


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A var folder of one landlord judged on two days: of A1's and A2's duties, A2's are done between them."""
    var = tmp_path_factory.mktemp("lived") / "var"
    settings = Settings(var_dir=var, landlords=(L, OTHER))
    with open_landlord_register(settings, L, upgrade=True) as engine:
        rows = [appeal("A1", received_on="2026-06-01"), appeal("A2", received_on="2026-06-02")]
        register.load_drop(engine, drop(accepted("appeals", rows), landlord=L), now=at(FIRST))
        assess_landlord(settings, L, as_at=FIRST, now=at(FIRST))
        done = [rows[0], rows[1] | {"acknowledged_on": "2026-06-16"}]
        register.load_drop(engine, drop(accepted("appeals", done), landlord=L), now=at(SECOND))
        assess_landlord(settings, L, as_at=SECOND, now=at(SECOND))
    return var


@pytest.fixture
def run(lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command on a copy of the register; gives exit code, stdout and stderr."""
    shutil.copytree(lived, tmp_path / "var")
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("DUE_REGARD_LANDLORDS", f"{L},{OTHER}")

    def command(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def answer(run: Run, day: date, *words: object) -> dict[str, Any]:
    code, out, err = run("--json", "findings", "--as-at", day, "--landlord", L, *words)
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def find_rows(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["register_ref"]: row for row in found["findings"] if row["rule"] == "appeal.acknowledge"}


def test_a_past_day_is_answered_as_the_register_stood_then(run: Run) -> None:
    then, now = find_rows(answer(run, FIRST)), find_rows(answer(run, SECOND))
    assert (len(then), len(now)) == (2, 1)
    assert set(now) < set(then)
    (still,) = now
    assert (then[still]["due_on"], now[still]["due_on"]) == ("2026-06-04", "2026-06-04")
    # 15 June 2026 is a bank holiday in Scotland: 5, 8 to 12 June are the six working days.
    assert (then[still]["days_overdue"], then[still]["days_unit"]) == (6, "working days")
    assert now[still]["days_overdue"] == 16
    assert "6 working days late" in run("findings", "--as-at", FIRST, "--landlord", L)[1]


def test_an_answer_says_when_it_was_judged_and_what_was_known(run: Run) -> None:
    (said,) = answer(run, FIRST)["landlords"]
    assert said["known_at"] == "2026-06-15T09:00:00+00:00"
    assert said["duties_not_measured"] == len(said["not_measured"]) > 0
    _, out, _ = run("findings", "--as-at", FIRST, "--landlord", L)
    assert f"{L}, judged as at 2026-06-15 on what was known at 2026-06-15 09:00 UTC: " in out
    assert f"; {said['duties_not_measured']} of {said['duties']} duties could not be measured" in out


@pytest.mark.parametrize("day", ["2025-01-01", "2026-06-20", "2026-07-01"])
def test_a_day_that_was_not_judged_is_said_with_those_that_were(run: Run, day: str) -> None:
    code, out, err = run("findings", "--as-at", day, "--landlord", L)
    assert (code, out) == (5, "")
    assert err == f"due-regard: {L} was not judged as at {day}; judged days: 2026-06-15, 2026-06-29\n"


def test_of_many_judged_days_the_nearest_are_said() -> None:
    from due_regard.services.list_findings import LandlordAnswer

    days = tuple(date(2026, 6, n) for n in range(1, 20, 2))
    said = listing_commands.describe_answer(LandlordAnswer(L, date(2026, 6, 8), None, days, True, True))
    assert said.endswith("it was on 10 days from 2026-06-01 to 2026-06-19, nearest: 2026-06-07 and 2026-06-09")


def test_a_run_that_looks_back_judges_no_day(run: Run) -> None:
    assert run("assess", "--landlord", L, "--as-at", "2026-05-01")[0] == 0
    assert run("findings", "--as-at", "2026-05-01", "--landlord", L)[0] == 5


@pytest.fixture
def changed_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The landlord's policy as somebody edited it after both runs: a working day more."""
    own = tmp_path / "own" / "policies" / L
    own.mkdir(parents=True)
    (file,) = (Settings().include_dir / "policies" / L).glob("*.yaml")
    text = file.read_text(encoding="utf-8")
    assert "working_days: 3" in text
    (own / file.name).write_text(text.replace("working_days: 3", "working_days: 4"), encoding="utf-8")
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(tmp_path / "own"))


def test_a_past_day_is_answered_by_the_policy_of_then(run: Run, request: pytest.FixtureRequest) -> None:
    before = answer(run, FIRST)
    request.getfixturevalue("changed_policy")
    assert answer(run, FIRST) == before
    # Even where the landlord's files are gone.
    shutil.rmtree(Settings().own_dir or "")
    (own := Settings().own_dir or Path()).mkdir()
    for folder in ("landlords", "calendars"):
        (own / folder).mkdir()
    (own / "landlords" / f"{L}.yaml").write_text("id: nobody", encoding="utf-8")
    with open_landlord_register(Settings(), L) as engine:
        judged = register.find_judged_day(engine, L, FIRST)
        assert judged is not None
        found, is_whole = read_findings_as_at(engine, Settings(), L, judged)
    assert is_whole
    assert found["days_unit"].dropna().unique().tolist() == ["working days"]


@pytest.mark.usefixtures("changed_policy")
def test_a_run_that_kept_no_texts_keeps_its_findings_and_claims_no_dates(run: Run, tmp_path: Path) -> None:
    before = find_rows(answer(run, FIRST))
    with closing(sqlite3.connect(tmp_path / "var" / "register.db")) as connection, connection:
        connection.execute("UPDATE assessment_runs SET used_texts = NULL")
    found = answer(run, FIRST)
    assert set(find_rows(found)) == set(before)
    assert {row["due_on"] for row in found["findings"]} == {None}
    assert found["landlords"][0]["is_whole"] is False
    assert "dates of that day are not known" in found["landlords"][0]["says"]


def test_a_landlord_that_was_never_judged_is_no_all_clear(run: Run) -> None:
    code, out, err = run("findings", "--as-at", SECOND, "--landlord", OTHER)
    assert (code, out) == (5, "")
    assert f"{OTHER} was never judged: nothing of it was ever taken in" in err
    for words in (["silences"], ["silences", "--landlord", OTHER]):
        assert run(*words)[1] == f"never judged: {OTHER}\n0 silences\n"


def test_among_all_landlords_one_that_never_delivered_is_named_and_one_that_did_ends_with_5(run: Run) -> None:
    code, out, _ = run("findings", "--as-at", SECOND)
    assert code == 0
    assert f"{OTHER} was never judged" in out
    with open_landlord_register(Settings(), OTHER) as engine:
        register.load_drop(engine, drop(accepted("appeals", [appeal("A1")]), landlord=OTHER), now=at(SECOND))
    code, out, _ = run("findings", "--as-at", SECOND)
    assert code == 5
    assert f"{OTHER} was never judged: `due-regard assess --landlord {OTHER}" in out
    assert f"{L}, judged as at" in out


def test_a_landlord_that_delivered_nothing_is_no_all_clear_though_it_was_judged(run: Run) -> None:
    assert run("assess", "--landlord", OTHER, "--as-at", SECOND)[0] == 0
    code, out, _ = run("findings", "--as-at", SECOND, "--landlord", OTHER)
    (said,) = json.loads(run("--json", "findings", "--as-at", SECOND, "--landlord", OTHER)[1])["landlords"]
    assert code == 0
    assert said["duties_not_measured"] > 5
    assert f": {said['open']} open finding" in out
    assert "; nothing of it was ever taken in, so this is no all-clear\n" in out


def test_where_no_duty_could_be_measured_no_finding_is_no_all_clear() -> None:
    duties = register.DutyCounts(("a.b", "c.d"), {"a.b": 1, "c.d": 2})
    judged = register.JudgedDay(1, FIRST, at(FIRST), "", 0, duties, is_last=True)
    answer = LandlordAnswer(L, FIRST, judged, (FIRST,), is_whole=True, is_delivered=True)
    said = listing_commands.describe_answer(answer)
    assert said.endswith(": 0 open findings; none of 2 duties could be measured, so this is no all-clear")


def test_a_landlord_of_which_something_can_be_measured_says_how_much(run: Run) -> None:
    out = run("findings", "--as-at", SECOND, "--landlord", L)[1]
    (said,) = json.loads(run("--json", "findings", "--as-at", SECOND, "--landlord", L)[1])["landlords"]
    count = said["duties_not_measured"]
    assert count > 0
    assert f": {said['open']} open finding" in out
    assert f"; {count} of {said['duties']} duties could not be measured, wholly or in part: " in out


def test_a_list_is_cut_and_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_commands, "MOST_SHOWN", 1)
    found = answer(run, FIRST)
    assert (found["shown"], len(found["findings"])) == (1, 1)
    assert found["total"] > 1
    assert f"the first 1 of {found['total']} are listed; --all" in run("findings", "--as-at", FIRST)[1]
    every = answer(run, FIRST, "--all")
    assert every["shown"] == every["total"] == len(every["findings"]) == found["total"]


def test_a_list_is_narrowed_by_duty_and_owner_and_a_slip_finds_no_silence(run: Run) -> None:
    chosen = answer(run, FIRST, "--rule", "appeal.acknowledge", "--owner", "appeal_handler")
    assert chosen["total"] == 2
    assert answer(run, FIRST, "--rule", "appeal.acknowledge", "--owner", "governance")["total"] == 0
    code, _, err = run("findings", "--as-at", FIRST, "--rule", "appeal.aknowledge")
    assert (code, "no duty 'appeal.aknowledge' was judged" in err) == (2, True)


def test_findings_of_a_landlord_whose_settings_are_gone_are_still_listed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUE_REGARD_LANDLORDS", OTHER)
    assert f"{L}, judged as at" in run("findings", "--as-at", SECOND)[1]


def test_a_service_says_its_steps_to_whoever_listens(run: Run) -> None:
    heard: list[str] = []
    with listen_to_steps(heard.append):
        run("findings", "--as-at", FIRST)
    assert heard == [f"{L}: reading findings", f"{OTHER}: reading findings"]


def test_a_landlord_nobody_knows_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("findings", "--as-at", SECOND, "--landlord", "nobody")[0] == 2
    assert run("findings", "--as-at", SECOND, "--landlord", "")[0] == 2
    monkeypatch.setenv("DUE_REGARD_LANDLORDS", f"{L},nobody")
    for words in (["findings", "--as-at", SECOND], ["silences"]):
        code, _, err = run(*words)
        assert (code, "no landlord 'nobody'" in err) == (2, True)


def test_lists_of_a_landlord_that_never_delivered_say_so(run: Run, tmp_path: Path) -> None:
    assert "nothing of port_of_leith was ever taken in" in run("drop", "missing", "--landlord", OTHER)[1]
    assert run("drop", "list", "--landlord", OTHER)[1] == "no drop of port_of_leith has come yet\n"
    empty = f"sqlite:///{tmp_path}/empty.db"
    run("register", "upgrade", "--register", empty)
    code, out, _ = run("audit", "verify", "--register", empty)
    assert (code, out) == (0, "nothing was ever recorded in this register: there is no row to verify\n")


def test_half_a_drop_of_an_earlier_version_is_said_wherever_figures_come_from_it(run: Run) -> None:
    assert "half_drops" in json.loads(run("--json", "drop", "list", "--landlord", L)[1])
    with open_landlord_register(Settings(), L) as engine, register.writing(engine, L) as connection:
        # As a version that loaded file by file left a batch that it was killed under.
        pass_guards(connection)
        connection.exec_driver_sql("UPDATE batches SET status = 'loading' WHERE id = 2")
    words = "a part alone of batch 2 is in the register"
    assert words in run("drop", "list", "--landlord", L)[1]
    assert words in run("assess", "--landlord", L, "--as-at", SECOND)[1]
    (said,) = [one for one in json.loads(run("--json", "doctor")[1])["checks"] if one["what"] == "whole drops"]
    assert (said["ok"], words in said["says"]) == (False, True)


def test_what_is_dated_in_the_future_is_said_and_redated_by_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("register", "redate", "--landlord", L, "--by", "data-owner", "--why", "the clock ran ahead")
    assert run(*words)[0] == 5, "there is nothing to redate"
    far = datetime(2038, 1, 19, tzinfo=UTC)
    with open_landlord_register(Settings(), L) as engine:
        register.load_drop(engine, drop(accepted("appeals", [appeal("A9")]), landlord=L), now=far)

    def check_clocks() -> dict[str, Any]:
        checks = json.loads(run("--json", "doctor")[1])["checks"]
        (said,) = [one for one in checks if one["what"] == "clocks"]
        return dict(said)

    assert check_clocks()["ok"] is False
    assert "up to 2038-01-19 00:00:00 UTC" in check_clocks()["says"]
    code, out, _ = run(*words)
    assert (code, "2038-01-19T00:00:00+00:00 is " in out, "batches redated: 3" in out) == (0, True, True)
    assert (check_clocks()["ok"], check_clocks()["says"]) == (True, "nothing is dated in the future")
    assert run("audit", "verify", "--landlord", L)[0] == 0
    assert run(*words)[0] == 5
