"""Words on a terminal: colours, wrapping, and a sign of life during long work."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import TaskID

#: Characters in a line of running text.
WIDTH = 88
#: Called with what is being done, how much of it is done, and how much there is.
OnProgress = Callable[[str, int, int], None]


class Ink:
    """Colours for a stream; none unless it is a terminal, or if ``NO_COLOR`` is set."""

    def __init__(self, stream: TextIO) -> None:
        """Find out whether ``stream`` takes colours."""
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        self.on = stream.isatty() and not plain

    def strong(self, text: str) -> str:
        """A heading."""
        return self._in("1", text)

    def faint(self, text: str) -> str:
        """Something of less weight."""
        return self._in("2", text)

    def alarm(self, text: str) -> str:
        """Something to look at first."""
        return self._in("1;31", text)

    def good(self, text: str) -> str:
        """Something that is as it should be."""
        return self._in("32", text)

    def _in(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.on and text else text


def wrapped(text: str, indent: str = "", first: str | None = None) -> str:
    """``text`` in lines of at most ``WIDTH`` characters; its own line breaks stay."""
    lines = []
    for number, line in enumerate(text.split("\n")):
        start = first if first is not None and number == 0 else indent
        lines.append(
            textwrap.fill(
                line,
                WIDTH,
                initial_indent=start,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )
            or start.rstrip()
        )
    return "\n".join(lines)


@contextmanager
def progress() -> Iterator[OnProgress]:
    """A progress bar on standard error where that is a terminal, nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - only on a terminal
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield show


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A moving sign with a few words while something takes seconds; only on a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - only on a terminal

    with Console(stderr=True).status(what):
        yield
