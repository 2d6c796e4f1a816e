"""Memory of the chat after its start and after many turns, beside the bare imports.

    python3 run.py bench memory

What is counted is the proportional set of the program's process and all that it starts. The floor
is one process that imports Gradio, Chroma and sentence-transformers, launches an echo and loads
the model.
"""

from __future__ import annotations

import subprocess
import sys

from bench.program import (
    DISCLOSURES,
    QUESTIONS,
    ROOT,
    Visitor,
    chat,
    make_index,
    ready,
    resident_mb,
)
from bench.rows import Row, print_alone
from bench.start import BARE
from bot.knowledge.embed import make_embedder
from bot.settings import load_settings

_CONVERSATION = 8  # turns


def bare_mb() -> float:
    """Memory of the bare imports, echo and model."""
    then = "\nimport chromadb\nprint('there', flush=True)\nsys.stdin.read()\n"
    folder = str(make_embedder(load_settings()).folder)
    with subprocess.Popen(
        [sys.executable, "-c", BARE + then, folder],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        while b"there" not in process.stdout.readline():
            if process.poll() is not None:
                raise SystemExit("The bare imports failed.")
        found = resident_mb(process.pid)
        process.kill()
    return found


def measure(*, full: bool) -> list[Row]:
    """After the start, and after a thousand turns (in the quick form fewer)."""
    make_index()
    bare = bare_mb()
    turns = 1000 if full else 200
    with chat() as served:
        ready(served)
        visitor = Visitor(served)
        visitor.turn(QUESTIONS[0])
        fresh = resident_mb(served.process)
        said: list[str] = []
        for number in range(turns):
            texts = DISCLOSURES if number % 4 == 3 else QUESTIONS
            said.append(f"{texts[number % len(texts)]} ({number})")
            visitor.turn(*said)
            if len(said) == _CONVERSATION:
                said.clear()
        used = resident_mb(served.process)
        visitor.close()
    return [
        Row("memory", "after the start", fresh, bare, "MB"),
        Row("memory", "after many turns", used, bare, "MB", turns, note=f"{used - fresh:+.0f} MB"),
    ]


def main() -> None:
    """Print the table."""
    print_alone(measure, __doc__)


if __name__ == "__main__":
    main()
