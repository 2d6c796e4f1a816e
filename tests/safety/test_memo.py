"""What is remembered of texts: values, for a while, and never the texts."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.safety import SafetyLayer, memo
from bot.safety.cues import CueModel
from bot.safety.memo import Memo
from bot.safety.patterns import PatternSet


class Lengths:
    """Works out the length of texts, and notes which it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> list[int]:
        self.asked += texts
        return [len(text) for text in texts]


def test_only_new_texts_are_worked_out_and_each_once() -> None:
    known, lengths = Memo[int](), Lengths()
    assert known.of(["one", "three", "one"], lengths) == [3, 5, 3]
    assert known.of(["three", "seven!", "one"], lengths) == [5, 6, 3]
    assert known.of([], lengths) == []
    assert lengths.asked == ["one", "three", "seven!"]


def test_what_was_not_used_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "_REMEMBERED", 2)
    known, lengths = Memo[int](), Lengths()
    for text in ("one", "two", "one", "three", "one", "two"):
        known.of([text], lengths)
    assert lengths.asked == ["one", "two", "three", "two"]


def test_nothing_worked_out_is_remembered_after_a_failure() -> None:
    known, lengths = Memo[int](), Lengths()

    def fail(_: Sequence[str]) -> list[int]:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        known.of(["one"], fail)
    assert known.of(["one"], lengths) == [3]


def test_the_texts_are_not_in_memory_and_no_two_memos_hash_alike() -> None:
    text = "something that nobody else may read"
    memos = [Memo[int](), Memo[int]()]
    for each in memos:
        each.of([text], Lengths())
    assert text.encode() not in pickle.dumps([each._values for each in memos])
    assert memos[0]._values.keys().isdisjoint(memos[1]._values)


def test_half_a_character_of_two_is_a_text_as_well() -> None:
    assert Memo[int]().of(["half \ud83d", "half \udc4d"], Lengths()) == [6, 6]


def noted(monkeypatch: pytest.MonkeyPatch, kind: type, name: str) -> list[object]:
    """What a method is called with from now on."""
    method = getattr(kind, name)
    calls: list[object] = []

    def noting(*given: object) -> object:
        calls.append(given)
        return method(*given)

    monkeypatch.setattr(kind, name, noting)
    return calls


def test_earlier_turns_are_neither_scanned_nor_weighed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layer = SafetyLayer.load(
        Path(__file__).resolve().parents[2] / "safety_rules.yaml", fitting=True
    )
    turns = [
        "We have been together for nine years and both of us work late most of the week",
        "On Saturday he drove the kids to the beach and I stayed home to read my book alone",
        "We talked about it after dinner and went to bed early without saying much else at all",
    ]
    first = [layer.assess(turns[: number + 1]) for number in range(3)]
    scans = noted(monkeypatch, PatternSet, "matching")
    seen = noted(monkeypatch, CueModel, "see")
    assert [layer.assess(turns[: number + 1]) for number in range(3)] == first
    assert (scans, seen) == ([], [])
    layer.assess(
        [*turns, "This weekend we are planning to paint the kitchen and the hall in white"]
    )
    assert len(scans) == 1
    assert len(seen) == 2, "the new turn alone, and the last three"


def test_a_conversation_is_judged_alike_whether_its_turns_are_known_or_new() -> None:
    path = Path(__file__).resolve().parents[2] / "safety_rules.yaml"
    known = SafetyLayer.load(path, fitting=True)
    turns = [
        "he gets angry",
        "last night he used his hands",
        "round my neck",
        "he was joking",
        "ok",
    ]
    for number in range(len(turns)):
        known.assess(turns[: number + 1])
    for number in range(len(turns)):
        said = turns[: number + 1]
        assert known.assess(said) == SafetyLayer.load(path, fitting=True).assess(said)
