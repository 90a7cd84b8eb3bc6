"""Tests of settings and of the files that people edit."""
