"""The extractive answer: what the article says on a question, word for word, with citations."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cache

from bot.answer import asked, compose
from bot.answer.about import About
from bot.answer.ground import supported
from bot.answer.lists import Lists
from bot.answer.llm import Writer, WriterFailed
from bot.answer.lookup import Lookup, Part, heading_and_text, is_usable
from bot.answer.outline import heading_of
from bot.answer.phrases import chat, without_greeting
from bot.answer.texts import AnswerTexts
from bot.conversation import Draft
from bot.knowledge.retrieve import Retriever
from bot.types import Passage, Resource, Scored

logger = logging.getLogger(__name__)

#: Words quoted before a list from a passage that is not of it.
_BEFORE_LIST = 60
#: Words that must be left for quotes beside the names of a list.
_BESIDE_NAMES = 50


class Answerer:
    """Answers questions with sentences of the retrieved passages; safe for many threads."""

    def __init__(
        self,
        retriever: Retriever,
        contact: Resource,
        *,
        threshold: float = 0.5,
        texts: AnswerTexts | None = None,
        writer: Writer | None = None,
    ) -> None:
        """Answer from ``retriever`` where the confidence (0 to 1) reaches ``threshold``.

        ``writer`` may put an answer that is no list into words of its own.
        """
        self._retriever = retriever
        self._writer = writer
        self.passages: Sequence[Passage] = retriever.passages
        self._contact = contact
        self._threshold = threshold
        self._texts = texts or AnswerTexts()
        self._lists = Lists(retriever)
        self._lookup = Lookup(retriever, self._lists)
        self._about = About(retriever, self._texts)

    def expect(self, turns: Sequence[str]) -> None:
        """Told what ``draft`` may soon be asked; see ``bot.conversation.Answerer``."""
        self._lookup.expect(*_asked(turns))

    def draft(
        self,
        turns: Sequence[str],
        may_use: Callable[[str], bool],
        *,
        may_write: bool = False,
        guarded: bool = False,
    ) -> Draft:
        """Answer the last turn from the passages that may be used.

        ``may_write``: the language model, if there is one, may word the answer. ``guarded``: only
        passages on abuse, safety and taking responsibility are used.
        """
        if guarded:
            allowed = {
                heading_and_text(one) for one in self.passages if self._retriever.guarded(one)
            }
            headings = {heading_of(one) for one in self.passages if self._retriever.guarded(one)}
            may_use = _both(may_use, allowed | headings)
        may_use = cache(may_use)  # a passage comes up for several wordings and lists
        text, context = _asked(turns)
        talk = chat(text) or chat(turns[-1])
        if talk:
            return _plain(self._about.small_talk(talk, may_use), how=talk)
        wanted, told = self._about.fact(turns, may_use)
        if told:
            return _plain(told, how=wanted)
        started = time.perf_counter()
        parts = self._lookup.parts(text, context, may_use)
        retrieved = time.perf_counter()
        draft = self._compose(text, context, parts, may_use)
        if guarded and not draft.found:
            draft = replace(draft, text=self._texts.guarded)
        ms = {"retrieve": retrieved - started, "compose": time.perf_counter() - retrieved}
        if may_write and self._writer is not None and draft.trace.get("how") == "quotes":
            composed = time.perf_counter()
            draft = self._written(self._writer, text, draft, may_use)
            ms["write"] = time.perf_counter() - composed
        return replace(draft, ms={name: round(took * 1000, 3) for name, took in ms.items()})

    def _written(
        self, writer: Writer, question: str, draft: Draft, may_use: Callable[[str], bool]
    ) -> Draft:
        """The draft as the language model words it; as it was, if that does not stand up."""
        cited = {one.passage_id for one in draft.citations}
        passages = [one.passage for one in draft.passages if one.passage.id in cited]
        try:
            text = writer.write(question, passages)
        except WriterFailed as failed:
            logger.warning("%s The answer was given in the article's own words.", failed)
            return replace(draft, trace=draft.trace | {"llm": failed.reason})
        if not may_use(text):
            return replace(draft, trace=draft.trace | {"llm": "blocked"})
        support = supported(text, passages, self._retriever.embed_passing)
        if support is None:
            return replace(draft, trace=draft.trace | {"llm": "unsupported"})
        sheet = compose.Sheet()
        said = " ".join(f"{one.sentence} {sheet.cite(one.passage, one.quote)}" for one in support)
        kept = [self._texts.partly] if self._texts.partly in draft.text else []
        kept += [self._contact_line()] if self._contact_line() in draft.text else []
        return replace(
            draft,
            text="\n\n".join((self._texts.intro, said, *kept)),
            citations=sheet.citations,
            trace=draft.trace | {"llm": "used"},
        )

    def _compose(
        self, text: str, context: str, parts: Sequence[Part], may_use: Callable[[str], bool]
    ) -> Draft:
        trace: dict[str, object] = {"evidence": [part.evidence.trace() for part in parts]}
        passages = _scored(parts)
        leaning = f"{context} {text}" if context and asked.leans(text) else text
        contact = asked.about_contact(leaning) and not asked.about_contact(context)
        contact = contact or asked.about_contact(text)
        covered = [part for part in parts if part.evidence.confidence >= self._threshold]
        if contact and (asked.wants_number(text) or not (covered or parts[0].named_outside)):
            told = f"{self._contact_line()} {self._texts.contact_note}"
            return Draft(told, (), passages, found=True, trace=trace | {"how": "contact"})
        if not covered:
            return Draft(
                self._decline(parts[0]), (), passages, found=False, trace=trace | {"how": "none"}
            )
        sheet = compose.Sheet()
        paragraphs: list[str] = []
        how = "quotes"
        for part in covered:
            written, listed = self._write(sheet, part, compose.BUDGET // len(covered), may_use)
            paragraphs += written
            how = "list" if listed else how
        if not paragraphs:
            return Draft(
                self._decline(parts[0]), (), passages, found=False, trace=trace | {"how": "none"}
            )
        if len(covered) < len(parts):
            paragraphs.append(self._texts.partly)
        if contact:
            paragraphs.append(self._contact_line())
        return Draft(
            "\n\n".join((self._texts.intro, *paragraphs)),
            sheet.citations,
            passages,
            found=True,
            trace=trace | {"how": how},
        )

    def _write(
        self, sheet: compose.Sheet, part: Part, budget: int, may_use: Callable[[str], bool]
    ) -> tuple[list[str], bool]:
        """The paragraphs that answer one question, and whether they are a list."""

        def usable(passage: Passage) -> bool:
            return is_usable(passage, may_use)

        listing = None
        if len(part.found) > 1 and asked.wants_list(part.question):
            advice = part.leaning and asked.wants_advice(part.question)
            listing = self._lists.answering(part.looks, part.found, usable, advice=advice)
        listing = listing or self._lists.subject_of(part.looks, usable)
        top = part.found[0].passage
        if listing is not None:
            first: list[str] = []
            apart = top.id not in listing.ids and not asked.wants_advice(part.question)
            if apart and top != listing.lead:
                first = compose.quoted(sheet, part.found[:1], part.question, _BEFORE_LIST)
            return [*first, *compose.listed(sheet, listing, usable)], True
        opened = self._lists.opened_by(top.id)
        if opened is not None and budget - opened.words < _BESIDE_NAMES:
            opened = None
        budget -= opened.words if opened else 0
        written = compose.quoted(sheet, part.found, part.question, budget)
        if opened is not None and written:
            written.insert(1, compose.named(sheet, opened, usable))
        return written, False

    def _decline(self, part: Part) -> str:
        if not part.found:
            return self._texts.nothing_near
        nearest = heading_of(part.found[0].passage)
        topic, evidence = part.evidence.topic, part.evidence
        if topic is not None and topic.programs and part.named_outside:
            told = self._texts.not_covered_topic.format(subject=topic.topic, topic=nearest)
            return f"{told} {self._contact_line()}"
        if evidence.far:
            return self._texts.far.format(topic=nearest)
        return self._texts.not_covered.format(topic=nearest)

    def _contact_line(self) -> str:
        contact = self._contact
        return self._texts.contact.format(name=contact.name, phone=contact.phone)


def _asked(turns: Sequence[str]) -> tuple[str, str]:
    """What the last turn asks, and what it may lean on."""
    return without_greeting(turns[-1]), asked.context(turns) if len(turns) > 1 else ""


def _both(may_use: Callable[[str], bool], allowed: Collection[str]) -> Callable[[str], bool]:
    """What may be used, of ``allowed`` alone."""
    return lambda text: text in allowed and may_use(text)


def _plain(text: str, *, how: str) -> Draft:
    return Draft(text, (), (), found=True, trace={"how": how})


def _scored(parts: Sequence[Part]) -> tuple[Scored, ...]:
    """Every passage found, once, in the order of the questions."""
    seen: dict[str, Scored] = {}
    for part in parts:
        for one in part.found:
            seen.setdefault(one.passage.id, Scored(one.passage, one.cosine))
    return tuple(seen.values())
