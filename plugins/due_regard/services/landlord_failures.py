"""What could not be done for one landlord must not stop the others: it is held back, named, and tells in the exit code.

For verbs over several landlords. Only errors that are raised on purpose are held back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError
from due_regard.services.landlord_context import find_register_url
from due_regard.services.result import Result


class LandlordFailures:
    """The landlords for whom a verb failed, and why."""

    def __init__(self) -> None:
        self._reasons: dict[str, DueRegardError] = {}

    @contextmanager
    def hold_back(self, *landlords: str) -> Iterator[None]:
        """Note an error as those landlords', and go on."""
        try:
            yield
        except DueRegardError as reason:
            for landlord in landlords:
                self._reasons.setdefault(landlord, reason)

    def list_known(self, settings: Settings, landlords: Sequence[str]) -> list[str]:
        """Those of `landlords` that have settings; the others have failed."""
        for landlord in landlords:
            with self.hold_back(landlord):
                find_register_url(settings, landlord)
        return [landlord for landlord in landlords if landlord not in self._reasons]

    def raise_if_all(self, landlords: Sequence[str]) -> None:
        """Raise the first landlord's error where it went wrong for every one: then nothing was done.

        Raises:
            DueRegardError: as said.
        """
        if self._reasons and set(landlords) <= set(self._reasons):
            raise next(iter(self._reasons.values()))

    def summarise(self) -> Result:
        """Whom it failed for and why (`failed`) and `exit_code`, where there is any."""
        if not self._reasons:
            return {}
        code = max(reason.exit_code for reason in self._reasons.values())
        return {"failed": {landlord: str(reason) for landlord, reason in self._reasons.items()}, "exit_code": code}


def describe_failures(result: Result) -> list[str]:
    """A line a landlord for whom a verb failed."""
    return [f"{landlord}: could not be done: {why}" for landlord, why in result.get("failed", {}).items()]
