"""What somebody asks of the list of work, in words of a page's address; checked before anything is read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, get_args

from due_regard.errors import SettingsError
from due_regard.policy.duties import OwnerRole

if TYPE_CHECKING:
    from due_regard.register.findings.work_list import Owners, WorkChoice
    from due_regard.services.visitor_posts import VisitorPosts

ME, MY_TEAM = "me", "my_team"
ROLES = tuple(role for role in get_args(OwnerRole) if role != "line_manager")
STAGES = ("none", "ahead", "due", "overdue", "line_manager", "director", "committee", "backlog")
STATES = ("overdue", "due_soon", "breach", "silenced", "reported_done", "disputed", "handed_over")
AGES = (7, 30, 90, 365)
"""Days that a finding has waited at least."""


@dataclass(frozen=True)
class WorkQuestion:
    """Which of the open findings are asked for; blank words ask for all.

    Attributes:
        owner: `me`, `my_team`, or the role that must act. team, staff: of the staff export.
        rule, stage, state: only these. age: only what has waited so many days. q: a reference. page: from 1.
    """

    owner: str = ""
    team: str = ""
    staff: str = ""
    rule: str = ""
    stage: str = ""
    state: str = ""
    age: str = ""
    q: str = ""
    page: str = "1"

    def list_words(self) -> dict[str, str]:
        """What is asked, without what is blank and the page."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "page" and getattr(self, f.name)}

    @property
    def page_number(self) -> int:
        """The page asked for.

        Raises:
            SettingsError: it is none.
        """
        number = int(self.page) if self.page.isascii() and self.page.isdigit() and len(self.page) < 10 else 0
        if number < 1:
            raise SettingsError("page is a number from 1 on")
        return number


def make_choice(question: WorkQuestion, posts: VisitorPosts, known_rules: frozenset[str], **more: Any) -> WorkChoice:
    """The question as the register takes it; `more` is the rest of `WorkChoice`, and `on` the day judged.

    Raises:
        SettingsError: a word is none of those it may be; says which these are.
    """
    from due_regard.register.findings.work_list import WorkChoice

    role = question.owner if question.owner not in {ME, MY_TEAM} else ""
    _check_word("owner", role, (ME, MY_TEAM, *ROLES))
    _check_word("stage", question.stage, STAGES)
    _check_word("state", question.state, STATES)
    _check_word("rule", question.rule, tuple(sorted(known_rules)))
    return WorkChoice(
        owners=_find_owners(question, posts),
        owner_role=role or None,
        rule=question.rule or None,
        stage=question.stage or None,
        state=question.state or None,
        until=_find_until(question.age, more["on"]),
        **more,
    )


def _find_owners(question: WorkQuestion, posts: VisitorPosts) -> Owners | None:
    from due_regard.register.findings.work_list import Owners

    if question.owner in {ME, MY_TEAM}:
        return posts.make_own() if question.owner == ME else posts.make_team()
    if question.staff or question.team:
        return Owners((question.staff,) if question.staff else (), () if question.staff else (question.team,))
    return None


def _find_until(age: str, on: date) -> date | None:
    if not age:
        return None
    if not (age.isascii() and age.isdigit() and len(age) < 6):
        raise SettingsError("age is a number of days")
    return on - timedelta(days=int(age))


def _check_word(name: str, given: str, known: tuple[str, ...]) -> None:
    if given and given not in known:
        raise SettingsError(f"no such {name}; known: {', '.join(known) or 'none'}")
