"""Taking up an edited rules file while the program runs.

An edit is read, checked, compiled and the second net fitted beside the rules in use, which are
then exchanged in a single step. An edit with mistakes changes nothing: they are logged, each with
file, line and mend, and the last good rules stay.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.collector import spare_what_is_here
from bot.errors import RulesError
from bot.safety.layer import SafetyLayer
from bot.safety.rules import rule_files

logger = logging.getLogger(__name__)

#: Seconds between two looks at the files.
_EVERY = 2.0

#: What a file looks like from outside: its name, time of change, size and number.
_Look = tuple[str, int, int, int]


class LiveRules:
    """The safety layer in use, exchanged when its files change.

    ``layer`` is always whole: whoever needs several answers of one layer takes it once.
    ``on_change`` is called with each new layer, in the watching thread.
    """

    def __init__(
        self,
        layer: SafetyLayer,
        on_change: Callable[[SafetyLayer], None],
        *,
        patience: float = 0.0,
    ) -> None:
        """Watch the files of a layer.

        For ``patience`` seconds the words of the second net are left to another process to fit;
        they are taken up here as soon as it has kept them.
        """
        self.layer = layer
        self._patience = patience
        self._since = time.monotonic()
        self._path = layer.book.path
        self._on_change = on_change
        self._files = self._named()
        self._known = self._look()
        self._changed: tuple[_Look, ...] | None = None

    def start(self) -> None:
        """Fit the second net if need be, and watch the files, in a background thread."""
        _tell_stale(self.layer)
        threading.Thread(target=self._watch, name="rules", daemon=True).start()

    def _watch(self) -> None:
        while True:
            if self.layer.learn(fitting=self._fitting):
                spare_what_is_here()
            time.sleep(_EVERY)
            try:
                self.refresh()
            except Exception as error:  # a thread must not die unheard
                logger.error("Looking for new rules failed (%s).", type(error).__name__)

    @property
    def _fitting(self) -> bool:
        return time.monotonic() - self._since >= self._patience

    def refresh(self) -> None:
        """Take up the files if they have changed and then stood still from one call to the next.

        Editors and copying programs write in several steps, each of which could pass for a
        whole, shorter file.
        """
        look = self._look()
        if look == self._known:
            self._changed = None
        elif look != self._changed:
            self._changed = look
        else:
            self._files = self._named()
            self._known, self._changed = self._look(), None
            self._take_up()

    def _take_up(self) -> None:
        try:
            self._since = time.monotonic()
            layer = SafetyLayer.load(self._path, fitting=self._fitting)
        except RulesError as error:
            logger.error(
                "The rules were edited and have mistakes, so the ones before stay in use. %s", error
            )
            return
        except Exception as error:  # a file that breaks the reader must not break the rules in use
            logger.error(
                "The edited rules cannot be used (%s), so the ones before stay in use. "
                "Run: python -m bot check-rules",
                type(error).__name__,
            )
            return
        before, self.layer = self.layer, layer
        self._on_change(layer)
        spare_what_is_here()
        logger.info("The edited rules are in use (%d rules).", len(layer.book.rules))
        _tell_stale(layer)
        if layer.standing != before.standing:
            logger.warning(
                "The help line at the top of the page has changed: start the chat again to show it."
            )

    def _named(self) -> tuple[Path, ...]:
        """The files of the rules in use and those that the main file names now."""
        return tuple(dict.fromkeys((*self.layer.book.files, *rule_files(self._path))))

    def _look(self) -> tuple[_Look, ...]:
        examples = sorted(self.layer.book.examples_folder.glob("*.jsonl"))
        return tuple(_look_at(path) for path in (*self._files, *examples))


def _tell_stale(layer: SafetyLayer) -> None:
    for problem in layer.stale(datetime.now(tz=UTC).date()):
        logger.warning("%s", problem)


def _look_at(path: Path) -> _Look:
    try:
        status = path.stat()
    except OSError:
        return str(path), 0, -1, 0
    return str(path), status.st_mtime_ns, status.st_size, status.st_ino
