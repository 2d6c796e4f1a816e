"""Every measurement of speed and memory: one table, and the plots that the README shows.

    python3 run.py bench            some minutes
    python3 run.py bench all --full an hour: up to 100,000 passages and 500 conversations

Each measurement runs in a process of its own, one after the other. The table is printed and,
with the plots, written to docs/ (docs/speed.md, docs/speed.svg), with the day and the machine.
Every figure stands beside its floor, what the bare parts cost in the same run; the ratio is what
means something on another machine.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bench import growth, ingest, load, memory, page, screen, second_look, start, turn
from bench.draw import draw
from bench.rows import Measure, Row, here, markdown, table

DOCS = Path(__file__).resolve().parent.parent / "docs"
MEASURES: dict[str, Measure] = {
    "screen": screen.measure,
    "second_look": second_look.measure,
    "turn": turn.measure,
    "page": page.measure,
    "start": start.measure,
    "ingest": ingest.measure,
    "growth": growth.measure,
    "load": load.measure,
    "memory": memory.measure,
}
_HEAD = """\
# Speed

Measured by `python3 run.py bench`, on {where}{form}. "Ours" is this program, "floor" what the bare
parts cost in the same run: one RE2 set scan or Python's `re` for screening, one encoding and one
Chroma query for an answer, a bare Gradio echo for the page, bare imports for the start. The ratio
of the two is what means something on another machine; where a bar is set, it is kept or missed.

![Ratios to the bars, screening by length, growth of the library, and load](speed.svg)

"""


def collect(names: Sequence[str], *, full: bool) -> tuple[list[Row], list[str]]:
    """The rows of some measurements, and a line for each that failed."""
    rows: list[Row] = []
    failed: list[str] = []
    for name in names:
        started = time.monotonic()
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            try:
                rows += alone.submit(MEASURES[name], full=full).result()
            except (Exception, SystemExit) as error:  # the others are still worth having
                failed.append(f"{name} failed: {type(error).__name__}: {error}")
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return rows, failed


def main() -> int:
    """Measure, print, draw; the exit code is 1 if a measurement failed (not if a bar is missed)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="all sizes; takes about an hour")
    options = parser.parse_args()
    rows, failed = collect(tuple(MEASURES), full=options.full)
    print(here())
    print(table(rows))
    print(*failed, sep="\n", end="\n" if failed else "", file=sys.stderr)
    form = "" if options.full else ", in the quick form (smaller sizes, fewer rounds)"
    page_text = _HEAD.format(where=here(), form=form) + markdown(rows)
    (DOCS / "speed.md").write_text(page_text, encoding="utf-8")
    draw(rows, here(), DOCS / "speed.svg")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
