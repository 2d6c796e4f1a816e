"""From Enter to the card: measured against a bare Gradio echo in the same browser."""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from collections.abc import Iterator

import gradio as gr
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from bench.page import card_ms, echo_blocks, echo_ms
from bot.web.server import address_of, listen
from tests.web.conftest import Open

TURNS = 9


@contextlib.contextmanager
def bare_echo(chromium: Browser) -> Iterator[Page]:
    """A tab with a bare Gradio echo, served from this process as the page is."""
    app = gr.mount_gradio_app(FastAPI(), echo_blocks(), path="/", run_history=False)
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
            yield page
            page.close()
        finally:
            server.should_exit = True
            thread.join(15)


def test_the_card_comes_within_one_and_a_half_times_a_bare_echo(
    chromium: Browser, visit: Open
) -> None:
    echo: list[float] = []
    card: list[float] = []
    with bare_echo(chromium) as bare:
        tab = visit("phone").tab
        for turn in range(1, TURNS + 2):
            echo.append(echo_ms(bare, f"I feel unsafe {turn}"))
            card.append(card_ms(tab, f"I feel unsafe {turn}", turn))
            tab.wait_for_timeout(150)
    # The first turn of each opens its connections.
    ours, other = statistics.median(card[1:]), statistics.median(echo[1:])
    print(f"\nEnter to card {ours:.0f} ms, bare echo {other:.0f} ms, ratio {ours / other:.2f}")
    assert ours <= 1.5 * other
