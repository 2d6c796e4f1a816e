"""The one place where real parts are chosen and joined."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.answer.answerer import Answerer
from bot.answer.llm import LanguageModel, make_writer
from bot.conversation import Bot, Draft
from bot.errors import BotError, IndexUnavailable, SettingsError
from bot.knowledge.embed import Embedder, make_embedder
from bot.knowledge.index import Index, open_index, open_store
from bot.knowledge.ingest import Stage, ingest
from bot.knowledge.retrieve import HybridRetriever
from bot.safety import SafetyLayer
from bot.settings import Settings
from bot.types import Resource

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """The joined program. ``safety`` and ``bot`` are ready at once, answers after ``warm_up``."""

    settings: Settings
    safety: SafetyLayer
    bot: Bot
    library: LiveLibrary

    @property
    def standing(self) -> tuple[Resource, ...]:
        """The services of the help line that is always in view."""
        return self.safety.standing

    @property
    def ready(self) -> bool:
        """Whether a question can be answered without waiting for the model to load."""
        return self.library.ready

    def warm_up(self) -> None:
        """Start to load, in the background, what the rules can do without."""
        threading.Thread(target=self.safety.learn, name="learn", daemon=True).start()
        self.library.warm_up()


def build(settings: Settings) -> Parts:
    """Join the parts; returns as soon as crisis cards can be shown.

    Raises ``RulesError`` if the rules file is bad: the program must not start on it. If there
    is no index yet, warming up ingests ``settings.corpus``.
    """
    safety = SafetyLayer.load(settings.rules)
    for problem in safety.stale(datetime.now(tz=UTC).date()):
        logger.warning("%s", problem)

    def make_answerer(index: Index, embedder: Embedder) -> Answerer:
        return Answerer(
            HybridRetriever(index, embedder, remember=settings.index / "opening.npz"),
            safety.contact,
            threshold=settings.answer_threshold,
            writer=_writer(settings),
        )

    library = LiveLibrary(settings, make_answerer)
    bot = Bot(safety, library, max_message=settings.max_message, max_turns=settings.max_turns)
    return Parts(settings, safety, bot, library)


class LiveLibrary:
    """Answers from the current version of the index, loading it when first needed.

    A question asked while the model loads waits for it; a newer version of the index is taken
    up between questions. A failure is told to the question that met it, and tried again at
    the next.
    """

    def __init__(
        self,
        settings: Settings,
        make_answerer: Callable[[Index, Embedder], Answerer],
    ) -> None:
        self._settings = settings
        self._make_answerer = make_answerer
        self._lock = threading.Lock()
        self._embedder: Embedder | None = None
        self._index: Index | None = None
        self._answerer: Answerer | None = None

    @property
    def ready(self) -> bool:
        """Whether everything is loaded."""
        return self._answerer is not None

    def warm_up(self) -> None:
        """Load everything in a background thread; a failure is logged."""
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def _warm_up(self) -> None:
        try:
            self._current()
        except BotError as error:
            logger.error("%s", error)
        except Exception as error:  # a thread must not die unheard
            logger.error("Loading failed, the next question tries again: %r", error)
        else:
            logger.info("Answers are ready.")

    def draft(
        self,
        turns: Sequence[str],
        may_use: Callable[[str], bool],
        *,
        may_write: bool = False,
        guarded: bool = False,
    ) -> Draft:
        """Answer the last turn; see ``bot.conversation.Answerer``."""
        return self._current().draft(turns, may_use, may_write=may_write, guarded=guarded)

    def _current(self) -> Answerer:
        with self._lock:
            if self._answerer is None or self._index is None or not self._index.is_current():
                self._answerer = self._reloaded()
            return self._answerer

    def _reloaded(self) -> Answerer:
        """Open the current index; one that has become unusable is no reason to drop the old."""
        try:
            if self._embedder is None:
                embedder = make_embedder(self._settings)
                if not open_store(self._settings).current():
                    logger.info("There is no index yet: ingesting %s.", self._settings.corpus)
                    summary = ingest([self._settings.corpus], self._settings, embedder, _told)
                    logger.info("Ingested %d passages.", summary.added)
                embedder.load()
                self._embedder = embedder
            index = open_index(self._settings, self._embedder.identity)
        except IndexUnavailable as error:
            if self._answerer is None:
                raise
            logger.error("%s The version already open stays in use.", error)
            return self._answerer
        # The version before is left open for the questions that are still reading it.
        self._index = index
        return self._make_answerer(index, self._embedder)


def _writer(settings: Settings) -> LanguageModel | None:
    """The optional language model; one that cannot be set up leaves the article's own words."""
    try:
        return make_writer(settings)
    except SettingsError as error:
        logger.error("%s Until then answers are in the article's own words.", error)
        return None


def _told(stage: Stage, done: int, total: int) -> None:
    """Progress of a first ingest, for the log: a line as each stage begins."""
    if done == 0 and total:
        logger.info("First start: %s (%d) ...", stage, total)
