"""The bot as the page has it: cards are made here, answers in a process of their own."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

from bot.conversation import UNAVAILABLE
from bot.counts import counted_by
from bot.safety import SafetyLayer
from bot.safety.reload import LiveRules
from bot.screening import Counted, Limits, Safety, Screened, Screener, trace_of
from bot.settings import Settings
from bot.types import Reply, Resource
from bot.worker import AnswersUnavailable, Finished, Finisher, Worker

logger = logging.getLogger(__name__)

#: Seconds that the other process is given to fit the words of the second net and to keep them
#: where this one finds them; after that they are fitted here.
_PATIENCE = 120.0


class Elsewhere(Finisher, Protocol):
    """What finishes turns in another process (``bot.worker.Worker``)."""

    @property
    def ready(self) -> bool:
        """Whether its sentence model is there."""


class FrontBot(Screener):
    """Screens turns, and has them finished elsewhere."""

    def __init__(
        self,
        safety: Safety,
        finisher: Elsewhere,
        limits: Limits | None = None,
        counted: Counted | None = None,
    ) -> None:
        """Join a safety layer and what finishes turns; see ``Screener``."""
        super().__init__(safety, limits, counted)
        self._finisher = finisher

    @property
    def looks_again(self) -> bool:
        """Whether the process that makes answers has its sentence model."""
        return self._finisher.ready

    def finish(self, screened: Screened) -> Finished:
        """The second look and the answer; never raises, may wait."""
        if screened.final is not None:
            return screened, screened.final
        try:
            return self._finisher.finish(screened)
        except AnswersUnavailable as error:
            logger.error("%s", error, extra={"turn": screened.turn_id})
            screened = self.undoubted(screened)
        assessment = screened.assessment
        reply = Reply(
            kind="error",
            level=assessment.level,
            categories=assessment.categories,
            card=screened.card,
            text=UNAVAILABLE,
            note=screened.note,
            ms={"screen": screened.ms},
            trace=trace_of(screened.turn_id, assessment),
        )
        return screened, reply


@dataclass(frozen=True, slots=True)
class Front:
    """What the page needs: cards at once, answers after ``start``."""

    bot: FrontBot
    rules: LiveRules
    worker: Worker

    @property
    def standing(self) -> tuple[Resource, ...]:
        """The services of the help line that is always in view."""
        return self.rules.layer.standing

    @property
    def ready(self) -> bool:
        """Whether a question can be answered without waiting for anything to load."""
        return self.worker.ready

    def start(self) -> None:
        """Start the process that makes answers, and keep up with edited rules."""
        self.worker.start()
        self.rules.start()


def build_front(settings: Settings) -> Front:
    """Join the parts of the page's process; ``RulesError`` if the rules file is bad."""
    safety = SafetyLayer.load(settings.rules)
    worker = Worker(settings)
    bot = FrontBot(
        safety,
        worker,
        Limits.of(settings),
        counted_by(settings.counts),
    )
    return Front(bot, LiveRules(safety, bot.adopt, patience=_PATIENCE), worker)
