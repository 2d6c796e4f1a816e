"""The log: structured, without a word of a visitor, and never waited for."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from bot import logs
from bot.conversation import Bot, Draft
from bot.knowledge.embed import SentenceEmbedder
from bot.knowledge.transformer import Transformer
from bot.knowledge.vectors import Vectors
from bot.safety import SafetyLayer
from bot.types import Assessment

ROOT = Path(__file__).resolve().parents[2]
CANARY = "zyxquorble flimmerbusk"


@pytest.fixture
def restored() -> Iterator[None]:
    """Puts back what ``logs.start`` takes over."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.getLogger("bot").level
    hooks = sys.excepthook, threading.excepthook, traceback.print_exc
    yield
    root.handlers[:], level, bot_level = before
    root.setLevel(level)
    logging.getLogger("bot").setLevel(bot_level)
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, traceback.print_exc = hooks


Written = Callable[[], list[dict[str, object]]]


@pytest.fixture
def written(restored: None) -> Written:
    """The lines of a log at level debug, as objects."""
    stream = io.StringIO()
    log = logs.start("debug", stream)

    def lines() -> list[dict[str, object]]:
        log.stop()
        assert CANARY.split(maxsplit=1)[0] not in stream.getvalue().lower()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    return lines


class Answers:
    """An answerer that fails with the visitor's words in its error."""

    def expect(self, _turns: Sequence[str]) -> None:
        pass

    def draft(
        self,
        turns: Sequence[str],
        _may_use: Callable[[str], bool],
        *,
        may_write: bool = False,
        guarded: bool = False,
    ) -> Draft:
        raise ValueError(f"cannot read {turns[-1]}")


class BrokenSafety(SafetyLayer):
    """A safety layer that fails with the visitor's words in its error."""

    def assess(self, turns: Sequence[str]) -> Assessment:
        raise KeyError(turns[-1])


@pytest.fixture(scope="module")
def safety() -> SafetyLayer:
    return SafetyLayer.load(ROOT / "safety_rules.yaml")


def test_a_turn_is_two_lines_with_its_id_level_rules_and_times(
    safety: SafetyLayer, written: Written
) -> None:
    reply = Bot(safety, Answers()).reply([f"my husband hits me {CANARY}"])
    screened, fault, answered = written()
    assert screened["event"] == "screened"
    assert screened["turn"] == fault["turn"] == answered["turn"] == reply.trace["turn_id"]
    assert screened["level"] == "crisis"
    assert screened["categories"] == ["family_violence"]
    assert screened["rules"]
    assert set(screened) == {
        *("time", "severity", "logger", "event", "turn", "level", "categories", "rules", "ms")
    }
    assert answered["kind"] == "error"
    assert "ValueError at tests/privacy/test_logs.py:" in str(fault["event"])


def test_a_fault_in_screening_is_told_without_the_message(
    safety: SafetyLayer, written: Written
) -> None:
    Bot(BrokenSafety(safety._engine), Answers()).reply([CANARY])
    assert any("KeyError at tests/" in str(line["event"]) for line in written())


def test_a_sentence_model_that_fails_is_told_without_the_message(written: Written) -> None:
    class Broken(Transformer):
        def __init__(self) -> None:
            pass

        def pieces(self, texts: Sequence[str]) -> list[list[int]]:
            return [[1] for _ in texts]

        def read(self, texts: Sequence[str]) -> tuple[Vectors, Vectors]:
            raise TypeError(f"{texts[0]!r} is odd")

    embedder = SentenceEmbedder(Path("somewhere"))
    embedder._model = Broken()
    with pytest.raises(Exception, match="TypeError") as caught:
        embedder.encode([CANARY])
    logging.getLogger("bot.x").error("%s", caught.value)
    assert "failed (TypeError)" in str(written()[0]["event"])


def test_of_other_packages_only_the_place_is_told(written: Written) -> None:
    stranger = logging.getLogger("httpx")
    stranger.debug("Request: %s", CANARY)
    stranger.info(CANARY)
    stranger.warning("body %s", CANARY)
    try:
        raise RuntimeError(CANARY)  # noqa: TRY301
    except RuntimeError:
        stranger.exception(CANARY)
    first, second = written()
    assert "httpx reported something at tests/privacy/test_logs.py:" in str(first["event"])
    assert "RuntimeError at tests/privacy/test_logs.py:" in str(second["error"])


def test_what_nobody_catches_is_told_without_its_words(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError(CANARY)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        fail()
    except ValueError as error:
        traceback.print_exc()  # as Gradio does when an event of its page fails
        sys.excepthook(ValueError, error, error.__traceback__)
    lines = [str(line["event"]) for line in written()]
    assert len(lines) == 3
    assert all("ValueError at tests/privacy/test_logs.py:" in line for line in lines)
    assert CANARY not in capsys.readouterr().err


def test_a_log_that_nobody_reads_holds_nothing_up(restored: None) -> None:
    """A pipe that is full: a plain handler would stop here for ever."""
    read, write = os.pipe()
    with contextlib.suppress(BrokenPipeError), os.fdopen(write, "w") as stream:
        log = logs.start("info", stream)
        for _ in range(15_000):
            logging.getLogger("bot.x").info("a line of the log " * 5)
        log.stop()
        os.close(read)
        log._thread.join(5)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_below_the_log_is_survived_in_silence(
    restored: None, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = open("/dev/full", "w", buffering=1)  # noqa: PTH123, SIM115 - closing it fails too
    log = logs.start("info", stream)
    for _ in range(100):
        logging.getLogger("bot.x").error("a line %s", CANARY)
    log.stop()
    assert capsys.readouterr().err == ""
    with contextlib.suppress(OSError):
        stream.close()


def test_on_a_terminal_a_line_is_plain_text() -> None:
    record = logging.LogRecord("bot.x", logging.INFO, "x.py", 1, "screened", (), None)
    record.level = "crisis"
    assert logs.Lines(plain=True).format(record) == "INFO: screened (level=crisis)"


def test_a_crash_leaves_no_memory_dump(tmp_path: Path) -> None:
    code = (
        "import os, signal; from bot import logs; logs.forbid_crash_dumps()\n"
        f"words = {CANARY!r}; os.chdir({str(tmp_path)!r}); os.kill(os.getpid(), signal.SIGSEGV)"
    )
    done = subprocess.run(
        ["bash", "-c", 'ulimit -c unlimited 2>/dev/null; exec "$0" -c "$1"', sys.executable, code],
        cwd=ROOT,
        check=False,
    )
    assert done.returncode < 0
    assert list(tmp_path.iterdir()) == []
