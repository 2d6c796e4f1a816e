"""Deciding whether the library covers a question.

Six plain signals are weighed into one confidence. The weights began as a logistic regression on
the tuning half of tests/cases/answers, with examples of ``subjects.yaml`` nearer than 0.75 to
the question hidden from it, so that it stands for questions nobody has thought of; they were
then rounded and ``excess`` made heavier by hand. Every decision can be read off the signals in
the trace of a reply.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.knowledge.lexical import terms, words
from bot.knowledge.retrieve import Found, Look
from bot.knowledge.subjects import Outside, Subjects

#: cosine, subject, outside, shared, foreign, excess, and what is added to their weighted sum.
WEIGHTS = (2.5, 9.5, -4.5, 3.0, -3.0, -8.0)
BIAS = -4.3
#: From this cosine a question is taken to be about an outside subject by name.
NAMED_FROM = 0.55
_FAR_COSINE = 0.25
_EXPLAINED_BY = 3  # passages that may hold what would make a subject covered after all
_NAME = re.compile(r"(?<![.!?:'\"“‘]\s)(?<!^)(?<=\s)['\"“‘]?([A-Z][\w'’-]+)")
_NOT_NAMES = frozenset("i i'm i've i'll i'd ok".split())


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a question is taken to be covered or not.

    ``cosine``: of the nearest passage or sentence. ``subject``: nearness to a subject that the
    library covers. ``outside``: nearness to one it does not, ``topic`` that one. ``shared``:
    the share of the question's words found in the nearest passages. ``foreign``: 1 if it names
    somebody or something that the library does not. ``excess``: by how much ``outside`` is
    above ``subject``, 0 if it is not. ``confidence``: 0 to 1.
    """

    cosine: float
    subject: float
    outside: float
    shared: float
    foreign: float
    excess: float
    topic: Outside | None
    confidence: float

    @property
    def signals(self) -> tuple[float, ...]:
        """The signals in the order of ``WEIGHTS``."""
        return (
            self.cosine,
            self.subject,
            self.outside,
            self.shared,
            self.foreign,
            self.excess,
        )

    @property
    def far(self) -> bool:
        """Whether the question is of another world, not of a neighbouring subject."""
        return self.cosine < _FAR_COSINE

    def trace(self) -> dict[str, float]:
        """The numbers, rounded, for the operator."""
        names = ("cosine", "subject", "outside", "shared", "foreign", "excess")
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
        return Evidence(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, None, 0.0)
    nearest = " ".join(
        " ".join((*one.passage.section, one.passage.lead_in, one.passage.text))
        for one in found[:_EXPLAINED_BY]
    )
    outside, topic = _outside(looks, nearest, subjects)
    held = set(terms(nearest))
    shared = max(
        (sum(term in held for term in asked) / len(asked))
        if (asked := set(terms(look.question)))
        else 0.0
        for look in looks
    )
    subject = max(look.subject for look in looks)
    signals = (
        max(one.cosine for one in found),
        subject,
        outside,
        shared,
        float(_names_foreign(looks[0].question, knows)),
        max(outside - subject, 0.0),
    )
    weighed = BIAS + sum(w * s for w, s in zip(WEIGHTS, signals, strict=True))
    return Evidence(*signals, topic=topic, confidence=1 / (1 + math.exp(-weighed)))


def _outside(
    looks: Sequence[Look], nearest: str, subjects: Subjects
) -> tuple[float, Outside | None]:
    """The nearest outside subject that the passages found do not speak of after all."""
    said = f" {' '.join(words(nearest))} "
    best, topic = 0.0, None
    for place, subject in enumerate(subjects.outside):
        near = max(float(look.near.outside[place]) for look in (looks[0], looks[-1]))
        if near > best and not any(f" {' '.join(words(word))} " in said for word in subject.unless):
            best, topic = near, subject
    return best, topic


def _names_foreign(question: str, knows: Callable[[str], bool]) -> bool:
    """Whether a name stands in the question, not at its start, that the library never uses."""
    for match in _NAME.finditer(question):
        if match[1].lower().replace("’", "'") in _NOT_NAMES:
            continue
        asked = terms(match[1])
        if asked and not any(knows(term) for term in asked):
            return True
    return False
