"""A person's word on a vanished record: entered by mistake, or not after all. One function for commands and pages."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from due_regard.config.settings import Settings
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.result import Result

WithdrawalVerb = Literal["withdraw", "undo"]


def decide_on_record(
    settings: Settings,
    landlord: str,
    entity: str,
    ref: str,
    verb: WithdrawalVerb,
    *,
    actor: str,
    why: str,
    with_linked: bool = False,
    now: datetime,
) -> Result:
    """Withdraw a vanished record, or take its withdrawal back; findings follow with the next assessment.

    Args:
        settings: the installation.
        landlord: whose record.
        entity: its entity.
        ref: the landlord's own reference.
        verb: what is decided.
        actor: who says so: the id that the sign-in gives, or `make_typed_actor`'s.
        why: their reason.
        with_linked: whether vanished records that hang on it go, or come back, with it.
        now: when.

    Returns:
        landlord, status (withdrawn, standing), records (entity, ref: itself first).

    Raises:
        SettingsError: there is no such entity.
        DecisionError: no name or reason is given; names the field.
        UnknownReference: there is no such record.
        WithdrawalRefused: it still comes, was withdrawn before, is not withdrawn, or others hang on it.
    """
    from due_regard import register
    from due_regard.register.findings.said_words import SaidWords

    words = SaidWords(actor, why, now, landlord)
    act = register.withdraw_record if verb == "withdraw" else register.undo_withdrawal
    with open_landlord_register(settings, landlord) as engine:
        records = act(engine, landlord, entity, ref, words=words, with_linked=with_linked)
    status = "withdrawn" if verb == "withdraw" else "standing"
    named = [{"entity": name, "ref": own} for name, own in records]
    return {"landlord": landlord, "status": status, "records": named}
