"""Looking up what a message asks: each of its questions, alone and with what it leans on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.answer import asked
from bot.answer.lists import Lists
from bot.answer.scope import NAMED_FROM, Evidence, weigh
from bot.knowledge.lexical import terms
from bot.knowledge.retrieve import Found, Look, Retriever
from bot.types import Passage

#: Passages looked at for each question.
_LOOKED_AT = 8
#: The share of a follow-up's own words beside those of the question it leans on ...
_OWN = 0.4
#: ... if they name a subject by themselves, and if they name nothing ("what happens then?").
_OWN_SUBJECT = 0.5
_OWN_NOTHING = 0.15
_OWN_WITHIN = 0.8
_SUBJECT_NAMED = 0.65
#: The share of a long message as a whole beside its best piece.
_WHOLE = 0.6


@dataclass(frozen=True, slots=True)
class Part:
    """One question of a message with what was found for it, best first.

    ``looks`` has the question's own first, then those of its other wordings; ``leaning`` tells
    that these are one, the question after what it leans on. A question that points to the item of
    a list has none.
    """

    question: str
    leaning: bool
    looks: tuple[Look, ...]
    found: tuple[Found, ...]
    evidence: Evidence

    @property
    def named_outside(self) -> bool:
        """Whether the question is plainly about a subject outside the library."""
        return self.evidence.topic is not None and self.evidence.outside >= NAMED_FROM


@dataclass(frozen=True, slots=True)
class _Wording:
    """A question, and what else is looked up for it.

    ``leaning`` is the question after what it leans on, ``pieces`` are the statements of a long
    one; either may be empty.
    """

    question: str
    leaning: str
    pieces: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Everything that is looked up, the question itself first."""
        return (self.question, *((self.leaning,) if self.leaning else self.pieces))


class Lookup:
    """Looks up messages in a library, using only passages that may be used."""

    def __init__(self, retriever: Retriever, lists: Lists) -> None:
        """Look up in ``retriever``, whose lists are ``lists``."""
        self._retriever = retriever
        self._lists = lists

    def expect(self, text: str, context: str) -> None:
        """Tell the sentence model what ``parts`` of the same will ask it."""
        asking, pointed = _wordings(text, context)
        self._retriever.expect([*_flat(asking), *pointed])

    def parts(self, text: str, context: str, may_use: Callable[[str], bool]) -> list[Part]:
        """Every question of the message, looked up in one pass of the sentence model."""
        asking, pointed = _wordings(text, context)
        looks = self._retriever.look([*_flat(asking), *pointed], _LOOKED_AT)
        if pointed:
            item = self._pointed_at(text, looks.pop(), may_use)
            if item is not None:
                return [item]
        parts: list[Part] = []
        for each in asking:
            own, looks = looks[: len(each.all)], looks[len(each.all) :]
            joined = _joined(each, own, within=bool(parts))
            found = tuple(one for one in joined if is_usable(one.passage, may_use))
            evidence = weigh(own, found, self._retriever.subjects, self._retriever.knows)
            parts.append(Part(each.question, bool(each.leaning), tuple(own), found, evidence))
        return parts

    def _pointed_at(self, text: str, look: Look, may_use: Callable[[str], bool]) -> Part | None:
        """The item of the list before that ``text`` points to ("the second one")."""
        place = asked.ordinal(text)
        usable = tuple(one for one in look.found if is_usable(one.passage, may_use))
        listing = self._lists.answering(
            [look], usable, lambda one: is_usable(one, may_use), advice=False
        )
        if place is None or listing is None or not -1 <= place < len(listing.items):
            return None
        passage = listing.items[place].passage
        if not is_usable(passage, may_use):
            return None
        found = next((one for one in usable if one.passage.id == passage.id), None)
        found = found or Found(passage, usable[0].score, usable[0].cosine)
        evidence = weigh([look], usable, self._retriever.subjects, self._retriever.knows)
        # Without its look: that was for the question before, whose list has been given.
        return Part(look.question, False, (), (found,), evidence)


def _wordings(text: str, context: str) -> tuple[list[_Wording], list[str]]:
    """What is looked up for a message, and the context where it points to something there."""
    questions = [asked.without_frame(one) for one in asked.questions(text)]
    asking: list[_Wording] = []
    for place, question in enumerate(questions):
        before = questions[place - 1] if place else context
        leaning = f"{before} {question}" if before and asked.leans(question) else ""
        asking.append(_Wording(question, leaning, tuple(asked.pieces(question))))
    return asking, [context] if context and asked.ordinal(text) is not None else []


def _flat(asking: Sequence[_Wording]) -> list[str]:
    return [wording for each in asking for wording in each.all]


def is_usable(passage: Passage, may_use: Callable[[str], bool]) -> bool:
    """Whether a passage may be used, by its heading and text."""
    return may_use(heading_and_text(passage))


def heading_and_text(passage: Passage) -> str:
    """What decides whether a passage may be used."""
    heading = passage.section[-1] if passage.section else ""
    return f"{heading}.\n{passage.text}"


def _joined(wording: _Wording, looks: Sequence[Look], *, within: bool) -> list[Found]:
    """The passages of a question looked up in several wordings, best first.

    ``within``: what it leans on stands in the same message, and is answered there already.
    """
    if len(looks) == 1:
        return list(looks[0].found)
    own = looks[0]
    if wording.leaning:
        share = _OWN_SUBJECT if own.subject >= _SUBJECT_NAMED else _OWN
        share = _OWN_WITHIN if within else share if terms(own.question) else _OWN_NOTHING
    else:
        share = _WHOLE
    scores = {one.passage.id: share * one.score for one in own.found}
    best = {one.passage.id: one for one in own.found}
    others: dict[str, float] = {}
    for look in looks[1:]:
        for one in look.found:
            key = one.passage.id
            others[key] = max(others.get(key, 0.0), one.score)
            if key not in best or one.cosine > best[key].cosine:
                best[key] = one
    for key, score in others.items():
        scores[key] = scores.get(key, 0.0) + (1 - share) * score
    joined = [replace(best[key], score=score) for key, score in scores.items()]
    return sorted(joined, key=lambda one: -one.score)[:_LOOKED_AT]
