"""Many conversations at once against the real server: are cards at once, is anything mixed or lost?

    python3 run.py bench load --conversations 500 --seconds 120

Each conversation has its own marker in every message, and every reply is searched for markers.
Among the turns are disclosures (their cards are timed), questions (answered in full), long
messages, and connections dropped in the middle of an answer. The same is then asked of a bare
Gradio echo, and the times of both are told. The index is the operator's own (``BOT_INDEX``).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
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
    box, out = gr.Textbox(), gr.HTML()
    box.submit(lambda said: f"<p>{said}</p>", box, out, queue=False)
app = gr.mount_gradio_app(FastAPI(), blocks, path="/", run_history=False)
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False)
"""


@dataclass
class Seen:
    """What a run found; times in milliseconds."""

    cards: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    turns: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)


@dataclass
class Conversation:
    """One visitor, sending what the page would send."""

    name: str
    client: httpx.AsyncClient
    seen: Seen
    answering: int
    turns: list[str] = field(default_factory=list)
    grave: bool = False

    async def turn(self, kind: str) -> None:
        """Say one thing and check what comes back."""
        marker = f"m-{self.name}-{len(self.turns)}-e"
        text = random.choice(DISCLOSURES if kind == "disclosure" else QUESTIONS)
        if kind == "long":
            text = f"{text} {'We talked about it again and again last week. ' * 80}"[:3900]
        self.turns.append(f"{text} {marker}")
        self.grave = self.grave or kind == "disclosure"
        started = time.perf_counter()
        html = await self.send(0)
        took = (time.perf_counter() - started) * 1000
        if kind == "disclosure":
            self.seen.cards.append(took)
            if 'class="card ' not in html:
                self.seen.faults.append(f"no card: {text}")
        self.check(html, marker)
        if 'data-revision="2"' not in html:
            if kind == "dropped":
                waiting = asyncio.create_task(self.send(self.answering))
                await asyncio.sleep(random.uniform(0, 0.05))
                waiting.cancel()
            started = time.perf_counter()
            html = await self.send(self.answering)
            self.seen.answers.append((time.perf_counter() - started) * 1000)
            self.check(html, marker)
            if 'data-revision="2"' not in html or "Looking in the article" in html:
                self.seen.faults.append(f"not answered: {text}")
        self.seen.turns[kind] += 1

    def check(self, html: str, marker: str) -> None:
        """A reply holds this turn's marker and no other, and the card once there was one."""
        if set(re.findall(r"m-\w+-\d+-e", html)) != {marker}:
            self.seen.faults.append(f"mixed or lost: {marker}")
        if self.grave and "data-pinned><section" not in html:
            self.seen.faults.append(f"the card has gone: {marker}")

    async def send(self, number: int) -> str:
        """Send the conversation to an event; what the server shows."""
        sent = {"token": self.name, "number": len(self.turns), "turns": self.turns}
        response = await self.client.post(EVENTS, json={"fn_index": number, "data": [sent]})
        if response.status_code != 200:
            self.seen.faults.append(f"status {response.status_code}")
            return ""
        return str(response.json()["data"][0])


@dataclass
class Echo(Conversation):
    """The same visitor at a bare echo: as many requests, nothing behind them."""

    async def turn(self, kind: str) -> None:
        """Say one thing, twice, as a turn of the chat is two requests."""
        self.turns.append(random.choice(QUESTIONS))
        for timed in (self.seen.cards, self.seen.answers):
            started = time.perf_counter()
            answer = await self.client.post(EVENTS, json={"fn_index": 0, "data": [self.turns[-1]]})
            timed.append((time.perf_counter() - started) * 1000)
            if answer.status_code != 200:
                self.seen.faults.append(f"status {answer.status_code}")
        self.seen.turns[kind] += 1


async def visit(who: Conversation, until: float, pause: float) -> None:
    """Turns with pauses between, as people write, and a fresh start after a dozen."""
    await asyncio.sleep(random.uniform(0, pause))
    while time.monotonic() < until:
        kind = random.choices(("disclosure", "question", "long", "dropped"), (30, 50, 10, 10))[0]
        try:
            await who.turn(kind)
        except httpx.HTTPError as error:
            who.seen.faults.append(type(error).__name__)
        if len(who.turns) >= 12:
            who.turns.clear()
            who.grave = False
        await asyncio.sleep(random.uniform(0.5, 1.5) * pause)


async def load(
    url: str, process: int, options: argparse.Namespace, make: type[Conversation]
) -> tuple[Seen, Seen]:
    """The times of one visitor alone, then of all together."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as client:
        answering = 0
        if make is Conversation:
            answering = await answering_event(client)
        alone = Seen()
        for _ in range(60):
            one = make("alone", client, alone, answering)
            await one.turn("disclosure")
        together, until = Seen(), time.monotonic() + options.seconds
        crowd = [
            asyncio.create_task(
                visit(make(f"v{n}", client, together, answering), until, options.pause)
            )
            for n in range(options.conversations)
        ]
        while not all(task.done() for task in crowd):
            together.memory.append(resident(process))
            await asyncio.wait(crowd, timeout=5)
        for task in crowd:
            task.result()
    return alone, together


async def answering_event(client: httpx.AsyncClient) -> int:
    """The number of the last event of the page, which answers."""
    page = (await client.get("/")).text
    return max(int(number) for number in re.findall(r'"id":(\d+),"targets"', page))


def resident(process: int) -> int:
    """Memory of a process in MB, 0 where that cannot be read."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) // 1024 if found else 0


@contextmanager
def running(command: list[str], address: str, settings: dict[str, str]) -> Iterator[int]:
    """A server as a process of its own, once ``address`` answers; its process id."""
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **settings}, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 600
        while True:
            try:
                if httpx.get(address, timeout=5).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("The server did not start.")
            time.sleep(0.2)
        yield process.pid
    finally:
        process.terminate()
        process.wait(40)


def told(name: str, times: list[float]) -> float:
    """Print quantiles of some times; the 99th percentile."""
    ordered = sorted(times) or [0.0]
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.5, 0.95, 0.99)]
    print(f"  {name:26} {len(times):6}   {at[0]:8.1f} {at[1]:8.1f} {at[2]:8.1f}")
    return at[2]


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def main() -> int:
    """Run both and tell; 1 if a turn was lost or mixed, or a request failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--pause", type=float, default=20, help="seconds between turns, on average")
    options = parser.parse_args()
    random.seed(7)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "app.py", "--port", str(port)]
    settings = {"BOT_RATE": "100000", "BOT_LOG_LEVEL": "warning", "OMP_NUM_THREADS": "1"}
    with running(command, f"{url}/health/answers", settings) as process:
        alone, together = asyncio.run(load(url, process, options, Conversation))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running([sys.executable, "-c", ECHO, str(port)], url, {}) as process:
        echo_alone, echo = asyncio.run(load(url, process, options, Echo))
    print(f"{options.conversations} conversations, {options.seconds:.0f} s, a turn every "
          f"{options.pause:.0f} s; {dict(together.turns)}")  # fmt: skip
    print(f"  {'milliseconds':26} {'count':>6}   {'median':>8} {'95 %':>8} {'99 %':>8}")
    once = told("card, one visitor", alone.cards)
    crowd = told("card, all", together.cards)
    told("answer, one visitor", alone.answers)
    told("answer, all", together.answers)
    told("echo, one visitor", echo_alone.cards)
    bare = told("echo, all", echo.cards)
    memory = together.memory or [0]
    print(f"  99 % of cards: {crowd / once:.2f} times unloaded, {crowd / bare:.2f} times the echo")
    first, half, last = memory[0], memory[len(memory) // 2], memory[-1]
    print(f"  memory of the server: {first} MB at first, {half} MB half-way, {last} MB at the end")
    faults = Counter(alone.faults + together.faults)
    print(f"  faults: {dict(faults.most_common(8)) if faults else 'none'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
