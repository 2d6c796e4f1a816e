"""Deciding whether the library covers a question.

Five plain signals are weighed into one confidence. The weights are a logistic regression on the
tuning half of tests/cases/answers, none of which is an example in ``subjects.yaml``, so that they
stand for questions nobody has thought of; they are rounded. Every decision can be read off the
signals in the trace of a reply.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bot.knowledge.lexical import terms, words
from bot.knowledge.retrieve import Found, Look
from bot.knowledge.subjects import Outside, Subjects

#: cosine, subject, outside, shared, foreign, and what is added to their weighted sum.
WEIGHTS = (1.0, 8.0, -3.0, 1.5, -3.0)
BIAS = -4.2
#: From this probability a question is taken to be about an outside subject by name.
NAMED_FROM = 0.4
_FAR_COSINE = 0.25
#: Passages of which the words are kept: the same few come up again and again.
_PASSAGES = 1024
_EXPLAINED_BY = 3  # passages that may hold what would make a subject covered after all
_NAME = re.compile(r"(?<![.!?:'\"“‘]\s)(?<!^)(?<=\s)['\"“‘]?([A-Z][\w'’-]+)")
_NOT_NAMES = frozenset("i i'm i've i'll i'd ok".split())


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a question is taken to be covered or not.

    ``cosine``: of the nearest passage or sentence. ``subject``: how likely it is about something
    that the library covers. ``outside``: how likely about the likeliest that it does not,
    ``topic`` that one. ``shared``: the share of the question's words found in the nearest
    passages. ``foreign``: 1 if it names somebody or something that the library does not.
    ``confidence``: 0 to 1.
    """

    cosine: float
    subject: float
    outside: float
    shared: float
    foreign: float
    topic: Outside | None
    confidence: float

    @property
    def signals(self) -> tuple[float, ...]:
        """The signals in the order of ``WEIGHTS``."""
        return (self.cosine, self.subject, self.outside, self.shared, self.foreign)

    @property
    def far(self) -> bool:
        """Whether the question is of another world, not of a neighbouring subject."""
        return self.cosine < _FAR_COSINE

    def trace(self) -> dict[str, float]:
        """The numbers, rounded, for the operator."""
        names = ("cosine", "subject", "outside", "shared", "foreign")
        numbers = dict(zip(names, self.signals, strict=True)) | {"confidence": self.confidence}
        return {name: round(value, 3) for name, value in numbers.items()}


def weigh(
    looks: Sequence[Look],
    found: Sequence[Found],
    subjects: Subjects,
    knows: Callable[[str], bool],
) -> Evidence:
    """Weigh what was found for a question, looked up in one or more wordings.

    ``found`` are the passages that may be used, best first; ``knows`` tells whether the library
    holds a stem. Of several wordings the most favourable signal counts. For the subjects
    outside it is the least favourable of the first and the last, where the question stands.
    """
    if not found:
        return Evidence(0.0, 0.0, 0.0, 0.0, 0.0, None, 0.0)
    nearest = [
        " ".join((*one.passage.section, one.passage.lead_in, one.passage.text))
        for one in found[:_EXPLAINED_BY]
    ]
    outside, topic = _outside(looks, nearest, subjects)
    held = frozenset().union(*map(_held, nearest))
    shared = max(
        (sum(term in held for term in asked) / len(asked))
        if (asked := set(terms(look.question)))
        else 0.0
        for look in looks
    )
    cosine = max(one.cosine for one in found)
    subject = max(look.subject for look in looks)
    signals = (
        cosine,
        subject,
        outside,
        shared,
        float(_names_foreign(looks[0].question, knows)),
    )
    weighed = BIAS + sum(w * s for w, s in zip(WEIGHTS, signals, strict=True))
    return Evidence(*signals, topic=topic, confidence=1 / (1 + math.exp(-weighed)))


@lru_cache(_PASSAGES)
def _held(passage: str) -> frozenset[str]:
    """The stems of a passage's words."""
    return frozenset(terms(passage))


@lru_cache(_PASSAGES)
def _said(passage: str) -> str:
    """A passage's words, with a space around each."""
    return f" {' '.join(words(passage))} "


def _outside(
    looks: Sequence[Look], nearest: Sequence[str], subjects: Subjects
) -> tuple[float, Outside | None]:
    """The likeliest outside subject that the passages found do not speak of after all."""
    near = np.max(
        [(1 - look.own) * np.asarray(look.near.outside) for look in (looks[0], looks[-1])], axis=0
    )
    for place in np.argsort(-near, kind="stable"):
        subject = subjects.outside[place]
        exempt = any(_said(word) in _said(one) for word in subject.unless for one in nearest)
        if near[place] > 0 and not exempt:
            return float(near[place]), subject
    return 0.0, None


def _names_foreign(question: str, knows: Callable[[str], bool]) -> bool:
    """Whether a name stands in the question, not at its start, that the library never uses."""
    for match in _NAME.finditer(question):
        if match[1].lower().replace("’", "'") in _NOT_NAMES:
            continue
        asked = terms(match[1])
        if asked and not any(knows(term) for term in asked):
            return True
    return False
