"""The server around the page: addresses, headers, and the document before any script runs."""

from __future__ import annotations

import socket

import httpx
import pytest

from bot.settings import Settings
from bot.web.brand import load_brand
from bot.web.server import ServeError, address_of, listen
from bot.web.shell import Shell, ShellError
from bot.web.texts import load_texts
from tests.web.scripted import STANDING

TEXTS = load_texts()
BRAND = load_brand(Settings())


def test_the_help_line_is_in_the_document_itself_before_anything_of_gradio(
    client: httpx.Client,
) -> None:
    html = client.get("/").text
    assert html.index('href="tel:000"') < html.index("<gradio-app")
    assert html.index(TEXTS.leave_url) < html.index("<gradio-app")
    assert TEXTS.about in html
    assert f"<title>{TEXTS.tab_title}</title>" in html


def test_the_document_advertises_nobody_and_names_no_other_site_but_its_own_links(
    client: httpx.Client,
) -> None:
    html = client.get("/").text
    for word in ("og:", "twitter:", "raw.githubusercontent", "googleapis", "manifest.json"):
        assert word not in html


def test_a_port_in_use_is_one_plain_line() -> None:
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=rf"Port {port} on 127\.0\.0\.1 .*--port"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 300, "a..b"])
def test_an_unknown_address_is_one_plain_line(host: str) -> None:
    with pytest.raises(ServeError, match="--host"):
        listen(host, 0)


def test_the_address_told_can_be_opened() -> None:
    with listen("0.0.0.0", 0) as bound:
        assert address_of(bound) == f"http://127.0.0.1:{bound.getsockname()[1]}/"


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_is_told_in_brackets() -> None:
    try:
        bound = listen("::1", 0)
    except ServeError:
        pytest.skip("this machine has no IPv6 loopback")
    with bound:
        assert address_of(bound).startswith("http://[::1]:")


@pytest.mark.parametrize(
    "document",
    ["", "<html><body></body></html>", "<head></head><gradio-app>"],
)
def test_a_gradio_page_of_another_form_is_refused_rather_than_served_without_help(
    document: str,
) -> None:
    with pytest.raises(ShellError, match="no place"):
        Shell(STANDING, TEXTS, BRAND).complete(document)


def test_words_cannot_end_the_script_that_carries_them() -> None:
    hostile = TEXTS.model_copy(update={"not_sent": "</script><script>alert(1)</script>"})
    html = Shell(STANDING, hostile, BRAND).complete("<head></head><gradio-app></gradio-app>")
    assert "alert(1)</script>" not in html
