"""Asking the page's server what its script would ask, and building one with other settings."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from bot.settings import Settings
from bot.web.page import Page, build_page
from bot.web.texts import load_texts
from tests.web.conftest import Site
from tests.web.scripted import STANDING, ScriptedBot

TEXTS = load_texts()
EVENTS = "/gradio_api/run/predict"


def page_with(**settings: Any) -> Page:
    bot = ScriptedBot()
    bot.loaded.set()
    return build_page(bot, STANDING, TEXTS, Settings(**settings))


def event(*turns: str, number: int = 0, **more: object) -> dict[str, object]:
    sent = {"token": "t", "number": len(turns), "turns": list(turns)}
    return {"fn_index": number, "data": [sent | more]}


def own(site: Site) -> dict[str, str]:
    return {"origin": site.url.rstrip("/")}


def answered(client: TestClient, *turns: str, **headers: str) -> str:
    """What the answering event says."""
    body = event(*turns, number=len(TEXTS.examples) + 1)
    return str(client.post(EVENTS, json=body, headers=headers).json()["data"][0])
