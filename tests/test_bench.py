"""The measurements of speed: their rows make sense at a tiny size; no time is asserted."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from bench import filler, growth, ingest, load, program, screen
from bench.program import Page, has_card, is_complete, request, resident_mb
from bench.rows import HEADS, Row, figure, markdown, middle, table
from bench.visitors import Seen, Visitor
from bot.safety import SafetyLayer
from bot.settings import load_settings

ROW = Row("turn", "a question", 30.0, 20.0, "ms", 1000, bar=1.25, note="cold")
CHANCE = random.Random(0)  # noqa: S311 - no secret


def test_a_ratio_is_ours_over_the_floor_and_kept_or_missed() -> None:
    assert ROW.ratio == pytest.approx(1.5)
    assert ROW.holds is False
    assert Row("turn", "x", 24.0, 20.0, "ms", bar=1.25).holds is True
    assert Row("turn", "x", 24.0, 20.0, "ms").holds is None


def test_a_throughput_must_reach_its_bar_instead() -> None:
    assert Row("ingest", "x", 90, 100, "passages/s", bar=0.85, at_least=True).holds is True
    assert Row("ingest", "x", 80, 100, "passages/s", bar=0.85, at_least=True).holds is False


def test_a_floor_of_nothing_is_no_fault() -> None:
    assert Row("turn", "x", 1.0, 0.0, "ms", bar=1.25).holds is False


def test_a_missed_bar_is_named_in_both_tables() -> None:
    assert "missed" in table([ROW])
    line = markdown([ROW]).splitlines()[2]
    assert (
        line == "| turn | a question | 1,000 | 30.0 | 20.0 | ms | 1.50 | <= 1.25 | missed | cold |"
    )
    assert len(ROW.cells) == len(HEADS)


@pytest.mark.parametrize(
    ("value", "told"), [(12345.6, "12,346"), (12.34, "12.3"), (1.234, "1.23"), (0.0123, "0.0123")]
)
def test_a_figure_has_three_digits_that_count(value: float, told: str) -> None:
    assert figure(value) == told


def test_the_middle_of_nothing_is_nothing() -> None:
    assert middle([]) == 0.0
    assert middle([3.0, 1.0, 2.0]) == 2.0


def test_filler_is_the_same_each_time_and_of_the_size_asked_for() -> None:
    some = list(filler.documents(3, 12))
    assert some == list(filler.documents(3, 12))
    assert some != list(filler.documents(3, 12, seed=8))
    assert len(set(some)) == 3


def test_an_ingest_of_a_few_documents_gives_its_three_rows() -> None:
    from sentence_transformers import SentenceTransformer

    first, same, changed = ingest.measured(4, 3, SentenceTransformer)
    assert (first.size, same.size, changed.size) == (12, 12, 12)
    assert first.ours > 0
    assert first.floor > 0
    assert same.floor == changed.floor
    assert changed.note == "3 embedded"


def test_more_rules_find_what_the_rules_as_they_are_find() -> None:
    layer = SafetyLayer.load(load_settings().rules)
    before = layer.assess_by_rules(["I don't feel safe at home"])
    rows = screen.by_rules(layer, ["I don't feel safe at home", "What is stonewalling?"])
    assert [row.note for row in rows] == ["1x the rules", "4x the rules", "16x the rules"]
    assert [row.size / rows[0].size for row in rows] == [1, 4, 16]
    assert rows[0].ratio == 1
    after = layer.assess_by_rules(["I don't feel safe at home"])
    assert (after.level, after.categories) == (before.level, before.categories)


def test_texts_have_the_length_asked_for() -> None:
    assert [len(text) for text in screen.texts_of(30, ["ten letters"] * 9, 5)] == [30] * 5
    assert len(screen.texts_of(5000, ["ten letters"] * 500, 5)[0]) == 5000


def test_a_library_is_compared_with_the_smallest_and_the_largest_with_the_bars() -> None:
    small = growth.Grown(100, 20.0, 10.0, 0.9, 5.0, 700.0, 800.0, 3.0, 1.0)
    large = growth.Grown(9000, 25.0, 12.0, 0.9, 90.0, 900.0, 950.0, 90.0, 20.0)
    rows = growth.rows_of([small, large])
    beside = {row.size: row for row in rows if row.name == "turn, beside the smallest"}
    assert beside[100].ratio == 1
    assert beside[9000].ratio == pytest.approx(1.25)
    assert {row.size for row in rows if row.bar is not None} == {9000}


def test_percentiles_are_times_that_were_measured() -> None:
    times = [float(value) for value in range(1, 101)]
    assert load.percentile(times, 50) == 51
    assert load.percentile(times, 99) == 100
    assert load.percentile([7.0], 95) == 7


def test_a_crowd_that_got_nothing_back_has_no_latencies_but_a_throughput() -> None:
    some = Seen([1.0], [2.0], Counter(question=8, disclosure=2), with_card=3)
    rows = load.rows_of(10, 5.0, Seen([0.5]), some, Seen(), some)
    assert (rows[0].name, rows[0].ratio) == ("card, one process, 99 %, beside one visitor", 2)
    assert {row.name.split(", ")[1] for row in rows[:-1]} == {"one process"}
    assert (rows[-1].floor, rows[-1].ours, rows[-1].note) == (2.0, 0.0, "30% with a card")


def test_two_replicas_stand_beside_what_the_cores_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1})
    one = Seen([1.0], [2.0], Counter(question=10), cores=1.25)
    two = Seen([1.0], [2.0], Counter(question=15), cores=2.0)
    *_, last = load.rows_of(100, 5.0, one, one, two, one)
    assert (last.floor, last.ours, last.note) == (3.2, 3.0, "one keeps 1.25 of 2 cores busy")


def test_the_events_of_a_page_are_its_first_and_its_last() -> None:
    page = Page.read('{"id":0,"targets":[]},{"id":3,"targets":[]},{"id":5,"targets":[]}')
    assert (page.asking, page.answering) == (0, 5)


def test_a_reply_is_complete_when_nothing_is_being_looked_for() -> None:
    assert is_complete('<p data-revision="2">An answer')
    assert not is_complete('<p data-revision="1">')
    assert not is_complete('<p data-revision="2">Looking in the article')
    assert has_card('<section class="card crisis">')
    assert not has_card('<section class="discard">')


def replying(html: str, status: int = 200) -> httpx.AsyncClient:
    def reply(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"data": [html]})

    return httpx.AsyncClient(transport=httpx.MockTransport(reply), base_url="http://chat")


def wait_for(work: Coroutine[object, object, None]) -> None:
    """Do it in a thread of its own: in this one the browser's loop may be running."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('m-v0-0-e data-revision="2" class="card " data-pinned><section', ""),
        ('m-v1-0-e data-revision="2" class="card " data-pinned><section', "mixed or lost"),
        ('m-v0-0-e data-revision="2" data-pinned><section', "no card"),
        ('m-v0-0-e data-revision="2" class="card "', "the card has gone"),
        ('m-v0-0-e class="card " data-pinned><section', "not answered"),
    ],
)
def test_a_visitor_of_a_crowd_notices_what_is_wrong_with_a_reply(html: str, fault: str) -> None:
    seen = Seen()

    async def turn() -> None:
        async with replying(html) as client:
            await Visitor("v0", [client], Page(0, 5), seen, CHANCE).turn("disclosure")

    wait_for(turn())
    assert set(+seen.faults) == ({fault} if fault else set())
    assert len(seen.cards) == 1


def test_a_request_that_fails_is_no_reply() -> None:
    async def turn() -> None:
        async with replying("", 500) as client:
            await Visitor("v0", [client], Page(0, 5), Seen(), CHANCE).turn("question")

    with pytest.raises(httpx.HTTPStatusError):
        wait_for(turn())


def test_an_event_carries_the_whole_conversation() -> None:
    sent = request(5, "name", ["first", "second"])
    assert sent == {
        "fn_index": 5,
        "data": [{"token": "name", "number": 2, "turns": ["first", "second"]}],
    }


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux tells it in /proc")
def test_memory_counts_a_process_with_those_it_started() -> None:
    import subprocess
    import sys

    alone = resident_mb(os.getpid())
    held = "import sys; kept = bytearray(b'x' * 60_000_000); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert resident_mb(os.getpid()) > alone + 50
        child.kill()


def test_an_address_that_never_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_START_WITHIN", 0.1)
    with pytest.raises(SystemExit, match="did not answer"):
        program.wait_for(f"http://127.0.0.1:{program.free_port()}/")
