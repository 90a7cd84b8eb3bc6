"""Fixtures of packs' tests."""

from tests.packs.registers import kept, loaded, made, publish_the_least, register, small  # noqa: F401
