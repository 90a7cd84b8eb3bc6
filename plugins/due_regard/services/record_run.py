"""Keep a row of the register on each piece of work that a task does, whatever becomes of its process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError, RegisterError
from due_regard.services.landlord_context import list_landlords_to_run, open_landlord_register
from due_regard.services.report_failure import report_overdue_runs

if TYPE_CHECKING:
    from due_regard.register.task_runs import RunKey

Recorded = Callable[[str], AbstractContextManager[Any]]
"""What keeps a row of a landlord's work: a task's; by hand, nothing."""

_log = logging.getLogger(__name__)


@contextmanager
def record_run(
    settings: Settings,
    key: RunKey,
    *,
    load_mail_settings: Callable[[], Settings],
    clock: Callable[[], datetime],
    longest: timedelta,
    retried_within: Callable[[BaseException], timedelta],
) -> Iterator[None]:
    """Open a row before the work of the body and close it after; first tell data owners of rows left open.

    Args:
        settings: the installation.
        key: which work, for which landlord.
        load_mail_settings: gives the settings by which mail leaves.
        clock: the instant now.
        longest: how long the work may take.
        retried_within: how soon after this error the work is tried again; no time, if it is not.
    """
    from due_regard.register.task_runs import close_run, fail_run, open_run

    began = clock()
    with open_landlord_register(settings, key.landlord, upgrade=True) as engine:
        open_run(engine, key, now=began, must_end_by=began + longest)
    _report_others(load_mail_settings, key.landlord, began)
    try:
        yield
    except BaseException as reason:
        # A register that is away must not hide why the work failed; its row stays open and is told of all the same.
        with suppress(RegisterError), open_landlord_register(settings, key.landlord) as engine:
            fail_run(engine, key, now=clock(), must_end_by=clock() + retried_within(reason))
        raise
    with open_landlord_register(settings, key.landlord) as engine:
        close_run(engine, key, now=clock())


@contextmanager
def record_each(names: Sequence[str], record: Recorded | None) -> Iterator[None]:
    """Keep a row of each landlord whose register the work of the body is on; they end as it ends."""
    with ExitStack() as rows:
        for name in names:
            rows.enter_context(record(name) if record else nullcontext())
        yield


def _report_others(load_mail_settings: Callable[[], Settings], landlord: str, now: datetime) -> None:
    """Tell of rows left open; whatever goes wrong in that is another run's, and must not fail this one's work."""
    try:
        settings = load_mail_settings()
        names = settings.registers({landlord, *list_landlords_to_run(settings)})[settings.register(landlord)]
        report_overdue_runs(settings, names, now=now)
    except Exception as reason:
        # Of an error that is not ours the kind alone is said: its words may hold anything.
        known = isinstance(reason, DueRegardError)
        _log.warning("data owners could not be told of runs left open: %s", reason if known else type(reason).__name__)
