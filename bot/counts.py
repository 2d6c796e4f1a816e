"""Counts for the operator: how many turns a day reached which level and category.

Off unless ``BOT_COUNTS`` names a file. The file is one JSON object::

    {"days": {"2026-11-23": {"level:crisis": 15, "category:family_violence": 10}}}

Days are UTC. Keys are ``level:`` and a level's name, for every turn, and ``category:`` and a
category's name, for every turn that itself brought up a card. Small numbers are withheld: each
program counts in its memory and writes a number only in steps of five, so the file never holds
fewer than five of anything, and no change of it is the trace of one visit. What is short of five
when the program stops or the day ends is forgotten. Several programs may share a file.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

logger = logging.getLogger(__name__)

#: Numbers are written in steps of so many.
STEP = 5
_LOCK_SECONDS = 10
_LONGEST_QUEUE = 10_000


class Counts:
    """Adds up turns and writes the file in a thread of its own: counting never waits."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._pending: Counter[tuple[str, str]] = Counter()
        self._queue: queue.Queue[tuple[str, tuple[str, ...]]] = queue.Queue(_LONGEST_QUEUE)
        threading.Thread(target=self._work, name="counts", daemon=True).start()

    def add(self, level: str, categories: Iterable[str]) -> None:
        """Count one turn; never raises, never waits."""
        keys = (f"level:{level}", *(f"category:{category}" for category in categories))
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait((datetime.now(UTC).date().isoformat(), keys))

    def settle(self) -> None:
        """Wait until everything counted so far has been dealt with."""
        self._queue.join()

    def _work(self) -> None:
        while True:
            day, keys = self._queue.get()
            try:
                self._count(day, keys)
            except (OSError, ValueError, Timeout) as error:
                logger.error(
                    "The counts in %s cannot be written (%s); they are kept and tried again. Make "
                    "the folder writable, move a damaged file away, or unset BOT_COUNTS.",
                    self._file,
                    getattr(error, "strerror", None) or type(error).__name__,
                )
            finally:
                self._queue.task_done()

    def _count(self, day: str, keys: tuple[str, ...]) -> None:
        for pending in [each for each in self._pending if each[0] < day]:
            if self._pending[pending] < STEP:
                del self._pending[pending]
        self._pending.update((day, key) for key in keys)
        full = {each: n - n % STEP for each, n in self._pending.items() if n >= STEP}
        if full:
            self._add(full)
            self._pending.subtract(full)
            self._pending = +self._pending

    def _add(self, numbers: dict[tuple[str, str], int]) -> None:
        """Add whole steps to the file, which is replaced as a whole."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self._file}.lock", timeout=_LOCK_SECONDS):
            days = read(self._file)
            for (day, key), number in numbers.items():
                of_day = days.setdefault(day, {})
                of_day[key] = of_day.get(key, 0) + number
            handle, draft = tempfile.mkstemp(dir=self._file.parent, suffix=".new")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as stream:
                    json.dump({"days": days}, stream, indent=1, sort_keys=True)
                    stream.write("\n")
                Path(draft).replace(self._file)
            finally:
                Path(draft).unlink(missing_ok=True)


def counted_by(file: str) -> Callable[[str, Iterable[str]], None] | None:
    """``Counts.add`` for a file, ``None`` if there is to be no file."""
    return Counts(Path(file)).add if file else None


def read(file: Path) -> dict[str, dict[str, int]]:
    """The numbers in a file by day and key, none if there is no file yet.

    Raises ``ValueError`` if it is not such a file, ``OSError`` if it cannot be read.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    days = found.get("days") if isinstance(found, dict) else None
    if not isinstance(days, dict) or not all(
        isinstance(of_day, dict) and all(type(number) is int for number in of_day.values())
        for of_day in days.values()
    ):
        raise ValueError(f"{file} does not hold counts")
    return days
