"""Screening: hits and their spans, stances, conversations."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.safety import SafetyLayer
from bot.types import Category, Level


@pytest.mark.parametrize(
    ("message", "level"),
    [
        ("my husband hit me", Level.CRISIS),
        ("My HUBBY really h1t me.", Level.CRISIS),
        ("my husband never hit me", Level.SIGNPOST),
        ("my husband. hit me", Level.NONE),
        ("he punched me", Level.CRISIS),
        ("in chess he punched me", Level.NONE),
        ("he punched me up", Level.NONE),
        ("he is outside", Level.NONE),
        ("he punched me and now he is outside", Level.EMERGENCY),
        ("I want to die", Level.CRISIS),
        ("plants want to die", Level.NONE),
    ],
)
def test_the_level_follows_rules_and_stance(
    small: Callable[..., SafetyLayer], message: str, level: Level
) -> None:
    assert small().assess([message]).level is level


def test_a_stance_lowers_its_own_hit_and_no_other(small: Callable[..., SafetyLayer]) -> None:
    found = small().assess(["My husband never hit me. His hands were round my neck."])
    assert found.level is Level.CRISIS
    assert {(hit.rule, hit.level, hit.lowered_by) for hit in found.hits} == {
        ("hands", Level.CRISIS, ""),
        ("hits_me", Level.SIGNPOST, "denied"),
    }


def test_a_hit_names_the_place_it_stands_at(small: Callable[..., SafetyLayer]) -> None:
    message = "Sorry… my  hubby (drunk) h\u200bit  me, again"
    (hit,) = small().assess([message]).hits
    assert message[slice(*hit.span)] == hit.text == "hubby (drunk) h\u200bit  me"


def test_what_was_lowered_to_nothing_is_kept_as_near(small: Callable[..., SafetyLayer]) -> None:
    found = small().assess(["in chess he punched me"])
    assert [(hit.rule, hit.lowered_by) for hit in found.near] == [("hits_me", "game")]


def test_a_disclosure_split_over_turns_is_found(small: Callable[..., SafetyLayer]) -> None:
    turns = ["he gets angry", "last night he used his hands", "round my neck"]
    found = small().assess(turns)
    assert found.level is Level.CRISIS
    assert [hit.turn for hit in found.hits] == [2]
    assert found.hits[0].text == "round my neck"


def test_long_turns_are_not_read_as_one(small: Callable[..., SafetyLayer]) -> None:
    long_turn = "and so it went on and on for weeks with my cold hands in the garden"
    assert small().assess([long_turn, "neck"]).level is Level.NONE


def test_taking_it_back_does_not_lower_the_level(small: Callable[..., SafetyLayer]) -> None:
    found = small().assess(["my husband hit me", "just kidding, he never hit me", "hi"])
    assert found.level is Level.CRISIS


@pytest.mark.parametrize(
    ("turns", "level"),
    [
        (["do you want to die?", "yes"], Level.CRISIS),
        (["do you want to die?", "  Yes, really!  "], Level.CRISIS),
        (["do you want to die?", "no"], Level.NONE),
        (["do you want to die?", "yes the weather is nice"], Level.NONE),
        (["do you want to die?", "hello", "yes"], Level.NONE),
        (["yes"], Level.NONE),
        (["do you want tea?", "yes"], Level.NONE),
    ],
)
def test_a_bare_answer_means_what_was_asked_before_it(
    small: Callable[..., SafetyLayer], turns: list[str], level: Level
) -> None:
    assert small().assess(turns).level is level


def test_an_answer_may_follow_a_rule_at_any_level_or_a_category_with_a_card(
    small: Callable[..., SafetyLayer],
) -> None:
    lowered = small().assess(["not hands round my neck", "sometimes"])
    assert [(hit.rule, hit.level) for hit in lowered.hits] == [
        ("says_yes", Level.CRISIS),
        ("hands", Level.SIGNPOST),
    ]
    again = small().assess(["i want to die", "yes", "Sometimes"])
    assert [hit.rule for hit in again.hits] == ["die", "says_yes", "says_yes"]
    assert [hit.text for hit in again.hits] == ["want to die", "yes", "Sometimes"]


def test_an_exception_for_the_message_erases_its_hits_and_no_other_turns(
    small: Callable[..., SafetyLayer],
) -> None:
    layer = small(("    unless: [", "    unless_message: [rugby match]\n    unless: ["))
    found = layer.assess(["he hit me in the first half of the rugby match. he punches me a lot"])
    assert (found.level, found.near[0].lowered_by) == (Level.NONE, "unless")
    assert layer.assess(["a rugby match", "he hit me"]).level is Level.CRISIS


SHIPPED = [
    ("he gets angry // last night he used his hands // round my neck", Level.CRISIS),
    ("are you thinking of ending your life? // yes", Level.CRISIS),
    ("are you thinking of ending your life // i think so", Level.CRISIS),
    ("are you suicidal? // sometimes", Level.CRISIS),
    ("are you thinking of ending your life? // no", Level.NONE),
    ("I feel hopeless // yeah", Level.CRISIS),
    ("are you safe? // no", Level.CRISIS),
    ("are you safe right now? // not really", Level.EMERGENCY),
    ("are you safe? // yes", Level.NONE),
    ("does he hit you? // yes", Level.CRISIS),
    ("have you taken any tablets? // yeah", Level.EMERGENCY),
    ("are the kids safe? // no", Level.CRISIS),
    ("hello // yes", Level.NONE),
    ("is the article about marriage? // yes", Level.NONE),
    ("I'm going to kill myself // just kidding // lol // forget it", Level.CRISIS),
]


@pytest.mark.parametrize(("conversation", "level"), SHIPPED)
def test_the_shipped_rules_read_a_conversation_as_a_whole(
    layer: SafetyLayer, conversation: str, level: Level
) -> None:
    assert layer.assess_by_rules(conversation.split(" // ")).level is level


def test_a_second_hit_brings_a_shorter_card(layer: SafetyLayer) -> None:
    turns = ["I want to die", "yes"]
    first, again = (
        layer.card(layer.assess_by_rules(turns[:count]), turns[:count], again=count > 1)
        for count in (1, 2)
    )
    assert first is not None
    assert again is not None
    assert len(again.lines) < len(first.lines)
    assert any("what got in the way" in line for line in again.lines)


def test_categories_are_in_order_of_precedence(small: Callable[..., SafetyLayer]) -> None:
    found = small().assess(["he hit me, he is outside, i want to die"])
    assert found.categories == (
        Category.IMMEDIATE_DANGER,
        Category.SUICIDE_SELF_HARM,
        Category.FAMILY_VIOLENCE,
    )


turn = st.text(max_size=80) | st.sampled_from(
    [
        "my husband hit me",
        "never",
        "he used his hands",
        "round my neck",
        "hello",
        "in chess",
        "yes",
        "are you safe?",
        "no",
        "",
    ]
)


@given(turns=st.lists(turn, min_size=1, max_size=5), later=turn)
def test_the_level_never_falls_within_a_conversation(
    layer: SafetyLayer, turns: list[str], later: str
) -> None:
    before = layer.assess(turns)
    after = layer.assess([*turns, later])
    assert after.level >= before.level
    assert set(before.categories) <= set(after.categories)


@given(turns=st.lists(turn, min_size=1, max_size=4))
def test_every_span_is_of_its_turn(layer: SafetyLayer, turns: list[str]) -> None:
    found = layer.assess(turns)
    for hit in (*found.hits, *found.near):
        start, end = hit.span
        assert 0 <= start <= end <= len(turns[hit.turn])
        assert turns[hit.turn][start:end] == hit.text


@pytest.mark.parametrize(
    "pattern", ["goodbye $ all", "goodbye [$] all", "(goodbye|bye $) [$|to] all"]
)
def test_a_pattern_that_names_the_end_of_a_sentence_goes_on_behind_it(
    small: Callable[..., SafetyLayer], pattern: str
) -> None:
    layer = small(("patterns: [want to die]", f'patterns: [want to die, "{pattern}"]'))
    assert layer.assess(["I say goodbye. All done"]).level is Level.CRISIS


def test_a_gap_never_reaches_behind_the_end_of_a_sentence(
    small: Callable[..., SafetyLayer],
) -> None:
    layer = small(("patterns: [want to die]", 'patterns: [want to die, "goodbye ~ all [$]"]'))
    assert layer.assess(["I say goodbye to you all"]).level is Level.CRISIS
    assert layer.assess(["I say goodbye. To you all"]).level is Level.NONE
