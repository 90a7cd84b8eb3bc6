"""DAGs that are switched off by default: a setting makes each, and without it its file makes none."""

from __future__ import annotations


def is_set(setting: str) -> bool:
    """Whether the setting of such a DAG is given; no file of a landlord's is opened for that."""
    from due_regard.config.settings import Settings

    return bool(getattr(Settings(), setting))
