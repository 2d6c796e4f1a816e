"""The Chroma server down, silent, slow and restarted in the middle of a conversation."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.build import Parts
from bot.knowledge.ingest import ingest
from bot.settings import Settings
from tests.fakes import HashingEmbedder
from tests.faults.conftest import QUESTION, Start, ask, assert_cards, assert_told_plainly

#: Seconds a visitor may wait for an answer when the server has just gone: one search's limit.
PATIENCE = 6.0


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
    began = time.monotonic()
    after = parts.bot.reply([QUESTION, QUESTION])
    assert time.monotonic() - began < PATIENCE
    assert after.kind == before.kind
    parts.library.refresh()
    assert_cards(parts)
    assert "the copy in memory is searched" in caplog.text
    assert server.url in caplog.text


def test_frozen_it_costs_one_question_a_short_wait_and_the_next_none(
    parts: Parts, server: Server
) -> None:
    server.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    assert ask(parts).kind in {"answer", "no_answer"}
    assert time.monotonic() - began < PATIENCE
    assert_cards(parts)
    began = time.monotonic()
    ask(parts)
    assert time.monotonic() - began < 1.0


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


def test_a_server_that_accepts_and_says_nothing_is_not_waited_for(start: Start) -> None:
    """Ten questions at once share one wait, instead of queueing up behind each other's."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        parts = start(chroma_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        threads = [
            threading.Thread(target=lambda: assert_told_plainly(ask(parts))) for _ in range(10)
        ]
        for thread in threads:
            thread.start()
        assert_cards(parts)
        for thread in threads:
            thread.join()
        assert time.monotonic() - began < 2 * PATIENCE
