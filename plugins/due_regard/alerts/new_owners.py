"""Whether a member of staff may be handed a finding: known, active, with an address, and allowed to hear of it."""

from __future__ import annotations

from collections.abc import Sequence

from due_regard.alerts.mailable_addresses import is_address
from due_regard.alerts.recipients import Recipient, RecipientDirectory
from due_regard.errors import DecisionError


def check_new_owner(
    directory: RecipientDirectory, to_ref: str, restricted_to: Sequence[str], subject_type: str, subject_ref: str
) -> None:
    """Refuse a new owner who could not be told of the finding, or may not be.

    Args:
        directory: the staff export and the landlord's mailboxes as they are now.
        to_ref: the member of staff, by the staff export's reference.
        restricted_to: the roles that alone may be told of the finding; none where anybody may.
        subject_type: what the finding is about.
        subject_ref: which one.

    Raises:
        DecisionError: says what to do; never the reference itself.
    """
    if trouble := _find_trouble(directory, to_ref):
        raise DecisionError("to", trouble)
    if not restricted_to:
        return
    found = [directory.find_restricted(role, subject_type, subject_ref) for role in restricted_to]
    allowed = {who.address for who in found if isinstance(who, Recipient)}
    if _read_address(directory, to_ref) not in allowed:
        raise DecisionError(
            "to", "the policy names who alone may be told of this finding: it can be handed to nobody else"
        )


def _find_trouble(directory: RecipientDirectory, to_ref: str) -> str | None:
    cells = directory.cells
    if not cells.has_entity("staff"):
        return "no staff export was ever delivered, so nobody can be told; have one delivered, with e-mail addresses"
    if cells.read_text("staff", to_ref, "staff_ref") is None:
        return "no member of staff has that reference in the newest staff export; look it up there"
    if cells.is_no("staff", to_ref, "is_active"):
        return (
            "that member of staff is not active in the staff export; hand it to their deputy, or have it mended there"
        )
    address = _read_address(directory, to_ref)
    if not is_address(address):
        return "that member of staff has no usable e-mail address in the staff export; have it entered there first"
    if address in directory.refused:
        return "the mail server refuses that member of staff's address; have it mended in the staff export first"
    return None


def _read_address(directory: RecipientDirectory, to_ref: str) -> str:
    return (directory.cells.read_text("staff", to_ref, "email") or "").strip().lower()
