"""Fixtures of deployment's tests."""

from tests.register.engines import new_postgresql, postgresql_url  # noqa: F401
