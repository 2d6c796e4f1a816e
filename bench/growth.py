"""The same questions to libraries of 100, 10,000 and 100,000 passages (quick: 100 and 2,000).

    python3 run.py bench growth

Each library is the article among documents made of word lists. An ingest of its own and a chat of
its own show what memory they take; the turn is timed in one process beside bare encode and query.
100,000 passages stand in a thousand documents.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from bench.answers import is_right
from bench.answers import rows as cases
from bench.filler import write
from bench.program import QUESTIONS, ROOT, Visitor, chat, ready, resident_mb
from bench.rows import Row, print_alone
from bot.knowledge.index import FolderStore

_LIMIT_MB = 3 * 1024
_VECTOR_BYTES = 384 * 4
_ARTICLE = ROOT / "corpus" / "feeling-disconnected.md"
_OWN = 44  # passages of the article, about
_PER_DOCUMENT = 100


@dataclass(frozen=True, slots=True)
class Grown:
    """What was found of one library; times in milliseconds, memory and sizes in MB.

    ``right`` is the share of questions with the right passage among the first three, ``bare_mb``
    what vectors and texts alone take.
    """

    passages: int
    turn: float
    query: float
    right: float
    ingest_seconds: float
    ingest_mb: float
    serving_mb: float
    index_mb: float
    bare_mb: float


def grown(size: int, asked: int) -> Grown:
    """A library of ``size`` passages, made, ingested, served and asked."""
    with tempfile.TemporaryDirectory() as name:
        corpus, index = Path(name) / "corpus", Path(name) / "index"
        per = min(_PER_DOCUMENT, size - _OWN)
        write(corpus, max(1, round((size - _OWN) / per)), per)
        shutil.copy(_ARTICLE, corpus)
        started = time.perf_counter()
        ingest_mb = _ingest(corpus, index)
        seconds = time.perf_counter() - started
        with chat(index) as served:
            ready(served)
            visitor = Visitor(served)
            for question in QUESTIONS:
                visitor.turn(question)
            serving = resident_mb(served.process)
            visitor.close()
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            passages, turn, query, right, characters = alone.submit(_asked, index, asked).result()
        version = (index / "versions").iterdir()
        held = sum(path.stat().st_size for each in version for path in each.rglob("*"))
        bare = (passages * _VECTOR_BYTES + characters) / 1e6
        return Grown(passages, turn, query, right, seconds, ingest_mb, serving, held / 1e6, bare)


def _ingest(corpus: Path, index: Path) -> float:
    """Ingest in a process of its own; the most memory it took, in MB."""
    env = {**os.environ, "BOT_INDEX": str(index), "BOT_CORPUS": str(corpus)}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        [sys.executable, "ingest.py"], cwd=ROOT, env=env, stdout=quiet, stderr=quiet
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"The ingest of {corpus} failed (exit code {process.returncode}).")
    return used.ru_maxrss / 1024


def _asked(index: Path, asked: int) -> tuple[int, float, float, float, int]:
    """Passages, turn, bare query, share of right ones among three, and characters held."""
    from bench.turn import both, paired, questions  # noqa: PLC0415 - in the other process only

    each = both(index)
    reply = each.parts.bot.reply
    turn, query = paired(lambda text: reply([text]), each.query, questions()[:asked])
    hits = [
        any(is_right(row, one.passage, by_heading=True) for one in found[:3])
        for row in cases("covered", "tune")[:asked]
        if (found := reply([row["question"]]).passages)
    ]
    opened = FolderStore(index).open()
    assert opened is not None
    held = opened.passages()
    opened.close()
    return len(held), turn, query, sum(hits) / len(hits), sum(len(one.text) for one in held)


def measure(*, full: bool) -> list[Row]:
    """Every size."""
    sizes = (100, 10_000, 100_000) if full else (100, 2_000)
    return rows_of([grown(size, 100 if full else 40) for size in sizes])


def rows_of(libraries: list[Grown]) -> list[Row]:
    """The rows of some libraries, smallest first; the bars are the largest one's."""
    small = libraries[0]
    rows: list[Row] = []
    for one in libraries:
        largest = one is libraries[-1] and one is not small
        bar = 1.0 if largest else None
        rows += [
            _row("turn, beside encode and query", one, one.turn, one.query, "ms"),
            _row("turn, beside the smallest", one, one.turn, small.turn, "ms",
                 1.5 if largest else None),
            _row("right passage among three", one, one.right, small.right, "share"),
            _row("index, beside vectors and text", one, one.index_mb, one.bare_mb, "MB"),
            _row("chat, beside 3 GiB", one, one.serving_mb, _LIMIT_MB, "MB", bar),
            _row("ingest, beside 3 GiB", one, one.ingest_mb, _LIMIT_MB, "MB", bar,
                 f"{one.ingest_seconds:.0f} s"),
        ]  # fmt: skip
    return rows


def _row(
    name: str,
    one: Grown,
    ours: float,
    floor: float,
    unit: str,
    bar: float | None = None,
    note: str = "",
) -> Row:
    return Row("growth", name, ours, floor, unit, one.passages, bar, note=note)


def main() -> None:
    """Print the table."""
    print_alone(measure, __doc__)


if __name__ == "__main__":
    main()
