"""Finding the passages that a question is about.

Four signals are joined, each scaled by what is usual for the question at hand:

* the cosine of question and passage, by Chroma, the passage read with its title and headings;
* the cosine of question and the passage's nearest sentence (libraries of some documents only);
* BM25, for names and rare words;
* the likely subjects of ``subjects.yaml``, which put a visitor's words into an article's, as far
  as the question is not about something that none of them is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from bot.knowledge.embed import Embedder, Expecting
from bot.knowledge.index import Index
from bot.knowledge.lexical import LexicalIndex, undotted
from bot.knowledge.own import own_subjects
from bot.knowledge.passages import embedding_text
from bot.knowledge.remember import RememberingEmbedder
from bot.knowledge.sentence_vectors import SentenceVectors
from bot.knowledge.spelling import KnowsWords, Speller
from bot.knowledge.subjects import Nearness, Subjects, SubjectTable, read_subjects
from bot.knowledge.vectors import Vectors
from bot.types import Passage, Scored

#: Candidates taken from each signal; more change nothing on any set measured.
CANDIDATES = 50
#: The share of BM25 in the joined score. Measured on bench/answers; 0.25 to 0.4 are alike.
LEXICAL = 0.35
#: How much a subject adds to the passage it is about, if it is certain.
SUBJECT = 3.0
#: A subject is in the library if some passage is at least this near to what it is about.
_SUBJECT_IN_LIBRARY = 0.55
_LINK_LEAST = 0.05
#: Below this probability that a question is about any subject of the library, subjects count less.
_AT_HOME = 0.5
#: The share of a certain subject in what an answering sentence is like, beside the question.
_SOUGHT = 0.5
#: Without sentences, a question is read together with its best passages, to this extent.
_FED_BACK = 3
_FEEDBACK = 0.3
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
class Taken:
    """The subject a question is taken for, of those that the library covers.

    ``share`` is how likely it is among them, ``about`` the unit vector of what it is about, and
    ``nearest`` the cosine of the passage or sentence nearest to that.
    """

    share: float
    about: Vectors
    nearest: float


@dataclass(frozen=True, slots=True)
class Look:
    """What the library has on one question, best passage first.

    ``question`` is as it was read, misspellings mended; ``near`` tells which subjects it is
    likely about, ``own`` how likely it is about something in the library that none of them is
    about, ``subject`` how likely it is about anything that the library covers, and ``taken``
    is the likeliest of the subjects, ``None`` if the library covers none.
    ``sought`` is the unit vector of what an answer is like: the question, and its subject.
    """

    question: str
    found: tuple[Found, ...]
    near: Nearness
    own: float
    subject: float
    taken: Taken | None
    sought: Vectors


class Retriever(Protocol):
    """What answering asks of retrieval; it raises ``BotError`` if it cannot."""

    @property
    def passages(self) -> Sequence[Passage]:
        """Every passage, ordered by source and place in it."""

    @property
    def subjects(self) -> Subjects:
        """The subjects that ``Look.near`` is about."""

    def expect(self, questions: Sequence[str]) -> None:
        """Told what may soon be looked up, so that the sentence model may read it in passing."""

    def look(self, questions: Sequence[str], k: int) -> list[Look]:
        """Look up several questions at once, in one pass of the sentence model."""

    def knows(self, term: str) -> bool:
        """Whether any passage holds the stem ``term``."""

    def guarded(self, passage: Passage) -> bool:
        """Whether a passage is about abuse, safety or taking responsibility."""

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
        subjects = read_subjects() if subjects is None else subjects
        self._about = fixed.encode([one.about for one in subjects.covered])
        self._sentences = SentenceVectors(self._passages, fixed)
        self._own = own_subjects(
            self._passages,
            self._nearest_about(),
            learn=self._sentences.known and bool(subjects.outside),
        )
        self._table = SubjectTable(
            subjects,
            self._own.examples,
            fixed,
            remember.with_name("subjects.npz") if remember else None,
        )
        self._links = [self._link(about) for about in self._about]
        self._active = np.array([bool(link.places) for link in self._links], dtype=bool)
        self._guarded = self._find_guarded()
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

    def guarded(self, passage: Passage) -> bool:
        """Whether a passage is about abuse, safety or taking responsibility."""
        return passage.id in self._guarded

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The unit vectors of fixed texts, to compare with ``Look.sought``."""
        return self._fixed.encode(texts)

    def embed_passing(self, texts: Sequence[str]) -> Vectors:
        """The unit vectors of texts that must not be remembered."""
        return self._embedder.encode(texts)

    def search(self, question: str, k: int) -> list[Scored]:
        """The ``k`` best passages, best first, with their cosine."""
        return [Scored(one.passage, one.cosine) for one in self.look([question], k)[0].found]

    def expect(self, questions: Sequence[str]) -> None:
        """Told what may soon be looked up, so that the sentence model may read it in passing."""
        if isinstance(self._embedder, Expecting):
            self._embedder.expect(self._read(questions))

    def _read(self, questions: Sequence[str]) -> list[str]:
        return [self._speller.correct(undotted(question)) for question in questions]

    def look(self, questions: Sequence[str], k: int) -> list[Look]:
        """Look up several questions at once; each gets up to ``k`` passages, best first."""
        read = self._read(questions)
        vectors = self._embedder.encode(read)
        return [self._look(text, row, k) for text, row in zip(read, vectors, strict=True)]

    def _look(self, question: str, vector: Vectors, k: int) -> Look:
        near = self._table.near(question, vector)
        likely = near.covered * self._active
        subject = float(likely.sum())
        if not self._passages:
            return Look(question, (), near, 0.0, subject, None, vector)
        lexical = self._lexical.scores(question)
        shares = likely / max(subject, _TINY)
        trusted = shares * min(1.0, subject / _AT_HOME) ** 2
        boost: dict[int, float] = {}
        for link, share in zip(self._links, trusted.tolist(), strict=True):
            if share >= _LINK_LEAST:
                for place, strength in zip(link.places, link.strengths, strict=True):
                    boost[place] = max(boost.get(place, 0.0), share * strength)
        sharing = np.argsort(-lexical, kind="stable")[:CANDIDATES]
        nearest = self._index.search(vector, CANDIDATES)
        places = {self._at[one.passage.id] for one in nearest} | set(boost)
        places |= {int(at) for at in sharing if lexical[at] > 0}
        candidates = np.array(sorted(places), dtype=int)
        cosine, dense = self._dense(candidates, vector)
        nearest_own = cosine.max(initial=0.0, where=self._own.places[candidates])
        own = self._own.likely(float(nearest_own), near.own)
        rest = LEXICAL * lexical[candidates] / max(float(lexical.max()), _TINY)
        rest += (1 - own) * SUBJECT * np.array([boost.get(int(at), 0.0) for at in candidates])
        joined = (1 - LEXICAL) * dense + rest
        if not self._sentences.known:
            best = candidates[np.argsort(-joined, kind="stable")[:_FED_BACK]]
            fed = self._vectors[best].mean(axis=0)
            fed = vector + _FEEDBACK * fed / max(float(np.linalg.norm(fed)), _TINY)
            _, dense = self._dense(candidates, fed / np.linalg.norm(fed))
            joined = (1 - LEXICAL) * dense + rest
        order = np.argsort(-joined, kind="stable")[:k]
        taken = self._taken((1 - own) * shares)
        sought = vector
        if taken is not None:
            sought = vector + _SOUGHT * taken.share * taken.about
            sought = sought / np.linalg.norm(sought)
        found = tuple(
            Found(
                self._passages[candidates[at]],
                float(joined[at]),
                float(cosine[at]),
                self._sentences.of(int(candidates[at]), sought),
            )
            for at in order
        )
        return Look(question, found, near, own, max(subject, own), taken, sought)

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

    def _nearest_about(self) -> Vectors:
        """How near each passage, or a sentence of it, is to what its nearest subject is about."""
        nearest = np.full(len(self._passages), -1.0, dtype=np.float32)
        for about in self._about:
            np.maximum(nearest, self._vectors @ about, out=nearest)
            if self._sentences.known:
                np.maximum(nearest, self._sentences.best(about), out=nearest)
        return nearest

    def _link(self, about: Vectors) -> _Link:
        """The passages about a subject; none if the library has nothing near enough."""
        cosines = [self._vectors @ about] if self._passages else []
        if self._sentences.known:
            cosines.append(self._sentences.best(about))
        nearest = max((float(each.max(initial=0.0)) for each in cosines), default=0.0)
        if nearest < _SUBJECT_IN_LIBRARY:
            return _Link((), (), nearest)
        strength = np.mean([_above_usual(each) for each in cosines], axis=0) ** 3
        order = np.argsort(-strength, kind="stable")[:CANDIDATES]
        order = order[strength[order] >= _LINK_LEAST]
        return _Link(tuple(order.tolist()), tuple(strength[order].tolist()), nearest)

    def _find_guarded(self) -> frozenset[str]:
        """The ids of the passages whose nearest subject is a guarded one.

        Its section must mostly be about such subjects too: what introduces or sums up an article
        speaks of everything, so it is never among them. Nor is what no subject is about.
        """
        if not self._passages or not len(self._about):
            return frozenset()
        near = self._vectors @ self._about.T
        if self._sentences.known:
            near = near + np.stack([self._sentences.best(one) for one in self._about], axis=1)
        covered = self._table.subjects.covered
        marked = [
            covered[at].guarded and not own
            for at, own in zip(near.argmax(axis=1).tolist(), self._own.places, strict=True)
        ]
        votes: dict[tuple[str, tuple[str, ...]], list[bool]] = {}
        for one, mark in zip(self._passages, marked, strict=True):
            votes.setdefault((one.source, one.section), []).append(mark)
        kept = {key for key, each in votes.items() if 2 * sum(each) > len(each)}
        return frozenset(
            one.id
            for one, mark in zip(self._passages, marked, strict=True)
            if mark and one.section and (one.source, one.section) in kept
        )

    def _taken(self, likely: Vectors) -> Taken | None:
        """The likeliest subject, if any of the covered ones is in the library."""
        if not likely.any():
            return None
        best = int(likely.argmax())
        return Taken(float(likely[best]), self._about[best], self._links[best].nearest)


@dataclass(frozen=True, slots=True)
class _Link:
    """The places of the passages about a subject, how closely they are (0 to 1), nearest first.

    ``nearest`` is the cosine of the nearest passage or sentence.
    """

    places: tuple[int, ...]
    strengths: tuple[float, ...]
    nearest: float


def _above_usual(cosine: Vectors) -> Vectors:
    """How far each cosine stands above the mean: 1 for the highest, 0 for the mean or less."""
    usual, top = float(cosine.mean()), float(cosine.max())
    return np.asarray(np.clip((cosine - usual) / max(top - usual, _TINY), 0.0, 1.0))
