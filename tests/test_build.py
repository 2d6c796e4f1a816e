"""The joined program: cards at once, answers when the model is there, the newest index always."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bot.build import build
from bot.conversation import Draft
from bot.errors import EmbedderUnavailable, IndexUnavailable, RulesError
from bot.knowledge.embed import Embedder
from bot.knowledge.index import Index
from bot.knowledge.ingest import ingest
from bot.live import LiveLibrary
from bot.settings import Settings
from bot.types import Level
from tests.fakes import HashingEmbedder


class LoadedEmbedder(HashingEmbedder):
    """The hashing embedder with the real one's ``load``."""

    def load(self) -> None:
        """Nothing takes time here."""


class CountingAnswerer:
    """Tells how many passages its index holds."""

    def __init__(self, index: Index, _embedder: Embedder) -> None:
        self._index = index

    def expect(self, _turns: Sequence[str]) -> None:
        pass

    def draft(
        self,
        _turns: Sequence[str],
        _may_use: Callable[[str], bool],
        *,
        may_write: bool = False,
        guarded: bool = False,
    ) -> Draft:
        return Draft(f"{len(self._index.passages())} passages", (), (), found=True)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "one.md").write_text("# One\n\nSilence isolates people from each other.\n")
    return Settings(index=tmp_path / "index", corpus=corpus)


@pytest.fixture
def library(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> LiveLibrary:
    monkeypatch.setattr("bot.live.make_embedder", lambda _settings: LoadedEmbedder())
    return LiveLibrary(settings, CountingAnswerer)  # type: ignore[arg-type]


def said(library: LiveLibrary) -> str:
    return library.draft(["hello"], lambda _text: True).text


def test_a_first_start_without_an_index_ingests_the_corpus(library: LiveLibrary) -> None:
    assert not library.ready
    assert said(library) == "1 passages"
    assert library.ready


def test_a_newer_index_is_taken_up_while_questions_go_on(
    library: LiveLibrary, settings: Settings
) -> None:
    said(library)
    (settings.corpus / "two.md").write_text("# Two\n\nSomething else to read.\n")
    ingest([settings.corpus], settings, HashingEmbedder())
    library.refresh()
    assert said(library) == "2 passages"


def test_an_index_that_breaks_while_serving_leaves_the_open_one_in_use(
    library: LiveLibrary, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    said(library)
    shutil.rmtree(settings.index)
    library.refresh()
    library.refresh()
    assert said(library) == "1 passages"
    assert caplog.text.count("stays in use") == 1


def test_a_failure_is_told_to_the_question_and_tried_again_at_the_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_settings: Settings) -> Embedder:
        raise EmbedderUnavailable("no model")

    library = LiveLibrary(settings, CountingAnswerer)  # type: ignore[arg-type]
    monkeypatch.setattr("bot.live.make_embedder", missing)
    with pytest.raises(EmbedderUnavailable):
        said(library)
    monkeypatch.setattr("bot.live.make_embedder", lambda _settings: LoadedEmbedder())
    assert said(library) == "1 passages"


def test_an_index_of_another_model_is_refused_plainly(
    settings: Settings, library: LiveLibrary
) -> None:
    ingest([settings.corpus], settings, HashingEmbedder("another@1"))
    with pytest.raises(IndexUnavailable, match=r"another@1.*python ingest\.py"):
        said(library)


def test_cards_need_neither_model_nor_index(settings: Settings) -> None:
    parts = build(Settings(index=settings.index, embedder="/nowhere"))
    reply = parts.bot.reply(["I want to die"])
    assert (reply.kind, reply.level) == ("safety", Level.CRISIS)
    question = parts.bot.reply(["What is stonewalling?"])
    assert question.kind == "error"
    assert "Please try again" in question.text


def test_a_language_model_that_cannot_be_set_up_takes_neither_cards_nor_answers_away(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.live.make_embedder", lambda _settings: LoadedEmbedder())
    parts = build(settings.model_copy(update={"llm": "nobody:nothing"}))
    assert parts.bot.reply(["I want to die"]).kind == "safety"
    assert "BOT_LLM" not in caplog.text
    assert parts.bot.reply(["What isolates people?"]).kind in {"answer", "no_answer"}
    assert "BOT_LLM is nobody:nothing" in caplog.text


def test_nothing_is_built_on_a_bad_rules_file(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("rules: {}\n")
    with pytest.raises(RulesError):
        build(Settings(rules=tmp_path / "rules.yaml"))
