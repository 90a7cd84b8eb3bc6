"""A real browser for tests: Debian's Chromium, driven by Playwright; how a page is looked at.

Without Chromium these tests are skipped and say so; where `CI` is set they fail, for `.ci/run` installs it.
Screenshots go to the folder that `DUE_REGARD_SCREENSHOTS` names, else nowhere.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium")
WIDTHS = (390, 1280)
# The machine may have no network, and Chromium asks for its own services at every start.
_OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for every test of a process."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("no chromium: .ci/run installs it")
        pytest.skip("needs Debian's chromium")
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=[*_OPTIONS])
        yield found
        found.close()


def look_at(page: Page, name: str) -> None:
    """Check a page as its readers would: at both widths nothing runs out of it, and axe-core finds nothing."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        overflow = page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{name}: {overflow} px too wide at {width} px"
        found = Axe().run(page)
        assert found.violations_count == 0, f"{name} at {width} px: {found.generate_report()}"
        _take_screenshot(page, f"{name}-{width}.png")


def _take_screenshot(page: Page, file: str) -> None:
    folder = os.environ.get("DUE_REGARD_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / file, full_page=True)
