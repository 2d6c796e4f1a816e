"""From Enter to the card in a real browser, beside a bare Gradio echo in the same browser.

    python -m bench.page [--visitors 6] [--turns 15]

The program runs as visitors meet it (``app.py``), and so does the echo: each in a process of its
own. Their turns alternate, so that both meet the same machine. Three times are measured: while
the sentence model loads, at rest, and while other visitors ask one question after the other.
Echo turns at rest are the second yardstick. What counts are the ratios, not the milliseconds.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import gradio as gr
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
DISCLOSURE = "I don't feel safe at home"
TURNS_OF_A_CONVERSATION = 4
QUESTIONS = (
    "What is stonewalling?",
    "Why do couples grow apart?",
    "What does emotional abuse look like?",
    "What is a behaviour change program?",
)

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

# Runs in the page of another visitor: a question, its answer, the next question, without end.
ASK_ON = """
(questions) => {
  const box = document.querySelector("#box textarea");
  const fill = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set;
  let asked = 0;
  setInterval(() => {
    if (box.value || document.querySelector(".waiting")) return;
    fill.call(box, questions[asked++ % questions.length]);
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
    box.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true }));
  }, 20);
}
"""


def echo_blocks() -> gr.Blocks:
    """The least that Gradio can do: a text box whose text comes back as HTML."""
    blocks = gr.Blocks(analytics_enabled=False)
    with blocks:
        box = gr.Textbox(lines=1, max_lines=5)
        out = gr.HTML(elem_id="out")
        box.submit(lambda text: f"<p class='echo'>{text}</p>", box, out)
    return blocks


def card_ms(tab: Page, message: str, cards: int) -> float:
    """Milliseconds from Enter until ``cards`` cards are in the conversation."""
    tab.locator("textarea").fill(message)
    return float(tab.evaluate(ENTER_TO_SEEN, [".turn .card", cards, ""]))


def echo_ms(tab: Page, message: str) -> float:
    """Milliseconds from Enter until the message has come back; it must differ from the last."""
    tab.locator("textarea").fill(message)
    return float(tab.evaluate(ENTER_TO_SEEN, [".echo", 1, message]))


@contextlib.contextmanager
def started(command: Sequence[str], log: Path, **settings: str) -> Iterator[str]:
    """A server in a process of its own; its address, as soon as it tells it."""
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **settings}
        )
        try:
            while not (found := re.search(r"http://\S+/?", log.read_text(encoding="utf-8"))):
                if process.poll() is not None:
                    raise SystemExit(log.read_text(encoding="utf-8"))
                time.sleep(0.02)
            yield found[0]
        finally:
            process.terminate()
            process.wait(20)


class Race:
    """Card and echo turns by turns, in two tabs of one browser."""

    def __init__(self, browser: Browser, app: str, echo: str) -> None:
        self._ours, self._bare = browser.new_page(), browser.new_page()
        self._bare.goto(echo)
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


def told(name: str, turns: Sequence[tuple[float, float]], rest: float) -> str:
    """One line of the table."""
    ours, bare = (statistics.median(column) for column in zip(*turns, strict=True))
    worst = max(turn[0] for turn in turns)
    return (
        f"{name:<26}{len(turns):>6}{ours:>9.0f}{worst:>9.0f}{bare:>9.0f}"
        f"{ours / bare:>8.2f}{ours / rest:>12.2f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--visitors", type=int, default=6)
    parser.add_argument("--turns", type=int, default=15)
    options = parser.parse_args()
    python = sys.executable
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        index, log = str(folder / "index"), folder / "app.log"
        subprocess.run(
            [python, "ingest.py"], cwd=ROOT, check=True, capture_output=True,
            env={**os.environ, "BOT_INDEX": index},
        )  # fmt: skip
        echo = "from bench.page import echo_blocks; echo_blocks().launch(run_history=False)"
        chromium = os.environ.get("BOT_TEST_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with (
            started([python, "-c", echo], folder / "echo.log") as bare,
            started([python, "app.py", "--port", "0"], log, BOT_INDEX=index) as app,
        ):
            race = Race(browser, app, bare)
            loading = []
            while "Answers are ready" not in log.read_text(encoding="utf-8"):
                loading.append(race.turn(answered=False))
            fresh = Race(browser, app, bare)
            at_rest = [fresh.turn(answered=True) for _ in range(options.turns)]
            others = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for _ in range(options.visitors):
                tab = others.new_page()
                tab.goto(app)
                tab.locator("#box textarea").wait_for()
                tab.evaluate(ASK_ON, list(QUESTIONS))
            time.sleep(1)
            fresh = Race(browser, app, bare)
            busy = [fresh.turn(answered=True) for _ in range(options.turns)]
            others.close()
        browser.close()
    rest = statistics.median(turn[1] for turn in at_rest)
    print("Enter to card, in milliseconds; the echo beside it met the same machine")
    print(f"{'':<26}{'turns':>6}{'card':>9}{'slowest':>9}{'echo':>9}{'ratio':>8}{'to rest':>12}")
    if loading:
        print(told("while the model loads", loading, rest))
    print(told("at rest", at_rest, rest))
    print(told(f"{options.visitors} others asking", busy, rest))


if __name__ == "__main__":
    main()
