"""Fixtures of packs' tests."""

from tests.packs.registers import kept, loaded, made, register, small  # noqa: F401
