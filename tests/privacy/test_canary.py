"""A phrase typed into every way in is afterwards found nowhere but in front of who typed it."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from platformdirs import user_cache_path
from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]
#: Words that no program writes by itself; looked for one by one, in several encodings.
WORDS = ("zyxquorble", "flimmerbusk", "vorpaldrake")
CANARY = " ".join(WORDS)
#: Folders below the project in which this very file leaves its traces.
_OF_THE_TESTS = {".venv", ".git", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"}


class _Echo(BaseHTTPRequestHandler):
    """A language model's endpoint that throws the visitor's words back in an error."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class World:
    """A machine of its own for the program: home, temporary files, data and log in one folder."""

    def __init__(self, folder: Path, llm_url: str) -> None:
        self.folder = folder
        self.began = time.time()
        for name in ("home", "tmp", "data"):
            (folder / name).mkdir()
        # Rules compiled before, so that nobody waits for them; they hold no visitor's words.
        kept = user_cache_path("article-support-chat")
        if kept.is_dir():
            shutil.copytree(kept, folder / "home" / "cache" / kept.name)
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BOT_")},
            "HOME": str(folder / "home"),
            "XDG_CACHE_HOME": str(folder / "home" / "cache"),
            "TMPDIR": str(folder / "tmp"),
            "BOT_INDEX": str(folder / "data" / "index"),
            "BOT_COUNTS": str(folder / "data" / "counts.json"),
            "BOT_LOG_LEVEL": "debug",
            "BOT_LLM": "openai:echo",
            "BOT_LLM_URL": llm_url,
            "OPENAI_LOG": "debug",
            "PYTHONFAULTHANDLER": "1",
        }

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """One command, whose errors go into the log."""
        with (self.folder / "log").open("a") as log:
            return subprocess.run(
                [sys.executable, *words],
                cwd=ROOT,
                env=self.env,
                input=stdin,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                check=False,
                timeout=400,
            )

    def traces(self) -> list[str]:
        """Every file that holds a word of the canary, or was left in the project meanwhile."""
        wanted = [form for word in WORDS for form in forms(word)]
        found = []
        own = [path for path in ROOT.rglob("*") if not set(path.parts) & _OF_THE_TESTS]
        fresh = [path for path in own if path.is_file() and path.stat().st_mtime >= self.began]
        for path in [*self.folder.rglob("*"), *fresh]:
            if path.is_file():
                held = path.read_bytes().lower()
                if any(form in held for form in wanted) and path != Path(__file__):
                    found.append(str(path))
            if any(word in path.name for word in WORDS):
                found.append(str(path))
        return found


def forms(word: str) -> Iterator[bytes]:
    """A word as it might be written: plain, in two-byte letters, in base64 at each offset."""
    yield word.encode()
    yield word.encode("utf-16-le")
    for pad in range(3):
        coded = base64.b64encode(b" " * pad + word.encode() + b"  ")
        yield coded[4:-4].lower()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    endpoint = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    yield World(tmp_path, f"http://127.0.0.1:{endpoint.server_address[1]}/v1")
    endpoint.shutdown()
    endpoint.server_close()


def test_the_search_finds_what_it_is_meant_to(world: World) -> None:
    assert world.traces() == []
    for at, form in enumerate(forms(WORDS[1])):
        (world.folder / f"{at}").write_bytes(b"\0" * at + form)
    assert len(world.traces()) == 5


@pytest.mark.timeout(900)
def test_the_command_line_leaves_no_trace(world: World) -> None:
    lines = [
        json.dumps({"text": CANARY}),
        json.dumps({"turns": [f"my husband hits me {CANARY}", CANARY]}),
        f'{{"text": "{CANARY}',
        f'{{"{CANARY}": 1}}',
        json.dumps({"text": f"What is stonewalling? {CANARY} \ud800"}),
    ]
    stdin = "\n".join(lines) + "\n"
    world.run("-m", "bot", "check", stdin=stdin)
    answered = world.run("-m", "bot", "ask", stdin=stdin)
    assert answered.stdout.count('"kind"') == 3
    shutil.rmtree(world.folder / "data" / "index")
    world.env["BOT_EMBEDDER"] = str(world.folder)
    broken = world.run("-m", "bot", "ask", f"What is stonewalling? {CANARY}")
    assert "try again" in broken.stdout
    assert world.traces() == []


@pytest.mark.timeout(900)
def test_the_page_leaves_no_trace_whatever_fails_behind_it(world: World, chromium: Browser) -> None:
    """Questions, crises, a failing language model, a lost index, a crash: all with the canary."""
    log = (world.folder / "log").open("a")
    command = 'ulimit -c unlimited 2>/dev/null; exec "$0" app.py --port 0'
    process = subprocess.Popen(
        ["bash", "-c", command, sys.executable],
        cwd=ROOT,
        env=world.env,
        stdout=log,
        stderr=subprocess.STDOUT,
    )

    def said() -> str:
        return (world.folder / "log").read_text(encoding="utf-8")

    def wait_for(pattern: str) -> str:
        deadline = time.monotonic() + 300
        while not (found := re.search(pattern, said())):
            assert process.poll() is None, said()
            assert time.monotonic() < deadline, said()
            time.sleep(0.1)
        return found[0]

    try:
        page = chromium.new_page()
        page.goto(wait_for(r"http://127\S+/"))
        box = page.locator("#box textarea")
        box.wait_for(timeout=60_000)

        def ask(message: str, answers: int) -> None:
            box.fill(message)
            box.press("Enter")
            deadline = time.monotonic() + 300
            while said().count('"event": "answered"') < answers:
                assert time.monotonic() < deadline, said()
                time.sleep(0.1)

        ask(f"my husband hits me {CANARY}", 1)
        ask(f"What does stonewalling do to me? {CANARY}", 2)
        shutil.rmtree(world.folder / "data" / "index", ignore_errors=True)
        ask(f"{CANARY} <script>{WORDS[0]}</script>", 3)
        wait_for('"event": "screened"')
        assert world.traces() == []
        process.send_signal(signal.SIGABRT)
        process.wait(20)
        page.close()
    finally:
        process.kill()
        process.wait()
        log.close()
    assert world.traces() == []
    assert not [path for path in ROOT.glob("core*") if path.is_file()]
