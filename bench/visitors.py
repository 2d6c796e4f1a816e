"""Visitors in a crowd: each asks, checks what comes back, pauses, and asks on.

Every message has a marker of its own, and every reply is searched for markers, so that a reply
mixed up or lost is found. Among the turns are disclosures, questions, long messages, and
connections dropped in the middle of an answer.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.program import (
    DISCLOSURES,
    EVENTS,
    QUESTIONS,
    Page,
    Served,
    has_card,
    is_complete,
    request,
    shown,
)

KINDS = {"disclosure": 30, "question": 50, "long": 10, "dropped": 10}
_CONVERSATION = 12  # turns, then a fresh start


@dataclass
class Seen:
    """What a crowd saw; times in milliseconds, of the turns that ended in time.

    ``cores`` is how many of the machine's were busy on average, with servers and clients alike; 0
    where the system does not tell.
    """

    cards: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    turns: Counter[str] = field(default_factory=Counter)
    with_card: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    cores: float = 0.0


@dataclass
class Visitor:
    """One visitor, sending what the page would send, to each replica in turn."""

    name: str
    replicas: Sequence[httpx.AsyncClient]
    page: Page
    seen: Seen
    chance: random.Random
    turns: list[str] = field(default_factory=list)
    grave: bool = False
    sent: int = 0

    async def turn(self, kind: str) -> None:
        """Say one thing and check what comes back."""
        marker = f"m-{self.name}-{self.sent}-e"
        text = self.chance.choice(DISCLOSURES if kind == "disclosure" else QUESTIONS)
        if kind == "long":
            text = f"{text} {'We talked about it again and again last week. ' * 80}"[:3900]
        self.turns.append(f"{text} {marker}")
        self.grave = self.grave or kind == "disclosure"
        started = time.perf_counter()
        html = await self._send(self.page.asking)
        if kind == "disclosure":
            self.seen.cards.append((time.perf_counter() - started) * 1000)
            self.seen.faults["no card"] += not has_card(html)
        self._check(html, marker)
        if not is_complete(html):
            if kind == "dropped":
                waiting = asyncio.create_task(self._send(self.page.answering))
                try:
                    await asyncio.sleep(self.chance.uniform(0, 0.05))
                finally:  # also where time is up just now
                    waiting.cancel()
            started = time.perf_counter()
            html = await self._send(self.page.answering)
            self.seen.answers.append((time.perf_counter() - started) * 1000)
            self._check(html, marker)
            self.seen.faults["not answered"] += not is_complete(html)
        self.seen.turns[kind] += 1
        self.seen.with_card += has_card(html)

    def _check(self, html: str, marker: str) -> None:
        """A reply holds this turn's marker and no other, and the card once there was one."""
        self.seen.faults["mixed or lost"] += set(re.findall(r"m-\w+-\d+-e", html)) != {marker}
        gone = self.grave and "data-pinned><section" not in html
        self.seen.faults["the card has gone"] += gone

    async def _send(self, event: int) -> str:
        """Send the conversation to an event; what the server shows."""
        self.sent += 1
        replica = self.replicas[self.sent % len(self.replicas)]
        body = request(event, self.name, self.turns)
        return shown(await replica.post(EVENTS, json=body))


@dataclass
class Echoed(Visitor):
    """The same visitor at a bare echo: as many requests, nothing behind them."""

    async def turn(self, kind: str) -> None:
        """Say one thing, twice, as a turn of the chat is two requests."""
        self.turns.append(self.chance.choice(QUESTIONS))
        for timed in (self.seen.cards, self.seen.answers):
            started = time.perf_counter()
            sent = {"fn_index": 0, "data": [self.turns[-1]]}
            shown(await self.replicas[0].post(EVENTS, json=sent))
            timed.append((time.perf_counter() - started) * 1000)
        self.seen.turns[kind] += 1


async def crowd(
    servers: Sequence[Served], size: int, seconds: float, pause: float, make: type[Visitor]
) -> Seen:
    """What ``size`` visitors see in so many seconds, with a ``pause`` after each turn on average.

    What is still waited for when time is up does not count.
    """
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    replicas = [httpx.AsyncClient(base_url=s.url, timeout=120, limits=limits) for s in servers]
    seen, page = Seen(), Page(0, 0)
    if make is Visitor:
        page = Page.read((await replicas[0].get("/")).text)
    tasks = [
        asyncio.create_task(_visit(make(f"v{n}", replicas, page, seen, random.Random(n)), pause))
        for n in range(size)
    ]
    before = _busy_seconds()
    await asyncio.sleep(seconds)
    seen.cores = (_busy_seconds() - before) / seconds
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for replica in replicas:
        await replica.aclose()
    return seen


def _busy_seconds() -> float:
    """Seconds that all processors together were not idle since the machine's start (Linux)."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
    except OSError:
        return 0.0
    times = [int(each) for each in first.split()[1:9]]
    idle, waiting = times[3:5]
    return (sum(times) - idle - waiting) / os.sysconf("SC_CLK_TCK")


async def _visit(who: Visitor, pause: float) -> None:
    """Turns with pauses between, as people write, and a fresh start after a dozen."""
    await asyncio.sleep(who.chance.uniform(0, pause))
    while True:
        (kind,) = who.chance.choices(tuple(KINDS), tuple(KINDS.values()))
        try:
            await who.turn(kind)
        except httpx.HTTPError as error:
            who.seen.faults[type(error).__name__] += 1
        if len(who.turns) >= _CONVERSATION:
            who.turns.clear()
            who.grave = False
        await asyncio.sleep(who.chance.uniform(0.5, 1.5) * pause)
