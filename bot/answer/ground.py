"""Checking that a text says nothing that its passages do not say.

The check is made sentence by sentence and errs on the side of refusing: a sentence stands only
if one sentence of a passage supports it in its words and in its meaning, holds all its numbers
and names, and denies what it denies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.knowledge.lexical import terms, words
from bot.knowledge.sentences import sentence_spans
from bot.knowledge.vectors import Vectors
from bot.types import Passage

#: The least share of a sentence's content words found in its source, and the least cosine.
LEAST_SHARED = 0.6
LEAST_COSINE = 0.55
_NUMBER = re.compile(r"\d[\d\s,.:%-]*\d|\d")
_NUMBER_WORDS = frozenset(
    "two three four five six seven eight nine ten eleven twelve twenty thirty fifty hundred "
    "thousand million half quarter third most majority always never every all none".split()
)
_NAME = re.compile(r"(?<=[a-z,;:]\s)[A-Z][\w'’-]+|\b(?:[A-Z]\.){2,}")
_NOT = frozenset("not no never neither nor without cannot nobody nothing hardly".split())
_ADDRESS = re.compile(r"https?:|www\.|@|\b\w+\.(?:com|org|net|au|gov)\b", re.IGNORECASE)
_ORDER = re.compile(r"\b(?:you|he|she|they|we) (?:must|should|need to|have to|ought to)\b", re.I)


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence with the passage, and the sentence of it, that bears it out."""

    sentence: str
    passage: Passage
    quote: str


def supported(
    text: str, passages: Sequence[Passage], embed: Callable[[Sequence[str]], Vectors]
) -> list[Support] | None:
    """The support of every sentence of ``text``, or ``None`` if one of them has none.

    ``embed`` gives unit vectors ``(n, dim)``; it is called once, and only if the words agree.
    """
    sentences = [text[start:end] for start, end in sentence_spans(text)]
    sources = [
        (passage, passage.text[start:end])
        for passage in passages
        for start, end in sentence_spans(passage.text)
    ]
    if not sentences or not sources:
        return None
    likely: list[list[int]] = []
    for sentence in sentences:
        near = [at for at, (passage, quote) in enumerate(sources) if _agrees(sentence, quote)]
        if not near:
            return None
        likely.append(near)
    vectors = embed([*sentences, *(quote for _, quote in sources)])
    said, held = vectors[: len(sentences)], vectors[len(sentences) :]
    found: list[Support] = []
    for sentence, vector, near in zip(sentences, said, likely, strict=True):
        best = max(near, key=lambda at: float(held[at] @ vector))
        if float(held[best] @ vector) < LEAST_COSINE:
            return None
        found.append(Support(sentence, *sources[best]))
    return found


def _agrees(sentence: str, quote: str) -> bool:
    """Whether the words of ``quote`` bear out ``sentence``."""
    if _ADDRESS.search(sentence):
        return False
    asked, held = terms(sentence), set(terms(quote))
    if not asked or sum(term in held for term in asked) / len(asked) < LEAST_SHARED:
        return False
    exact = [*_NUMBER.findall(sentence), *_NAME.findall(sentence)]
    if any(each.strip() not in quote for each in exact):
        return False
    said, source = set(words(sentence)), set(words(quote))
    if (said & _NUMBER_WORDS) - source:
        return False
    if _ORDER.search(sentence) and not _ORDER.search(quote):
        return False
    return _denies(said) == _denies(source)


def _denies(said: set[str]) -> bool:
    return bool(said & _NOT) or any(word.endswith("n't") for word in said)
