"""The one path of a message; every way in (page, command line, API) goes through it.

A turn has two halves. ``Bot.screen`` needs nothing but the safety rules: it returns at once,
with the card if there is one, whatever else is slow or broken. ``Bot.answer`` may wait for
the sentence model and the index.
"""

from __future__ import annotations

import logging
import secrets
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.errors import BotError
from bot.types import (
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
class Screened:
    """The first half of a turn: everything that is known before the model is asked.

    ``fresh`` is true when the last turn itself raised or repeated a crisis, so that its card
    belongs in the conversation; otherwise the card is only kept in view. ``final`` is a
    complete reply when nothing more is to come (``kind`` safety or invalid).
    """

    turns: tuple[str, ...]
    assessment: Assessment
    card: Card | None
    fresh: bool
    note: str
    final: Reply | None
    ms: float


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
        texts: Texts | None = None,
    ) -> None:
        self._safety = safety
        self._answerer = answerer
        self._max_message = max_message
        self._max_turns = max_turns
        self._texts = texts or Texts()

    def screen(self, turns: Sequence[str]) -> Screened:
        """Screen a conversation (visitor turns, oldest first; the last one is new).

        Never raises and never waits: if the safety layer itself fails, the visitor gets the
        fallback card.
        """
        started = time.perf_counter()
        kept = tuple(turn.strip() for turn in turns) or ("",)
        fresh = False
        try:
            assessment = self._safety.assess(kept)
            risky = {hit.turn for hit in assessment.hits if hit.level >= Level.CRISIS}
            fresh = len(kept) - 1 in risky
            again = bool(risky - {len(kept) - 1})
            card = self._safety.card(assessment, kept, again=again)
            note = self._safety.note(assessment)
        except Exception as error:  # the card must come whatever breaks
            logger.error("Screening failed, the fallback card is shown: %s", _fault(error))
            assessment = Assessment(level=Level.CRISIS)
            card, note, fresh = self._safety.fallback_card(), "", True
        ms = _ms_since(started)
        return Screened(
            turns=kept,
            assessment=assessment,
            card=card,
            fresh=fresh,
            note=note,
            final=self._final(kept, assessment, card, fresh, ms),
            ms=ms,
        )

    def _final(
        self,
        turns: tuple[str, ...],
        assessment: Assessment,
        card: Card | None,
        fresh: bool,
        ms: float,
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
        elif len(turns) > self._max_turns:
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
            trace=_trace(assessment),
        )

    def answer(self, screened: Screened) -> Reply:
        """Finish a screened turn. Never raises: a fault becomes a plain sentence."""
        if screened.final is not None:
            return screened.final
        started = time.perf_counter()
        assessment = screened.assessment
        ms = {"screen": screened.ms}
        citations: tuple[Citation, ...] = ()
        passages: tuple[Scored, ...] = ()
        kind: ReplyKind
        trace = _trace(assessment)
        try:
            draft = self._answerer.draft(
                screened.turns,
                lambda text: not self._safety.blocked_by(text, assessment),
                may_write=assessment.level <= Level.SIGNPOST,
                guarded=assessment.level > Level.SIGNPOST
                and not _VIOLENCE.isdisjoint(assessment.categories),
            )
            ms |= draft.ms
            trace |= draft.trace
            passages = draft.passages
            blocked_by = self._safety.blocked_by(draft.text, assessment)
            if blocked_by:
                trace["blocked_by"] = blocked_by
                kind, text = "no_answer", self._texts.blocked
            else:
                kind = "answer" if draft.found else "no_answer"
                text = "\n\n".join((draft.text, *self._safety.remarks(draft.text)))
                citations = draft.citations
        except BotError as error:
            logger.error("%s", error)
            kind, text = "error", self._texts.unavailable
        except Exception as error:  # a fault here must not take the card away
            logger.error("Answering failed: %s", _fault(error))
            kind, text = "error", self._texts.unavailable
        ms["total"] = screened.ms + _ms_since(started)
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
        """Both halves of a turn in one call."""
        return self.answer(self.screen(turns))


def _trace(assessment: Assessment) -> dict[str, object]:
    return {"turn_id": secrets.token_hex(6), "rules": [hit.rule for hit in assessment.hits]}


def _fault(error: Exception) -> str:
    """What went wrong and where, without the error's message: it might quote the visitor."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
    return f"{type(error).__name__} at {where}"


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
