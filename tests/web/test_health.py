"""What a load balancer is told: alive, cards, answers."""

from __future__ import annotations

import threading

import pytest
from fastapi.testclient import TestClient

from bot.screening import Screened
from bot.settings import Settings
from bot.types import Assessment, Card, Level
from bot.web.page import build_page
from bot.web.server import make_app
from tests.web.asking import TEXTS, page_with
from tests.web.scripted import STANDING, ScriptedBot


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
    broken = Screened((), Assessment(Level.CRISIS), card, True, "", None, 0.1, "0" * 12)
    monkeypatch.setattr(page.bot, "screen", lambda *_, **__: broken)
    with TestClient(make_app(page)) as client:
        assert client.get("/health/cards").status_code == 503
