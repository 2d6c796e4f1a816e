"""The second net under the rules: messages that resemble labelled examples of people at risk.

It adds to what the rules say, and raises at most to ``crisis``. Two models find
resemblance, the words (``cues``), which need nothing but the rules' own lexicon, and words and
meaning together (``meaning``), which need the sentence model. Both are asked the same way, here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from bot.safety.rulebook import Shares
from bot.safety.screen import MAYBE
from bot.types import Assessment, Category, Hit, Level

Word = TypeVar("Word")

#: The id under which the net's finds are listed beside the rules.
NET = "similar_messages"
#: The last turns of a conversation, read as one.
_TURNS_TOGETHER = 3
#: Longer readings are also read in windows of so many words, so that padding hides nothing.
_WINDOW, _STEP = 80, 40
#: Of several turns so many words are read, the last ones: pieces are short, and else each turn near
#: a long one would cost as much as the long one.
TOGETHER = _WINDOW + _STEP
#: So much larger is the share of harmless messages that may get the quiet line.
_QUIET_FACTOR = 4


class Support(Enum):
    """What the rules say of a reading: the more, the less the net need find."""

    NONE = "nothing"
    MAYBE = "that it may be a crisis: a ``maybe`` pattern matched"
    DOUBTED = "that it is one, which its words speak against (``bot.safety.doubt``)"


@dataclass(frozen=True, slots=True)
class Reading:
    """Turns read as one, of which the last is in question."""

    turns: tuple[str, ...]
    support: Support = Support.NONE


@dataclass(frozen=True, slots=True)
class Find:
    """What a reading resembles: ``categories`` with the likeliest first.

    ``span`` is the telling range of the last turn. ``because`` are the words that told, or the
    examples that mean much the same.
    """

    categories: tuple[Category, ...]
    level: Level
    score: float
    span: tuple[int, int]
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores above which a message is a crisis, is worth the quiet line, is not plainly tame."""

    crisis: float
    signpost: float
    tame: float

    @classmethod
    def passed_by(cls, shares: Shares, harmless: Sequence[float]) -> Thresholds:
        """The thresholds that ``shares`` of harmless messages would pass.

        ``harmless`` are the scores of such messages, ascending; the quiet line may come up for
        ``_QUIET_FACTOR`` times as many as a card.
        """
        quiet = min(0.5, _QUIET_FACTOR * shares.false_alarms)
        return cls(
            crisis=passed_by(shares.false_alarms, harmless),
            signpost=passed_by(quiet, harmless),
            tame=passed_by(1 - shares.doubted, harmless) if shares.doubted else -math.inf,
        )

    def level(self, score: float, support: Support) -> Level:
        """The level of a score; where a rule says the same, a lower threshold will do."""
        least = {
            Support.NONE: self.crisis,
            Support.MAYBE: self.signpost,
            Support.DOUBTED: self.tame,
        }
        if score > least[support]:
            return Level.CRISIS
        return Level.SIGNPOST if score > self.signpost else Level.NONE


def passed_by(share: float, harmless: Sequence[float]) -> float:
    """The score that a share of harmless messages pass; ``harmless`` are theirs, ascending."""
    return harmless[min(int((1 - share) * len(harmless)), len(harmless) - 1)]


def windows(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """The words of a reading as the models read them: all, and in windows if they are many."""
    yield words
    if len(words) > TOGETHER:
        for start in range(0, len(words) - _STEP, _STEP):
            yield words[start : start + _WINDOW]


Finder = Callable[[Sequence[Reading]], Sequence[Find | None]]
#: What a crisis is surely about, where that is none of the categories known of it.
KindFinder = Callable[[Reading, Collection[Category]], Find | None]


def raised(assessment: Assessment, turns: Sequence[str], find: Finder) -> Assessment:
    """The assessment with what the net finds added; nothing of it is ever taken away.

    Turns in which a crisis is known already are not looked at again. The last turns are also
    read together, since people often say a thing over several messages.
    """
    asked = list(_readings(assessment, turns))
    best: dict[int, Find] = {}
    for (number, _), found in zip(asked, find([each for _, each in asked]), strict=True):
        if found and (number not in best or _weight(found) > _weight(best[number])):
            best[number] = found
    hits = [hit for number, found in best.items() for hit in _hits(found, turns, number)]
    return Assessment.of([*assessment.hits, *hits], assessment.near)


def completed(assessment: Assessment, turns: Sequence[str], kind: KindFinder) -> Assessment:
    """The assessment with what each crisis is surely about, where the rules name something else.

    A rule may find the blow and miss that a child was hit, or that somebody wants to die of it.
    """
    known: dict[int, set[Category]] = {}
    for hit in assessment.hits:
        if hit.level >= Level.CRISIS:
            known.setdefault(hit.turn, set()).add(hit.category)
    hits = list(assessment.hits)
    for number, categories in sorted(known.items()):
        found = kind(Reading((turns[number],)), categories)
        if found and found.categories[0] not in assessment.categories:
            hits += _hits(found, turns, number)
    return Assessment.of(hits, assessment.near)


def _hits(found: Find, turns: Sequence[str], number: int) -> Iterator[Hit]:
    start, end = found.span
    for category in found.categories:
        yield Hit(
            rule=NET,
            category=category,
            level=found.level,
            span=found.span,
            text=turns[number][start:end],
            turn=number,
            because=found.because,
        )


def _weight(found: Find) -> tuple[int, float]:
    return found.level, found.score


def readings_of(turns: Sequence[str], number: int) -> Iterator[tuple[str, ...]]:
    """A turn as it is read: alone, and with the ones before it."""
    yield (turns[number],)
    first = max(0, number - _TURNS_TOGETHER + 1)
    if first < number:
        yield tuple(turns[first : number + 1])


def _readings(assessment: Assessment, turns: Sequence[str]) -> Iterator[tuple[int, Reading]]:
    told = {hit.turn for hit in assessment.hits if hit.level >= Level.CRISIS}
    maybe = {hit.turn for hit in assessment.hits if hit.lowered_by == MAYBE}
    for number in range(len(turns)):
        for parts in readings_of(turns, number):
            together = set(range(number + 1 - len(parts), number + 1))
            if told.isdisjoint(together):
                yield number, Reading(parts, Support.MAYBE if maybe & together else Support.NONE)
