"""The joined program over real parts (Chroma, the shipped rules), with a quick sentence model.

Every test here damages something for real and then asks the same of the whole program: a crisis
message gets its card at once, an ordinary question a plain sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.build import Parts, build
from bot.settings import Settings
from bot.types import Level, Reply
from tests.fakes import HashingEmbedder
from tests.safety.conftest import small_text

__all__ = ["small_text"]

ROOT = Path(__file__).resolve().parents[2]
QUESTION = "What is stonewalling?"
CRISES = {
    "I want to die": "lifeline",
    "my husband hits me": "1800respect",
    "he is strangling me right now": "triple_zero",
}


class QuickEmbedder(HashingEmbedder):
    """The hashing embedder with the real one's ``load``."""

    def load(self) -> None:
        """Nothing takes time here."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "article.md").write_text(
        "# Silence\n\n## Stonewalling\n\nStonewalling is when a partner refuses to talk for days.\n"
    )
    return Settings(index=tmp_path / "index", corpus=corpus)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence model that needs no loading."""
    monkeypatch.setattr("bot.live.make_embedder", lambda _settings: QuickEmbedder())


Start = Callable[..., Parts]


@pytest.fixture
def start(quick: None, settings: Settings) -> Start:
    """Builds the program with some settings changed."""

    def build_with(**changes: object) -> Parts:
        return build(settings.model_copy(update=changes))

    return build_with


def assert_cards(parts: Parts) -> None:
    """Every crisis message gets the right card, from the rules and with nothing waited for.

    How long that takes is measured in ``bench``; here what a card must not wait for stands still.
    """
    for message, service in CRISES.items():
        screened = parts.bot.screen([message])
        assert screened.card is not None, message
        ids = [each.id for each in screened.card.resources]
        assert ids[0] == "triple_zero"
        assert service in ids
        assert screened.assessment.level >= Level.CRISIS


def ask(parts: Parts, question: str = QUESTION) -> Reply:
    """The reply to an ordinary question, which must be a plain sentence whatever happens."""
    reply = parts.bot.reply([question])
    assert reply.card is None
    assert reply.text
    assert "Traceback" not in reply.text
    assert "Error" not in reply.text
    return reply


def assert_told_plainly(reply: Reply) -> None:
    """The plain sentence for a question that cannot be answered now."""
    assert reply.kind == "error"
    assert "try again in a minute" in reply.text
