"""What gets in: addresses, events, files, malformed messages; and what a fault tells."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from starlette.routing import BaseRoute, Mount

from bot.web.page import Page
from bot.web.server import make_app
from tests.web.asking import EVENTS, TEXTS, event, own, page_with
from tests.web.conftest import Site

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
    upload = client.post("/gradio_api/upload", files={"files": ("x.txt", b"x")}, headers=own(site))
    assert upload.status_code == 404
    file = {"path": str(secret), "meta": {"_type": "gradio.FileData"}, "url": f"file://{secret}"}
    for data in ([file], [{"token": "t", "number": 1, "turns": [file]}]):
        answer = client.post(EVENTS, json={"fn_index": 0, "data": data}, headers=own(site))
        assert answer.status_code == 200
        assert CANARY not in answer.text
        assert str(secret) not in answer.text
    copies = Path(tempfile.gettempdir()).glob("gradio/**/secret.txt")
    assert list(copies) == []


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
