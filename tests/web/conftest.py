"""Fixtures of the pages' tests."""

from tests.web.fab_airflow import fab_airflow  # noqa: F401
