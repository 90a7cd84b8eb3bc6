"""Benchmarks: speed shown side by side with the obvious alternatives, in one run. Never part of the tests.

A benchmark is a module here without an underscore in its name that has a `main()`; its parts are
`<benchmark>_<part>.py`. Run all with `python -m benchmarks`, some with `python -m benchmarks assessment intake`.
What they printed last, with dates, is in docs/benchmarks.md.
"""
