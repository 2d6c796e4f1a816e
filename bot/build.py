"""The one place where real parts are chosen and joined."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from bot.answer.answerer import Answerer
from bot.answer.llm import LanguageModel, make_writer
from bot.conversation import Bot
from bot.counts import counted_by
from bot.errors import BotError, SettingsError
from bot.knowledge.embed import Embedder, LayeredEmbedder, make_embedder
from bot.knowledge.index import Index
from bot.knowledge.retrieve import HybridRetriever
from bot.knowledge.shelf import articles
from bot.live import LiveLibrary
from bot.safety import SafetyLayer
from bot.safety.reload import LiveRules
from bot.screening import Limits
from bot.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """The joined program. Rules and ``bot`` are ready at once, answers after ``warm_up``."""

    settings: Settings
    rules: LiveRules
    bot: Bot
    library: LiveLibrary

    @property
    def safety(self) -> SafetyLayer:
        """The safety layer in use."""
        return self.rules.layer

    @property
    def ready(self) -> bool:
        """Whether a question can be answered without waiting for the model to load."""
        return self.library.ready

    def warm_up(self) -> None:
        """Start to load, in the background, what the rules can do without, and to keep up."""
        self.rules.start()
        self.library.warm_up()

    def prepare(self) -> None:
        """Load everything now, the second net included; takes seconds, after a change a minute.

        Never raises: what cannot be loaded is told to the question that needs it.
        """
        self.safety.learn()
        with suppress(Exception):  # as above
            self.library.prepare()


def build(settings: Settings) -> Parts:
    """Join the parts; returns as soon as crisis cards can be shown.

    Raises ``RulesError`` if the rules file is bad: the program must not start on it. If there
    is no index yet, warming up ingests ``settings.corpus``.
    """
    safety = SafetyLayer.load(settings.rules)

    @cache
    def writer() -> LanguageModel | None:
        return _writer(settings)

    def make_answerer(index: Index, embedder: Embedder) -> Answerer:
        for article in articles(index.passages()):
            if article.is_overdue(datetime.now(tz=UTC).date()):
                logger.warning("%s", article.overdue())
        return Answerer(
            HybridRetriever(index, embedder, remember=settings.index / "opening.npz"),
            rules.layer.contact,
            threshold=settings.answer_threshold,
            writer=writer(),
        )

    def adopt(layer: SafetyLayer) -> None:
        bot.adopt(layer)
        library.renew()
        if library.embedder is not None:
            layer.understand(library.embedder)

    def on_ready(embedder: LayeredEmbedder) -> None:
        rules.layer.understand(embedder)

    library = LiveLibrary(settings, make_answerer, on_ready)
    bot = Bot(
        safety,
        library,
        Limits.of(settings),
        counted_by(settings.counts),
    )
    rules = LiveRules(safety, adopt)
    return Parts(settings, rules, bot, library)


def complete(safety: SafetyLayer, settings: Settings) -> None:
    """Give a safety layer the whole second net; takes seconds, after a change up to a minute.

    Never raises: what cannot be had is logged, and done without.
    """
    safety.learn()
    try:
        embedder = make_embedder(settings)
    except BotError as error:
        logger.error("%s Until then the second net has only words.", error)
    else:
        safety.understand(embedder)


def _writer(settings: Settings) -> LanguageModel | None:
    """The optional language model; one that cannot be set up leaves the article's own words."""
    try:
        return make_writer(settings)
    except SettingsError as error:
        logger.error("%s Until then answers are in the article's own words.", error)
        return None
