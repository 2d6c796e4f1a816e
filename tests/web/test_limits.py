"""Limits of size, time and rate: fair between clients, polite, and never on cards."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

from bot.screening import Screened
from bot.types import Reply
from bot.web import gate
from bot.web.limits import RateLimit
from bot.web.page import ANSWERS_AT_ONCE
from bot.web.server import make_app
from tests.web.asking import EVENTS, TEXTS, answered, event, own, page_with
from tests.web.conftest import Site
from tests.web.scripted import ScriptedBot


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
    with socket.create_connection((place.hostname, place.port), timeout=60) as line:
        head = f"POST {EVENTS} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: 500\r\n\r\n"
        line.sendall(head.encode() + b"{")
        assert b"408" in line.recv(1000)


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


def test_where_nobody_looks_again_a_card_in_doubt_comes() -> None:
    with TestClient(make_app(page_with(rate=1))) as client:
        at_once = client.post(EVENTS, json=event("doubtful")).json()["data"][0]
        looked_at = answered(client, "doubtful")
        refused = answered(client, "doubtful")
    assert 'class="card crisis"' not in at_once + looked_at
    assert "stonewalling" in looked_at
    assert 'class="card crisis"' in refused
    assert TEXTS.too_fast.split(".")[0] in refused


def answered_too_late(message: str) -> str:
    """What the answering event says when the answer does not come in time."""
    page = page_with(answer_timeout=0.2)
    assert isinstance(page.bot, ScriptedBot)
    page.bot.loaded.clear()
    try:
        with TestClient(make_app(page)) as client:
            return answered(client, message)
    finally:
        page.bot.loaded.set()


def test_a_card_in_doubt_comes_when_the_second_look_takes_too_long() -> None:
    assert 'class="card crisis"' in answered_too_late("doubtful")


def test_what_is_in_doubt_does_not_wait_for_the_answers_of_others() -> None:
    page = page_with(answer_timeout=250)
    bot = page.bot
    assert isinstance(bot, ScriptedBot)
    bot.loaded.clear()
    finish = bot.finish

    def finish_doubts(screened: Screened) -> tuple[Screened, Reply]:
        if "doubtful" in screened.turns[-1]:
            bot.loaded.set()  # else the others would wait for ever
        return finish(screened)

    bot.finish = finish_doubts  # type: ignore[method-assign]
    with TestClient(make_app(page)) as client, ThreadPoolExecutor() as others:
        waiting = [others.submit(answered, client, "What?") for _ in range(ANSWERS_AT_ONCE)]
        assert "stonewalling" in answered(client, "doubtful")
        assert all("stonewalling" in each.result() for each in waiting)


def test_an_answer_that_takes_too_long_becomes_a_plain_sentence_with_the_card() -> None:
    html = answered_too_late("I feel unsafe")
    assert 'class="card crisis"' in html
    assert TEXTS.too_busy.split(".")[0] in html


class Clock:
    """A clock that is moved by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_client_has_its_allowance_and_then_waits_for_more() -> None:
    clock = Clock()
    limit = RateLimit(60, clock=clock)
    assert [limit.allows("192.0.2.1") for _ in range(61)] == [True] * 60 + [False]
    clock.now += 1
    assert limit.allows("192.0.2.1")
    assert not limit.allows("192.0.2.1")


def test_one_client_takes_nothing_from_another() -> None:
    limit = RateLimit(1, clock=Clock())
    assert limit.allows("192.0.2.1")
    assert limit.allows("192.0.2.2")
    assert not limit.allows("192.0.2.1")


def test_a_pause_saves_up_no_more_than_the_allowance() -> None:
    clock = Clock()
    limit = RateLimit(3, clock=clock)
    limit.allows("192.0.2.1")
    clock.now += 10**6
    assert sum(limit.allows("192.0.2.1") for _ in range(10)) == 3


def test_addresses_of_one_ipv6_network_are_one_client_and_mapped_ones_are_ipv4() -> None:
    limit = RateLimit(1, clock=Clock())
    assert limit.allows("2001:db8:1:2::1")
    assert not limit.allows("2001:db8:1:2:ffff::9")
    assert limit.allows("2001:db8:1:3::1")
    assert limit.allows("192.0.2.1")
    assert not limit.allows("::ffff:192.0.2.1")


def test_memory_is_bounded_and_holds_no_address() -> None:
    limit = RateLimit(1, clock=Clock(), clients=100)
    for number in range(1000):
        limit.allows(f"198.51.{number // 250}.{number % 250}")
    assert len(limit) == 100
    assert "198.51" not in repr(limit.__dict__)
