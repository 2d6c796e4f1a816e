"""What a measurement gives back: rows of ours beside its floor, and the table they make."""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of ours and what the parts alone cost, measured in the same run.

    ``size`` is how much of what grows there was (characters, passages, conversations), 0 where
    nothing does. ``bar`` is the most that the ratio may be, or the least with ``at_least``;
    ``None`` where none is set.
    """

    bench: str
    name: str
    ours: float
    floor: float
    unit: str
    size: int = 0
    bar: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def ratio(self) -> float:
        """Ours as a multiple of the floor; infinite if that is nothing."""
        return self.ours / self.floor if self.floor else float("inf")

    @property
    def holds(self) -> bool | None:
        """Whether the ratio is within its bar; ``None`` without one."""
        if self.bar is None:
            return None
        return self.ratio >= self.bar if self.at_least else self.ratio <= self.bar

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as words, in the order of ``HEADS``."""
        bar = "" if self.bar is None else f"{'>=' if self.at_least else '<='} {self.bar:g}"
        missed = "missed" if self.holds is False else ""
        size = f"{self.size:,}" if self.size else ""
        figures = (figure(self.ours), figure(self.floor), self.unit, f"{self.ratio:.2f}", bar)
        return (self.bench, self.name, size, *figures, missed, self.note)


class Measure(Protocol):
    """One measurement; ``full`` takes the sizes that need more than a few minutes."""

    def __call__(self, *, full: bool) -> list[Row]:
        """Measure now."""


HEADS = ("bench", "what", "size", "ours", "floor", "unit", "ratio", "bar", "", "")
_RIGHT = frozenset({2, 3, 4, 6})


def figure(value: float) -> str:
    """A number with three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.4f}"


def table(rows: Iterable[Row]) -> str:
    """The rows below each other, for a terminal."""
    lines = [HEADS, *(row.cells for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if at in _RIGHT else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join(padded).rstrip()

    return "\n".join(map(line, lines))


def markdown(rows: Iterable[Row]) -> str:
    """The same table for a page."""
    ruler = ["--:" if at in _RIGHT else "---" for at in range(len(HEADS))]
    lines = [HEADS, ruler, *(row.cells for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def milliseconds(action: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def middle(values: Sequence[float]) -> float:
    """The median; 0 of nothing."""
    return statistics.median(values) if values else 0.0


def here() -> str:
    """The day, and the machine in a few words."""
    try:
        known = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        known = ""
    found = re.search(r"^model name\s*:\s*(.+)$", known, re.MULTILINE)
    model = " ".join((found[1] if found else platform.processor() or platform.machine()).split())
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = "1 core" if count == 1 else f"{count} cores"
    return f"{datetime.now(tz=UTC).date()}, {model}, {cores}, Python {platform.python_version()}"


def print_alone(measure: Measure, about: str | None) -> None:
    """Run one measurement by itself and print its table."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="all sizes; takes much longer")
    rows = measure(full=parser.parse_args().full)
    print(here())
    print(table(rows))
