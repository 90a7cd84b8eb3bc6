"""Fixtures of packs' tests."""

from tests.packs.registers import loaded, register  # noqa: F401
