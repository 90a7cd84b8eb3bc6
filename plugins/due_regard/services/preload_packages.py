"""Import what tasks need before a scheduler's workers fork: the plugin calls it where the settings ask for it."""

from __future__ import annotations

from importlib import import_module

_HEAVY = (
    "great_expectations",
    "matplotlib.backends.backend_agg",
    "openpyxl",
    "scipy.optimize",
    "due_regard.intake.drop_reading",
    "due_regard.intake.rejections",
    "due_regard.intake.data_docs",
    "due_regard.register",
    "due_regard.assessment",
    "due_regard.alerts",
    "due_regard.packs",
)
"""What tasks import when they run: the rooms, or their heavy modules, and what rooms import only once they work."""


def preload_heavy_packages() -> None:
    """Import what the tasks will need, so that processes forked from this one have it at no cost.

    A demo's tasks would otherwise spend a third of all its processor time on importing the same packages anew.
    """
    for name in _HEAVY:
        import_module(name)
