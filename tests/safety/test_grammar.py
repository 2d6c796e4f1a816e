"""The pattern language: what it reads, what it refuses, what it becomes."""

from __future__ import annotations

import pytest
import re2

from bot.safety.grammar import PatternError, Translator, parse, verb_list, word_list, words_in
from bot.safety.inflect import inflect

VOCABULARIES = {
    "partner": word_list("partner", ["husband", "wife", "other half"]),
    "hurt": verb_list("hurt", ["hit|hit", "punch"]),
}
WORDS = (
    "a b he she me my husband wife other half hit hits hitting punch punches punched punching"
).split()
CODES = {word: chr(0x100 + rank) for rank, word in enumerate(WORDS)}


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches a text of known words, ``x`` for others and ``.`` for an end."""
    codes = "".join(CODES.get(word, word) for word in text.split())
    regex = Translator(VOCABULARIES, CODES).regex(parse(pattern))
    return re2.search(regex, f".{codes}.") is not None


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("he hit me", "he hit me", True),
        ("he hit me", "x he hit me x", True),
        ("he hit me", "he x hit me", False),
        ("he ~ me", "he x x x me", True),
        ("he ~ me", "he x x x x me", False),
        ("he ~5 me", "he x x x x x me", True),
        ("he ~ me", "he . me", False),
        ("he [x] me", "he me", True),
        ("(he|she) me", "she me", True),
        ("(he|she) me", "me me", False),
        ("my {partner} me", "my other half me", True),
        ("my {partner} me", "my wife me", True),
        ("he {hurt.past} me", "he punched me", True),
        ("he {hurt.past} me", "he punching me", False),
        ("he {hurt} me", "he punching me", True),
        ("punch* me", "punches me", True),
        ("^ he hit $", "he hit", True),
        ("^ he hit $", "x he hit", False),
        ("!{partner} hit me", "x hit me", True),
        ("!{partner} hit me", "wife hit me", False),
        ("_ hit me", "x hit me", True),
        ("_ hit me", "hit me", False),
    ],
)
def test_a_pattern_matches_what_its_signs_say(pattern: str, text: str, expected: bool) -> None:
    if "x" in pattern:
        pattern = pattern.replace("[x]", "[a]")
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("", "empty"),
        ("~ ~", "no word"),
        ("(he|she", "not closed"),
        ("he [hit", "not closed"),
        ("he) hit", "nothing to close"),
        ("(he|) hit", "empty alternative"),
        ("he ~99 me", "1 to 12"),
        ("he {hurt.future} me", "not a verb form"),
        ("he hit me!", "cannot be read"),
        ("{Partner} hit me", "cannot be read"),
    ],
)
def test_a_pattern_that_cannot_be_read_says_why(pattern: str, complaint: str) -> None:
    with pytest.raises(PatternError, match=complaint):
        parse(pattern)


def test_words_inside_brackets_are_known_too() -> None:
    assert [word.text for word in words_in(parse("he [really] (hit|bash*) me"))] == [
        "he",
        "really",
        "hit",
        "bash",
        "me",
    ]


@pytest.mark.parametrize(
    ("entry", "past", "ing", "third"),
    [
        ("punch", ("punched",), "punching", "punches"),
        ("choke", ("choked",), "choking", "chokes"),
        ("slap", ("slapped",), "slapping", "slaps"),
        ("hit|hit", ("hit",), "hitting", "hits"),
        ("beat|beat|beaten up", ("beat up", "beaten up"), "beating up", "beats up"),
        ("bury", ("buried",), "burying", "buries"),
        ("threaten", ("threatened",), "threatening", "threatens"),
        ("die", ("died",), "dying", "dies"),
        (
            "sexually assault",
            ("sexually assaulted",),
            "sexually assaulting",
            "sexually assaults",
        ),
        ("bully online", ("bullied online",), "bullying online", "bullies online"),
        ("king hit|hit", ("king hit",), "king hitting", "king hits"),
        ("king hit|king hit", ("king hit",), "king hitting", "king hits"),
        ("be|been gone", ("been gone",), "being gone", "bes gone"),
        ("commit", ("committed",), "committing", "commits"),
        ("coward punch", ("coward punched",), "coward punching", "coward punches"),
        ("run over|ran over", ("ran over",), "running over", "runs over"),
        ("never wake|never woke up", ("never woke up",), "never waking up", "never wakes up"),
        ("take|took (my|a) life", ("took (my|a) life",), "taking (my|a) life", "takes (my|a) life"),
        ("throw|threw|thrown", ("threw", "thrown"), "throwing", "throws"),
    ],
)
def test_a_verb_is_listed_once_and_inflected(
    entry: str, past: tuple[str, ...], ing: str, third: str
) -> None:
    forms = inflect(entry)
    assert (forms["past"], forms["ing"], forms["s"]) == (past, (ing,), (third,))
