"""One browser for all tests of a process: Playwright cannot be started twice in one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

#: run.py names the browser it found; an empty name leaves the choice to Playwright.
CHROMIUM = os.environ.get("BOT_TEST_CHROMIUM", shutil.which("chromium") or "")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM or None, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()
