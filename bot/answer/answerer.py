"""The extractive answer: what the article says on a question, word for word, with citations."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.conversation import Draft
from bot.knowledge.retrieve import Retriever
from bot.types import Citation, Passage, Resource, Scored

#: A passage of up to this many words is quoted whole, a longer one by its nearest sentences.
_WHOLE = 90
_SENTENCES = 2
#: Further passages are quoted when they are nearly as near as the first.
_NEARLY = 0.85
_MOST_QUOTES = 3
_SENTENCE = re.compile(r"\S.*?(?:[.!?][\"”’)]*(?=\s|$)|$)", re.DOTALL)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class AnswerTexts:
    """The fixed sentences around an answer."""

    intro: str = "The article says:"
    not_covered: str = (
        "The article doesn't cover that. The nearest thing it does cover is “{topic}”."
    )
    contact: str = "For questions about the programs, contact {name} on {phone}."


class Answerer:
    """Answers questions with sentences of the retrieved passages."""

    def __init__(
        self,
        retriever: Retriever,
        contact: Resource,
        *,
        threshold: float,
        texts: AnswerTexts | None = None,
    ) -> None:
        self._retriever = retriever
        self._contact = contact
        self._threshold = threshold
        self._texts = texts or AnswerTexts()

    def draft(self, turns: Sequence[str], may_use: Callable[[str], bool]) -> Draft:
        """Answer the last turn from the passages that may be used."""
        question = turns[-1]
        started = time.perf_counter()
        found = [
            scored
            for scored in self._retriever.search(question, k=8)
            if may_use(_heading_and_text(scored.passage))
        ]
        ms = {"retrieve": round((time.perf_counter() - started) * 1000, 3)}
        if not found or found[0].score < self._threshold:
            return Draft(self._decline(found), (), tuple(found), found=False, ms=ms)
        used = [each for each in found if each.score >= _NEARLY * found[0].score][:_MOST_QUOTES]
        citations = tuple(
            _citation(number, scored.passage, question) for number, scored in enumerate(used, 1)
        )
        quotes = "\n\n".join(f"{each.quote} [{each.number}]" for each in citations)
        text = f"{self._texts.intro}\n\n{quotes}"
        return Draft(text, citations, tuple(found), found=True, ms=ms)

    def _decline(self, found: Sequence[Scored]) -> str:
        if not found:
            return self._texts.not_covered.split(". ")[0] + "."
        passage = found[0].passage
        topic = passage.section[-1] if passage.section else passage.title
        return self._texts.not_covered.format(topic=topic)


def _heading_and_text(passage: Passage) -> str:
    heading = passage.section[-1] if passage.section else ""
    return f"{heading}.\n{passage.text}"


def _citation(number: int, passage: Passage, question: str) -> Citation:
    return Citation(
        number=number,
        title=passage.title,
        section=" > ".join(passage.section),
        url=passage.url,
        quote=_quote(passage.text, question),
        passage_id=passage.id,
    )


def _quote(text: str, question: str) -> str:
    """The passage, or of a long one the run of sentences that shares most words with a question."""
    if len(text.split()) <= _WHOLE:
        return text
    spans = [match.span() for match in _SENTENCE.finditer(text)]
    asked = set(_WORD.findall(question.lower()))
    runs = [
        (spans[first][0], spans[min(first + _SENTENCES, len(spans)) - 1][1])
        for first in range(max(1, len(spans) - _SENTENCES + 1))
    ]
    start, end = max(
        runs, key=lambda run: len(asked & set(_WORD.findall(text[run[0] : run[1]].lower())))
    )
    return text[start:end]
