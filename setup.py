"""Puts include/ into the wheel as due_regard/include; everything else about the package is in pyproject.toml."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

_SAMPLES = "samples"
"""The demo's drops: the demo is no part of the package."""


class _BuildWithInclude(build_py):
    """Copies include/; an editable install goes on reading the repository's own folder."""

    def run(self) -> None:
        """Build the modules, then lay the files beside them."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "due_regard" / "include"
            # A file deleted since an earlier build must not come back.
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree("include", target, ignore=shutil.ignore_patterns(_SAMPLES))


setup(cmdclass={"build_py": _BuildWithInclude})
