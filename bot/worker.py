"""Answers are made in a process of their own, so that nothing there can hold a card up.

The sentence model, the index and a language model take long to load and to compute, hold Python's
lock while they do, and rest on native code that can crash. The page's process has none of them: it
screens, shows cards, and hands screened turns through a pipe to the process here. What a visitor
wrote passes through that pipe and is written nowhere. A process that ends or hangs is replaced;
until the new one answers, questions get a plain sentence.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Protocol

from bot import logs
from bot.errors import BotError
from bot.logs import fault
from bot.screening import Screened
from bot.settings import Settings
from bot.types import Reply

logger = logging.getLogger(__name__)

Finished = tuple[Screened, Reply]

#: How far the process stands back where both want to compute: cards come first.
_NICENESS = 5
#: Turns finished at the same time at most; the page sends fewer.
_AT_ONCE = 16
#: Seconds before a process that ended is replaced: soon, unless it ended soon after its start.
_SOON, _LATER, _LIVED = 1.0, 15.0, 30.0
#: Seconds that a process is given to end by itself.
_PARTING = 3.0
#: Under this number the process tells that answers are ready; turns count from 1.
_READY = 0
#: What it tells of a turn that it could not finish.
_FAILED = None


class AnswersUnavailable(BotError):
    """The process that makes answers is not there, or did not answer in time."""


class Finisher(Protocol):
    """What finishes screened turns (``bot.conversation.Bot``)."""

    def finish(self, screened: Screened) -> Finished:
        """The second look and the answer; never raises, may wait."""


class Program(Protocol):
    """What runs in the process (``bot.build.Parts``)."""

    @property
    def bot(self) -> Finisher:
        """Finishes turns."""

    @property
    def ready(self) -> bool:
        """Whether a question can be answered without waiting for anything to load."""

    def warm_up(self) -> None:
        """Start to load in the background."""


def whole_program(settings: Settings) -> Program:
    """The joined program."""
    from bot.build import build  # noqa: PLC0415 - for the other process: the page needs none of it

    return build(settings)


class Worker:
    """The process that makes answers, seen from the page's. Safe to use from several threads."""

    def __init__(
        self, settings: Settings, make: Callable[[Settings], Program] = whole_program
    ) -> None:
        """Nothing runs yet. ``make`` is called in the new process; it has to be importable."""
        self._settings = settings
        self._make = make
        self._context = get_context("spawn")  # a fork would copy the page's threads and locks
        self._numbers = itertools.count(_READY + 1)
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[Finished]] = {}
        self._connection: Connection | None = None
        self._process: BaseProcess | None = None
        self._keeper: threading.Thread | None = None
        self._stopped = threading.Event()
        self._ready = False

    @property
    def ready(self) -> bool:
        """Whether a question can be answered without waiting for anything to load."""
        return self._ready

    def start(self) -> None:
        """Start the process and keep one running; returns once the first has been started."""
        began = threading.Event()
        keep = (began,)
        self._keeper = threading.Thread(target=self._keep, args=keep, name="worker", daemon=True)
        self._keeper.start()
        atexit.register(self.stop)
        began.wait()

    def finish(self, screened: Screened) -> Finished:
        """Finish a screened turn; waits for it.

        Raises ``AnswersUnavailable`` if the process is not there, ends meanwhile, fails, or needs
        longer than ``Settings.answer_timeout``. One that was ready all that time hangs, and is
        replaced; one that was still loading has only just begun with what waited for it.
        """
        number, future = next(self._numbers), Future[Finished]()
        try:
            with self._lock:
                if self._connection is None:
                    raise AnswersUnavailable("The process that makes answers is not running.")
                process, was_ready = self._process, self._ready
                self._waiting[number] = future
                self._connection.send((number, screened))
            return future.result(self._settings.answer_timeout)
        except TooLate:
            if was_ready and process is not None:
                process.kill()
            raise AnswersUnavailable(
                f"An answer took longer than {self._settings.answer_timeout:g} seconds. "
                "The process that makes answers is started anew if it was ready all that time."
            ) from None
        except OSError:
            raise AnswersUnavailable("The process that makes answers has just ended.") from None
        finally:
            self._waiting.pop(number, None)

    def stop(self) -> None:
        """End the process; turns that it has not finished are given up."""
        self._stopped.set()
        with self._lock:
            if self._connection is not None:
                with contextlib.suppress(OSError):  # it has ended already
                    self._connection.send(None)
        if self._keeper is not None:
            self._keeper.join(3 * _PARTING)

    def _keep(self, began: threading.Event) -> None:
        while not self._stopped.is_set():
            at = time.monotonic()
            try:
                code = self._run(began)
            except OSError as error:
                code = error.strerror
            finally:
                began.set()
            if self._stopped.is_set():
                return
            logger.error(
                "The process that makes answers has ended (%s). It is started again; cards go on.",
                code,
            )
            self._stopped.wait(_SOON if time.monotonic() - at > _LIVED else _LATER)

    def _run(self, began: threading.Event) -> object:
        """One process from its start to its end; what it ended with."""
        ours, theirs = self._context.Pipe()
        arguments = (theirs, self._settings, self._make)
        process = self._context.Process(target=_serve, args=arguments, name="answers", daemon=True)
        process.start()
        theirs.close()  # else the pipe would outlive the process
        with self._lock:
            self._process, self._connection = process, ours
        began.set()
        try:
            while not self._stopped.is_set():
                number, content = ours.recv()
                if number == _READY:
                    self._ready = True
                elif (future := self._waiting.get(number)) is None:
                    continue  # given up meanwhile
                elif content is _FAILED:
                    future.set_exception(AnswersUnavailable("An answer could not be made."))
                else:
                    future.set_result(content)
        except (EOFError, OSError):
            pass
        finally:
            self._ready = False
            with self._lock:
                self._connection = None
                given_up = list(self._waiting.values())
            for future in given_up:
                future.set_exception(AnswersUnavailable("The process that makes answers ended."))
            ours.close()
            _part(process)
        return process.exitcode


def _part(process: BaseProcess) -> None:
    process.join(_PARTING)
    if process.is_alive():
        process.kill()
        process.join(_PARTING)


def _serve(pipe: Connection, settings: Settings, make: Callable[[Settings], Program]) -> None:
    """What the process does: finish turns until it is told that there are no more."""
    # The page's process finishes its turns when it is told to stop, and ends this one after that.
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.SIG_IGN)
    log = logs.start(settings.log_level)
    logs.forbid_crash_dumps()
    # The page's process reads the same rules and has told what there is to tell of them.
    logging.getLogger("bot.safety.reload").disabled = True
    with contextlib.suppress(AttributeError, OSError):
        os.nice(_NICENESS)
    code = 0
    try:
        _finish_turns(pipe, make(settings))
    except BotError as error:
        logger.error("Answers cannot be made. %s", error)
        code = 1
    log.stop()
    os._exit(code)  # a thread that still computes must not hold the end up


def _finish_turns(pipe: Connection, program: Program) -> None:
    sending = threading.Lock()

    def tell(number: int, content: object) -> None:
        with sending, contextlib.suppress(OSError):  # the page is gone
            pipe.send((number, content))

    def tell_when_ready() -> None:
        while not program.ready:
            time.sleep(0.1)
        tell(_READY, None)

    def finish(number: int, screened: Screened) -> None:
        try:
            tell(number, program.bot.finish(screened))
        except Exception as error:  # the page must not wait for what will not come
            logger.error("Finishing failed: %s", fault(error), extra={"turn": screened.turn_id})
            tell(number, _FAILED)

    program.warm_up()
    threading.Thread(target=tell_when_ready, name="ready", daemon=True).start()
    turns = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="turn")
    with contextlib.suppress(EOFError, OSError):
        while turn := pipe.recv():
            turns.submit(finish, *turn)
