"""What gets in and what gets out: addresses, events, origins, sizes, headers, faults."""

from __future__ import annotations

import json
import re
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute, Mount

from bot.conversation import Screened
from bot.errors import SettingsError
from bot.settings import Settings, load_settings
from bot.types import Assessment, Card, Level
from bot.web import gate
from bot.web.page import Page, build_page
from bot.web.server import make_app
from bot.web.texts import load_texts
from tests.web.conftest import Site
from tests.web.scripted import STANDING, ScriptedBot

TEXTS = load_texts()
EVENTS = "/gradio_api/run/predict"
CANARY = "canary-4417"

#: Every address there is, and every event. A new one has to be put here by hand, after thought.
OPEN = {
    ("GET", "/"),
    ("HEAD", "/"),
    ("GET", "/safety"),
    ("GET", "/theme.css"),
    ("GET", "/health/live"),
    ("GET", "/health/cards"),
    ("GET", "/health/answers"),
    ("POST", EVENTS),
}
#: Besides ``/assets/{name}``: what a visitor's browser loads of Gradio's own scripts and styles.
ASSETS = "/assets/{path:path}"


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url) as client:
        yield client


def page_with(**settings: Any) -> Page:
    bot = ScriptedBot()
    bot.loaded.set()
    return build_page(bot, STANDING, TEXTS, Settings(**settings))


def event(*turns: str, number: int = 0, **more: object) -> dict[str, object]:
    sent = {"token": "t", "number": len(turns), "turns": list(turns)}
    return {"fn_index": number, "data": [sent | more]}


def own(site: Site) -> dict[str, str]:
    return {"origin": site.url.rstrip("/")}


def routes(found: Sequence[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every method and path that the parts below the gate would answer."""
    for route in found:
        if isinstance(route, Mount):
            yield from routes(route.routes, prefix + route.path)
        elif hasattr(route, "original_router"):
            yield from routes(route.original_router.routes, prefix)
        else:
            assert hasattr(route, "path"), f"a route of an unknown kind: {route!r}"
            for method in getattr(route, "methods", None) or {"WEBSOCKET"}:
                yield method, prefix + route.path


def all_routes(page: Page) -> set[tuple[str, str]]:
    app = make_app(page)
    while not hasattr(app, "routes"):
        app = getattr(app, "_app", None) or app.app  # type: ignore[attr-defined]
    return set(routes(app.routes))


def test_every_address_that_the_page_does_not_need_is_answered_with_404(
    client: httpx.Client, site: Site
) -> None:
    known = all_routes(page_with())
    assert len(known) > 60, "the inventory must see Gradio's own addresses"
    assert ("POST", EVENTS.replace("predict", "{api_name}")) in known
    for method, path in sorted(known - OPEN - {("GET", ASSETS)}):
        filled = re.sub(r"\{[^}]*\}", "x", path)
        response = client.request(method, filled, headers=own(site), json=event("hello"))
        assert response.status_code in {404, 405}, f"{method} {filled}"
        if method != "HEAD":
            assert set(response.json()) == {"detail"}, f"{method} {filled}"


@pytest.mark.parametrize(("method", "path"), sorted(OPEN - {("POST", EVENTS)}), ids=str)
def test_what_the_page_needs_is_there(client: httpx.Client, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 200


def test_a_real_page_load_and_turn_need_nothing_that_is_refused(visit: object, site: Site) -> None:
    visitor = visit("phone", ready=False)  # type: ignore[operator]
    refused: list[str] = []
    visitor.tab.on("response", lambda r: refused.append(r.url) if r.status >= 400 else None)
    visitor.tab.reload()
    visitor.tab.locator("#box textarea").wait_for()
    visitor.ask("I feel unsafe")
    visitor.tab.locator(".sources").wait_for()
    assert refused == []
    assert visitor.errors == []


def test_the_events_are_one_for_the_box_one_for_each_example_and_one_for_answers() -> None:
    page = page_with()
    names = [getattr(fn.fn, "__name__", "") for fn in page.blocks.fns.values()]
    assert names == ["ask"] * (1 + len(TEXTS.examples)) + ["answer"]
    for fn in page.blocks.fns.values():
        assert fn.api_visibility == "private"
        assert fn.queue is False


def test_an_event_that_does_not_exist_is_404(client: httpx.Client, site: Site) -> None:
    for number in (-1, 99, True, None, "0", 1.0):
        body = {"fn_index": number, "data": [None]}
        assert client.post(EVENTS, json=body, headers=own(site)).status_code == 404, number
    for path in ("/gradio_api/run/ask", "/gradio_api/api/predict", "/gradio_api/queue/join"):
        assert client.post(path, json=event("x"), headers=own(site)).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=app.py",
        "/file=/etc/passwd",
        "/gradio_api/file/etc/passwd",
        "/assets/../../../../etc/passwd",
        "/assets/..%2f..%2fapp.py",
        "/assets/%2e%2e/%2e%2e/index.html",
        "/static/../../routes.py",
        "/svelte/svelte.js",
        "/gradio_api/proxy=https://example.org/",
        "/gradio_api/custom_component/x/client/component/index.js",
        "//etc/passwd",
        "/assets//etc/passwd",
        "/assets/x.js%00.css",
        "/./app.py",
        "/.env",
    ],
)
def test_no_file_can_be_read(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert "root:" not in response.text


def test_nothing_can_be_uploaded_and_a_file_named_in_a_message_is_only_text(
    client: httpx.Client, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(CANARY)
    before = set(Path(tempfile.gettempdir()).glob("gradio/**/*"))
    upload = client.post("/gradio_api/upload", files={"files": ("x.txt", b"x")}, headers=own(site))
    assert upload.status_code == 404
    file = {"path": str(secret), "meta": {"_type": "gradio.FileData"}, "url": f"file://{secret}"}
    for data in ([file], [{"token": "t", "number": 1, "turns": [file]}]):
        answer = client.post(EVENTS, json={"fn_index": 0, "data": data}, headers=own(site))
        assert answer.status_code == 200
        assert CANARY not in answer.text
        assert str(secret) not in answer.text
    assert set(Path(tempfile.gettempdir()).glob("gradio/**/*")) == before


@pytest.mark.parametrize("path", ["/", "/safety", "/theme.css", "/no-such-page", EVENTS])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "POST"])
def test_every_response_carries_every_header(client: httpx.Client, method: str, path: str) -> None:
    headers = client.request(method, path, headers={"origin": "https://evil.example"}).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert "camera=()" in headers["permissions-policy"]
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'none'"):
        assert part in policy
    assert "http" not in policy
    assert not {name for name in headers if name.startswith("access-control-")}
    assert "set-cookie" not in headers
    assert "server" not in headers


def test_only_the_origins_named_may_show_the_page_in_a_frame() -> None:
    origins = "https://www.example.org, https://*.example.net:8443"
    with TestClient(make_app(page_with(frame_ancestors=origins))) as client:
        response = client.get("/")
    assert response.status_code == 200
    headers = response.headers
    wanted = "frame-ancestors https://www.example.org https://*.example.net:8443"
    assert headers["content-security-policy"].endswith(wanted)
    assert "x-frame-options" not in headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOT_FRAME_ANCESTORS", "example.org"),
        ("BOT_FRAME_ANCESTORS", "https://a.example; script-src *"),
        ("BOT_FRAME_ANCESTORS", "*"),
        ("BOT_PROXIES", "everyone"),
        ("BOT_PROXIES", "10.0.0.1/8"),
        ("BOT_RATE", "0"),
    ],
)
def test_a_setting_that_would_open_the_page_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_message_from_another_sites_page_is_refused(
    client: httpx.Client, site: Site, headers: dict[str, str]
) -> None:
    before = len(site.bot.asked)
    assert client.post(EVENTS, json=event("x"), headers=headers).status_code == 403
    assert len(site.bot.asked) == before


def test_an_origin_said_twice_is_refused(client: httpx.Client, site: Site) -> None:
    origin = site.url.rstrip("/")
    twice = [("origin", origin), ("origin", origin)]
    assert client.post(EVENTS, json=event("x"), headers=twice).status_code == 403


def test_a_preflight_gets_no_permission(client: httpx.Client) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    response = client.options(EVENTS, headers=asked)
    assert response.status_code == 405
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"fn_index": 0}',
        b'{"fn_index": 0, "data": {}}',
        b'{"fn_index": 0, "data": []}',
        b'{"fn_index": 0, "data": [1, 2]}',
        b'{"fn_index": 0, "data": [' + b"[" * 3000 + b"]" * 3000 + b"]}",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_malformed_message_gets_one_plain_sentence(
    client: httpx.Client, site: Site, body: bytes
) -> None:
    response = client.post(EVENTS, content=body, headers=own(site))
    assert response.status_code in {200, 400, 404}
    if response.status_code != 200:
        assert set(response.json()) == {"detail"}


def test_a_body_over_the_limit_is_refused_before_it_is_read(
    client: httpx.Client, site: Site
) -> None:
    big = b"x" * (60_000 * 4 + 16_385)
    assert client.post(EVENTS, content=big, headers=own(site)).status_code == 413

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(big), 10_000):
            yield big[start : start + 10_000]

    assert client.post(EVENTS, content=pieces(), headers=own(site)).status_code == 413


def test_the_longest_conversation_allowed_gets_in(client: httpx.Client, site: Site) -> None:
    turns = ["\U0001f642" * 3000] * 20
    body = json.dumps(event(*turns), ensure_ascii=False).encode()
    assert client.post(EVENTS, content=body, headers=own(site)).status_code == 200


def test_a_request_that_trickles_in_is_given_up(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "BODY_SECONDS", 0.3)
    place = urlsplit(site.url)
    assert place.hostname
    assert place.port
    with socket.create_connection((place.hostname, place.port), timeout=5) as line:
        head = f"POST {EVENTS} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: 500\r\n\r\n"
        line.sendall(head.encode() + b"{")
        started = time.monotonic()
        assert b"408" in line.recv(1000)
        assert time.monotonic() - started < 3


def test_a_fault_tells_the_visitor_nothing(
    client: httpx.Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> object:
        raise RuntimeError(CANARY)

    monkeypatch.setattr(site.bot, "screen", broken)
    for path, method in ((EVENTS, "POST"), ("/health/cards", "GET")):
        response = client.request(method, path, json=event("x"), headers=own(site))
        assert response.status_code == 500
        assert response.json() == {"detail": "Something went wrong on the server."}


@pytest.mark.parametrize("path", ["/", "/no-such", EVENTS, "/health/live", "/assets/none.js"])
def test_nothing_of_the_machine_is_in_any_page(client: httpx.Client, path: str) -> None:
    for method in ("GET", "POST", "PUT"):
        text = client.request(method, path).text
        for word in (str(Path.cwd()), "Traceback", "site-packages", "uvicorn", str(Path.home())):
            assert word not in text, f"{method} {path}: {word}"


def test_queries_do_nothing(client: httpx.Client) -> None:
    plain = client.get("/").text
    for query in ("deep_link=x", "page=../x", "__theme=dark", "view=api", "error=1"):
        assert client.get(f"/?{query}").text == plain


def test_the_real_browser_sends_an_origin_that_is_believed_behind_a_trusted_proxy() -> None:
    """The proxy's word on scheme and client counts only if the operator named the proxy."""
    told = {
        "origin": "https://chat.example",
        "host": "chat.example",
        "x-forwarded-proto": "https",
        "x-forwarded-for": "203.0.113.9, 192.0.2.7",
    }
    for proxies, status in (("", 403), ("192.0.2.99", 403), ("testclient-net", 200)):
        address = "198.51.100.4"
        trusted = "198.51.100.0/24" if proxies == "testclient-net" else proxies
        app = make_app(page_with(proxies=trusted))
        with TestClient(app, client=(address, 5000)) as client:
            response = client.post(EVENTS, json=event("x"), headers=told)
        assert response.status_code == status, proxies


def test_a_forged_host_is_not_written_into_the_page() -> None:
    for trusted in ("", "198.51.100.0/24"):
        app = make_app(page_with(proxies=trusted))
        with TestClient(app, client=("198.51.100.4", 5000)) as client:
            html = client.get("/", headers={"x-forwarded-host": "evil.example"}).text
        assert "<gradio-app" in html
        assert "evil.example" not in html


def answered(client: TestClient, *turns: str, **headers: str) -> str:
    """What the answering event says."""
    body = event(*turns, number=len(TEXTS.examples) + 1)
    return str(client.post(EVENTS, json=body, headers=headers).json()["data"][0])


def test_too_many_answers_get_a_polite_word_and_other_clients_their_answers() -> None:
    app = make_app(page_with(rate=3, proxies="198.51.100.4"))
    polite = TEXTS.too_fast.split(".")[0]
    with TestClient(app, client=("198.51.100.4", 5000)) as client:
        first = {"x-forwarded-for": "203.0.113.1"}
        said = [answered(client, "What?", **first) for _ in range(5)]
        assert ["stonewalling" in html for html in said] == [True] * 3 + [False] * 2
        assert polite in said[-1]
        assert "stonewalling" in answered(client, "What?", **{"x-forwarded-for": "203.0.113.2"})
        # What a client makes up in front of the proxy's own word does not count.
        forged = {"x-forwarded-for": "203.0.113.77, 203.0.113.1"}
        assert polite in answered(client, "What?", **forged)


def test_a_crisis_message_gets_its_card_however_many_came_before_it() -> None:
    polite = TEXTS.too_fast.split(".")[0]
    with TestClient(make_app(page_with(rate=1))) as client:
        for _ in range(5):
            answered(client, "What?")
        at_once = client.post(EVENTS, json=event("I feel unsafe")).json()["data"][0]
        later = answered(client, "I feel unsafe")
        for html in (at_once, later):
            assert 'class="card crisis"' in html
            assert "data-pinned><section" in html
        assert polite in later
        html = answered(client, "he is choking me")
        assert 'class="card emergency"' in html
        assert polite not in html


def test_an_answer_that_takes_too_long_becomes_a_plain_sentence_with_the_card() -> None:
    page = page_with(answer_timeout=0.2)
    assert isinstance(page.bot, ScriptedBot)
    page.bot.loaded.clear()
    try:
        with TestClient(make_app(page)) as client:
            html = answered(client, "I feel unsafe")
    finally:
        page.bot.loaded.set()
    assert 'class="card crisis"' in html
    assert TEXTS.too_busy.split(".")[0] in html


def test_cards_are_ready_before_answers_are() -> None:
    bot, loaded = ScriptedBot(), threading.Event()
    page = build_page(bot, STANDING, TEXTS, Settings(), ready=loaded.is_set)
    with TestClient(make_app(page)) as client:
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/cards").json() == {"ready": True}
        assert client.get("/health/answers").status_code == 503
        assert client.get("/health/answers").json() == {"ready": False}
        loaded.set()
        assert client.get("/health/answers").status_code == 200
    assert bot.asked == [], "a probe is neither logged nor counted"


def test_a_card_of_last_resort_is_told_as_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_with()
    card = Card("Call 000", (), ())
    broken = Screened((), Assessment(Level.CRISIS), card, True, "", None, 0.1)
    monkeypatch.setattr(page.bot, "screen", lambda *_, **__: broken)
    with TestClient(make_app(page)) as client:
        assert client.get("/health/cards").status_code == 503
