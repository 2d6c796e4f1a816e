"""The Chroma server down, silent, slow and restarted in the middle of a conversation."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import pytest

from bot.build import Parts
from bot.knowledge.index import chroma
from bot.knowledge.index.chroma import ChromaIndex
from bot.knowledge.ingest import ingest
from bot.settings import Settings
from tests.fakes import HashingEmbedder
from tests.faults.conftest import QUESTION, Start, ask, assert_cards, assert_told_plainly


class Server:
    """A Chroma server of our own, which can be stopped, frozen and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        chroma = str(Path(sys.executable).parent / "chroma")
        where = ["--path", str(self._folder), "--host", "127.0.0.1", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [chroma, "run", *where],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
        )
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/api/v2/heartbeat", timeout=1)
                return
            assert self.process.poll() is None, "chroma run has ended"
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "server"
    folder.mkdir()
    running = Server(folder)
    yield running
    running.process.send_signal(signal.SIGCONT)
    running.stop()


@pytest.fixture
def parts(server: Server, start: Start, settings: Settings) -> Parts:
    """The program, having answered a question from the server."""
    changed = settings.model_copy(update={"chroma_url": server.url})
    ingest([settings.corpus], changed, HashingEmbedder())
    parts = start(chroma_url=server.url)
    assert ask(parts).kind in {"answer", "no_answer"}
    return parts


def test_killed_in_mid_conversation_the_answers_go_on(
    parts: Parts, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    before = ask(parts)
    server.stop()
    after = parts.bot.reply([QUESTION, QUESTION])
    assert after.kind == before.kind
    parts.library.refresh()
    assert_cards(parts)
    assert "the copy in memory is searched" in caplog.text
    assert server.url in caplog.text


def test_frozen_it_costs_one_question_a_short_wait_and_the_next_none(
    parts: Parts, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = parts.library._index
    assert isinstance(index, ChromaIndex)
    searched = Mock(side_effect=index._nearest)
    monkeypatch.setattr(index, "_nearest", searched)
    monkeypatch.setattr(chroma, "_LEFT_ALONE", 600.0)
    server.process.send_signal(signal.SIGSTOP)
    assert ask(parts).kind in {"answer", "no_answer"}
    assert_cards(parts)
    assert searched.call_count == 1
    assert ask(parts).kind in {"answer", "no_answer"}
    assert searched.call_count == 1


def test_restarted_it_is_used_again_and_a_newer_version_taken_up(
    parts: Parts, server: Server, settings: Settings
) -> None:
    version = parts.library._index
    assert version is not None
    server.stop()
    ask(parts)
    server.start()
    (settings.corpus / "two.md").write_text("# Two\n\nMoney worries put couples under strain.\n")
    changed = settings.model_copy(update={"chroma_url": server.url})
    ingest([settings.corpus], changed, HashingEmbedder())
    parts.library.refresh()
    assert parts.library._index is not version
    assert len(parts.library._index.passages()) == 2  # type: ignore[union-attr]
    assert ask(parts).kind in {"answer", "no_answer"}


def test_down_from_the_start_it_is_told_and_tried_again(
    start: Start, server: Server, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    changed = settings.model_copy(update={"chroma_url": server.url})
    ingest([settings.corpus], changed, HashingEmbedder())
    server.stop()
    parts = start(chroma_url=server.url)
    assert_cards(parts)
    assert_told_plainly(ask(parts))
    assert "Start it (chroma run --path FOLDER), or unset BOT_CHROMA_URL" in caplog.text
    server.start()
    assert ask(parts).kind in {"answer", "no_answer"}


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A listening socket behind which nobody ever says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield listening


def test_a_server_that_accepts_and_says_nothing_is_given_up(
    start: Start, silent: socket.socket
) -> None:
    parts = start(chroma_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert_told_plainly(ask(parts))
    assert_cards(parts)


def test_cards_do_not_wait_for_a_silent_server_and_ten_questions_share_one_wait(
    start: Start, silent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is told anything before the connections are closed here."""
    monkeypatch.setattr(chroma, "_GREETING_TIMEOUT", 200.0)
    parts = start(chroma_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
    with ThreadPoolExecutor(10) as visitors:
        asked = [visitors.submit(ask, parts) for _ in range(10)]
        accepted, _ = silent.accept()
        assert_cards(parts)
        assert not any(each.done() for each in asked)
        accepted.close()
        # Whoever had not yet asked when the first were told starts a wait of their own.
        waits = 1
        silent.settimeout(1)
        while not all(each.done() for each in asked):
            with contextlib.suppress(TimeoutError):
                silent.accept()[0].close()
                waits += 1
        for each in asked:
            assert_told_plainly(each.result())
    assert waits < 10, "each question waited by itself"
