"""The program from outside: started as visitors meet it, spoken to as its page does.

Beside it stands the bare echo, the least that Gradio can do. Nothing here knows how the program
is made inside, so that measurements survive a change of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
#: The index of the project's own corpus that measurements share; made when first needed.
INDEX = ROOT / "test-results" / "bench" / "index"
EVENTS = "/gradio_api/run/predict"
DISCLOSURES = (
    "I don't feel safe at home",
    "He threatened to kill me last night",
    "I want to die",
    "She hits me when she is angry",
    "He is choking me right now",
)
QUESTIONS = (
    "What is stonewalling?",
    "Why do couples grow apart?",
    "What does emotional abuse look like?",
    "How can we talk again without fighting?",
    "What is a behaviour change program?",
    "What is the weather tomorrow?",
)
ECHO = """
import sys, gradio as gr, uvicorn
from fastapi import FastAPI
with gr.Blocks(analytics_enabled=False) as blocks:
    box, out = gr.Textbox(lines=1, max_lines=5), gr.HTML(elem_id="out")
    box.submit(lambda said: f"<p class='echo'>{said}</p>", box, out, queue=False)
app = gr.mount_gradio_app(FastAPI(), blocks, path="/", run_history=False)
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False)
"""
_START_WITHIN = 900.0  # seconds; the second net may have to be fitted first
_STOP_WITHIN = 40.0


@dataclass(frozen=True, slots=True)
class Served:
    """A server on this machine: its address, and the process that was started."""

    url: str
    process: int


@contextlib.contextmanager
def process_of(command: Sequence[str], **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own in the project folder, ended afterwards."""
    env = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", **settings}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=quiet, stderr=quiet)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def chat(index: Path = INDEX, **settings: str) -> Iterator[Served]:
    """``app.py``, from the moment its process exists; nothing needs to answer yet."""
    port = free_port()
    command = [sys.executable, "app.py", "--host", "127.0.0.1", "--port", str(port)]
    quiet = {"BOT_INDEX": str(index), "BOT_RATE": "100000", "BOT_LOG_LEVEL": "error"}
    with process_of(command, **quiet, **settings) as process:
        yield Served(f"http://127.0.0.1:{port}", process.pid)


@contextlib.contextmanager
def echo() -> Iterator[Served]:
    """The bare echo, likewise."""
    port = free_port()
    with process_of([sys.executable, "-c", ECHO, str(port)]) as process:
        yield Served(f"http://127.0.0.1:{port}", process.pid)


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def wait_for(address: str) -> None:
    """Wait until ``address`` answers; ``SystemExit`` if it does not within minutes."""
    deadline = time.monotonic() + _START_WITHIN
    with httpx.Client(timeout=5) as client:
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if client.get(address).status_code == 200:
                    return
            time.sleep(0.02)
    raise SystemExit(f"{address} did not answer within {_START_WITHIN:.0f} seconds.")


def ready(served: Served) -> None:
    """Wait until the chat gives answers."""
    wait_for(f"{served.url}/health/answers")


def make_index(index: Path = INDEX, corpus: Path = ROOT / "corpus") -> Path:
    """The index of ``corpus``, brought up to date; ``SystemExit`` tells why it cannot be."""
    settings = {"BOT_INDEX": str(index), "BOT_CORPUS": str(corpus)}
    done = subprocess.run(
        [sys.executable, "ingest.py"],
        cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    return index


@dataclass(frozen=True, slots=True)
class Page:
    """What a loaded page knows: the number of the event that asks, and of the one that answers."""

    asking: int
    answering: int

    @classmethod
    def read(cls, html: str) -> Page:
        """The events in the page as Gradio serves it: the first asks, the last answers."""
        numbers = [int(number) for number in re.findall(r'"id":(\d+),"targets"', html)]
        return cls(min(numbers), max(numbers))


def request(event: int, name: str, turns: Sequence[str]) -> dict[str, object]:
    """The body of an event: a whole conversation up to now."""
    return {
        "fn_index": event,
        "data": [{"token": name, "number": len(turns), "turns": list(turns)}],
    }


def shown(response: httpx.Response) -> str:
    """The HTML that an event brought; ``httpx.HTTPStatusError`` if it failed."""
    return str(response.raise_for_status().json()["data"][0])


def has_card(html: str) -> bool:
    """Whether a reply shows a card."""
    return 'class="card ' in html


def is_complete(html: str) -> bool:
    """Whether nothing more is to come for a turn."""
    return 'data-revision="2"' in html and "Looking in the article" not in html


class Visitor:
    """One visitor of the chat, who waits for each reply."""

    def __init__(self, served: Served) -> None:
        """Load the page, once it is there."""
        wait_for(f"{served.url}/")
        self._client = httpx.Client(base_url=served.url, timeout=120)
        self._page = Page.read(self._client.get("/").text)

    def ask(self, *turns: str) -> str:
        """What is seen at once: a card, or that an answer is being looked for."""
        return self._send(self._page.asking, turns)

    def turn(self, *turns: str) -> str:
        """The whole turn, its answer included."""
        html = self.ask(*turns)
        while not is_complete(html):
            html = self._send(self._page.answering, turns)
        return html

    def _send(self, event: int, turns: Sequence[str]) -> str:
        return shown(self._client.post(EVENTS, json=request(event, "bench", turns)))

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def resident_mb(process: int) -> float:
    """Memory of a process and all it started, in MB; what they share counts once.

    Raises ``OSError`` where the system has no ``/proc``.
    """
    parents = _parents()
    family = {process}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(_proportional_kb(each) for each in family) / 1024


def _parents() -> Mapping[int, int]:
    """Every process with the one that started it."""
    found: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            after = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            found[int(path.parent.name)] = int(after[1])
    return found


def _proportional_kb(process: int) -> int:
    """The proportional set size: memory shared by n processes counts 1/n for each."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    except ProcessLookupError:
        return 0
    found = re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0
