"""A real server on a free loopback port, and a real Chromium to look at it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Dialog,
    Locator,
    Page,
    Route,
)

from bot.settings import Settings
from bot.web.page import Page as BotPage
from bot.web.page import build_page
from bot.web.server import address_of, listen, make_server
from bot.web.texts import PageTexts, load_texts
from tests.web.scripted import STANDING, ScriptedBot

SHOTS = Path(__file__).resolve().parents[2] / "test-results"

SIZES = {"phone": (320, 568), "tablet": (768, 1024), "desktop": (1440, 900)}


@dataclass
class Site:
    """A running page: its address, its bot, and the page object behind it."""

    url: str
    bot: ScriptedBot
    page: BotPage


@dataclass
class Visit:
    """One visitor's tab, with everything it asked the network for and every script error."""

    tab: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def refuse(self, dialog: Dialog) -> None:
        """Note a box that a script opened; there should never be one."""
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def ask(self, message: str) -> None:
        """Type a message and press Enter."""
        box = self.tab.locator("#box textarea")
        box.fill(message)
        box.press("Enter")

    def shot(self, name: str) -> None:
        """Keep a picture of what the visitor sees."""
        SHOTS.mkdir(exist_ok=True)
        self.tab.screenshot(path=SHOTS / f"{name}.png")

    def ends_at(self, url: str) -> None:
        """Answer for a site elsewhere, so that leaving for it needs no network."""

        def weather(route: Route) -> None:
            route.fulfill(body="<title>Weather</title>Sunny", content_type="text/html")

        self.tab.route(f"{url}**", weather)

    def strangers(self, url: str) -> list[str]:
        """Every request that went to another host than the page's own."""
        own = urlsplit(url).netloc
        return [
            request
            for request in self.requests
            if urlsplit(request).scheme not in {"data", "blob"} and urlsplit(request).netloc != own
        ]


def in_view(visit: Visit, part: Locator) -> bool:
    """Whether a part is wholly inside the window, and nothing lies over its middle."""
    place = part.bounding_box()
    size = visit.tab.viewport_size
    assert size
    if place is None:
        return False
    inside = (
        place["x"] >= 0
        and place["y"] >= 0
        and place["x"] + place["width"] <= size["width"]
        and place["y"] + place["height"] <= size["height"]
    )
    middle = [place["x"] + place["width"] / 2, place["y"] + place["height"] / 2]
    uncovered = part.evaluate(
        "(part, [x, y]) => part.contains(document.elementFromPoint(x, y))", middle
    )
    return inside and bool(uncovered)


def help_in_view(visit: Visit) -> None:
    for number in ("000", "1800737732", "131114"):
        link = visit.tab.locator(f'#top a[href="tel:{number}"]:visible')
        assert link.count() == 1, f"{number} is shown {link.count()} times"
        assert in_view(visit, link), f"{number} is not in view"
    assert in_view(visit, visit.tab.locator(".leave"))


@contextlib.contextmanager
def serving(
    bot: ScriptedBot, settings: Settings | None = None, texts: PageTexts | None = None
) -> Iterator[Site]:
    """The page for a bot, served on a free port."""
    page = build_page(
        bot, STANDING, texts or load_texts(), settings or Settings(), ready=bot.loaded.is_set
    )
    with listen("127.0.0.1", 0) as bound:
        server = make_server(page)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        deadline = time.monotonic() + 120
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        yield Site(address_of(bound), bot, page)
        bot.loaded.set()
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive(), "the server did not stop"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    bot = ScriptedBot()
    bot.loaded.set()
    with serving(bot) as running:
        yield running


Open = Callable[..., Visit]


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Open]:
    contexts: list[BrowserContext] = []

    def open_tab(
        size: str | tuple[int, int] = "phone",
        *,
        ready: bool = True,
        url: str = site.url,
        **options: object,
    ) -> Visit:
        width, height = SIZES[size] if isinstance(size, str) else size
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            **options,  # type: ignore[arg-type]
        )
        contexts.append(context)
        visit = Visit(context.new_page())
        visit.tab.on("request", lambda request: visit.requests.append(request.url))
        visit.tab.on("pageerror", lambda error: visit.errors.append(str(error)))
        visit.tab.on("dialog", visit.refuse)
        visit.tab.goto(url)
        if ready:
            visit.tab.locator("#box textarea").wait_for()
        return visit

    yield open_tab
    for context in contexts:
        context.close()


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url) as client:
        yield client
