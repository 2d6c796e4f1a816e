"""Doubt: what the rules found in a message whose words speak clearly against it.

A pattern sees the few words it is made of; that they stand in talk of a match, a shift at work or
a recipe is told by the rest. Such a find is in doubt: it gets the quiet line at once, and its card
when the second look finds that the message, or the part of it that was found, says more than
harmless ones do. Without that look (no model yet, a fault, no time) the card comes all the same.
Suicide and emergencies are never in doubt. Of 1,665 messages that nothing was fitted to, 18 of 74
false cards went by it, and none of 885 right ones.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from bot.safety.cues import Read
from bot.safety.net import Find, Finder, Reading, Support, readings_of
from bot.types import DOUBTED, Assessment, Category, Hit, Level

#: So many words at most are read on each side of what was found.
_BESIDE = 40
_SENTENCE_ENDS = frozenset(".?")


def doubted(
    assessment: Assessment,
    turns: Sequence[str],
    is_tame: Callable[[Reading], bool],
    read: Read,
    sure: Collection[str],
) -> Assessment:
    """The assessment with all that was found in doubt, if every reading of it ``is_tame``.

    What one of the rules ``sure`` found is never in doubt, nor what stands beside it.
    """
    grave = [hit for hit in assessment.hits if hit.level >= Level.CRISIS]
    if not grave or any(_is_certain(hit) or hit.rule in sure for hit in grave):
        return assessment
    if not all(map(is_tame, _readings(grave, turns, read))):
        return assessment
    return _changed(assessment, _lowered)


def settled(assessment: Assessment, turns: Sequence[str], read: Read, find: Finder) -> Assessment:
    """The assessment after the second look: nothing is in doubt any more where it finds as much."""
    doubts = [hit for hit in assessment.hits if hit.lowered_by == DOUBTED]
    if not doubts:
        return assessment
    told = assessment.level >= Level.CRISIS
    right = told or _is_crisis(find(_readings(doubts, turns, read)))
    return undoubted(assessment) if right else assessment


def undoubted(assessment: Assessment) -> Assessment:
    """What counts where there is no second look: all that the rules found."""
    return _changed(assessment, _restored) if assessment.in_doubt else assessment


def _is_certain(hit: Hit) -> bool:
    return hit.level is Level.EMERGENCY or hit.category is Category.SUICIDE_SELF_HARM


def _is_crisis(finds: Iterable[Find | None]) -> bool:
    return any(found is not None and found.level >= Level.CRISIS for found in finds)


def _readings(hits: Iterable[Hit], turns: Sequence[str], read: Read) -> list[Reading]:
    """The turns of some hits, alone and with those before, and what is about each hit."""
    texts: dict[tuple[str, ...], Support] = {}
    for hit in hits:
        excerpts = [_excerpt(turns[hit.turn], hit.span, read, beside) for beside in (0, 1)]
        # A sentence by itself lacks what explains it: it must say a little more to count.
        texts.setdefault((excerpts[0],), Support.MAYBE)
        texts |= dict.fromkeys([*readings_of(turns, hit.turn), (excerpts[1],)], Support.DOUBTED)
    return [Reading(text, support) for text, support in texts.items()]


def _excerpt(turn: str, span: tuple[int, int], read: Read, beside: int) -> str:
    """The sentences that hold a range of a turn, with so many beside, or what is near of long ones.

    Other talk before and after a disclosure must not put it in doubt.
    """
    words = read(turn)
    inside = [n for n, (_, (start, end)) in enumerate(words) if start < span[1] and end > span[0]]
    if not inside:
        return turn
    last = len(words) - 1
    ends = [-1, *(n for n, (word, _) in enumerate(words) if word in _SENTENCE_ENDS), last]
    before = [end for end in ends if end < inside[0]][-1 - beside :]
    after = [end for end in ends if end >= inside[-1]][: 1 + beside]
    first = max(before[0] + 1, inside[0] - _BESIDE)
    final = min(after[-1], inside[-1] + _BESIDE)
    if (first, final) == (0, last):
        return turn
    return turn[words[first][1][0] : words[final][1][1]].strip()


def _changed(assessment: Assessment, change: Callable[[Hit], Hit]) -> Assessment:
    return Assessment.of(map(change, assessment.hits), assessment.near)


def _lowered(hit: Hit) -> Hit:
    grave = hit.level >= Level.CRISIS
    return replace(hit, level=Level.SIGNPOST, lowered_by=DOUBTED) if grave else hit


def _restored(hit: Hit) -> Hit:
    doubt = hit.lowered_by == DOUBTED
    return replace(hit, level=Level.CRISIS, lowered_by="") if doubt else hit
