"""The one path of a message; every way in (page, command line, API) goes through it.

A turn has three steps. ``Bot.screen`` needs nothing but the safety rules: it returns at once,
with the card if there is one, whatever else is slow or broken. ``Bot.look_again`` asks the
sentence model, if it is there, whether the message means more than its words say; it can only
raise. ``Bot.answer`` may wait for the sentence model and the index. The first two are in
``bot.screening``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.errors import BotError
from bot.logs import fault
from bot.screening import Counted, Limits, Safety, Screened, Screener, ms_since, trace_of
from bot.types import Category, Citation, Level, Reply, ReplyKind, Scored

logger = logging.getLogger(__name__)

UNAVAILABLE = (
    "I can't look things up in the article right now. Please try again in a minute. "
    "The help lines on this page work at any time."
)
_BLOCKED = (
    "I can't give a safe answer to that from the article. "
    "A person at one of the help lines on this page can talk it through with you."
)


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

    def expect(self, turns: Sequence[str]) -> None:
        """Told what may soon be answered, before the second look: it need not encode alone."""

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


class Bot(Screener):
    """Screens every message before anything else, then answers it from the article."""

    def __init__(
        self,
        safety: Safety,
        answerer: Answerer,
        limits: Limits | None = None,
        counted: Counted | None = None,
    ) -> None:
        """Join a safety layer and an answerer; see ``Screener``."""
        super().__init__(safety, limits, counted)
        self._answerer = answerer

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
        trace = trace_of(screened.turn_id, assessment) | {"looked_again": screened.looked_again}
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
                kind, text = "no_answer", _BLOCKED
            else:
                kind = "answer" if draft.found else "no_answer"
                text = "\n\n".join((draft.text, *safety.remarks(draft.text)))
                citations = draft.citations
        except BotError as error:
            logger.error("%s", error, extra={"turn": screened.turn_id})
            kind, text = "error", UNAVAILABLE
        except Exception as error:  # a fault here must not take the card away
            logger.error("Answering failed: %s", fault(error), extra={"turn": screened.turn_id})
            kind, text = "error", UNAVAILABLE
        ms["total"] = screened.ms + ms_since(started)
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

    def finish(self, screened: Screened) -> tuple[Screened, Reply]:
        """The second look and the answer; never raises, may wait."""
        if screened.final is None:
            self._expect(screened)
        looked = self.look_again(screened)
        return looked, self.answer(looked)

    def _expect(self, screened: Screened) -> None:
        try:
            self._answerer.expect(screened.turns)
        except Exception as error:  # it would only have saved time
            logger.error("Expecting failed: %s", fault(error), extra={"turn": screened.turn_id})

    def reply(self, turns: Sequence[str]) -> Reply:
        """A whole turn in one call."""
        return self.finish(self.screen(turns))[1]
