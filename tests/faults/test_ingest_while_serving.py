"""Ingesting while visitors ask, two ingests at once, and a program killed at any moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from bot.knowledge.index import FolderStore
from bot.knowledge.ingest import ingest
from bot.settings import Settings
from tests.fakes import HashingEmbedder
from tests.faults.conftest import ROOT, Start, ask, assert_cards

EMBEDDER = HashingEmbedder()


def test_no_question_meets_a_gap_while_versions_change(start: Start, settings: Settings) -> None:
    """Several versions are published and taken up while questions are asked without a pause."""
    parts = start(answer_threshold=0.0)
    article = settings.corpus / "article.md"
    ask(parts)
    stop = threading.Event()
    kinds: set[str] = set()
    texts: list[str] = []
    faults: list[BaseException] = []

    def visit() -> None:
        try:
            while not stop.is_set():
                reply = ask(parts)
                kinds.add(reply.kind)
                texts.append(reply.text)
        except BaseException as error:
            faults.append(error)

    visitors = [threading.Thread(target=visit) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    for number in range(5):
        article.write_text(
            f"# Silence\n\n## Stonewalling\n\nStonewalling is silence of kind {number}.\n"
        )
        ingest([settings.corpus], settings, EMBEDDER)
        parts.library.refresh()
        assert_cards(parts)
    stop.set()
    for visitor in visitors:
        visitor.join()
    assert faults == []
    assert kinds == {"answer"}
    assert "of kind 4" in ask(parts).text
    assert sum("of kind" in text for text in texts) > 0
    assert len(list((settings.index / "versions").iterdir())) == 2, "old versions are still there"


def test_memory_holds_no_more_than_two_versions(start: Start, settings: Settings) -> None:
    parts = start()
    ask(parts)
    opened = []
    for number in range(4):
        (settings.corpus / "article.md").write_text(f"# A\n\nSilence number {number}.\n")
        ingest([settings.corpus], settings, EMBEDDER)
        parts.library.refresh()
        opened.append(parts.library._index)
    held = [hasattr(index._client._server, "bindings") for index in opened]  # type: ignore[union-attr]
    assert held == [False, False, True, True]
    assert ask(parts).kind in {"answer", "no_answer"}


def test_of_two_ingests_at_once_one_wins_and_the_other_says_so(tmp_path: Path) -> None:
    """Two real processes; the first is held up by a folder of many files."""
    library = tmp_path / "library"
    library.mkdir()
    for number in range(1500):
        (library / f"{number}.md").write_text(f"# T{number}\n\nSilence number {number}.\n")
    command = [sys.executable, "-m", "tests.knowledge.ingest_until_killed", "0", str(library)]
    started = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "BOT_INDEX": str(tmp_path / "index")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [(process.communicate(timeout=120), process.returncode) for process in started]
    codes = sorted(code for _, code in ended)
    assert codes == [0, 1]
    (loser,) = [err for (_, err), code in ended if code]
    assert "Another ingest is writing" in loser
    assert "run this one again" in loser
    index = FolderStore(tmp_path / "index").open()
    assert index is not None
    assert len(index.passages()) == 1500
    index.close()


APP_CODE = """
import sys
from pathlib import Path
from bot.build import build
from bot.settings import Settings
parts = build(Settings(index=Path(sys.argv[1]), corpus=Path(sys.argv[2])))
parts.warm_up()
print("started", flush=True)
for line in sys.stdin:
    reply = parts.bot.reply([line.strip()])
    print(reply.kind, reply.level.label, flush=True)
"""


def test_killed_at_any_moment_of_its_first_start_it_starts_again(
    settings: Settings, tmp_path: Path
) -> None:
    """``kill -9`` while it reads the rules, fits the net, loads the model, ingests or answers."""
    command = [sys.executable, "-c", APP_CODE, str(settings.index), str(settings.corpus)]

    def begin() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    for moment in (0.2, 1.5, 4.0, 8.0):
        process = begin()
        time.sleep(moment)
        process.kill()
        process.communicate()
    out, _ = begin().communicate("I want to die\nWhat is stonewalling?\n", timeout=200)
    lines = out.split("\n")
    assert lines[1] == "safety crisis"
    assert lines[2].split()[0] in {"answer", "no_answer"}


def test_what_was_counted_survives_a_kill_whole(tmp_path: Path) -> None:
    """A program that counts without end, killed over and over: the file is always readable."""
    code = (
        "import sys; from pathlib import Path; from bot.counts import Counts\n"
        "counts = Counts(Path(sys.argv[1])); print('on', flush=True)\n"
        "while True:\n"
        "    counts.add('crisis', ['family_violence']); counts.settle()\n"
    )
    file, before = tmp_path / "counts.json", 0
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(file)], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.4)
        process.kill()
        process.communicate()
        (of_day,) = json.loads(file.read_text())["days"].values()
        assert of_day["level:crisis"] > before
        assert of_day["level:crisis"] % 5 == 0
        before = of_day["level:crisis"]
