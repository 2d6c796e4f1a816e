"""The process that makes answers: killed, hanging, unable to start, and the page without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import worker as worker_module
from bot.errors import IndexUnavailable
from bot.front import FrontBot
from bot.safety import SafetyLayer
from bot.screening import Limits, Screened, Screener
from bot.settings import Settings
from bot.types import Level, Reply
from bot.worker import AnswersUnavailable, Finished, Program, Worker
from tests.fakes import DOUBTFUL, Doubting
from tests.faults.conftest import CRISES, ROOT

DISCLOSURE = "I don't feel safe at home"


class Echo:
    """Answers with the message, unless that says what goes wrong: "crash" ends the process."""

    @property
    def ready(self) -> bool:
        return True

    @property
    def bot(self) -> Echo:
        return self

    def warm_up(self) -> None:
        """Nothing to load."""

    def finish(self, screened: Screened) -> Finished:
        said = screened.turns[-1]
        if said == "hang":
            time.sleep(3600)
        if said == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if said == "fail":
            raise RuntimeError(said)
        if said == "unsendable":
            trace: dict[str, object] = {"lock": threading.Lock()}
            return screened, Reply("answer", Level.NONE, (), None, "", trace=trace)
        if said == "slow":
            time.sleep(1)
        return screened, Reply("answer", screened.assessment.level, (), screened.card, f"{said}!")


def echo(_settings: Settings) -> Program:
    return Echo()


class Loading(Echo):
    """Ready a second after its start."""

    def __init__(self) -> None:
        self.since = time.monotonic()

    @property
    def ready(self) -> bool:
        return time.monotonic() - self.since > 1


def loading(_settings: Settings) -> Program:
    return Loading()


class Unready(Echo):
    """Never done with loading."""

    @property
    def ready(self) -> bool:
        return False


def never_ready(_settings: Settings) -> Program:
    return Unready()


def unable(_settings: Settings) -> Program:
    raise IndexUnavailable("There is no such folder.")


@pytest.fixture(scope="module")
def safety() -> SafetyLayer:
    return SafetyLayer.load(ROOT / "safety_rules.yaml")


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Worker]]:
    monkeypatch.setattr(worker_module, "_LATER", 0.2)
    running: list[Worker] = []

    def begin(make: Callable[[Settings], Program] = echo, **settings: object) -> Worker:
        worker = Worker(Settings(answer_timeout=120).model_copy(update=settings), make)
        running.append(worker)
        worker.start()
        return worker

    yield begin
    for worker in running:
        worker.stop()


def until(true: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def turn(safety: SafetyLayer, message: str) -> Screened:
    return Screener(safety).screen([message])


def test_turns_finished_at_the_same_time_each_get_their_own_answer(
    safety: SafetyLayer, start: Callable[..., Worker]
) -> None:
    worker = start()
    answers: dict[str, str] = {}

    def ask(message: str) -> None:
        answers[message] = worker.finish(turn(safety, message))[1].text

    messages = [f"question {number}" for number in range(12)] + ["slow"]
    threads = [threading.Thread(target=ask, args=(message,)) for message in messages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {message: f"{message}!" for message in messages}


def test_it_tells_when_answers_are_ready(start: Callable[..., Worker]) -> None:
    worker = start()
    until(lambda: worker.ready)


def test_a_crash_is_told_to_the_turns_it_took_along_and_the_next_are_answered(
    safety: SafetyLayer, start: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    worker = start()
    until(lambda: worker.ready)
    with pytest.raises(AnswersUnavailable):
        worker.finish(turn(safety, "crash"))
    assert not worker.ready
    until(lambda: worker.ready)
    assert worker.finish(turn(safety, "again"))[1].text == "again!"
    assert "It is started again; cards go on." in caplog.text


@pytest.mark.parametrize("message", ["fail", "unsendable"])
def test_a_turn_that_fails_is_told_at_once_and_takes_no_other_along(
    safety: SafetyLayer, start: Callable[..., Worker], message: str
) -> None:
    worker = start()
    until(lambda: worker.ready)
    began = time.monotonic()
    with pytest.raises(AnswersUnavailable, match="could not be made"):
        worker.finish(turn(safety, message))
    assert time.monotonic() - began < worker._settings.answer_timeout / 2
    assert worker.ready
    assert worker.finish(turn(safety, "again"))[1].text == "again!"


def test_one_that_hangs_is_replaced(safety: SafetyLayer, start: Callable[..., Worker]) -> None:
    worker = start(answer_timeout=4.0)
    until(lambda: worker.ready)
    with pytest.raises(AnswersUnavailable, match="took longer than 4 seconds"):
        worker.finish(turn(safety, "hang"))
    until(lambda: not worker.ready)
    until(lambda: worker.ready)
    assert worker.finish(turn(safety, "again"))[1].text == "again!"


def test_one_that_still_loads_is_left_to_load(
    safety: SafetyLayer, start: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    worker = start(never_ready, answer_timeout=1.0)
    with pytest.raises(AnswersUnavailable):
        worker.finish(turn(safety, "hang"))
    time.sleep(0.5)
    assert "has ended" not in caplog.text


def test_one_that_was_loading_for_most_of_the_time_is_not_taken_for_one_that_hangs(
    safety: SafetyLayer, start: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    worker = start(loading, answer_timeout=4.0)
    with pytest.raises(AnswersUnavailable):
        worker.finish(turn(safety, "hang"))
    assert worker.ready, "it was to be ready before the time was up"
    assert worker.finish(turn(safety, "next"))[1].text == "next!"
    assert "has ended" not in caplog.text


def test_one_that_cannot_start_is_tried_again_and_the_page_says_a_plain_sentence(
    safety: SafetyLayer, start: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    bot = FrontBot(safety, start(unable))
    until(lambda: caplog.text.count("has ended (1)") >= 2)
    _, reply = bot.finish(bot.screen(["What is stonewalling?"]))
    assert (reply.kind, reply.card) == ("error", None)
    assert "try again in a minute" in reply.text


@pytest.mark.parametrize("message", CRISES)
def test_cards_come_without_it(safety: SafetyLayer, message: str) -> None:
    bot = FrontBot(safety, Worker(Settings()), Limits())
    screened = bot.screen([message])
    looked, reply = bot.finish(screened)
    assert screened.card is not None
    assert looked.card == reply.card == screened.card
    assert CRISES[message] in [each.id for each in reply.card.resources]


def test_nothing_is_left_in_doubt_before_it_is_ready_or_after_it_failed(
    safety: SafetyLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = FrontBot(Doubting(safety._engine), Worker(Settings()), Limits())
    assert bot.screen(DOUBTFUL).card is not None
    monkeypatch.setattr(Worker, "ready", True)
    screened = bot.screen(DOUBTFUL)
    assert screened.card is None
    looked, reply = bot.finish(screened)
    assert looked.card is not None
    assert (reply.kind, reply.card) == ("error", looked.card)


def test_it_ends_with_a_page_that_is_killed(tmp_path: Path) -> None:
    """``kill -9`` leaves no time to tell anybody; the closed pipe says enough."""
    code = (
        "import sys, time\n"
        "from bot.settings import Settings\n"
        "from bot.worker import Worker\n"
        "from tests.faults.test_worker import echo\n"
        "if __name__ == '__main__':\n"
        "    worker = Worker(Settings(), echo)\n"
        "    worker.start()\n"
        "    print(worker._process.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    script = tmp_path / "page.py"
    script.write_text(code)
    page = subprocess.Popen(
        [sys.executable, script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert page.stdout is not None
    child = Path(f"/proc/{page.stdout.readline().strip()}")
    assert child.exists()
    page.kill()
    page.communicate()
    until(lambda: not child.exists() or "Z (zombie)" in (child / "status").read_text())


def test_told_to_end_it_first_waits_for_the_page(
    safety: SafetyLayer, start: Callable[..., Worker]
) -> None:
    """A service manager tells every process of a service to end, the page finishes its turns."""
    worker = start()
    until(lambda: worker.ready)
    assert worker._process is not None
    os.kill(int(str(worker._process.pid)), signal.SIGTERM)
    assert worker.finish(turn(safety, "last"))[1].text == "last!"
    worker.stop()
    assert not worker._process.is_alive()
