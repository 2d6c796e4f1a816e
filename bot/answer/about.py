"""Replies that quote nothing: small talk, and facts about the document itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from bot.answer import asked
from bot.answer.outline import heading_of
from bot.answer.phrases import Chat, Fact
from bot.answer.texts import AnswerTexts
from bot.knowledge.retrieve import Retriever
from bot.types import Passage

_MOST_TOPICS = 7


class About:
    """Speaks of the program and of the documents of a library."""

    def __init__(self, retriever: Retriever, texts: AnswerTexts) -> None:
        """Speak of the documents in ``retriever``, in the words of ``texts``."""
        self._retriever = retriever
        self._texts = texts

    def small_talk(self, chat: Chat, may_use: Callable[[str], bool]) -> str:
        """The reply to small talk."""
        text = str(getattr(self._texts, chat))
        if chat != "abilities":
            return text
        topics: dict[str, None] = {}
        for passage in self._retriever.passages:
            heading = _outermost(passage)
            if heading and may_use(heading):
                topics[heading] = None
        named = "; ".join(f"“{topic}”" for topic in list(topics)[:_MOST_TOPICS])
        return text.format(topics=named or "its subject")

    def fact(self, fact: Fact, turns: Sequence[str], may_use: Callable[[str], bool]) -> str:
        """What is known of the document; empty if it is not known which one is meant."""
        passages = self._retriever.passages
        if not passages:
            return ""
        one = passages[0]
        if len({passage.source for passage in passages}) > 1:
            context = asked.context(turns)
            if not context:
                return self._texts.which_article
            found = self._retriever.look([context], 1)[0].found
            if not found:
                return self._texts.which_article
            one = found[0].passage
        texts = self._texts
        told = {
            "title": texts.title.format(title=one.title),
            "author": (texts.author if one.author else texts.no_author).format(author=one.author),
            "organisation": (
                texts.organisation if one.organisation else texts.no_organisation
            ).format(organisation=one.organisation),
            "published": (texts.published if one.published else texts.no_date).format(
                date=_spoken(one.published)
            ),
            "reading_time": (
                texts.reading_time if one.reading_time else texts.no_reading_time
            ).format(reading_time=one.reading_time),
            "link": (texts.link if one.url else texts.no_link).format(url=one.url),
        }
        if fact == "author" and not one.author and one.organisation:
            return texts.published_by.format(organisation=one.organisation)
        if fact == "title" and not may_use(one.title):
            return ""
        return told[fact]


def _outermost(passage: Passage) -> str:
    return heading_of(replace(passage, section=passage.section[:1])) if passage.section else ""


def _spoken(iso: str) -> str:
    """An ISO date as it is said, ``24 February 2025``; what is no date stays as it is."""
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{day.day} {day:%B %Y}"
