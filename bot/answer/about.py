"""Replies that quote nothing: small talk, and facts about the document itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from bot.answer import asked
from bot.answer.outline import heading_of
from bot.answer.phrases import Chat, Fact, fact, which_article, without_greeting
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
        self._titles = tuple(dict.fromkeys(one.title for one in retriever.passages))

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

    def fact(self, turns: Sequence[str], may_use: Callable[[str], bool]) -> tuple[str, str]:
        """The fact about a document that the last turn asks for, and what is known of it.

        Both are empty if none is asked for; the second one if nothing may be said.
        """
        text, named = self._named(without_greeting(turns[-1]))
        wanted = fact(text)
        passages = self._retriever.passages
        if wanted is None or not passages:
            return "", ""
        one = passages[0]
        if len({passage.source for passage in passages}) > 1:
            context = named or asked.context(turns)
            found = self._retriever.look([context], 1)[0].found if context else ()
            if not found:
                usable = [title for title in self._titles if may_use(title)][:_MOST_TOPICS]
                titles = "; ".join(f"“{title}”" for title in usable)
                return wanted, self._texts.which_article.format(titles=titles)
            one = found[0].passage
        return wanted, self._told(wanted, one, may_use)

    def _named(self, text: str) -> tuple[str, str]:
        """``text`` with an article that it names as "the article", and that name."""
        rest, subject = which_article(text)
        if subject:
            return rest, subject
        for title in self._titles:
            for name in (title, title.partition(":")[0]):
                at = text.lower().find(name.lower()) if len(name.split()) > 1 else -1
                if at >= 0:
                    return f"{text[:at]}the article{text[at + len(name) :]}", title
        return text, ""

    def _told(self, wanted: Fact, one: Passage, may_use: Callable[[str], bool]) -> str:
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
            "topics": (texts.topics if one.topics else texts.no_topics).format(topics=one.topics),
            "views": (texts.views if one.views else texts.no_views).format(views=one.views),
            "link": (texts.link if one.url else texts.no_link).format(url=one.url),
        }
        if wanted == "author" and not one.author and one.organisation:
            return texts.published_by.format(organisation=one.organisation)
        about = {"title": one.title, "topics": one.topics}.get(wanted, "")
        return told[wanted] if not about or may_use(about) else ""


def _outermost(passage: Passage) -> str:
    return heading_of(replace(passage, section=passage.section[:1])) if passage.section else ""


def _spoken(iso: str) -> str:
    """An ISO date as it is said, ``24 February 2025``; what is no date stays as it is."""
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{day.day} {day:%B %Y}"
