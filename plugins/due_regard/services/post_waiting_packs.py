"""What waits about a landlord's packs, once a run: approved ones leave on their day, drafts are asked for again.

Pages record what people decide of a pack and post nothing: whoever runs `alerts` or `watch` does. Each mail is put into
the outbox once, however often this is called. How one pack is posted is post_packs.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.services.post_packs import (
    find_owed,
    hand_over_pack,
    is_approval_needed,
    post_notice,
)

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.mail.builder import MailContext
    from due_regard.packs import PackKey, PackLife


def post_waiting_packs(engine: Engine, settings: Settings, context: MailContext) -> int:
    """Put into the outbox what is due of packs that people were asked about and that are not issued; how many mails.

    Raises:
        PackError: the files of an approved build are gone.
        DefinitionError: the definition of such a pack is missing or wrong.
    """
    from due_regard import packs
    from due_regard.register import reading

    landlord = context.landlord
    with reading(engine, landlord.id) as connection:
        keys = [packs.PackKey(*key) for key in packs.list_unsettled_packs(connection, landlord.id)]
    switched_on = [key for key in keys if landlord.find_switch(key.pack) is not None]
    return sum(_post_pack(engine, settings, context, key) for key in switched_on)


def _post_pack(engine: Engine, settings: Settings, context: MailContext, key: PackKey) -> int:
    from due_regard import packs
    from due_regard.register import reading

    with reading(engine, context.landlord.id) as connection:
        life = packs.read_pack_life(connection, context.landlord.id, key)
    posted = 0
    if _is_handed_over(context, life):
        posted += sum(hand_over_pack(engine, settings, context, key))
    if life.name_state(life.version) in packs.DRAFTS and is_approval_needed(context.landlord, key.pack):
        posted += _remind(engine, settings, context, key)
    return posted


def _is_handed_over(context: MailContext, life: PackLife) -> bool:
    """Whether a pack is approved, or a draft that was asked for once, or begun as a correction.

    A draft of another quarter that somebody only commented on is nobody's to approve yet.
    """
    if not life.list_builds_of(life.version):
        return False
    was_asked = any(event["event"] == "asked" for event in life.events)
    return life.find_approval(life.version) is not None or life.version > 1 or was_asked


def _remind(engine: Engine, settings: Settings, context: MailContext, key: PackKey) -> int:
    """Ask once more for a draft that waits too long, and tell the data owner where its report is owed soon."""
    from due_regard import packs
    from due_regard.packs.life.pack_mail import DraftNotice
    from due_regard.register import writing

    switch, owed = context.landlord.find_switch(key.pack), find_owed(settings, context, key)
    assert switch is not None  # noqa: S101 - only packs that are switched on come here
    posted = 0
    with writing(engine, context.landlord.id) as connection:
        life = packs.read_pack_life(connection, context.landlord.id, key)
        if life.name_state(life.version) not in packs.DRAFTS or not life.list_builds_of(life.version):
            return 0
        waiting = life.find_waiting_since(life.version)
        since = find_london_day(waiting) if waiting else None
        told: dict[str, Any] = {"round": life.count_rounds(life.version), "waits_since": since, "owed": owed}
        if since is not None and context.calendar.shift(since, switch.remind_after_working_days) <= context.today:
            posted += post_notice(connection, settings, context, life, DraftNotice("reminded", **told))
        if owed is not None and not any(life.find_issue(one) for one in range(1, life.version + 1)):
            warned_on = context.calendar.shift(owed.due_on, -switch.warn_before_working_days)
            if warned_on <= context.today:
                posted += post_notice(connection, settings, context, life, DraftNotice("owed", **told))
    return posted
