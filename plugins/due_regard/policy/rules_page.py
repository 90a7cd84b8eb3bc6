"""docs/rules.md: every rule of every landlord, generated from the policy files (`make docs`).

The sentences are duty_wording's. The test a row names is its behaviour table in tests/policies/cases; a test holds
that there is one for every row and that the committed page is the generated one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from due_regard.config.landlord import Landlord
from due_regard.policy.duties import Duty
from due_regard.policy.duty_wording import describe_code, describe_duty, describe_failure, describe_reading
from due_regard.policy.policy_versions import Policy, PolicyHistory

_HEAD = """\
# Rules

Every duty that is assessed, as the policy files in `include/policies/` say it. This page is generated: run `make docs`
after a change of a policy file, and do not edit it by hand.

* **Clause** is the landlord's own clause.
* **Our reading** fills a gap in the text. It is *unconfirmed* until a named officer confirms it under
  `confirmed_readings` in the landlord's settings file, and is printed on every report until then.
* **Test** names the rule's cases in its behaviour table; run them with `pytest tests/policies -k <name>`.

What each word of a policy file means is in [policy-words.md](policy-words.md).
"""
_COLUMNS = ("Rule", "Who", "Clause", "Duty", "Who acts", "A failure", "Our reading", "Test")


def build_rules_page(histories: Sequence[PolicyHistory], landlords: Mapping[str, Landlord]) -> str:
    """The page as Markdown; `landlords` maps an id to its settings, for its name and the readings it confirmed."""
    subjects: dict[str, list[tuple[str, str, int, Policy, Duty]]] = {}
    for history in histories:
        for number, policy in enumerate(history.versions):
            for duty in policy.duties:
                subjects.setdefault(duty.subject, []).append((duty.rule, policy.landlord, number, policy, duty))
    several = {history.landlord for history in histories if len(history.versions) > 1}
    lines = [_HEAD.rstrip()]
    for subject in sorted(subjects):
        lines += [
            "",
            f"## {describe_code(subject).capitalize()}",
            "",
            _format_row(_COLUMNS),
            _format_row(["---"] * len(_COLUMNS)),
        ]
        rows = sorted(subjects[subject], key=lambda row: row[:3])
        lines += [_format_row(_list_cells(p, d, landlords[p.landlord], p.landlord in several)) for *_, p, d in rows]
    return "\n".join([*lines, ""])


def _list_cells(policy: Policy, duty: Duty, landlord: Landlord, dated: bool) -> Iterator[str]:
    yield f"`{duty.rule}`"
    yield f"{landlord.name}{f', from {policy.effective_from:%-d %B %Y}' if dated else ''}"
    yield duty.clause
    yield f"**{duty.label}.** {describe_duty(duty)}"
    yield describe_code(duty.owner_role)
    yield describe_failure(duty).removeprefix("A failure is ").rstrip(".")
    yield describe_reading(duty, landlord.confirmed_readings) if duty.reading else ""
    yield f"[`{duty.rule}-{policy.landlord}`](../tests/policies/cases/{duty.subject}.yaml)"


def _format_row(cells: Iterator[str] | Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
