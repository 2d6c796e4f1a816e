"""Answers from the newest version of the index, whatever happens to it meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from bot.answer.answerer import Answerer
from bot.conversation import Draft
from bot.errors import BotError, IndexUnavailable
from bot.knowledge.embed import Embedder, LayeredEmbedder, SentenceEmbedder, make_embedder
from bot.knowledge.index import Index, open_index, open_store
from bot.knowledge.ingest import Stage, ingest
from bot.settings import Settings

logger = logging.getLogger(__name__)

#: Seconds between two looks for a newer version of the index.
_EVERY = 2.0
#: Seconds until what failed to load is tried again without being asked for.
_AFTER_FAILURE = 15.0


class LiveLibrary:
    """Answers from the current version of the index, loading it when first needed.

    A question asked while everything loads waits for it. Later versions are looked for and
    loaded in the background (``watch``), and then take the place of the one before in a single
    step: no question ever waits for them. A failure is told to the question that met it.
    """

    def __init__(
        self,
        settings: Settings,
        make_answerer: Callable[[Index, Embedder], Answerer],
        on_ready: Callable[[LayeredEmbedder], None] = lambda _embedder: None,
    ) -> None:
        """Nothing is loaded yet.

        ``on_ready`` is called once, by whoever watches or prepares, when questions can be
        answered; it may take its time.
        """
        self._settings = settings
        self._on_ready = on_ready
        self._make_answerer = make_answerer
        self._loading = threading.Lock()
        self._embedder: SentenceEmbedder | None = None
        self._index: Index | None = None
        self._retired: Index | None = None
        self._answerer: Answerer | None = None
        self._prepared = False
        self._failure = ""
        self._failed_at = 0.0
        self._told = ""

    @property
    def ready(self) -> bool:
        """Whether everything is loaded."""
        return self._answerer is not None

    def warm_up(self) -> None:
        """Load everything in a background thread, then watch for newer versions."""
        threading.Thread(target=self.watch, name="library", daemon=True).start()

    def watch(self) -> None:
        """Keep up with the index for as long as the program runs; never raises."""
        while True:
            was_ready = self.ready
            try:
                self.prepare()
            except BotError as error:
                self._tell(str(error))
            except Exception as error:  # a thread must not die unheard
                self._tell(f"Loading failed ({type(error).__name__}), it is tried again.")
            else:
                if not was_ready:
                    logger.info("Answers are ready.")
            time.sleep(_EVERY if self.ready else _AFTER_FAILURE)

    @property
    def embedder(self) -> LayeredEmbedder | None:
        """The sentence model, once it is loaded."""
        return self._embedder

    def prepare(self) -> None:
        """As ``refresh``; the first time, all that follows from being ready is done as well."""
        self.refresh()
        if not self._prepared and self._embedder is not None:
            self._prepared = True
            self._on_ready(self._embedder)

    def expect(self, turns: Sequence[str]) -> None:
        """As ``bot.conversation.Answerer``; nothing is loaded for it."""
        if self._answerer is not None:
            self._answerer.expect(turns)

    def draft(
        self,
        turns: Sequence[str],
        may_use: Callable[[str], bool],
        *,
        may_write: bool = False,
        guarded: bool = False,
    ) -> Draft:
        """Answer the last turn; see ``bot.conversation.Answerer``."""
        answerer = self._answerer or self._first()
        return answerer.draft(turns, may_use, may_write=may_write, guarded=guarded)

    def refresh(self) -> None:
        """Take up the newest version of the index; what is open stays in use if that fails.

        Raises ``BotError`` if nothing at all can be loaded.
        """
        if self._answerer is None or self._index is None:
            self._first()
            return
        try:
            if self._index.is_current():
                self._told = ""
                return
            with self._loading:
                self._open()
        except IndexUnavailable as error:
            self._tell(f"{error} The version already open stays in use.")

    def renew(self) -> None:
        """Make the answerer anew from the same index: what it was made with has changed."""
        with self._loading:
            if self._index is not None and self._embedder is not None:
                self._answerer = self._make_answerer(self._index, self._embedder)

    def _first(self) -> Answerer:
        """The answerer, loaded by one thread while the others wait, and share its failure."""
        asked_at = time.monotonic()
        with self._loading:
            if self._answerer is None:
                if self._failed_at > asked_at:
                    raise IndexUnavailable(self._failure)
                try:
                    self._load()
                    answerer = self._open()
                except Exception as error:
                    self._failure, self._failed_at = str(error), time.monotonic()
                    raise
                return answerer
            return self._answerer

    def _load(self) -> None:
        """Load the sentence model, and ingest the corpus if there is no index at all."""
        embedder = self._embedder or make_embedder(self._settings)
        if not open_store(self._settings).current():
            logger.info("There is no index yet: ingesting %s.", self._settings.corpus)
            summary = ingest([self._settings.corpus], self._settings, embedder, _told)
            logger.info("Ingested %d passages.", summary.added)
        embedder.load()
        self._embedder = embedder

    def _open(self) -> Answerer:
        assert self._embedder is not None  # noqa: S101 - _load has been called
        index = open_index(self._settings, self._embedder.identity)
        try:
            answerer = self._make_answerer(index, self._embedder)
        except BaseException:
            index.close()
            raise
        # Questions under way may still read the version before; the one before that, none.
        if self._retired is not None:
            self._retired.close()
        self._retired, self._index = self._index, index
        self._answerer = answerer
        self._told = ""
        return answerer

    def _tell(self, what: str) -> None:
        """Log a fault once, not every few seconds for as long as it lasts."""
        if what != self._told:
            logger.error("%s", what)
            self._told = what


def _told(stage: Stage, done: int, total: int) -> None:
    """Progress of a first ingest, for the log: a line as each stage begins."""
    if done == 0 and total:
        logger.info("First start: %s (%d) ...", stage, total)
