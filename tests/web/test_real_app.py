"""The whole program as a newcomer meets it: ``app.py``, the real model, a real browser."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.conftest import SHOTS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ".sources details, details.source"
SILENCE = "My partner says nothing to me for days when angry. What is that?"


class RunningApp:
    """``python app.py`` on a free port, with an index folder of its own that is still empty."""

    def __init__(self, folder: Path) -> None:
        self.log = (folder / "app.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "app.py", "--port", "0"],
            cwd=ROOT,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "BOT_INDEX": str(folder / "index"), "HF_HUB_OFFLINE": "1"},
        )
        deadline = time.monotonic() + 250
        while not (found := re.search(r"http://\S+/", self.said())):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        self.url = found[0]

    def wait_for_answers(self) -> None:
        """Wait until model and index are loaded; a busy machine takes minutes."""
        deadline = time.monotonic() + 300
        while "Answers are ready" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)

    def said(self) -> str:
        """Everything the program printed so far."""
        return Path(self.log.name).read_text(encoding="utf-8")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(15)
        self.log.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    running = RunningApp(tmp_path_factory.mktemp("app"))
    yield running
    running.stop()


@pytest.fixture
def tab(chromium: Browser, app: RunningApp) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1280, "height": 860})
    page.goto(app.url)
    page.locator("#box textarea").wait_for()
    yield page
    page.close()


def ask(tab: Page, message: str) -> None:
    tab.locator("#box textarea").fill(message)
    tab.locator("#box textarea").press("Enter")


def answered(tab: Page, app: RunningApp, message: str) -> Locator:
    """The turn that answers a message with a passage.

    A machine that is busy with other tests may need longer than an answer may take; the page says
    then to try again, and that is done. Where no passage comes, what page and program say is told.
    """
    for _ in range(3):
        turn = tab.locator(".turn").nth(tab.locator(".turn").count())
        ask(tab, message)
        with contextlib.suppress(AssertionError):
            expect(turn).to_have_attribute("data-revision", "2", timeout=120_000)
        if turn.locator(SOURCES).count():
            return turn
    SHOTS.mkdir(exist_ok=True)
    tab.screenshot(path=SHOTS / "no-passage.png")
    typed = tab.locator("#box textarea").input_value()
    seen = tab.locator("body").inner_text()
    pytest.fail(f"No passage. In the box: {typed!r}\n{seen}\n\nThe program:\n{app.said()}")


def test_a_first_disclosure_gets_its_card_while_the_model_still_loads(
    tab: Page, app: RunningApp
) -> None:
    ask(tab, "I don't feel safe at home")
    card = tab.locator(".card").first
    card.wait_for(timeout=60_000)
    assert "Answers are ready" not in app.said()
    numbers = card.locator("a.call").evaluate_all("all => all.map(a => a.href)")
    assert numbers[:2] == ["tel:000", "tel:1800737732"]


def test_a_question_is_answered_from_the_article_with_its_passage(
    tab: Page, app: RunningApp
) -> None:
    app.wait_for_answers()
    source = answered(tab, app, SILENCE).locator(SOURCES).first
    source.locator("summary").click()
    expect(source).to_contain_text("Stonewalling or Silent Treatment")


def test_an_emergency_is_read_on_a_small_phone_without_scrolling(tab: Page) -> None:
    tab.set_viewport_size({"width": 320, "height": 568})
    ask(tab, "he is choking me right now")
    card = tab.locator(".card.emergency")
    card.wait_for(timeout=60_000)
    box = tab.locator("#composer").bounding_box()
    place = card.bounding_box()
    assert box
    assert place
    assert card.locator(".lines p").count() == 3
    assert place["y"] + place["height"] <= box["y"]
    top = tab.locator("#top").bounding_box()
    assert top
    assert place["y"] >= top["y"] + top["height"]


def test_the_card_stands_above_the_answer(tab: Page, app: RunningApp) -> None:
    answered(tab, app, SILENCE)
    last = answered(tab, app, "He grabbed me by the throat last week. What is stonewalling?")
    card, answer = last.locator(".card"), last.locator(".answer")
    top, below = card.bounding_box(), answer.bounding_box()
    assert top
    assert below
    assert top["y"] + top["height"] <= below["y"]
    SHOTS.mkdir(exist_ok=True)
    tab.screenshot(path=SHOTS / "real-app.png")


def test_the_first_start_tells_that_it_ingests_the_article(app: RunningApp) -> None:
    deadline = time.monotonic() + 120
    while "Answers are ready" not in app.said():
        assert time.monotonic() < deadline, app.said()
        time.sleep(0.2)
    assert "Ingested 44 passages" in app.said()
    assert "Traceback" not in app.said()
