"""Many conversations at once against the real server: are cards at once, is anything mixed or lost?

    python3 run.py bench load [--conversations 500 --seconds 120 --pause 20]

1, 10, 100 and 500 conversations (quick: without the last) meet one process, two replicas with one
index, and a bare Gradio echo. Visitors pause a second after each turn, far less than people do, so
that larger crowds ask for more than there is: what is measured then is how much gets through, and
how long a card takes meanwhile, beside the echo's time and beside a card's when one visitor is
alone. The clients share the machine with the servers.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from contextlib import ExitStack

from bench.program import Served, chat, echo, make_index, ready, wait_for
from bench.rows import Row, here, table
from bench.visitors import Echoed, Seen, Visitor, crowd

_PAUSE = 1.0  # seconds
_WARM = 20.0  # seconds that one visitor asks beforehand
_PERCENTILES = (50, 95, 99)


def measure(*, full: bool) -> list[Row]:
    """Every crowd."""
    sizes = (1, 10, 100, 500) if full else (1, 10, 100)
    return measured(sizes, 60 if full else 10, _PAUSE)


def measured(sizes: Sequence[int], seconds: float, pause: float) -> list[Row]:
    """Crowds of some sizes; ``SystemExit`` if a turn was lost or mixed, or a request failed."""
    make_index()
    with ExitStack() as stack:
        served = [stack.enter_context(chat(OMP_NUM_THREADS="1"))]
        alone = _warm(served[0])
        single = _crowds(served, sizes, seconds, pause, Visitor)
        served.append(stack.enter_context(chat(OMP_NUM_THREADS="1")))
        _warm(served[1])
        double = _crowds(served, sizes, seconds, pause, Visitor)
    with echo() as bare:
        wait_for(f"{bare.url}/")
        asyncio.run(crowd([bare], 1, _WARM, 0, Echoed))
        echoed = _crowds([bare], sizes, seconds, pause, Echoed)
    faults = sum(
        (each.faults for each in (*single.values(), *double.values())), start=+Seen().faults
    )
    if faults:
        raise SystemExit(f"Under load: {dict(faults)}")
    return [
        row
        for size in sizes
        for row in rows_of(size, seconds, alone, single[size], double[size], echoed[size])
    ]


def _warm(served: Served) -> Seen:
    """Let a replica settle: just after its start it still loads what only improves answers.

    What one visitor sees who asks without a pause, when it has settled.
    """
    ready(served)
    asyncio.run(crowd([served], 1, _WARM, 0, Visitor))
    return asyncio.run(crowd([served], 1, _WARM, 0, Visitor))


def _crowds(
    servers: Sequence[Served],
    sizes: Sequence[int],
    seconds: float,
    pause: float,
    make: type[Visitor],
) -> dict[int, Seen]:
    return {size: asyncio.run(crowd(servers, size, seconds, pause, make)) for size in sizes}


def rows_of(
    size: int, seconds: float, alone: Seen, single: Seen, double: Seen, echoed: Seen
) -> list[Row]:
    """The rows of one size: latencies beside the echo's, throughput of two beside one.

    Cards also stand beside those that one visitor sees ``alone``.
    """
    rows: list[Row] = []
    for name, seen in (("one process", single), ("two replicas", double)):
        if seen.cards and alone.cards:
            rows.append(
                Row("load", f"card, {name}, {_MOST} %, beside one visitor",
                    percentile(seen.cards, _MOST), percentile(alone.cards, _MOST), "ms", size,
                    bar=2.0 if size >= _CROWD else None),
            )  # fmt: skip
        for kind, times, floor in (
            ("card", seen.cards, echoed.cards),
            ("answer", seen.answers, echoed.answers),
        ):
            rows += [
                Row("load", f"{kind}, {name}, {percent} %", percentile(times, percent),
                    percentile(floor, percent), "ms", size)
                for percent in _PERCENTILES
                if times and floor
            ]  # fmt: skip
    one, two = (seen.turns.total() / seconds for seen in (single, double))
    share = single.with_card / max(single.turns.total(), 1)
    rows.append(
        Row("load", "two replicas beside one", two, one, "turns/s", size,
            bar=1.7 if size >= _SATURATED else None, at_least=True,
            note=f"{share:.0%} with a card"),
    )  # fmt: skip
    if single.cores and size >= _SATURATED:
        cores = len(os.sched_getaffinity(0))
        rows.append(
            Row("load", "two replicas beside what the cores allow", two, one * cores / single.cores,
                "turns/s", size, note=f"one keeps {single.cores:.2f} of {cores} cores busy"),
        )  # fmt: skip
    return rows


#: From so many conversations one process has more to do than it can.
_SATURATED = 100
#: The crowd, and the share of its cards in a hundred, that must not wait much longer than one.
_CROWD, _MOST = 500, 99


def percentile(times: Sequence[float], percent: float) -> float:
    """The time that so many in a hundred do not exceed; ``times`` are not empty."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def main() -> None:
    """Print the table; the exit code is 1 if a turn was lost or mixed, or a request failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="500 as well, a minute each")
    parser.add_argument("--conversations", type=int, help="one crowd of this size")
    parser.add_argument("--seconds", type=float, default=120, help="how long it asks")
    parser.add_argument("--pause", type=float, default=20, help="seconds between turns, on average")
    options = parser.parse_args()
    if options.conversations:
        rows = measured([options.conversations], options.seconds, options.pause)
    else:
        rows = measure(full=options.full)
    print(here())
    print(table(rows))


if __name__ == "__main__":
    main()
