"""The shipped tests say the same whatever an installation's own folder holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOME = (
    "tests/config/test_own_folder.py",
    "tests/codes",
    "tests/dags/test_orchestration.py",
    "tests/policies/test_rules_page.py",
    "tests/policies/test_feeds.py",
    "tests/intake/test_sources.py",
    "tests/test_documents.py",
    "tests/test_command_line.py",
)


@pytest.mark.long
@pytest.mark.skipif(
    not os.environ.get("DUE_REGARD_LONG_TESTS"), reason="runs a good part of the tests again: make test-all"
)
def test_a_good_part_of_the_tests_is_green_beside_strange_files(tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(ROOT / "include" / "samples" / "own", own)
    (own / "landlords" / "stranger.yaml").write_text("id: somebody_else\n", encoding="utf-8")
    (own / "landlords" / "hanover.yaml").write_text("no settings at all", encoding="utf-8")
    (own / "codes" / "violence.yaml").write_text("name: violence\nwords: {shoving: Pushed.}\n", encoding="utf-8")
    (own / "sources" / "canonical.yaml").write_text("name: other\n", encoding="utf-8")
    environment = {**os.environ, "DUE_REGARD_OWN_DIR": str(own)}
    call = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not integration", *SOME]
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert " passed" in done.stdout
