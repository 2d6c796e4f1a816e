"""The second net: it raises, never lowers, and says why."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from bot.safety.net import NET, Find, Reading, Support, Thresholds, completed, raised
from bot.safety.rulebook import Shares
from bot.safety.screen import MAYBE
from bot.types import Assessment, Category, Hit, Level

FV, SUICIDE = Category.FAMILY_VIOLENCE, Category.SUICIDE_SELF_HARM
NOTHING = Assessment()


class Net:
    """Finds what it is told to find, and remembers what it was asked."""

    def __init__(self, **finds: Find) -> None:
        self.finds = finds
        self.asked: list[Reading] = []

    def __call__(self, readings: Sequence[Reading]) -> list[Find | None]:
        self.asked += readings
        return [self.finds.get(" ".join(reading.turns).replace(" ", "_")) for reading in readings]


def find(level: Level, *categories: Category, score: float = 1.0) -> Find:
    return Find(categories or (FV,), level, score, (0, 2), ("because",))


def hit(level: Level, turn: int = 0, lowered_by: str = "") -> Hit:
    return Hit("rule", SUICIDE, level, (0, 1), "x", turn, lowered_by)


def test_a_find_raises_the_level_and_names_categories_and_reasons() -> None:
    found = raised(NOTHING, ["ab"], Net(ab=find(Level.CRISIS, FV, SUICIDE)))
    assert found.level is Level.CRISIS
    assert set(found.categories) == {FV, SUICIDE}
    assert {(each.rule, each.text, each.because) for each in found.hits} == {
        (NET, "ab", ("because",))
    }


def test_the_quiet_line_comes_up_without_a_category() -> None:
    found = raised(NOTHING, ["ab"], Net(ab=find(Level.SIGNPOST)))
    assert (found.level, found.categories) == (Level.SIGNPOST, ())


@pytest.mark.parametrize("level", [Level.CRISIS, Level.EMERGENCY])
def test_a_turn_known_to_be_a_crisis_is_not_looked_at(level: Level) -> None:
    net = Net(ab=find(Level.SIGNPOST))
    before = Assessment.of([hit(level)], [])
    assert raised(before, ["ab"], net) == before
    assert net.asked == []


@pytest.mark.parametrize("level", [Level.CRISIS, Level.EMERGENCY])
def test_what_a_crisis_is_surely_about_is_added_beside_what_the_rules_name(level: Level) -> None:
    before = Assessment.of([hit(level), hit(Level.SIGNPOST, turn=1)], [])
    asked: list[tuple[Reading, set[Category]]] = []

    def kind(reading: Reading, known: Collection[Category]) -> Find:
        asked.append((reading, set(known)))
        return find(Level.CRISIS, FV)

    found = completed(before, ["ab", "cd"], kind)
    assert found.level is level
    assert found.categories == (SUICIDE, FV)
    assert set(before.hits) < set(found.hits)
    assert asked == [(Reading(("ab",)), {SUICIDE})], "only turns that are a crisis"


def test_nothing_is_added_that_is_named_already_or_not_sure() -> None:
    before = Assessment.of([hit(Level.CRISIS)], [])
    assert completed(before, ["ab"], lambda *_: find(Level.CRISIS, SUICIDE)) == before
    assert completed(before, ["ab"], lambda *_: None) == before


def test_nothing_that_was_found_is_lost() -> None:
    before = Assessment.of([hit(Level.SIGNPOST)], [hit(Level.NONE)])
    found = raised(before, ["ab"], Net(ab=find(Level.CRISIS)))
    assert set(before.hits) < set(found.hits)
    assert found.near == before.near


def test_the_last_turns_are_read_together_unless_one_of_them_is_known() -> None:
    net = Net()
    raised(NOTHING, ["a", "b", "c", "d"], net)
    assert [each.turns for each in net.asked if len(each.turns) > 1] == [
        ("a", "b"), ("a", "b", "c"), ("b", "c", "d"),
    ]  # fmt: skip
    net = Net()
    raised(Assessment.of([hit(Level.CRISIS, turn=1)], []), ["a", "b", "c", "d"], net)
    assert [each.turns for each in net.asked] == [("a",), ("c",), ("d",)]


def test_the_graver_of_two_readings_of_a_turn_counts() -> None:
    finds = {"b": find(Level.SIGNPOST, score=9.0), "a_b": find(Level.CRISIS, score=1.0)}
    assert raised(NOTHING, ["a", "b"], Net(**finds)).level is Level.CRISIS


def test_a_reading_is_supported_where_a_rule_said_maybe() -> None:
    net = Net()
    before = Assessment.of([hit(Level.SIGNPOST, 0, MAYBE), hit(Level.SIGNPOST, 1, "past")], [])
    raised(before, ["a", "b"], net)
    assert [(each.turns, each.support) for each in net.asked] == [
        (("a",), Support.MAYBE), (("b",), Support.NONE), (("a", "b"), Support.MAYBE),
    ]  # fmt: skip


class TestThresholds:
    HARMLESS = tuple(float(score) for score in range(100))

    def test_the_share_of_harmless_messages_passes(self) -> None:
        limits = Thresholds.passed_by(Shares(0.05, 0.6), self.HARMLESS)
        passed = [s for s in self.HARMLESS if limits.level(s, Support.NONE) is Level.CRISIS]
        assert len(passed) <= 5
        quiet = [s for s in self.HARMLESS if limits.level(s, Support.NONE) is Level.SIGNPOST]
        assert 10 <= len(quiet) <= 15

    def test_what_deserves_the_quiet_line_is_a_crisis_where_a_rule_says_the_same(self) -> None:
        limits = Thresholds(crisis=2.0, signpost=1.0, tame=-1.0)
        assert limits.level(1.5, Support.NONE) is Level.SIGNPOST
        assert limits.level(1.5, Support.MAYBE) is Level.CRISIS
        assert limits.level(0.5, Support.MAYBE) is Level.NONE

    def test_what_a_rule_found_is_doubted_among_so_many_of_the_tamest(self) -> None:
        limits = Thresholds.passed_by(Shares(0.05, 0.6), self.HARMLESS)
        tame = [s for s in self.HARMLESS if limits.level(s, Support.DOUBTED) < Level.CRISIS]
        assert 58 <= len(tame) <= 62

    def test_a_share_of_nothing_doubts_nothing(self) -> None:
        limits = Thresholds.passed_by(Shares(0.05, 0), self.HARMLESS)
        assert limits.level(-1000.0, Support.DOUBTED) is Level.CRISIS

    @pytest.mark.parametrize("share", [0.001, 0.199])
    def test_few_messages_and_odd_shares_are_no_obstacle(self, share: float) -> None:
        limits = Thresholds.passed_by(Shares(share, share), (0.5,))
        assert limits.crisis == limits.signpost == limits.tame == 0.5
