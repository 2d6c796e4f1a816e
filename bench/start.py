"""From the start of the program to its first card and its first answer, beside the bare parts.

    python3 run.py bench start

The floor of the first card is a bare Gradio echo, from its start to its first reply. The floor of
the first answer is a process that does what nobody can do without: it imports Gradio and launches
an echo, imports sentence-transformers, loads the model and encodes one question. Starts alternate.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import httpx

from bench.program import (
    DISCLOSURES,
    EVENTS,
    QUESTIONS,
    ROOT,
    Visitor,
    chat,
    echo,
    has_card,
    make_index,
    wait_for,
)
from bench.rows import Row, middle, print_alone
from bot.knowledge.embed import make_embedder
from bot.settings import load_settings

BARE = """
import sys, gradio as gr
with gr.Blocks(analytics_enabled=False) as blocks:
    box, out = gr.Textbox(), gr.HTML()
    box.submit(lambda said: said, box, out)
blocks.launch(prevent_thread_lock=True, quiet=True)
from sentence_transformers import SentenceTransformer
SentenceTransformer(sys.argv[1], device="cpu").encode("What is stonewalling?")
"""


def first_echo() -> tuple[float]:
    """Seconds until a bare echo has replied."""
    started = time.perf_counter()
    with echo() as served:
        wait_for(f"{served.url}/")
        sent = {"fn_index": 0, "data": ["hello"]}
        httpx.post(f"{served.url}{EVENTS}", json=sent).raise_for_status()
        return (time.perf_counter() - started,)


def bare_parts() -> tuple[float]:
    """Seconds of the imports, the launch and the load alone."""
    started = time.perf_counter()
    folder = str(make_embedder(load_settings()).folder)
    subprocess.run([sys.executable, "-c", BARE, folder], cwd=ROOT, check=True, capture_output=True)
    return (time.perf_counter() - started,)


def ours() -> tuple[float, float]:
    """Seconds until our first card, and until our first answer."""
    started = time.perf_counter()
    with chat() as served:
        visitor = Visitor(served)
        assert has_card(visitor.ask(DISCLOSURES[0])), "no card"
        card = time.perf_counter() - started
        visitor.turn(QUESTIONS[0])
        answer = time.perf_counter() - started
        visitor.close()
        return card, answer


def measure(*, full: bool) -> list[Row]:
    """Medians of some starts of each."""
    make_index()
    ours()  # the first start after a change reads files that later ones find in memory
    kinds: tuple[Callable[[], tuple[float, ...]], ...] = (first_echo, bare_parts, ours)
    rounds = [[time for kind in kinds for time in kind()] for _ in range(7 if full else 3)]
    gradio, loaded, card, answer = (middle(column) for column in zip(*rounds, strict=True))
    return [
        Row("start", "first card", card, gradio, "s", bar=1.3),
        Row("start", "first answer", answer, loaded, "s", bar=1.15),
    ]


def main() -> None:
    """Print the table."""
    print_alone(measure, __doc__)


if __name__ == "__main__":
    main()
