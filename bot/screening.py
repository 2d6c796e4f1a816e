"""The first half of a turn: what was written is screened, and the card comes.

Nothing here waits. ``Screener.screen`` needs the safety rules alone; ``Screener.look_again`` asks
the sentence model, where it is at hand, whether the message means more than its words say.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from bot.logs import fault
from bot.types import PRECEDENCE, Assessment, Card, Category, Level, Reply, ReplyKind

if TYPE_CHECKING:
    from bot.settings import Settings

logger = logging.getLogger(__name__)

_EMPTY = "There was nothing in that message. Type a question and press Enter."
_TOO_LONG = (
    "That message is too long to read in one go ({length} characters; the limit is {limit}). "
    "Nothing was lost: shorten it, or send it in parts."
)
_TOO_MANY = "This conversation has become very long. Please clear it and ask your question again."


class Safety(Protocol):
    """What a conversation asks of the safety layer (``bot.safety.SafetyLayer``)."""

    def assess(self, turns: Sequence[str]) -> Assessment:
        """Assess a whole conversation, visitor turns oldest first."""

    def look_again(self, assessment: Assessment, turns: Sequence[str]) -> Assessment | None:
        """The assessment raised by what takes longer to tell; ``None`` if that is not at hand."""

    def undoubted(self, assessment: Assessment) -> Assessment:
        """What counts where there is no second look: nothing found is in doubt any more."""

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
class Limits:
    """The longest message and conversation, in characters, and the most turns, that are answered.

    Longer ones are screened all the same.
    """

    message: int = 4000
    turns: int = 200
    conversation: int = 60_000

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits that an operator has set."""
        return cls(settings.max_message, settings.max_turns, settings.max_conversation)


#: Told the level of a turn, and its categories if it brought up a card; neither waits nor raises.
Counted = Callable[[str, Sequence[str]], None]


class Screener:
    """Screens conversations with the rules in use."""

    def __init__(
        self, safety: Safety, limits: Limits | None = None, counted: Counted | None = None
    ) -> None:
        """Use a safety layer; every turn is told to ``counted`` once."""
        self._safety = safety
        self._limits = limits or Limits()
        self._counted = counted

    def adopt(self, safety: Safety) -> None:
        """Use other rules from the next turn on; a turn under way keeps its own."""
        self._safety = safety

    @property
    def looks_again(self) -> bool:
        """Whether a turn will soon be looked at again; if not, nothing found is left in doubt."""
        return True

    def screen(
        self,
        turns: Sequence[str],
        known: Known = NOTHING_KNOWN,
        *,
        turn_id: str = "",
        certain: bool = False,
    ) -> Screened:
        """Screen a conversation (visitor turns, oldest first; the last one is new).

        ``known`` is what was found before the last turn. A turn that has a ``turn_id`` already was
        screened before, here or on another machine, and is not noted in log and counts again.
        Where ``certain`` (a card was shown for it then), nothing found is in doubt.
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
            grave = certain or known.level >= Level.CRISIS
            if grave or screened.final is not None or not self.looks_again:
                screened = self._undoubted(screened)
        except Exception as error:  # the card must come whatever breaks
            logger.error("Screening failed, the fallback card is shown: %s", fault(error))
            assessment = Assessment(level=max(Level.CRISIS, known.level))
            ms, card = ms_since(started), safety.fallback_card()
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
                return self.undoubted(screened)
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
            return self.undoubted(screened)
        if looked.assessment.level > screened.assessment.level:
            self._note_turn("raised", looked)
        return replace(looked, looked_again=True)

    def undoubted(self, screened: Screened) -> Screened:
        """A screened turn that will not be looked at again: nothing found is in doubt any more.

        Never raises: where that cannot be told, it is the turn as screened.
        """
        certain = self._undoubted(screened)
        if certain.assessment.level > screened.assessment.level:
            self._note_turn("raised", certain)
        return certain

    def _undoubted(self, screened: Screened) -> Screened:
        if not screened.assessment.in_doubt:
            return screened
        started = time.perf_counter() - screened.ms / 1000
        safety, known, turn_id = self._safety, screened.known, screened.turn_id
        try:
            assessment = known.raised(safety.undoubted(screened.assessment))
            return self._screened(safety, screened.turns, assessment, known, turn_id, started)
        except Exception as error:  # the quiet line is better than nothing
            logger.error("A card in doubt is not to be had: %s", fault(error))
            return screened

    def earlier(self, screened: Screened, turn: int) -> Screened:
        """An earlier turn of a screened conversation, with the card that it brought up then.

        Never raises: if that cannot be told any more, it is the turn as screened.
        """
        turns, found = screened.turns[: turn + 1], screened.assessment.up_to(turn)
        started, known = time.perf_counter(), NOTHING_KNOWN
        try:
            return self._screened(self._safety, turns, found, known, screened.turn_id, started)
        except Exception as error:  # a card in short is better than none
            logger.error("The card of an earlier turn is not to be had: %s", fault(error))
            return screened

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
        ms = ms_since(started)
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
        last, limits = turns[-1], self._limits
        kind: ReplyKind = "invalid"
        if fresh and (
            assessment.level is Level.EMERGENCY
            or not assessment.categories
            or Category.SUICIDE_SELF_HARM in assessment.categories
        ):
            kind, text = "safety", ""
        elif not last:
            text = _EMPTY
        elif len(last) > limits.message:
            text = _TOO_LONG.format(length=len(last), limit=limits.message)
        elif len(turns) > limits.turns or sum(map(len, turns)) > limits.conversation:
            text = _TOO_MANY
        else:
            return None
        return Reply(
            kind=kind,
            level=assessment.level,
            categories=assessment.categories,
            card=card,
            text=text,
            ms={"screen": ms, "total": ms},
            trace=trace_of(turn_id, assessment),
        )


def trace_of(turn_id: str, assessment: Assessment) -> dict[str, object]:
    """What the operator may see of an assessment: ids, never words."""
    return {"turn_id": turn_id, "rules": [hit.rule for hit in assessment.hits]}


def ms_since(started: float) -> float:
    """Milliseconds since a moment of ``time.perf_counter``."""
    return round((time.perf_counter() - started) * 1000, 3)
