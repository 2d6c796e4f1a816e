"""Subjects of a library's own: what its articles tell that nothing in ``subjects.yaml`` is about.

An operator adds an article and writes no examples of how people ask for it. So every such section
becomes a subject by itself, and its heading and sentences are the examples it is told apart by.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.knowledge.sentences import sentence_spans
from bot.knowledge.vectors import Vectors
from bot.types import Passage

#: A passage is known to a subject if it, or a sentence of it, is at least this near to what the
#: subject is about. Of the article the subjects were written for, all are above 0.71, in its own
#: and in other words; of three articles on neighbouring matters, none is above 0.69.
KNOWN_FROM = 0.7
#: The weights of the nearest cosine and of the likelihood, and what is added to their sum. A
#: logistic regression on questions about three such articles, and on the tuning half of
#: tests/cases/answers; fitted without any one of them, it is right on 90 % of that one's.
_WEIGHTS = (13.6, 38.0)
_BIAS = -6.4
#: Where nothing was learnt, these cosines stand for "not" and "surely".
_UNLEARNT = (0.3, 0.6)


@dataclass(frozen=True, slots=True)
class Own:
    """The passages that no subject is about.

    ``places`` marks them, ``(passages,)``; ``examples`` has the texts of each section of theirs,
    empty where those are not to be learnt.
    """

    places: NDArray[np.bool_]
    examples: tuple[tuple[str, ...], ...]

    def likely(self, cosine: float, learnt: float) -> float:
        """How likely a question is about one of them, 0 to 1.

        ``cosine`` is that of the nearest of them or of a sentence of theirs (-1 to 1), ``learnt``
        the likelihood of all their subjects together (0 to 1).
        """
        if not self.places.any():
            return 0.0
        if not self.examples:
            low, high = _UNLEARNT
            return min(max((cosine - low) / (high - low), 0.0), 1.0)
        weighed = _BIAS + _WEIGHTS[0] * cosine + _WEIGHTS[1] * learnt
        return 1 / (1 + math.exp(-weighed))


def own_subjects(passages: Sequence[Passage], nearest: Vectors, *, learn: bool) -> Own:
    """What no subject is about; ``nearest`` is the cosine of each passage's nearest, ``(n,)``."""
    places = nearest < KNOWN_FROM
    sections: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one, is_own in zip(passages if learn else (), places, strict=False):
        if is_own:
            texts = sections.setdefault((one.source, one.section), _asked_for(one))
            texts += [one.text[start:end] for start, end in sentence_spans(one.text)]
    return Own(places, tuple(tuple(dict.fromkeys(texts)) for texts in sections.values()))


def _asked_for(passage: Passage) -> list[str]:
    """How people may ask for the section a passage stands in."""
    heading = passage.section[-1] if passage.section else passage.title
    return [
        heading,
        f"What is {heading}?",
        f"What does the article say about {heading}?",
        f"Tell me about {heading}",
    ]
