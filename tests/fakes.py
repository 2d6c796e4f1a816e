"""Hand-written stand-ins that keep the promises of the real parts, quickly and predictably."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bot.errors import IngestBusy
from bot.knowledge.index import FORMAT, Index
from bot.knowledge.vectors import Vectors
from bot.safety import SafetyLayer
from bot.safety.doubt import doubted
from bot.types import Assessment, Passage, Scored


class HashingEmbedder:
    """A bag of hashed words: texts that share words are near, the same text is the same vector.

    ``seen`` lists every text it was asked to embed, in order.
    """

    dimensions = 256

    def __init__(self, identity: str = "hashing@1") -> None:
        self.identity = identity
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.seen.extend(texts)
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for at, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()) or [""]:
                digest = hashlib.blake2b(f"{self.identity}{word}".encode(), digest_size=8).digest()
                vectors[at, int.from_bytes(digest[:4], "big") % self.dimensions] += 1.0
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return vectors

    def encode_layers(self, texts: Sequence[str]) -> Vectors:
        return self.encode(texts)[:, None, :]


@dataclass(frozen=True)
class MemoryIndex:
    """One version, in memory."""

    version: str
    identity: str
    rows: tuple[tuple[Passage, Vectors], ...]
    store: MemoryStore | None = None
    format: int = FORMAT

    def is_current(self) -> bool:
        return self.store is None or self.store.current() == self.version

    def search(self, vector: Vectors, k: int) -> list[Scored]:
        scored = [Scored(passage, float(row @ vector)) for passage, row in self.rows]
        return sorted(scored, key=lambda one: -one.score)[: max(k, 0)]

    def passages(self) -> list[Passage]:
        return [passage for passage, _ in self.rows]

    def embeddings(self) -> tuple[list[str], Vectors]:
        return [one.id for one in self.passages()], np.stack([row for _, row in self.rows])

    def close(self) -> None:
        pass


@dataclass
class MemoryStore:
    """Versions in memory; ``published`` counts them."""

    place: str = "memory"
    versions: dict[str, MemoryIndex] = field(default_factory=dict)
    pointer: str = ""
    published: int = 0
    busy: bool = False

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        if self.busy:
            raise IngestBusy(
                f"Another ingest is writing to {self.place} (it holds the lock). Wait for it."
            )
        self.busy = True
        try:
            yield
        finally:
            self.busy = False

    def current(self) -> str:
        return self.pointer

    def open(self) -> Index | None:
        return self.versions[self.pointer] if self.pointer else None

    def publish(
        self, passages: Sequence[Passage], vectors: Vectors, identity: str, *, replaces: str
    ) -> str:
        if replaces != self.pointer:
            raise IngestBusy(f"Another ingest has just changed {self.place}. Run this one again.")
        self.published += 1
        version = f"v{self.published:04}"
        rows = sorted(
            zip(passages, vectors, strict=True), key=lambda row: (row[0].source, row[0].order)
        )
        self.versions[version] = MemoryIndex(version, identity, tuple(rows), self)
        self.pointer = version
        return version


def make_passage(text: str, *, order: int = 0, source: str = "a.md", **more: str) -> Passage:
    """A passage with sensible values for whatever a test does not care about."""
    key = hashlib.sha256(f"{source}{text}".encode()).hexdigest()[:20]
    values = {"title": "A title", "url": "https://example.org/a", "published": "2025-01-02"} | more
    return Passage(
        id=key,
        text=text,
        section=("One", "1. Two"),
        span=(10 * order, 10 * order + len(text)),
        order=order,
        source=source,
        **values,
    )


#: Found by the rules, and by ``Doubting`` put in doubt.
DOUBTFUL = ("my husband hits me",)


class Doubting(SafetyLayer):
    """The shipped rules, which doubt whatever may be doubted; the second look finds nothing."""

    def assess(self, turns: Sequence[str]) -> Assessment:
        read = self._engine.lexicon.read
        return doubted(self.assess_by_rules(turns), turns, lambda _: True, read, ())

    def look_again(self, assessment: Assessment, turns: Sequence[str]) -> Assessment | None:
        return assessment
