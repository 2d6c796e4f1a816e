"""The log: one line an event, without a word that a visitor wrote.

Records of this program are written whole: they hold levels, rule ids, turn ids and times, never
messages. Of other packages, whose texts may quote what they were given, only the place and the
kind of record are told, and of every exception its kind and place. On a terminal a line is plain
text, anywhere else a JSON object. Writing happens in a thread of its own, and lines are dropped
rather than waited for: a log that nobody reads, or a full disk, holds no card up.
"""

from __future__ import annotations

import contextlib
import json
import logging
import logging.handlers
import queue
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

_OWN = "bot"
_LONGEST_QUEUE = 10_000
_PACKAGES = Path(__file__).resolve().parent.parent
#: Attributes of a record that the log adds to its line, if a call gave them in ``extra``.
FIELDS = ("turn", "level", "categories", "rules", "kind", "ms", "trace")


class Lines(logging.Formatter):
    """A record as one line: JSON, or plain text for a person at a terminal."""

    def __init__(self, *, plain: bool) -> None:
        super().__init__()
        self._plain = plain

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record, without its line end."""
        fields = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and isinstance(record.exc_info[1], BaseException):
            fields["error"] = fault(record.exc_info[1])
        said = _said(record)
        if self._plain:
            rest = " ".join(f"{name}={value}" for name, value in fields.items())
            return f"{record.levelname}: {said}{f' ({rest})' if rest else ''}"
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "severity": record.levelname.lower(),
            "logger": record.name,
            "event": said,
        }
        return json.dumps(line | fields, default=str)


def _said(record: logging.LogRecord) -> str:
    if record.name.split(".")[0] == _OWN:
        return record.getMessage()
    return f"{record.name} reported something at {_short(record.pathname)}:{record.lineno}"


def fault(error: BaseException) -> str:
    """What went wrong and where, without the error's own words: they might quote a visitor."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{_short(frames[-1].filename)}:{frames[-1].lineno}" if frames else "unknown place"
    return f"{type(error).__name__} at {where}"


def _short(path: str) -> str:
    """A path below the project or ``site-packages``, without what is above."""
    with contextlib.suppress(ValueError):
        return Path(path).relative_to(_PACKAGES).as_posix()
    return path.rpartition("site-packages/")[2]


class _Dropping(logging.handlers.QueueHandler):
    """Hands records to the writing thread; drops them where it cannot keep up."""

    def enqueue(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(queue.Full):
            self.queue.put_nowait(record)

    def prepare(self, record: logging.LogRecord) -> Any:
        """The record as it is: it does not leave the process."""
        return record


class _Writing(logging.StreamHandler[TextIO]):
    """Writes lines; what cannot be written is lost without a word, and without a traceback."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Do nothing: the usual report would print the record's arguments."""


class Log:
    """The running log; ``stop`` writes what is still waiting, if that is possible soon."""

    def __init__(self, stream: TextIO) -> None:
        self.waiting: queue.Queue[logging.LogRecord | None] = queue.Queue(_LONGEST_QUEUE)
        self._handler = _Writing(stream)
        self._handler.setFormatter(Lines(plain=stream.isatty()))
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is waiting; gives up after two seconds, so that nobody waits for a log."""
        with contextlib.suppress(queue.Full):
            self.waiting.put(None, timeout=1)
        self._thread.join(timeout=2)

    def _work(self) -> None:
        while (record := self.waiting.get()) is not None:
            self._handler.handle(record)


def start(level: str = "info", stream: TextIO | None = None) -> Log:
    """Log to ``stream`` (standard error) what this program tells from ``level`` on.

    Of other packages only warnings and errors are told. Also takes over what Python and Gradio
    would print of an exception that nobody caught.
    """
    log = Log(sys.stderr if stream is None else stream)
    root = logging.getLogger()
    root.handlers[:] = [_Dropping(log.waiting)]
    root.setLevel(logging.WARNING)
    logging.getLogger(_OWN).setLevel(level.upper())
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    # Gradio prints what an event raises past the log, with the error's own words.
    traceback.print_exc = _print_exc
    return log


def forbid_crash_dumps() -> None:
    """Have the system write no memory dump if the process crashes: it would hold messages."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # there is none on Windows
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _uncaught(
    kind: type[BaseException], error: BaseException | None, _trace: TracebackType | None
) -> None:
    if error is not None and not issubclass(kind, KeyboardInterrupt):
        logging.getLogger(_OWN).error("Something failed unforeseen: %s", fault(error))


def _uncaught_in_thread(given: threading.ExceptHookArgs) -> None:
    _uncaught(given.exc_type, given.exc_value, given.exc_traceback)


def _print_exc(*_: object, **__: object) -> None:
    error = sys.exc_info()[1]
    if error is not None:
        logging.getLogger(_OWN).error("An event of the page failed: %s", fault(error))
