"""From Enter to the card: measured against a bare Gradio echo in the same browser."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable

import gradio as gr
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from bot.web.server import address_of, listen
from tests.web.conftest import Open

TURNS = 9

# Runs in the page: types nothing, only sends what is in the box and waits for the mark to appear.
WAIT = """
([selector, wanted]) => new Promise((done) => {
  const box = document.querySelector("textarea");
  const started = performance.now();
  const look = () => {
    if (document.querySelectorAll(selector).length >= wanted[0] &&
        (document.querySelector(selector)?.textContent ?? "").includes(wanted[1]))
      done(performance.now() - started);
    else requestAnimationFrame(look);
  };
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  box.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true }));
  look();
})
"""


def echo_page(chromium: Browser, use: Callable[[Page], None]) -> None:
    with gr.Blocks(analytics_enabled=False) as blocks:
        box = gr.Textbox(lines=1, max_lines=5)
        out = gr.HTML(elem_id="out")
        box.submit(lambda text: f"<p class='echo'>{text}</p>", box, out)
    app = gr.mount_gradio_app(FastAPI(), blocks, path="/", run_history=False)
    with listen("127.0.0.1", 0) as bound:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            page = chromium.new_page()
            page.goto(address_of(bound))
            page.locator("textarea").wait_for()
            use(page)
            page.close()
        finally:
            server.should_exit = True
            thread.join(15)


def test_the_card_comes_within_one_and_a_half_times_a_bare_echo(
    chromium: Browser, visit: Open
) -> None:
    echo: list[float] = []
    card: list[float] = []

    def measure(bare: Page) -> None:
        tab = visit("phone").tab
        for turn in range(TURNS + 1):
            bare.locator("textarea").fill(f"I feel unsafe {turn}")
            echo.append(bare.evaluate(WAIT, [".echo", [1, f"unsafe {turn}"]]))
            tab.locator("textarea").fill(f"I feel unsafe {turn}")
            card.append(tab.evaluate(WAIT, [".turn .card", [turn + 1, ""]]))
            tab.wait_for_timeout(150)

    echo_page(chromium, measure)
    # The first turn of each opens its connections.
    ours, bare = statistics.median(card[1:]), statistics.median(echo[1:])
    print(f"\nEnter to card {ours:.0f} ms, bare echo {bare:.0f} ms, ratio {ours / bare:.2f}")
    assert ours <= 1.5 * bare
