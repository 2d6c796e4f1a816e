"""The extractive answer: what the article says on a question, word for word, with citations."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.answer import asked, compose
from bot.answer.outline import Listing, heading_of, listings
from bot.answer.scope import NAMED_FROM, Evidence, weigh
from bot.answer.texts import AnswerTexts
from bot.conversation import Draft
from bot.knowledge.lexical import terms
from bot.knowledge.retrieve import Found, Look, Retriever
from bot.types import Passage, Resource, Scored

#: Passages looked at for each question.
_LOOKED_AT = 8
#: The share of the follow-up's own words beside those of the question it leans on.
_OWN = 0.5
#: ... if they name a subject by themselves, and if they name nothing ("what happens then?").
_OWN_SUBJECT = 0.7
_OWN_NOTHING = 0.15
_SUBJECT_NAMED = 0.65
#: A single item is meant, not its list, if no other item scores this share of it ...
_ITEM_ALONE = 0.75
#: ... or, in libraries of at most this many lists, if it is nearer than the list by this much.
_LISTINGS_EMBEDDED = 100
_ITEM_NEARER = 0.0
#: A list is the answer if one of its passages scores at least this share of the best.
_LIST_NEARLY = 0.7
#: Words quoted before a list from a passage that is not of it.
_BEFORE_LIST = 60
_MOST_TOPICS = 7


@dataclass(frozen=True, slots=True)
class _Part:
    """One question of a message with what was found for it."""

    question: str
    look: Look
    found: tuple[Found, ...]
    evidence: Evidence


class Answerer:
    """Answers questions with sentences of the retrieved passages; safe for many threads."""

    def __init__(
        self,
        retriever: Retriever,
        contact: Resource,
        *,
        threshold: float = 0.6,
        texts: AnswerTexts | None = None,
    ) -> None:
        """Answer from ``retriever`` where the confidence (0 to 1) reaches ``threshold``."""
        self._retriever = retriever
        self._contact = contact
        self._threshold = threshold
        self._texts = texts or AnswerTexts()
        self._listings = listings(retriever.passages)
        few = 0 < len(self._listings) <= _LISTINGS_EMBEDDED
        texts_of = [_read_as(one) for one in self._listings] if few else []
        self._listing_vectors = retriever.embed(texts_of) if few else None

    def draft(self, turns: Sequence[str], may_use: Callable[[str], bool]) -> Draft:
        """Answer the last turn from the passages that may be used."""
        text = asked.without_greeting(turns[-1])
        chat = asked.chat(text) or asked.chat(turns[-1])
        if chat:
            return _plain(self._small_talk(chat, may_use), how=chat)
        fact = asked.fact(text)
        if fact:
            told = self._fact(fact, turns, may_use)
            if told:
                return _plain(told, how=fact)
        started = time.perf_counter()
        context = asked.context(turns) if len(turns) > 1 else ""
        parts = self._parts(text, context, may_use)
        ms = {"retrieve": round((time.perf_counter() - started) * 1000, 3)}
        started = time.perf_counter()
        draft = self._compose(text, context, parts, may_use)
        ms["compose"] = round((time.perf_counter() - started) * 1000, 3)
        return replace(draft, ms=ms)

    # -- looking up ---------------------------------------------------------------------------

    def _parts(
        self, text: str, context: str, may_use: Callable[[str], bool]
    ) -> list[_Part]:
        """Every question of the message, looked up in one pass of the sentence model."""
        questions = asked.questions(text)
        wordings: list[list[str]] = []
        for place, question in enumerate(questions):
            before = questions[place - 1] if place else context
            leaning = bool(before) and asked.leans(question)
            wordings.append([question, f"{before} {question}"] if leaning else [question])
        pointed = asked.ordinal(text) is not None and bool(context)
        flat = [wording for each in wordings for wording in each] + ([context] if pointed else [])
        looks = self._retriever.look(flat, _LOOKED_AT)
        if pointed:
            item = self._pointed_at(text, looks.pop(), may_use)
            if item is not None:
                return [item]
        parts = []
        for question, each in zip(questions, wordings, strict=True):
            own, looks = looks[: len(each)], looks[len(each) :]
            found = tuple(one for one in _joined(own) if _usable(one.passage, may_use))
            evidence = weigh(own, found, self._retriever.subjects, self._retriever.knows)
            parts.append(_Part(question, own[-1], found, evidence))
        return parts

    def _pointed_at(
        self, text: str, look: Look, may_use: Callable[[str], bool]
    ) -> _Part | None:
        """The item of the list before that ``text`` points to ("the second one")."""
        place = asked.ordinal(text)
        usable = tuple(one for one in look.found if _usable(one.passage, may_use))
        listing = self._listing(look, usable)
        if place is None or listing is None or not -1 <= place < len(listing.items):
            return None
        passage = listing.items[place].passage
        if not _usable(passage, may_use):
            return None
        found = next((one for one in usable if one.passage.id == passage.id), None)
        found = found or Found(passage, usable[0].score, usable[0].cosine)
        evidence = weigh([look], usable, self._retriever.subjects, self._retriever.knows)
        return _Part(look.question, look, (found,), evidence)

    def _listing(self, look: Look, found: Sequence[Found]) -> Listing | None:
        """The list that ``found`` points to, if any: by its opening, its section or its items."""
        if not found:
            return None
        top = found[0]
        near = {one.passage.id for one in found if one.score >= _LIST_NEARLY * top.score}
        best: tuple[float, Listing] | None = None
        for place, listing in enumerate(self._listings):
            lead = listing.lead
            items = near & listing.ids
            scores = [one.score for one in found if one.passage.id in listing.ids]
            opens = [
                one.score
                for one in found
                if lead is not None
                and (one.passage.id == lead.id or one.passage.section == lead.section)
                and one.passage.source == lead.source
                and one.passage.id not in listing.ids
            ]
            if top.passage.id in listing.ids and self._item_meant(look, place, top, scores):
                continue
            if not items and not (opens and max(opens) >= _LIST_NEARLY * top.score):
                continue
            value = max([*opens, 0.0]) + sum(sorted(scores)[-2:]) / 2
            if best is None or value > best[0]:
                best = (value, listing)
        return best[1] if best else None

    def _item_meant(
        self, look: Look, place: int, top: Found, scores: Sequence[float]
    ) -> bool:
        """Whether the best passage, an item of list number ``place``, answers by itself."""
        if self._listing_vectors is None or not top.sentences:
            return len(scores) < 2 or sorted(scores)[-2] < _ITEM_ALONE * top.score  # noqa: PLR2004
        whole = float(self._listing_vectors[place] @ look.sought)
        return max(top.sentences) > whole + _ITEM_NEARER

    # -- writing ------------------------------------------------------------------------------

    def _compose(
        self, text: str, context: str, parts: Sequence[_Part], may_use: Callable[[str], bool]
    ) -> Draft:
        trace: dict[str, object] = {"evidence": [part.evidence.trace() for part in parts]}
        passages = _scored(parts)
        leaning = f"{context} {text}" if context and asked.leans(text) else text
        contact = asked.about_contact(leaning) and not asked.about_contact(context)
        contact = contact or asked.about_contact(text)
        covered = [part for part in parts if part.evidence.confidence >= self._threshold]
        if contact and (not covered or asked.wants_number(text)):
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
        self, sheet: compose.Sheet, part: _Part, budget: int, may_use: Callable[[str], bool]
    ) -> tuple[list[str], bool]:
        """The paragraphs that answer one question, and whether they are a list."""

        def usable(passage: Passage) -> bool:
            return _usable(passage, may_use)

        listing = self._listing(part.look, part.found) if len(part.found) > 1 else None
        top = part.found[0].passage
        if listing is not None and asked.wants_list(part.question):
            first: list[str] = []
            if top != listing.lead and top.id not in listing.ids:
                first = compose.quoted(sheet, part.found[:1], part.question, _BEFORE_LIST)
            return [*first, *compose.listed(sheet, listing, usable)], True
        opened = next((one for one in self._listings if one.lead == top), None)
        written = compose.quoted(sheet, part.found, part.question, budget)
        if opened is not None and len(parts_words(written)) < budget:
            names = compose.named(sheet, opened, usable)
            written.insert(1 if written else 0, names)
        return written, opened is not None

    def _decline(self, part: _Part) -> str:
        if not part.found:
            return self._texts.nothing_near
        nearest = heading_of(part.found[0].passage)
        topic, evidence = part.evidence.topic, part.evidence
        if topic is not None and topic.programs and evidence.outside >= NAMED_FROM:
            told = self._texts.not_covered_topic.format(subject=topic.topic, topic=nearest)
            return f"{told} {self._contact_line()}"
        if evidence.far:
            return self._texts.far.format(topic=nearest)
        return self._texts.not_covered.format(topic=nearest)

    def _contact_line(self) -> str:
        contact = self._contact
        return self._texts.contact.format(name=contact.name, phone=contact.phone)

    # -- without looking up -------------------------------------------------------------------

    def _small_talk(self, chat: asked.Chat, may_use: Callable[[str], bool]) -> str:
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

    def _fact(
        self, fact: asked.Fact, turns: Sequence[str], may_use: Callable[[str], bool]
    ) -> str:
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


def _read_as(listing: Listing) -> str:
    """What the sentence model reads for a list: where it stands, how it opens, what is in it."""
    names = "; ".join(item.label or item.passage.text for item in listing.items)
    return f"{listing.heading}: {listing.lead_in} {names}"


def parts_words(paragraphs: Sequence[str]) -> list[str]:
    """The words of ``paragraphs``."""
    return " ".join(paragraphs).split()


def _plain(text: str, *, how: str) -> Draft:
    return Draft(text, (), (), found=True, trace={"how": how})


def _usable(passage: Passage, may_use: Callable[[str], bool]) -> bool:
    heading = passage.section[-1] if passage.section else ""
    return may_use(f"{heading}.\n{passage.text}")


def _joined(looks: Sequence[Look]) -> list[Found]:
    """The passages of a question looked up alone and with what it leans on, best first."""
    if len(looks) == 1:
        return list(looks[0].found)
    own, whole = looks
    share = _OWN_SUBJECT if own.subject >= _SUBJECT_NAMED else _OWN
    share = share if terms(own.question) else _OWN_NOTHING
    scores: dict[str, float] = {}
    best: dict[str, Found] = {}
    for weight, look in ((share, own), (1 - share, whole)):
        for one in look.found:
            key = one.passage.id
            scores[key] = scores.get(key, 0.0) + weight * one.score
            if key not in best or one.cosine > best[key].cosine:
                best[key] = one
    joined = [replace(best[key], score=score) for key, score in scores.items()]
    return sorted(joined, key=lambda one: -one.score)


def _scored(parts: Sequence[_Part]) -> tuple[Scored, ...]:
    """Every passage found, once, in the order of the questions."""
    seen: dict[str, Scored] = {}
    for part in parts:
        for one in part.found:
            seen.setdefault(one.passage.id, Scored(one.passage, one.cosine))
    return tuple(seen.values())


def _outermost(passage: Passage) -> str:
    return heading_of(replace(passage, section=passage.section[:1])) if passage.section else ""


def _spoken(iso: str) -> str:
    """An ISO date as it is said, ``24 February 2025``; what is no date stays as it is."""
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{day.day} {day:%B %Y}"
