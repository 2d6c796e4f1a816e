"""The published article (or our own wording of it), opened once with the real sentence model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.answer.answerer import Answerer
from bot.knowledge.embed import SentenceEmbedder, make_embedder
from bot.knowledge.load import load
from bot.knowledge.passages import embedding_text, split
from bot.knowledge.retrieve import HybridRetriever
from bot.knowledge.vectors import Vectors
from bot.settings import Settings
from bot.types import Resource
from tests.fakes import MemoryIndex

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT.parent / "shared" / "article.txt"
OWN = ROOT / "corpus" / "feeling-disconnected.md"

CONTACT = Resource(
    id="operator",
    name="The operator",
    source="https://example.org",
    verified_on="2026-01-01",
    confidence="high",
    phone="0400 000 000",
)


class CountingEmbedder:
    """The real sentence model; ``calls`` lists what it was asked and ``expected`` what was told."""

    def __init__(self, model: SentenceEmbedder) -> None:
        self._model = model
        self.identity = model.identity
        self.calls: list[list[str]] = []
        self.expected: list[list[str]] = []

    def expect(self, texts: Sequence[str]) -> None:
        self.expected.append(list(texts))

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(list(texts))
        return self._model.encode(texts)

    def vocabulary(self) -> frozenset[str]:
        return self._model.vocabulary()


def open_article(path: Path, embedder: CountingEmbedder) -> HybridRetriever:
    passages = split(load(path, path.name))
    vectors = embedder.encode([embedding_text(one) for one in passages])
    rows = tuple(zip(passages, vectors, strict=True))
    return HybridRetriever(MemoryIndex("v1", embedder.identity, rows), embedder)


@pytest.fixture(scope="session")
def embedder() -> CountingEmbedder:
    return CountingEmbedder(make_embedder(Settings()))


@pytest.fixture(scope="session", params=[PUBLISHED, OWN], ids=["published", "own wording"])
def retriever(request: pytest.FixtureRequest, embedder: CountingEmbedder) -> HybridRetriever:
    path: Path = request.param
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return open_article(path, embedder)


@pytest.fixture(scope="session")
def answerer(retriever: HybridRetriever) -> Answerer:
    return Answerer(retriever, CONTACT)


def anything(_text: str) -> bool:
    return True
