"""The one path of a message; every way in (page, command line, API) goes through it.

A turn has three steps. ``Bot.screen`` needs nothing but the safety rules: it returns at once,
with the card if there is one, whatever else is slow or broken. ``Bot.look_again`` asks the
sentence model, if it is there, whether the message means more than its words say; it can only
raise. ``Bot.answer`` may wait for the sentence model and the index.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.errors import BotError
from bot.logs import fault
from bot.types import (
    PRECEDENCE,
    Assessment,
    Card,
    Category,
    Citation,
    Level,
    Reply,
    ReplyKind,
    Scored,
)

logger = logging.getLogger(__name__)


class Safety(Protocol):
    """What a conversation asks of the safety layer (``bot.safety.SafetyLayer``)."""

    def assess(self, turns: Sequence[str]) -> Assessment:
        """Assess a whole conversation, visitor turns oldest first."""

    def look_again(self, assessment: Assessment, turns: Sequence[str]) -> Assessment | None:
        """The assessment raised by what takes longer to tell; ``None`` if that is not at hand."""

    def card(self, assessment: Assessment, turns: Sequence[str], *, again: bool) -> Card | None:
        """The card for an assessment, or ``None`` below level ``crisis``."""

    def fallback_card(self) -> Card:
        """The card shown when screening itself failed."""

    def note(self, assessment: Assessment) -> str:
        """The quiet line of who to call, empty unless the level is ``signpost``."""

    def blocked_by(self, text: str, assessment: Assessment) -> str | None:
        """The output rule that forbids the bot to say ``text``, or ``None`` if it may."""

    def remarks(self, text: str) -> tuple[str, ...]:
        """What has to be said beside ``text`` when it is shown; usually nothing."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before it is checked: text with ``[n]`` marks, and what the marks refer to.

    ``found`` is false when the article does not cover the question. ``trace`` is for the
    operator: how the answer was made, never what was asked.
    """

    text: str
    citations: tuple[Citation, ...]
    passages: tuple[Scored, ...]
    found: bool
    ms: dict[str, float] = field(default_factory=dict)
    trace: dict[str, object] = field(default_factory=dict)


class Answerer(Protocol):
    """What a conversation asks of retrieval and answering (``bot.answer.Answerer``)."""

    def draft(
        self,
        turns: Sequence[str],
        may_use: Callable[[str], bool],
        *,
        may_write: bool = False,
        guarded: bool = False,
    ) -> Draft:
        """Answer the last turn; raises ``BotError`` if the model or the index cannot be used.

        A passage is used only if ``may_use`` holds for its heading and text. ``may_write``: a
        language model, if there is one, may put the answer into its own words. ``guarded``:
        violence has come up, so only passages on abuse, safety and taking responsibility are used.
        """


#: Once one of these has come up, answers keep to what the article says on abuse and safety.
_VIOLENCE = frozenset({Category.FAMILY_VIOLENCE, Category.USING_VIOLENCE})


@dataclass(frozen=True, slots=True)
class Known:
    """What was found in this conversation before, wherever it was screened.

    It can only raise: a level of ``crisis`` or more, and its categories, are never lost again,
    whichever replica or version of the rules sees the next turn.
    """

    level: Level = Level.NONE
    categories: tuple[Category, ...] = ()

    def raised(self, assessment: Assessment) -> Assessment:
        """The assessment, at least as grave as what was known."""
        if self.level < Level.CRISIS:
            return assessment
        categories = sorted({*self.categories, *assessment.categories}, key=PRECEDENCE.__getitem__)
        return replace(
            assessment, level=max(assessment.level, self.level), categories=tuple(categories)
        )


NOTHING_KNOWN = Known()


@dataclass(frozen=True, slots=True)
class Screened:
    """A turn before it is answered: what was found in the conversation, and what to show for it.

    ``fresh`` is true when the last turn itself raised or repeated a crisis, so that its card
    belongs in the conversation; otherwise the card is only kept in view. ``final`` is a
    complete reply when nothing more is to come (``kind`` safety or invalid). ``ms`` is the time
    it took, ``known`` what was found in the conversation before, and ``looked_again`` whether
    the sentence model had its say.
    """

    turns: tuple[str, ...]
    assessment: Assessment
    card: Card | None
    fresh: bool
    note: str
    final: Reply | None
    ms: float
    turn_id: str
    known: Known = NOTHING_KNOWN
    looked_again: bool = False


@dataclass(frozen=True, slots=True)
class Texts:
    """The fixed sentences of the path itself."""

    empty: str = "There was nothing in that message. Type a question and press Enter."
    too_long: str = (
        "That message is too long to read in one go ({length} characters; the limit is {limit}). "
        "Nothing was lost: shorten it, or send it in parts."
    )
    too_many: str = (
        "This conversation has become very long. Please clear it and ask your question again."
    )
    unavailable: str = (
        "I can't look things up in the article right now. Please try again in a minute. "
        "The help lines on this page work at any time."
    )
    blocked: str = (
        "I can't give a safe answer to that from the article. "
        "A person at one of the help lines on this page can talk it through with you."
    )


class Bot:
    """Screens every message before anything else, then answers it from the article."""

    def __init__(
        self,
        safety: Safety,
        answerer: Answerer,
        *,
        max_message: int = 4000,
        max_turns: int = 200,
        max_conversation: int = 60_000,
        texts: Texts | None = None,
        counted: Callable[[str, Sequence[str]], None] | None = None,
    ) -> None:
        """Join a safety layer and an answerer.

        ``counted`` is told the level of every turn, and the categories of those that brought
        up a card; it must neither wait nor raise.
        """
        self._safety = safety
        self._answerer = answerer
        self._max_message = max_message
        self._max_turns = max_turns
        self._max_conversation = max_conversation
        self._texts = texts or Texts()
        self._counted = counted

    def adopt(self, safety: Safety) -> None:
        """Use other rules from the next turn on; a turn under way keeps its own."""
        self._safety = safety

    def screen(
        self, turns: Sequence[str], known: Known = NOTHING_KNOWN, *, turn_id: str = ""
    ) -> Screened:
        """Screen a conversation (visitor turns, oldest first; the last one is new).

        ``known`` is what was found before the last turn. A turn that has a ``turn_id`` already was
        screened before, here or on another machine, and is not noted in log and counts again.
        Never raises and never waits: if the safety layer itself fails, the visitor gets the
        fallback card.
        """
        started = time.perf_counter()
        kept = tuple(turn.strip() for turn in turns) or ("",)
        safety = self._safety
        noted, turn_id = bool(turn_id), turn_id or secrets.token_hex(6)
        try:
            assessment = known.raised(safety.assess(kept))
            screened = self._screened(safety, kept, assessment, known, turn_id, started)
        except Exception as error:  # the card must come whatever breaks
            logger.error("Screening failed, the fallback card is shown: %s", fault(error))
            assessment = Assessment(level=max(Level.CRISIS, known.level))
            ms, card = _ms_since(started), safety.fallback_card()
            final = self._final(kept, assessment, card, fresh=True, ms=ms, turn_id=turn_id)
            screened = Screened(kept, assessment, card, True, "", final, ms, turn_id, known)
        if not noted:
            self._note_turn("screened", screened)
        return screened

    def look_again(self, screened: Screened) -> Screened:
        """A screened turn after a second look, which may raise it; takes an encoding or two.

        The turn as it is where there is nothing left to raise or the second look is not to be
        had. Never raises.
        """
        if screened.final is not None:
            return screened
        started, safety = time.perf_counter(), self._safety
        try:
            assessment = safety.look_again(screened.assessment, screened.turns)
            if assessment is None:
                return screened
            looked = self._screened(
                safety,
                screened.turns,
                screened.known.raised(assessment),
                screened.known,
                screened.turn_id,
                started - screened.ms / 1000,
            )
        except Exception as error:  # what was found at once must stand
            logger.error("The second look failed, the first one stands: %s", fault(error))
            return screened
        if looked.assessment.level > screened.assessment.level:
            self._note_turn("raised", looked)
        return replace(looked, looked_again=True)

    def _screened(
        self,
        safety: Safety,
        turns: tuple[str, ...],
        assessment: Assessment,
        known: Known,
        turn_id: str,
        started: float,
    ) -> Screened:
        """What an assessment means for the visitor."""
        last = len(turns) - 1
        risky = {hit.turn for hit in assessment.hits if hit.level >= Level.CRISIS}
        fresh = last in risky
        again = bool(risky - {last}) or known.level >= Level.CRISIS
        card = safety.card(assessment, turns, again=again)
        note = safety.note(assessment)
        ms = _ms_since(started)
        final = self._final(turns, assessment, card, fresh=fresh, ms=ms, turn_id=turn_id)
        return Screened(turns, assessment, card, fresh, note, final, ms, turn_id, known)

    def _note_turn(self, event: str, screened: Screened) -> None:
        """Tell log and counts of a turn: what was found, never what was said."""
        assessment = screened.assessment
        level, categories = assessment.level.label, [str(each) for each in assessment.categories]
        logger.info(
            event,
            extra={
                "turn": screened.turn_id,
                "level": level,
                "categories": categories,
                "rules": sorted({hit.rule for hit in assessment.hits}),
                "ms": {"screen": screened.ms},
            },
        )
        if self._counted is not None:
            self._counted(level, categories if screened.fresh else ())

    def _final(
        self,
        turns: tuple[str, ...],
        assessment: Assessment,
        card: Card | None,
        *,
        fresh: bool,
        ms: float,
        turn_id: str,
    ) -> Reply | None:
        """The whole reply, where the card is all there is to say or there is nothing to answer."""
        last = turns[-1]
        kind: ReplyKind = "invalid"
        if fresh and (
            assessment.level is Level.EMERGENCY
            or not assessment.categories
            or Category.SUICIDE_SELF_HARM in assessment.categories
        ):
            kind, text = "safety", ""
        elif not last:
            text = self._texts.empty
        elif len(last) > self._max_message:
            text = self._texts.too_long.format(length=len(last), limit=self._max_message)
        elif len(turns) > self._max_turns or sum(map(len, turns)) > self._max_conversation:
            text = self._texts.too_many
        else:
            return None
        return Reply(
            kind=kind,
            level=assessment.level,
            categories=assessment.categories,
            card=card,
            text=text,
            ms={"screen": ms, "total": ms},
            trace=_trace(turn_id, assessment),
        )

    def answer(self, screened: Screened) -> Reply:
        """Finish a screened turn. Never raises: a fault becomes a plain sentence."""
        if screened.final is not None:
            return screened.final
        started = time.perf_counter()
        assessment, safety = screened.assessment, self._safety
        ms = {"screen": screened.ms}
        citations: tuple[Citation, ...] = ()
        passages: tuple[Scored, ...] = ()
        kind: ReplyKind
        trace = _trace(screened.turn_id, assessment) | {"looked_again": screened.looked_again}
        try:
            draft = self._answerer.draft(
                screened.turns,
                lambda text: not safety.blocked_by(text, assessment),
                may_write=assessment.level <= Level.SIGNPOST,
                guarded=assessment.level > Level.SIGNPOST
                and not _VIOLENCE.isdisjoint(assessment.categories),
            )
            ms |= draft.ms
            trace |= draft.trace
            passages = draft.passages
            blocked_by = safety.blocked_by(draft.text, assessment)
            if blocked_by:
                trace["blocked_by"] = blocked_by
                kind, text = "no_answer", self._texts.blocked
            else:
                kind = "answer" if draft.found else "no_answer"
                text = "\n\n".join((draft.text, *safety.remarks(draft.text)))
                citations = draft.citations
        except BotError as error:
            logger.error("%s", error, extra={"turn": screened.turn_id})
            kind, text = "error", self._texts.unavailable
        except Exception as error:  # a fault here must not take the card away
            logger.error("Answering failed: %s", fault(error), extra={"turn": screened.turn_id})
            kind, text = "error", self._texts.unavailable
        ms["total"] = screened.ms + _ms_since(started)
        how = {name: trace[name] for name in ("how", "llm", "blocked_by") if name in trace}
        logger.info(
            "answered", extra={"turn": screened.turn_id, "kind": kind, "ms": ms, "trace": how}
        )
        return Reply(
            kind=kind,
            level=assessment.level,
            categories=assessment.categories,
            card=screened.card,
            text=text,
            citations=citations,
            passages=passages,
            note=screened.note,
            ms=ms,
            trace=trace,
        )

    def reply(self, turns: Sequence[str]) -> Reply:
        """A whole turn in one call."""
        return self.answer(self.look_again(self.screen(turns)))


def _trace(turn_id: str, assessment: Assessment) -> dict[str, object]:
    return {"turn_id": turn_id, "rules": [hit.rule for hit in assessment.hits]}


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
