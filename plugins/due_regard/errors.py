"""Every error Due Regard raises on purpose, and the exit code each ends the command line with.

    DueRegardError                 5  could not be done
    ├── SettingsError              2  settings, a landlord's file or the call's words are wrong
    │   ├── DecisionError          2  a person's decision lacks or mistakes something; names the field
    │   └── ConfigFileError        2  a file that people edit is wrong; says which, and the line
    │       ├── PolicyError        2  a policy file cannot be read as a policy
    │       ├── LandlordError      2  a landlord's settings file is wrong or missing
    │       ├── SourceError        2  a source mapping is wrong or missing
    │       ├── CodeListError      2  a file of code words is wrong or redefines a word
    │       ├── CalendarFileError  2  a calendar snapshot is wrong or missing
    │       ├── DefinitionError    2  a pack definition is wrong or missing
    │       └── WordingError       2  the wording of mails is wrong or missing
    ├── FileRefused                4  one file of a drop was refused; the rest goes on
    ├── DropError                  5  a whole drop cannot be taken (incomplete, held, missing)
    │   └── OlderDrop              5  a drop would undo newer ones: its files were all taken in before them
    ├── FetchError                 5  an export cannot be fetched now: where it lies does not answer
    │   └── FetchRefused           5  it answers, and no trying again helps: login, host key, query, size
    ├── CalendarError              5  a working day outside the calendar's years was needed
    ├── RegisterError              5  the register cannot be opened, read or written
    │   ├── ClockError             5  an act's clock is ahead of the database's, or behind what the register knows
    │   ├── AuditError             5  the audit chain does not hold
    │   ├── UnknownReference       5  nothing in the register has that reference
    │   ├── DecisionOvertaken      5  something happened to the finding since the person looked at it
    │   ├── WithdrawalRefused      5  a record cannot be withdrawn, or a withdrawal not be taken back
    │   └── RegisterMovedOn        5  what was assessed is no longer what the register says
    ├── StorageError               5  a folder or a file of it cannot be opened, read or written
    ├── VisitorError               5  a page was asked for, or a form sent, by somebody who may not
    │   ├── NotSignedIn            5  nobody is signed in
    │   ├── NotAllowed             5  the visitor has not the right
    │   │   └── DecisionNotYours   5  only governance may take back another person's decision
    │   └── ForgedForm             5  the form does not come from a page that this visitor was shown
    ├── MailError                  5  a mail could not be handed over
    └── PackError                  5  a pack could not be built
        └── MissingFigure          5  a sentence's figure is not there to be said; caught where sentences are made

A bad row is never an error: it is a rejection (intake/rejections). A message says file, row, column and what to do
next; it never carries a cell's value. Add a class only where a caller must tell it apart.
"""

from __future__ import annotations

from pathlib import Path


class DueRegardError(Exception):
    """Base of all; `exit_code` is what the command line returns (contract: CLI, exit codes)."""

    exit_code = 5


class SettingsError(DueRegardError):
    """Settings, or the words of a call, are wrong."""

    exit_code = 2


class DecisionError(SettingsError):
    """What a person says with a decision is incomplete or wrong; `field` is which part of it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class ConfigFileError(SettingsError):
    """A configuration file is wrong; says which file, and the line where it is known."""

    def __init__(self, message: str, *, file: Path | None = None, line: int | None = None) -> None:
        where = "" if file is None else f"{file}:{line}: " if line else f"{file}: "
        super().__init__(where + message)
        self.file, self.line = file, line


class PolicyError(ConfigFileError):
    """A policy file says something outside the closed vocabulary."""


class LandlordError(ConfigFileError):
    """A landlord's settings file is wrong or missing."""


class SourceError(ConfigFileError):
    """A source mapping is wrong or missing."""


class CodeListError(ConfigFileError):
    """A file of code words is wrong, or says of a known word that it means something else."""


class WordingError(ConfigFileError):
    """The wording of mails says something the program has no place for, or lacks a sentence."""


class CalendarFileError(ConfigFileError):
    """A calendar snapshot is wrong or missing."""


class DefinitionError(ConfigFileError):
    """A pack definition is wrong or missing."""


class FileRefused(DueRegardError):
    """One file of a drop is refused, by a named reason (`code`); other files are still taken."""

    exit_code = 4

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class DropError(DueRegardError):
    """A whole drop cannot be taken now: missing, incomplete or held for a person."""


class OlderDrop(DropError):
    """Every file of a drop was taken in before, and newer ones since, which it would undo; says which."""

    def __init__(self, newer_batch: int, message: str) -> None:
        super().__init__(message)
        self.newer_batch = newer_batch


class FetchError(DueRegardError):
    """An export cannot be fetched, or not be acknowledged, now; trying again may help."""


class FetchRefused(FetchError):
    """An export cannot be fetched until a person mends something: a login, a host key, a query, a file."""


class CalendarError(DueRegardError):
    """A working-day computation touches a day outside the calendar's years."""


class RegisterError(DueRegardError):
    """The register cannot be opened, read or written."""


class ClockError(RegisterError):
    """The clock by which something was to be recorded is wrong, or the one that an earlier load was dated by."""


class AuditError(RegisterError):
    """The audit chain does not hold; the message says where."""


class UnknownReference(RegisterError):
    """Nothing in the register has the reference that was asked for."""


class DecisionOvertaken(RegisterError):
    """Something happened to a finding since the person looked at it; says what, when and by whom."""


class WithdrawalRefused(RegisterError):
    """A record cannot be withdrawn, or its withdrawal not be taken back; says why, and what to do."""


class RegisterMovedOn(RegisterError):
    """Files were loaded, or records withdrawn, after the records that were assessed had been read: assess again."""


class StorageError(DueRegardError):
    """A folder, or a file in it, cannot be opened, read or written."""


class VisitorError(DueRegardError):
    """A page was asked for, or a form sent, by somebody who may not; nothing is told of what exists."""


class NotSignedIn(VisitorError):
    """Nobody is signed in."""


class NotAllowed(VisitorError):
    """The visitor has not the right, or there is no such landlord: nobody without rights learns which."""


class DecisionNotYours(NotAllowed):
    """A decision is another person's, and whoever wants to take it back may not govern."""


class ForgedForm(VisitorError):
    """The form does not come from a page that this visitor was shown, or is too old."""


class MailError(DueRegardError):
    """A mail could not be handed over."""


class PackError(DueRegardError):
    """A pack could not be built."""


class MissingFigure(PackError):
    """A sentence's figure is not there: why (a word of quarter_snapshot.py, or hidden), and which."""

    def __init__(self, why: str, label: str) -> None:
        super().__init__(f"{label}: {why}")
        self.why, self.label = why, label
