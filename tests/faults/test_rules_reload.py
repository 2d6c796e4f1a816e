"""The rules edited while the program runs: good edits are taken up, bad ones change nothing."""

from __future__ import annotations

import gc
import os
import shutil
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.conversation import Bot, Draft
from bot.errors import IndexUnavailable
from bot.safety import SafetyLayer
from bot.safety.reload import LiveRules
from bot.types import Level
from tests.faults.conftest import ROOT, Start, ask, assert_cards


class NoAnswers:
    """A library that is away; the cards must not care."""

    def expect(self, _turns: Sequence[str]) -> None:
        pass

    def draft(
        self,
        _turns: Sequence[str],
        _may_use: Callable[[str], bool],
        *,
        may_write: bool = False,
        guarded: bool = False,
    ) -> Draft:
        raise IndexUnavailable("away")


@pytest.fixture
def file(tmp_path: Path, small_text: str) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(small_text, encoding="utf-8")
    return path


@pytest.fixture
def bot(file: Path) -> Bot:
    return Bot(SafetyLayer.load(file), NoAnswers())


@pytest.fixture
def live(file: Path, bot: Bot) -> LiveRules:
    return LiveRules(SafetyLayer.load(file), bot.adopt)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def settle(live: LiveRules) -> None:
    """What the watching thread does within some seconds of an edit."""
    for _ in range(3):
        live.refresh()


def level(bot: Bot, message: str) -> Level:
    return bot.screen([message]).assessment.level


def test_a_good_edit_is_taken_up_without_a_restart(
    file: Path, bot: Bot, live: LiveRules, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert level(bot, "I feel hopeless") is Level.NONE
    edit(file, "patterns: [want to die]", "patterns: [want to die, i feel hopeless]")
    settle(live)
    assert level(bot, "I feel hopeless") is Level.CRISIS
    assert level(bot, "I want to die") is Level.CRISIS
    assert "edited rules are in use" in caplog.text


def test_rules_in_use_are_spared_the_garbage_collector_and_old_ones_go(
    file: Path, bot: Bot, live: LiveRules
) -> None:
    old = weakref.ref(live.layer)
    edit(file, "review_days: 90", "review_days: 91")
    settle(live)
    gc.collect()
    assert old() is None
    try:
        assert gc.get_freeze_count() > len(gc.get_objects()), "what stays is most of what there is"
    finally:
        gc.unfreeze()
    assert level(bot, "I want to die") is Level.CRISIS


def test_a_number_that_was_wrong_is_right_on_the_next_card(
    file: Path, bot: Bot, live: LiveRules
) -> None:
    edit(file, "sms: 0400 000 111", "sms: 0400 000 222")
    settle(live)
    card = bot.screen(["my husband hit me"]).card
    assert card is not None
    assert "0400 000 222" in {each.sms for each in card.resources}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("patterns: [want to die]", "patterns: ['want ( die']", "not closed"),
        ("examples: [I want to die]", "examples: [I want cake]", "is not matched"),
        ("rules:\n", "rules: [\n", "Check indentation"),
        ('phone: "000"', "phone: call us", "not a phone number"),
    ],
)
def test_a_bad_edit_changes_nothing_and_says_where_and_how_to_mend_it(
    file: Path,
    bot: Bot,
    live: LiveRules,
    caplog: pytest.LogCaptureFixture,
    old: str,
    new: str,
    told: str,
) -> None:
    edit(file, old, new)
    for _ in range(4):
        settle(live)
    assert level(bot, "I want to die") is Level.CRISIS
    assert caplog.text.count("the ones before stay in use") == 1, "it is told once, not for ever"
    assert f"{file}:" in caplog.text
    assert told in caplog.text


def test_mending_a_bad_edit_is_taken_up_too(file: Path, bot: Bot, live: LiveRules) -> None:
    edit(file, "patterns: [want to die]", "patterns: ['want ( die']")
    settle(live)
    edit(file, "patterns: ['want ( die']", "patterns: [want to die, i feel hopeless]")
    settle(live)
    assert level(bot, "I feel hopeless") is Level.CRISIS


@pytest.mark.parametrize("damage", ["deleted", "emptied", "binary", "folder", "cut"])
def test_a_file_lost_or_spoilt_leaves_the_last_good_rules(
    file: Path, bot: Bot, live: LiveRules, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    content = file.read_bytes()
    file.unlink()
    if damage == "folder":
        file.mkdir()
    elif damage != "deleted":
        spoilt = {"emptied": b"", "binary": os.urandom(900), "cut": content[: len(content) // 2]}
        file.write_bytes(spoilt[damage])
    settle(live)
    assert level(bot, "I want to die") is Level.CRISIS
    assert "the ones before stay in use" in caplog.text


def test_a_file_in_the_middle_of_being_written_is_not_taken_for_whole(
    file: Path, bot: Bot, live: LiveRules, caplog: pytest.LogCaptureFixture
) -> None:
    whole = file.read_text(encoding="utf-8")
    for end in (len(whole) // 4, len(whole) // 2, len(whole)):
        file.write_text(whole[:end], encoding="utf-8")
        live.refresh()
    settle(live)
    assert caplog.text == ""
    assert level(bot, "I want to die") is Level.CRISIS


def test_an_included_file_and_a_new_one_are_watched_too(tmp_path: Path, small_text: str) -> None:
    main, rules = small_text.split("rules:\n")
    more = tmp_path / "more.yaml"
    more.write_text("rules:\n" + rules, encoding="utf-8")
    path = tmp_path / "rules.yaml"
    path.write_text("include: [more.yaml]\n" + main, encoding="utf-8")
    bot = Bot(SafetyLayer.load(path), NoAnswers())
    live = LiveRules(SafetyLayer.load(path), bot.adopt)
    edit(more, "patterns: [want to die]", "patterns: [want to die, i feel hopeless]")
    settle(live)
    assert level(bot, "I feel hopeless") is Level.CRISIS
    (tmp_path / "third.yaml").write_text("spellings: {hopeles: hopeless}\n", encoding="utf-8")
    edit(path, "include: [more.yaml]", "include: [more.yaml, third.yaml]")
    settle(live)
    edit(tmp_path / "third.yaml", "hopeles: hopeless", "hopelss: hopeless")
    settle(live)
    assert level(bot, "I feel hopelss") is Level.CRISIS


def test_an_edit_that_breaks_the_reader_itself_is_survived(
    file: Path,
    bot: Bot,
    live: LiveRules,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> SafetyLayer:
        raise MemoryError

    edit(file, "patterns: [want to die]", "patterns: [want to die, so]")
    monkeypatch.setattr("bot.safety.reload.SafetyLayer.load", broken)
    settle(live)
    assert level(bot, "I want to die") is Level.CRISIS
    assert "cannot be used (MemoryError)" in caplog.text


def test_the_shipped_rules_are_exchanged_while_cards_go_on(
    start: Start,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The whole program, its own watching thread, and the second net fitted on the way.

    The new rules are held back until a card has come from the old ones.
    """
    caplog.set_level("INFO")
    for name in ("safety_rules.yaml", "safety_rules", "safety_examples"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    parts = start(rules=tmp_path / "safety_rules.yaml")
    parts.safety.learn()
    first = parts.safety
    reading, carded = threading.Event(), threading.Event()
    load = SafetyLayer.load

    def held_back(*of: Any, **more: Any) -> SafetyLayer:
        reading.set()
        assert carded.wait(250)
        return load(*of, **more)

    monkeypatch.setattr("bot.safety.reload.SafetyLayer.load", held_back)
    parts.rules.start()
    edit(tmp_path / "safety_rules.yaml", "review_days: 90", "review_days: 91")
    assert reading.wait(60), caplog.text
    assert_cards(parts)
    carded.set()
    while parts.safety is first:
        assert_cards(parts)
        time.sleep(0.02)
    assert parts.safety._words is not None
    assert_cards(parts)
    ask(parts)
