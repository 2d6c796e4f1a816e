"""How near each sentence of a small library is to a question."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.knowledge.embed import Embedder
from bot.knowledge.sentences import sentence_spans
from bot.knowledge.vectors import Vectors
from bot.types import Passage

#: Sentences are embedded when a library of at most this many passages is opened.
SENTENCES_UP_TO = 300


class SentenceVectors:
    """Sentence vectors of a small library; ``known`` is false if it is too large for them."""

    def __init__(self, passages: Sequence[Passage], embedder: Embedder) -> None:
        """Embed the sentences of ``passages``, if these are few enough."""
        self.known = small = 0 < len(passages) <= SENTENCES_UP_TO
        spans = [sentence_spans(one.text) for one in passages] if small else []
        texts = [
            one.text[start:end]
            for one, each in zip(passages if small else (), spans, strict=True)
            for start, end in each
        ]
        self._starts = np.concatenate(([0], np.cumsum([len(each) for each in spans]))).astype(int)
        self._vectors = embedder.encode(texts)

    def best(self, vector: Vectors) -> Vectors:
        """The cosine of the nearest sentence of every passage."""
        return np.asarray(np.maximum.reduceat(self._vectors @ vector, self._starts[:-1]))

    def of(self, at: int, vector: Vectors) -> tuple[float, ...]:
        """The cosines of the sentences of passage number ``at``; empty without vectors."""
        if not self.known:
            return ()
        rows = self._vectors[self._starts[at] : self._starts[at + 1]]
        return tuple((rows @ vector).tolist())
