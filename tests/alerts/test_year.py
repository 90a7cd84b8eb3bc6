"""A year of simulated days: nothing twice, nothing on a quiet day, nothing later than the next working day.

The machine keeps its own, slower idea of the ladder (days counted one by one) and holds every mail that arrives to it.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import event

from due_regard.alerts import compose_alerts
from due_regard.errors import MailError
from due_regard.mail.outbox import Delivery, OutboxMail
from due_regard.register import upgrade_register
from tests.alerts.world import RECORDS, Sink, World, at, calendar, check, due, history, text

START = date(2026, 1, 5)
LONG = bool(os.environ.get("DUE_REGARD_LONG_TESTS"))
HOLIDAYS = {date(2026, *day) for day in [(4, 3), (5, 4), (5, 25), (6, 15), (8, 3), (11, 30), (12, 25), (12, 28)]}
HOLIDAYS |= {date(2027, 1, 1), date(2027, 1, 4)}
RUNGS = (("overdue", 1), ("line_manager", 5), ("director", 10), ("committee", 20))
GAPS = {"line_manager": 4, "director": 5, "committee": 10}
"""Working days between the acceptance of the stage below and each stage that tells somebody else."""
ORDER = ["none", "ahead", "due", "overdue", "line_manager", "director", "committee"]
NEWS = re.compile(r"^(?:OVERDUE|DUE SOON|DUE TODAY|TO PUT RIGHT) (F-\d{6}):", re.MULTILINE)
SLOTS = [
    *[("restriction.review", f"R{n}") for n in range(1, 6)],
    *[("restriction.expiry", f"R{n}") for n in range(3, 8)],
    ("appeal.acknowledge", "A1"),
    ("appeal.acknowledge", "A2"),
    ("access_request.respond", "Q1"),
    ("restriction.system_flag", "R1"),
    ("restriction.system_flag", "R2"),
]
OWNERS = {
    **{f"R{n}": owner for n, owner in enumerate(["decider", "decider", "deputy", *["fallback"] * 3, "boss"], start=1)},
    "A1": "decider",
    "A2": "appeals",
    "Q1": "decider",
}


def works(day: date) -> bool:
    return day.weekday() < 5 and day not in HOLIDAYS


def working_days(after: date, to: date) -> int:
    """Working days d with after < d <= to, one by one."""
    return sum(works(after + timedelta(days=n)) for n in range(1, (to - after).days + 1))


def step(row: dict[str, Any], opened: date, on: date) -> str:
    """The stage of a finding on a day, slowly."""
    if row["due_on"] is None:
        if working_days(opened, on) < 2:
            return "none"
        late = working_days(opened, on) - 2
        return [name for name, n in RUNGS if late >= n or name == "overdue"][-1]
    due_on = date.fromisoformat(row["due_on"])
    if on < due_on:
        near = (
            working_days(on, due_on) <= 2
            if row["rule"].startswith("appeal")
            else (due_on - on).days <= (7 if row["rule"].startswith("access") else 30)
        )
        return "ahead" if near else "none"
    late = working_days(due_on, on)
    return [name for name, n in (("due", 0), *RUNGS) if late >= n][-1]


class Weather(Sink):
    """A mail server with good and bad days."""

    is_down = False

    def deliver_mail(self, outgoing: OutboxMail) -> Delivery:
        if self.is_down:
            raise MailError("down")
        return super().deliver_mail(outgoing)


class Year(RuleBasedStateMachine):
    """One landlord through a year; each step is one or a few days."""

    stocked: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        file = shutil.copyfile(self.stocked, self.folder / "register.db")
        engine = upgrade_register(f"sqlite:///{file}")
        engine.dispose()
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
        self.world = World(engine, sink=Weather()).patient()
        self.today = START
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self.opened: dict[tuple[str, str], date] = {}
        self.times: dict[tuple[str, str], int] = {}
        self.heard: dict[tuple[str, str, str], dict[str, str]] = {}
        self.accepted: dict[tuple[str, str], dict[str, date]] = {}
        self.open: set[tuple[str, str]] = set()
        self.refs: dict[tuple[str, str], str] = {}
        self.had_mail: set[str] = set()
        self.last_run, self.composed = START, 0
        self.is_dirty = True

    def teardown(self) -> None:
        self.world.engine.dispose()
        shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        self.step_day()

    @rule(slot=st.sampled_from(SLOTS), ahead=st.integers(0, 30))
    @precondition(lambda self: len(self.rows) < 12)
    def something_comes_due(self, slot: tuple[str, str], ahead: int) -> None:
        if slot in self.rows:
            return
        name, ref = slot
        soon = self.today + timedelta(days=min(ahead, 3 if "appeal" in name else 7 if "access" in name else 30))
        row = check(name, ref) if name.endswith("flag") else due(name, ref, soon, state="due_soon")
        self.rows[slot] = row
        self.is_dirty = True

    @rule(pick=st.integers(0, 20))
    @precondition(lambda self: self.rows)
    def something_is_done(self, pick: int) -> None:
        slot = sorted(self.rows)[pick % len(self.rows)]
        del self.rows[slot]
        self.is_dirty = True

    @rule(pick=st.integers(0, 20), later=st.integers(1, 20))
    @precondition(lambda self: self.rows)
    def a_date_moves(self, pick: int, later: int) -> None:
        slot = sorted(self.rows)[pick % len(self.rows)]
        if self.rows[slot]["due_on"] is not None:
            moved = date.fromisoformat(self.rows[slot]["due_on"]) + timedelta(days=later)
            self.rows[slot] = self.rows[slot] | {"due_on": moved.isoformat()}
            self.is_dirty = True

    @rule(days=st.integers(1, 10))
    def days_pass(self, days: int) -> None:
        for _ in range(days):
            self.today += timedelta(days=1)
            self.step_day()

    @rule(days=st.integers(1, 4))
    def the_mail_server_is_down(self, days: int) -> None:
        self.world.sink.is_down = True  # type: ignore[attr-defined]
        for _ in range(days):
            self.today += timedelta(days=1)
            self.step_day()
        self.world.sink.is_down = False  # type: ignore[attr-defined]
        self.today += timedelta(days=1)
        self.step_day()

    @rule(days=st.integers(1, 5))
    def the_scheduler_is_down(self, days: int) -> None:
        self.today += timedelta(days=days + 1)
        self.step_day()

    @rule(back=st.integers(1, 40))
    def somebody_runs_an_earlier_day(self, back: int) -> None:
        day = self.last_run - timedelta(days=back)
        compose_alerts(self.world.engine, self.world.mail_context(at(self.today, 10)), history(), as_at=day)
        assert len(self.world.messages()) == self.composed

    @rule()
    def somebody_runs_it_again(self) -> None:
        self.run_again()

    def step_day(self) -> None:
        """The day's run: afterwards every owner knows what there is to know."""
        self.had_mail = set()
        self.run_again()
        if works(self.today) and not self.world.sink.is_down:  # type: ignore[attr-defined]
            self.all_told()

    def run_again(self) -> None:
        """Assess if anything changed, compose, send, and hold what arrives to the rules."""
        if self.is_dirty:
            self.world.assess([self.judged(slot) for slot in self.rows], self.today)
            for slot in self.rows.keys() - self.open:
                self.times[slot] = self.times.get(slot, 0) + 1
                self.opened[slot] = self.today
            self.open = set(self.rows)
            self.is_dirty = False
        arrived = self.world.mails(self.today)
        if works(self.today):
            self.last_run, self.composed = self.today, len(self.world.messages())
        assert works(self.today) or not arrived, f"mail on {self.today}, a quiet day"
        for mail in arrived:
            assert mail["To"] not in self.had_mail, f"a second mail to {mail['To']} on {self.today}"
            self.had_mail.add(mail["To"])
            self.hear(mail)

    def judged(self, slot: tuple[str, str]) -> dict[str, Any]:
        row = self.rows[slot]
        is_late = row["due_on"] is not None and date.fromisoformat(row["due_on"]) < self.today
        return row | {"state": "overdue"} if is_late else row

    def hear(self, mail: EmailMessage) -> None:
        """Each (finding, stage, recipient) at most once an occasion, and only of what is open."""
        for ref in NEWS.findall(text(mail)):
            slot = self.slot_of(ref)
            assert slot in self.rows, f"{ref} is done and was mailed on {self.today}"
            stage = self.held_step(slot, ref)
            self.accept(slot, ref, stage, mail["To"])
            told = self.heard.setdefault((ref, self.occasion(slot), mail["To"]), {})
            assert stage not in told, f"{ref} at {stage} told twice to {mail['To']}"
            told[stage] = str(self.today)

    def held_step(self, slot: tuple[str, str], ref: str) -> str:
        """The stage reached, held until the one below was accepted long enough ago; a clock set by law is not held."""
        reached = step(self.rows[slot], self.opened[slot], self.today)
        if slot[0].startswith("access") or ORDER.index(reached) < ORDER.index("overdue"):
            return reached
        stage, since = "overdue", self.accepted.get((ref, self.occasion(slot)), {})
        for above in ORDER[ORDER.index("line_manager") : ORDER.index(reached) + 1]:
            if stage not in since or working_days(since[stage], self.today) < GAPS[above]:
                break
            stage = above
        return stage

    def accept(self, slot: tuple[str, str], ref: str, stage: str, recipient: str) -> None:
        """Note the first day a stage was accepted by whoever is told at it: the owner, then those above."""
        is_owner = recipient == f"{OWNERS[slot[1]]}@example.org"
        if is_owner == (stage == "overdue"):
            self.accepted.setdefault((ref, self.occasion(slot)), {}).setdefault(stage, self.today)

    def all_told(self) -> None:
        """After a working day's run every owner knows the stage each of their findings has reached."""
        overdue = {ref for name, ref in self.rows if "expiry" in name and self.is_late((name, ref))}
        for slot in self.rows:
            stage = self.held_step(slot, self.ref_of(slot))
            if stage == "none" or ("review" in slot[0] and slot[1] in overdue and not self.is_late(slot)):
                continue
            ref = self.ref_of(slot)
            told = self.heard.get((ref, self.occasion(slot), f"{OWNERS[slot[1]]}@example.org"), {})
            reached = max((ORDER.index(word) for word in told), default=0)
            assert reached >= ORDER.index(stage), f"{ref} {slot} reached {stage}, told {told} by {self.today}"

    def is_late(self, slot: tuple[str, str]) -> bool:
        due_on = self.rows[slot]["due_on"]
        return due_on is not None and date.fromisoformat(due_on) < self.today

    def occasion(self, slot: tuple[str, str]) -> str:
        return f"{self.times[slot]}/{self.rows[slot]['due_on']}"

    def ref_of(self, slot: tuple[str, str]) -> str:
        if slot not in self.refs:
            self.refs[slot] = self.world.ref(*slot)
        return self.refs[slot]

    def slot_of(self, ref: str) -> tuple[str, str]:
        return next(slot for slot in {**self.rows, **self.refs} if self.ref_of(slot) == ref)

    @invariant()
    def a_message_id_is_one_mail(self) -> None:
        ids = [outgoing.message_id for outgoing in self.world.sink.kept]
        assert ids == []  # everything that came was taken and looked at


@pytest.fixture(scope="session")
def new_year_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world's records, loaded on the first day of the simulated year."""
    file = tmp_path_factory.mktemp("year") / "stocked.db"
    engine = upgrade_register(f"sqlite:///{file}")
    restrictions = [row | {"decided_on": "2026-01-05"} for row in RECORDS["restrictions"]]
    appeals = [row | {"received_on": "2026-01-05"} for row in RECORDS["appeals"]]
    World(engine).load(RECORDS | {"restrictions": restrictions, "appeals": appeals}, START)
    engine.dispose()
    return file


def run_year(new_year_file: Path, *, examples: int, steps: int) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    class OnFile(Year):
        stocked = new_year_file

    quiet = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=not LONG,
        # Making a failing year smaller takes minutes: the long form does it.
        phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
        print_blob=True,
    )
    run_state_machine_as_test(OnFile, settings=quiet)


def test_months_of_simulated_days(new_year_file: Path) -> None:
    run_year(new_year_file, examples=3, steps=40)


@pytest.mark.long
@pytest.mark.skipif(not LONG, reason="long form: twenty simulated years")
@pytest.mark.timeout(1800)
def test_years_of_simulated_days(new_year_file: Path) -> None:
    run_year(new_year_file, examples=20, steps=90)


def test_the_slow_calendar_is_the_real_one() -> None:
    for n in range(365):
        day = START + timedelta(days=n)
        assert works(day) == calendar().is_working(day), day
    assert at(START).date() == START
