"""From Enter to the card, and to the answer, in a real browser, beside a bare Gradio echo.

    python3 run.py bench page

The program runs as visitors meet it (``app.py``), and so does the echo: each in a process of its
own. Their turns alternate, so that both meet the same machine. Cards are timed while the sentence
model loads, at rest, and while other visitors ask one question after the other.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from bench.program import (
    QUESTIONS,
    Served,
    Visitor,
    chat,
    echo,
    make_index,
    ready,
    wait_for,
)
from bench.rows import Row, middle, print_alone

DISCLOSURE = "I don't feel safe at home"
TURNS_OF_A_CONVERSATION = 4
_VISITORS = 6

# Runs in the page: sends what is in the box and waits until what is looked for can be seen.
ENTER_TO_SEEN = """
([selector, count, text]) => new Promise((done) => {
  const box = document.querySelector("textarea");
  const started = performance.now();
  const look = () => {
    if (document.querySelectorAll(selector).length >= count &&
        (document.querySelector(selector)?.textContent ?? "").includes(text))
      done(performance.now() - started);
    else requestAnimationFrame(look);
  };
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  box.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true }));
  look();
})
"""


def card_ms(tab: Page, message: str, cards: int) -> float:
    """Milliseconds from Enter until ``cards`` cards are in the conversation."""
    tab.locator("textarea").fill(message)
    return float(tab.evaluate(ENTER_TO_SEEN, [".turn .card", cards, ""]))


def echo_ms(tab: Page, message: str) -> float:
    """Milliseconds from Enter until the message has come back; it must differ from the last."""
    tab.locator("textarea").fill(message)
    return float(tab.evaluate(ENTER_TO_SEEN, [".echo", 1, message]))


def answer_ms(tab: Page, message: str) -> float:
    """Milliseconds from Enter until the answer is there: a turn that nothing more comes to."""
    tab.locator("textarea").fill(message)
    before = tab.locator("[data-revision='2']").count()
    return float(tab.evaluate(ENTER_TO_SEEN, ["[data-revision='2']", before + 1, ""]))


class Race:
    """Card and echo turns by turns, in two tabs of one browser."""

    def __init__(self, browser: Browser, app: str, bare: str) -> None:
        self._ours, self._bare = browser.new_page(), browser.new_page()
        self._bare.goto(bare)
        self._bare.locator("textarea").wait_for()
        self._ours.goto(app)
        self._ours.locator("#box textarea").wait_for()
        self._sent = 0
        # The first turn of each opens its connections.
        self.turn(answered=False)

    def turn(self, *, answered: bool) -> tuple[float, float]:
        """One turn of each: milliseconds to the card, milliseconds to the echo.

        A conversation is cleared after some turns. ``answered`` waits for the answer that comes
        after the card, so that no turn meets the one before; while the model loads there is none.
        """
        self._sent += 1
        bare = echo_ms(self._bare, f"Hello number {self._sent}.")
        turn = (self._sent - 1) % TURNS_OF_A_CONVERSATION + 1
        ours = card_ms(self._ours, f"{DISCLOSURE} ({self._sent})", turn)
        if answered:
            self._ours.wait_for_function("() => !document.querySelector('.waiting')")
        if turn == TURNS_OF_A_CONVERSATION:
            self._ours.locator("#wipe").click()
        self._ours.wait_for_timeout(100)
        return ours, bare

    def question(self) -> tuple[float, float]:
        """One question of a fresh conversation, and one echo: milliseconds to the answer of each.

        Whatever was said before is cleared first.
        """
        self._sent += 1
        self._ours.locator("#wipe").click()
        self._ours.wait_for_timeout(100)
        bare = echo_ms(self._bare, f"Hello number {self._sent}.")
        return answer_ms(self._ours, QUESTIONS[self._sent % len(QUESTIONS)]), bare


@contextlib.contextmanager
def _crowd(app: Served) -> Iterator[None]:
    """Visitors who ask one question after the other; their browsers run on other machines."""
    over = threading.Event()

    def converse() -> None:
        visitor = Visitor(app)
        while not over.is_set():
            for turn in range(TURNS_OF_A_CONVERSATION):
                visitor.turn(*QUESTIONS[: turn + 1])
        visitor.close()

    visitors = [threading.Thread(target=converse) for _ in range(_VISITORS)]
    for thread in visitors:
        thread.start()
    time.sleep(1)
    try:
        yield
    finally:
        over.set()
        for thread in visitors:
            thread.join()


def _row(name: str, turns: Sequence[tuple[float, float]], bar: float | None = None) -> Row:
    ours, bare = (middle(column) for column in zip(*turns, strict=True))
    slowest = f"slowest of {len(turns)}: {max(turn[0] for turn in turns):.0f}"
    return Row("page", name, ours, bare, "ms", bar=bar, note=slowest)


def measure(*, full: bool) -> list[Row]:
    """Cards, and answers at rest."""
    make_index()
    count = 100 if full else 40
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        chromium = os.environ.get("BOT_TEST_CHROMIUM") or shutil.which("chromium")
        browser = stack.enter_context(
            playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        )
        bare = stack.enter_context(echo())
        wait_for(f"{bare.url}/")
        app = stack.enter_context(chat())
        wait_for(f"{app.url}/")
        race = Race(browser, app.url, bare.url)
        loading = []
        while httpx.get(f"{app.url}/health/answers", timeout=60).status_code != 200:
            loading.append(race.turn(answered=False))
        ready(app)
        fresh = Race(browser, app.url, bare.url)
        at_rest = [fresh.turn(answered=True) for _ in range(count)]
        answers = [fresh.question() for _ in range(count)]
        fresh = Race(browser, app.url, bare.url)
        with _crowd(app):
            busy = [fresh.turn(answered=True) for _ in range(count)]
    rows = [_row("card, while the model loads", loading)] if loading else []
    return [
        *rows,
        _row("card, at rest", at_rest, 1.2),
        _row(f"card, {_VISITORS} others asking", busy),
        _row("answer, at rest", answers),
    ]


def main() -> None:
    """Print the table."""
    print_alone(measure, __doc__)


if __name__ == "__main__":
    main()
