"""Finding the passages that a question is about.

Four signals are joined, each scaled by what is usual for the question at hand:

* the cosine of question and passage, by Chroma, the passage read with its title and headings;
* the cosine of question and the passage's nearest sentence (libraries of some documents only);
* BM25, for names and rare words;
* the likely subjects of ``subjects.yaml``, which put a visitor's words into an article's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from bot.knowledge.embed import Embedder, Vectors
from bot.knowledge.index import Index
from bot.knowledge.lexical import LexicalIndex
from bot.knowledge.passages import embedding_text
from bot.knowledge.remember import RememberingEmbedder
from bot.knowledge.sentences import sentence_spans
from bot.knowledge.spelling import KnowsWords, Speller
from bot.knowledge.subjects import Nearness, Subjects, SubjectTable, read_subjects
from bot.types import Passage, Scored

#: Candidates taken from each signal; more change nothing on any set measured.
CANDIDATES = 50
#: The share of BM25 in the joined score. Measured on bench/answers; 0.25 to 0.4 are alike.
LEXICAL = 0.35
#: How much a subject adds to the passage it is about, if it is certain.
SUBJECT = 3.0
#: A subject is in the library if some passage is at least this near to what it is about.
_SUBJECT_IN_LIBRARY = 0.5
_LINK_LEAST = 0.05
#: Without sentences, a question is read together with its best passages, to this extent.
_FED_BACK = 3
_FEEDBACK = 0.3
#: Sentences are embedded when a library of at most this many passages is opened.
SENTENCES_UP_TO = 300
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Found:
    """A passage found for a question.

    ``score`` is the joined score (about 0 to 4, comparable within one question only),
    ``cosine`` the nearness of the passage or its nearest sentence (-1 to 1), ``sentences``
    how near each of its sentences is to what is sought (-1 to 1),
    empty where those are not embedded.
    """

    passage: Passage
    score: float
    cosine: float
    sentences: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What the library has on one question, best passage first.

    ``question`` is as it was read, misspellings mended; ``near`` tells which subjects it is
    likely about, ``subject`` how likely it is about any that the library covers, and ``known``
    whether the library covers any.
    ``sought`` is the unit vector of what an answer is like: the question, and its subject.
    """

    question: str
    found: tuple[Found, ...]
    near: Nearness
    subject: float
    known: bool
    sought: Vectors


class Retriever(Protocol):
    """What answering asks of retrieval; it raises ``BotError`` if it cannot."""

    @property
    def passages(self) -> Sequence[Passage]:
        """Every passage, ordered by source and place in it."""

    @property
    def subjects(self) -> Subjects:
        """The subjects that ``Look.near`` is about."""

    def look(self, questions: Sequence[str], k: int) -> list[Look]:
        """Look up several questions at once, in one pass of the sentence model."""

    def knows(self, term: str) -> bool:
        """Whether any passage holds the stem ``term``."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The unit vectors of fixed texts, to compare with ``Look.sought``."""

    def embed_passing(self, texts: Sequence[str]) -> Vectors:
        """The unit vectors of texts that must not be remembered."""


class HybridRetriever:
    """Retrieval over one version of the index; immutable once made, safe for many threads."""

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        subjects: Subjects | None = None,
        *,
        remember: Path | None = None,
    ) -> None:
        """Read the index into memory; embeds the subjects and, of a small library, sentences.

        With a file in ``remember``, their vectors are kept there for the next start.
        """
        self._index = index
        self._embedder = embedder
        fixed = RememberingEmbedder(embedder, remember) if remember else embedder
        self._fixed: Embedder = fixed
        self._passages = tuple(index.passages())
        _, self._vectors = index.embeddings()
        self._at = {passage.id: at for at, passage in enumerate(self._passages)}
        texts = [embedding_text(passage) for passage in self._passages]
        self._lexical = LexicalIndex(texts)
        self._mean = self._vectors.mean(axis=0) if self._passages else np.zeros(0)
        self._table = SubjectTable(
            read_subjects() if subjects is None else subjects,
            fixed,
            remember.with_name("subjects.npz") if remember else None,
        )
        self._sentences = _Sentences(self._passages, fixed)
        self._links = [self._link(about) for about in self._table.about]
        self._active = np.array([len(at) > 0 for at, _ in self._links], dtype=bool)
        known = embedder.vocabulary() if isinstance(embedder, KnowsWords) else frozenset()
        self._speller = Speller(known, (*texts, *self._table.subjects.texts))

    @property
    def passages(self) -> Sequence[Passage]:
        """Every passage, ordered by source and place in it."""
        return self._passages

    @property
    def subjects(self) -> Subjects:
        """The subjects that ``Look.near`` is about."""
        return self._table.subjects

    def knows(self, term: str) -> bool:
        """Whether any passage holds the stem ``term``."""
        return self._lexical.knows(term)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The unit vectors of fixed texts, to compare with ``Look.sought``."""
        return self._fixed.encode(texts)

    def embed_passing(self, texts: Sequence[str]) -> Vectors:
        """The unit vectors of texts that must not be remembered."""
        return self._embedder.encode(texts)

    def search(self, question: str, k: int) -> list[Scored]:
        """The ``k`` best passages, best first, with their cosine."""
        return [Scored(one.passage, one.cosine) for one in self.look([question], k)[0].found]

    def look(self, questions: Sequence[str], k: int) -> list[Look]:
        """Look up several questions at once; each gets up to ``k`` passages, best first."""
        read = [self._speller.correct(question) for question in questions]
        vectors = self._embedder.encode(read)
        return [self._look(text, row, k) for text, row in zip(read, vectors, strict=True)]

    def _look(self, question: str, vector: Vectors, k: int) -> Look:
        near = self._table.near(question, vector)
        likely = near.covered * self._active
        subject = float(likely.sum())
        if not self._passages:
            return Look(question, (), near, subject, False, vector)
        lexical = self._lexical.scores(question)
        likely = likely / max(subject, _TINY)
        boost: dict[int, float] = {}
        for (at, strength), share in zip(self._links, likely, strict=True):
            if share >= _LINK_LEAST:
                for place, link in zip(at.tolist(), strength.tolist(), strict=True):
                    boost[place] = max(boost.get(place, 0.0), float(share) * link)
        sharing = np.argsort(-lexical, kind="stable")[:CANDIDATES]
        nearest = self._index.search(vector, CANDIDATES)
        places = {self._at[one.passage.id] for one in nearest} | set(boost)
        places |= {int(at) for at in sharing if lexical[at] > 0}
        candidates = np.array(sorted(places), dtype=int)
        rest = LEXICAL * lexical[candidates] / max(float(lexical.max()), _TINY)
        rest += SUBJECT * np.array([boost.get(int(at), 0.0) for at in candidates])
        cosine, dense = self._dense(candidates, vector)
        joined = (1 - LEXICAL) * dense + rest
        if not self._sentences.known:
            best = candidates[np.argsort(-joined, kind="stable")[:_FED_BACK]]
            fed = self._vectors[best].mean(axis=0)
            fed = vector + _FEEDBACK * fed / max(float(np.linalg.norm(fed)), _TINY)
            _, dense = self._dense(candidates, fed / np.linalg.norm(fed))
            joined = (1 - LEXICAL) * dense + rest
        order = np.argsort(-joined, kind="stable")[:k]
        sought = self._sought(vector, likely)
        found = tuple(
            Found(
                self._passages[candidates[at]],
                float(joined[at]),
                float(cosine[at]),
                self._sentences.of(int(candidates[at]), sought),
            )
            for at in order
        )
        return Look(question, found, near, subject, bool(self._active.any()), sought)

    def _dense(self, candidates: Vectors, vector: Vectors) -> tuple[Vectors, Vectors]:
        """The cosines of ``candidates``, and the same scaled: 0 is usual, 1 the best of them."""
        cosine = self._vectors[candidates] @ vector
        usual = float(self._mean @ vector)
        scaled = cosine
        if self._sentences.known:
            sentence = self._sentences.best(vector)
            scaled = (cosine + sentence[candidates]) / 2
            usual = (usual + float(sentence.mean())) / 2
            cosine = np.maximum(cosine, sentence[candidates])
        top = float(scaled.max())
        return cosine, np.asarray((scaled - usual) / max(top - usual, _TINY))

    def _link(self, about: Vectors) -> tuple[Vectors, Vectors]:
        """The places of the passages about a subject, and how closely they are (0 to 1)."""
        if not self._passages:
            return np.zeros(0, dtype=int), np.zeros(0, dtype=np.float32)
        cosines = [self._vectors @ about]
        if self._sentences.known:
            cosines.append(self._sentences.best(about))
        if max(float(each.max(initial=0.0)) for each in cosines) < _SUBJECT_IN_LIBRARY:
            return np.zeros(0, dtype=int), np.zeros(0, dtype=np.float32)
        strength = np.mean([_above_usual(each) for each in cosines], axis=0) ** 3
        order = np.argsort(-strength, kind="stable")[:CANDIDATES]
        order = order[strength[order] >= _LINK_LEAST]
        return order, strength[order]

    def _sought(self, vector: Vectors, likely: Vectors) -> Vectors:
        """What an answering sentence is like: the question, and what its subject is about."""
        if not likely.any():
            return vector
        best = int(likely.argmax())
        both = vector + likely[best] * self._table.about[best]
        return np.asarray(both / np.linalg.norm(both))


def _above_usual(cosine: Vectors) -> Vectors:
    """How far each cosine stands above the mean: 1 for the highest, 0 for the mean or less."""
    usual, top = float(cosine.mean()), float(cosine.max())
    return np.asarray(np.clip((cosine - usual) / max(top - usual, _TINY), 0.0, 1.0))


class _Sentences:
    """Sentence vectors of a small library; ``known`` is false if it is too large for them."""

    def __init__(self, passages: Sequence[Passage], embedder: Embedder) -> None:
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


#: The name other modules knew the first, dense-only retriever by.
DenseRetriever = HybridRetriever
