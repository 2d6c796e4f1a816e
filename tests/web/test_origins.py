"""Headers, frames, origins and proxies: who may show the page, and who may speak for it."""

from __future__ import annotations

import httpx
import pytest
from fastapi.testclient import TestClient

from bot.errors import SettingsError
from bot.settings import load_settings
from bot.web.server import make_app
from tests.web.asking import EVENTS, event, page_with
from tests.web.conftest import Site


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
