"""For all tests: one browser in a process, and an order in which none is waited for at the end."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

#: run.py names the browser it found; an empty name leaves the choice to Playwright.
CHROMIUM = os.environ.get("BOT_TEST_CHROMIUM", shutil.which("chromium") or "")

#: Files of few tests that take a minute or more: they start chats, browsers and whole programs.
_LONG = (
    "test_replicas.py",
    "test_cli.py",
    "test_payloads.py",
    "test_canary.py",
    "test_real_app.py",
    "test_ingest_cli.py",
    "test_ingest_while_serving.py",
    "test_model_and_llm.py",
    "test_wheel.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, then those of many tests: one process works through a file alone."""
    tests = Counter(item.path for item in items)
    first = {name: place for place, name in enumerate(_LONG)}
    items.sort(key=lambda item: (first.get(item.path.name, len(first)), -tests[item.path]))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Playwright cannot be started twice in a process."""
    # What is seen is tested, not how soon: a machine may be busy.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM or None, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()
