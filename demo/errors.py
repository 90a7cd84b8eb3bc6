"""What the demo and its samples raise, below Due Regard's own errors (due_regard/errors)."""

from __future__ import annotations

from due_regard.errors import ConfigFileError, DueRegardError


class DemoError(DueRegardError):
    """The demo's Airflow could not be started or followed; the message says where its log is."""


class SamplesError(ConfigFileError):
    """The samples' own file is wrong."""
