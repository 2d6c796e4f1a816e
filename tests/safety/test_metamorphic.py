"""The same message written differently: the rules find as much in it (``bench.changes``).

Every change of dress is tried on a slice of the whole case set, tuned and scored; the whole of it
is `python3 run.py bench metamorphic`. What a change loses at most is its floor here. Of the scored
half nothing but counts is told.
"""

from __future__ import annotations

from random import Random

import pytest

from bench.cases import own_cases
from bench.changes import CHANGES, Turns
from bench.metamorphic import Found, Outcome, found_in, joined, measure
from bot.safety import SafetyLayer

#: One case in so many is looked at here.
SLICE = {"tune": 20, "score": 10}
#: The least share of messages that keep their level, where it is not all of them. Changes of
#: single letters lose nothing at all.
FLOORS = {
    # A possessive without its apostrophe is a plural ("my cousins mum").
    "missing apostrophes": 0.97,
    "apostrophe as blank": 0.985,
    # "**" inside words that are masked already.
    "bold and quotes": 0.985,
    # Short words become others: "d13" is a room, "h*t" may be hot.
    "leetspeak": 0.985,
    "leetspeak with signs": 0.985,
    "stretched letters": 0.985,
    "spaced letters": 0.985,
    "starred letters": 0.985,
    # Some slips make another real word: "beats" and "bets", "choked" and "coked".
    "misspelt: letters swapped": 0.94,
    "misspelt: a letter left out": 0.89,
    "misspelt: a letter doubled": 0.97,
    "misspelt: the key beside": 0.95,
    # "2" and "4" are numbers as well.
    "2 and 4": 0.98,
    "no g in -ing": 0.98,
    # Some rules ask for the start or the end of a sentence.
    "politeness without a stop": 0.985,
    # A match may reach across the joint.
    "two sentences": 0.93,
    "two turns at a joint": 0.94,
    "two turns at a sentence": 0.985,
    # Some rules speak of one gender or one relation.
    "she for he": 0.95,
    "he for she": 0.95,
    "they for he and she": 0.9,
    "harmless text after": 0.99,
    "harmless text around": 0.99,
    "odd blanks": 0.99,
    **{f"a {word}": 0.95 for word in ("husband", "wife", "partner", "boyfriend", "girlfriend")},
    **{f"a {word}": 0.95 for word in ("ex", "mum", "dad", "father", "mother")},
    **{f"a {word}": 0.95 for word in ("stepdad", "stepmum")},
}
#: The most harmless messages of the slice that a change of dress may give a card.
MOST_RAISED = 5


@pytest.fixture(scope="module")
def found(layer: SafetyLayer) -> list[Found]:
    """The slice of the case set, with what the rules find in it as it stands."""
    cases = [case for split, step in SLICE.items() for case in own_cases(split)[::step]]
    return found_in(layer, cases)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_dress_neither_lowers_nor_raises_the_level(
    layer: SafetyLayer, found: list[Found], name: str
) -> None:
    outcome = measure(layer, name, found)
    total, share, raised = outcome.total, outcome.share, outcome.raised
    assert total >= 5
    assert share >= FLOORS.get(name, 1.0), _told(outcome)
    assert raised <= MOST_RAISED


@pytest.mark.parametrize("as_turns", [False, True])
def test_two_harmless_messages_together_stay_harmless(
    layer: SafetyLayer, found: list[Found], as_turns: bool
) -> None:
    raised, pairs = joined(layer, found, as_turns=as_turns)
    # Short turns are read as one, for disclosures told in pieces; the price is a rare alarm.
    assert raised / pairs <= 0.06


MESSAGE = (
    "My boyfriend's dad said he'd strangle me. He was hitting me to scare the kids, and you know "
    "she told her mum. My girlfriend was with us."
)


def made(name: str) -> Turns | None:
    """A message in the dress of one change."""
    chance = Random(1)  # noqa: S311 - not a secret
    return CHANGES[name]((MESSAGE,), {"strangle", "hitting"}, chance)


@pytest.mark.parametrize("name", sorted({*CHANGES} - {"turns as lines"}))
def test_a_change_changes_something_and_always_the_same(name: str) -> None:
    assert made(name) != (MESSAGE,)
    assert made(name) == made(name)


def _told(outcome: Outcome) -> str:
    """What was lost: tuned messages with their text, scored ones only counted."""
    tuned = {case.id for case in own_cases("tune")}
    texts = [" // ".join(turns) for case, turns in outcome.lost if case.id in tuned]
    hidden = len(outcome.lost) - len(texts)
    return "\n".join([f"{outcome.kept} of {outcome.total}", *texts, f"and {hidden} scored"])
