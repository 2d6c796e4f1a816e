"""What the rules found is in doubt where the words speak against it, and only until looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.cases import ROOT
from bot.safety import SafetyLayer
from bot.safety.doubt import doubted, settled, undoubted
from bot.safety.net import Find, Reading, Support
from bot.safety.rulebook import Rule
from bot.safety.rules import read_rules
from bot.types import DOUBTED, Assessment, Category, Hit, Level

FV, SUICIDE = Category.FAMILY_VIOLENCE, Category.SUICIDE_SELF_HARM
TEXT = "the ref hit me with a card"


@pytest.fixture(scope="module")
def read(layer: SafetyLayer) -> Callable[[str], Sequence[tuple[str, tuple[int, int]]]]:
    return layer._engine.lexicon.read


Read = Callable[[str], Sequence[tuple[str, tuple[int, int]]]]


def hit(
    text: str = TEXT,
    what: str = "hit me",
    level: Level = Level.CRISIS,
    category: Category = FV,
    turn: int = 0,
) -> Hit:
    start = text.index(what)
    return Hit("rule", category, level, (start, start + len(what)), what, turn)


def never(_: Reading) -> bool:
    return False


def always(_: Reading) -> bool:
    return True


def finding(level: Level | None) -> Callable[[Sequence[Reading]], list[Find | None]]:
    found = None if level is None else Find((FV,), level, 1.0, (0, 1), ("because",))
    return lambda readings: [found for _ in readings]


def test_where_every_reading_is_tame_the_quiet_line_comes_for_now(read: Read) -> None:
    found = doubted(Assessment.of([hit()]), [TEXT], always, read, ())
    assert (found.level, found.categories, found.in_doubt) == (Level.SIGNPOST, (), True)
    assert [each.lowered_by for each in found.hits] == [DOUBTED]


def test_where_a_reading_says_more_nothing_changes(read: Read) -> None:
    found = Assessment.of([hit()])
    assert doubted(found, [TEXT], never, read, ()) == found


@pytest.mark.parametrize(
    "certain", [hit(level=Level.EMERGENCY), hit(category=SUICIDE)], ids=["emergency", "suicide"]
)
def test_suicide_and_emergencies_are_never_in_doubt_nor_what_stands_beside(
    read: Read, certain: Hit
) -> None:
    for hits in ([certain], [certain, hit()]):
        found = Assessment.of(hits)
        assert doubted(found, [TEXT], always, read, ()) == found


def test_what_a_sure_rule_found_is_never_in_doubt(read: Read) -> None:
    found = Assessment.of([hit()])
    assert doubted(found, [TEXT], always, read, {"rule"}) == found


def test_the_quiet_line_of_a_rule_is_no_doubt(read: Read) -> None:
    found = Assessment.of([hit(level=Level.SIGNPOST)])
    assert doubted(found, [TEXT], always, read, ()) == found
    assert not found.in_doubt


def test_the_card_comes_when_the_second_look_finds_as_much(read: Read) -> None:
    before = Assessment.of([hit()])
    doubt = doubted(before, [TEXT], always, read, ())
    assert settled(doubt, [TEXT], read, finding(Level.CRISIS)) == before


@pytest.mark.parametrize("level", [None, Level.SIGNPOST])
def test_it_does_not_come_when_the_second_look_finds_less(read: Read, level: Level | None) -> None:
    doubt = doubted(Assessment.of([hit()]), [TEXT], always, read, ())
    assert settled(doubt, [TEXT], read, finding(level)) == doubt


def test_a_crisis_in_another_turn_ends_all_doubt(read: Read) -> None:
    turns = [TEXT, "he chokes me"]
    doubt = doubted(Assessment.of([hit()]), turns, always, read, ())
    other = hit("he chokes me", "chokes me", turn=1)
    raised = Assessment.of([*doubt.hits, other])
    assert settled(raised, turns, read, finding(None)) == Assessment.of([hit(), other])


def test_where_one_turn_is_not_tame_no_turn_is_in_doubt(read: Read) -> None:
    turns = [TEXT, "he hit me"]
    found = Assessment.of([hit(), hit(turns[1], turn=1)])
    assert doubted(found, turns, lambda one: one.turns != (turns[1],), read, ()) == found


def test_other_talk_around_a_disclosure_does_not_put_it_in_doubt(read: Read) -> None:
    calm = "We had soup for lunch. The dog slept in the sun. I mended the gate. "
    text = f"{calm}He hit me again. {calm}"
    asked: list[Reading] = []

    def is_tame(reading: Reading) -> bool:
        asked.append(reading)
        return True

    doubted(Assessment.of([hit(text)]), [text], is_tame, read, ())
    near = "I mended the gate. He hit me again. We had soup for lunch."
    assert asked == [
        Reading(("He hit me again.",), Support.MAYBE),
        Reading((text,), Support.DOUBTED),
        Reading((near,), Support.DOUBTED),
    ]


def test_of_a_message_without_stops_what_is_near_is_read(read: Read) -> None:
    calm = "and then the dog slept in the sun " * 20
    text = f"{calm}and he hit me again {calm}"
    asked: list[str] = []

    def is_tame(reading: Reading) -> bool:
        asked.extend(reading.turns)
        return True

    doubted(Assessment.of([hit(text)]), [text], is_tame, read, ())
    near, whole = asked
    assert whole == text
    assert "he hit me again" in near
    assert len(near.split()) < 100


def test_code_beside_a_disclosure_does_not_put_it_in_doubt(fitted: SafetyLayer) -> None:
    for other in ("How do I sort a list in JavaScript?", '<script type="text/javascript">alert(1)'):
        assert fitted.assess([f"my husband hits me\n{other}"]).level is Level.CRISIS


def test_the_turns_before_are_read_as_well(read: Read) -> None:
    turns = ["my husband", TEXT]
    asked: list[tuple[str, ...]] = []

    def is_tame(reading: Reading) -> bool:
        asked.append(reading.turns)
        return True

    doubted(Assessment.of([hit(turn=1)]), turns, is_tame, read, ())
    assert asked == [(TEXT,), ("my husband", TEXT)]


LEVELS = st.sampled_from([Level.SIGNPOST, Level.CRISIS, Level.EMERGENCY])
HITS = st.lists(st.builds(hit, level=LEVELS, category=st.sampled_from(Category)), max_size=4)


@given(hits=HITS, tame=st.booleans(), found=st.sampled_from([None, Level.SIGNPOST, Level.CRISIS]))
def test_doubt_loses_nothing_and_the_second_look_only_raises(
    read: Read, hits: list[Hit], tame: bool, found: Level | None
) -> None:
    before = Assessment.of(hits)
    doubt = doubted(before, [TEXT], lambda _: tame, read, ())
    assert undoubted(doubt) == before
    assert doubt.level <= settled(doubt, [TEXT], read, finding(found)).level <= before.level


@pytest.fixture(scope="module")
def fitted() -> SafetyLayer:
    return SafetyLayer.load(ROOT / "safety_rules.yaml", fitting=True)


@pytest.fixture(scope="module")
def rules() -> tuple[Rule, ...]:
    return read_rules(ROOT / "safety_rules.yaml").rules


def test_what_is_written_in_another_language_is_never_in_doubt(
    fitted: SafetyLayer, rules: tuple[Rule, ...]
) -> None:
    foreign = [rule for rule in rules if rule.place.path.parent.name == "languages"]
    turns = [each.turns for rule in foreign for each in rule.examples]
    assert len(turns) > 100
    assert [one for one in turns if fitted.assess(one).in_doubt] == []


def test_a_rule_that_ignores_doubt_brings_its_card_at_once(
    fitted: SafetyLayer, rules: tuple[Rule, ...]
) -> None:
    turns = [each.turns for rule in rules if DOUBTED in rule.ignores for each in rule.examples]
    assert len(turns) > 50
    assert [one for one in turns if fitted.assess(one).in_doubt] == []
