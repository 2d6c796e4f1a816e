"""Counts for the operator: off by default, in steps of five, without a trace of one visit."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from bot import counts
from bot.build import build
from bot.counts import Counts, read
from bot.settings import Settings


def counted(file: Path) -> dict[str, int]:
    days = read(file)
    return next(iter(days.values())) if days else {}


def test_fewer_than_five_of_anything_are_not_written(tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    adding = Counts(file)
    for _ in range(4):
        adding.add("crisis", ["family_violence"])
    adding.settle()
    assert not file.exists()
    adding.add("crisis", ["child_at_risk"])
    adding.settle()
    assert counted(file) == {"level:crisis": 5}


def test_numbers_grow_in_steps_of_five(tmp_path: Path) -> None:
    file = tmp_path / "new" / "counts.json"
    adding = Counts(file)
    seen = []
    for _ in range(17):
        adding.add("none", [])
        adding.settle()
        seen.append(counted(file).get("level:none", 0))
    assert seen == [0] * 4 + [5] * 5 + [10] * 5 + [15] * 3


def test_the_file_is_of_the_form_that_is_documented(tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    adding = Counts(file)
    for _ in range(5):
        adding.add("emergency", ["immediate_danger", "family_violence"])
    adding.settle()
    (day, numbers), *rest = json.loads(file.read_text())["days"].items()
    assert rest == []
    assert len(day) == len("2026-11-23")
    assert numbers == {
        "level:emergency": 5,
        "category:immediate_danger": 5,
        "category:family_violence": 5,
    }


def test_several_programs_share_a_file(tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    adding = [Counts(file) for _ in range(4)]

    def work(one: Counts) -> None:
        for _ in range(50):
            one.add("none", [])
        one.settle()

    threads = [threading.Thread(target=work, args=(one,)) for one in adding]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted(file) == {"level:none": 200}


def test_a_damaged_file_is_told_and_kept_and_counting_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "counts.json"
    file.write_text('{"days": [')
    adding = Counts(file)
    for _ in range(6):
        adding.add("none", [])
    adding.settle()
    assert file.read_text() == '{"days": ['
    assert "move a damaged file away" in caplog.text
    file.unlink()
    adding.add("none", [])
    adding.settle()
    assert counted(file) == {"level:none": 5}


def test_a_place_that_cannot_be_written_is_told_and_nothing_else_happens(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    adding = Counts(tmp_path / "file" / "counts.json")
    for _ in range(5):
        adding.add("none", [])
    adding.settle()
    assert "unset BOT_COUNTS" in caplog.text


def test_yesterdays_rest_is_forgotten(tmp_path: Path) -> None:
    adding = Counts(tmp_path / "counts.json")
    adding._count("2026-11-22", ("level:none",))
    adding._count("2026-11-23", ("level:none",))
    assert set(adding._pending) == {("2026-11-23", "level:none")}


@pytest.mark.parametrize("content", ["[]", "{}", '{"days": 1}', '{"days": {"x": {"y": "z"}}}', ""])
def test_what_is_no_file_of_counts_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "counts.json").write_text(content)
    with pytest.raises(ValueError, match=r"counts|Expecting"):
        read(tmp_path / "counts.json")


def test_the_program_counts_only_where_it_is_told_to(tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    silent, counting = build(Settings()), build(Settings(counts=str(file)))
    for _ in range(5):
        silent.bot.screen(["my husband hits me"])
        counting.bot.screen(["my husband hits me"])
    for _ in range(5):
        counting.bot.screen(["my husband hits me", "what is stonewalling?"])
    deadline = threading.Event()
    for _ in range(100):
        if counted(file).get("level:crisis", 0) == 10:
            break
        deadline.wait(0.05)
    assert counted(file) == {"level:crisis": 10, "category:family_violence": 5}
    assert counts.STEP == 5
