"""Screening a conversation: rules, then the stance of the writer, then the turns together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.safety.grammar import QUESTION, STOP
from bot.safety.match import CompiledRule, CompiledStance, Engine, found, touching
from bot.safety.rulebook import Rule
from bot.safety.words import Coded
from bot.types import PRECEDENCE, Assessment, Category, Hit, Level

#: A turn of up to this many words may continue the one before it ("... // round my neck").
_FRAGMENT = 8
#: So many turns are read as one when they are fragments.
_WINDOW = 4
_BOUNDARIES = STOP + QUESTION


@dataclass(frozen=True, slots=True)
class _Text:
    """A text under test: one turn, or several fragments read as one.

    ``turns[i]`` is the turn that code point ``i`` is from; only hits that reach into turn
    ``last`` count.
    """

    codes: str
    spans: tuple[tuple[int, int], ...]
    turns: tuple[int, ...]
    last: int
    joined: bool


def assess(engine: Engine, turns: Sequence[str]) -> Assessment:
    """The assessment of a conversation; ``turns`` are the visitor's, oldest first."""
    codes = [engine.lexicon.encode(turn) for turn in turns]
    everything = "".join(codes)
    hits: list[Hit] = []
    for number in range(len(turns)):
        hits += _hits(engine, turns, codes, number, everything)
    near = [hit for hit in hits if hit.level is Level.NONE]
    hits = _with_company(engine, [hit for hit in hits if hit.level > Level.NONE])
    return collected(hits, near)


def collected(hits: Iterable[Hit], near: Iterable[Hit]) -> Assessment:
    """The assessment that some hits make."""
    hits = tuple(sorted(hits, key=_by_weight))
    categories = {hit.category for hit in hits if hit.level >= Level.CRISIS}
    return Assessment(
        level=max((hit.level for hit in hits), default=Level.NONE),
        categories=tuple(sorted(categories, key=PRECEDENCE.__getitem__)),
        hits=hits,
        near=tuple(sorted(near, key=_by_weight)),
    )


def _by_weight(hit: Hit) -> tuple[int, int, int, tuple[int, int]]:
    return -hit.level, PRECEDENCE[hit.category], hit.turn, hit.span


def _hits(
    engine: Engine, turns: Sequence[str], codes: Sequence[str], number: int, everything: str
) -> Iterator[Hit]:
    """The hits of one turn, and those it completes together with the fragments before it."""
    numbers = engine.rules.matching(codes[number])
    if numbers:
        coded = engine.lexicon.encode_with_spans(turns[number])
        alone = _Text(coded.codes, coded.spans, (number,) * len(coded.codes), number, joined=False)
        yield from _judged(engine, alone, numbers, turns, everything)
    first = _window_start(codes, number)
    if first < number:
        joined = STOP + "".join(_fragment(each) for each in codes[first : number + 1]) + STOP
        numbers = engine.rules.matching(joined)
        if numbers:
            text = _joined(
                [engine.lexicon.encode_with_spans(turn) for turn in turns[first : number + 1]],
                first,
            )
            yield from _judged(engine, text, numbers, turns, everything)


def _fragment(codes: str) -> str:
    return codes.strip(_BOUNDARIES)


def _window_start(codes: Sequence[str], number: int) -> int:
    first = number
    while (
        first > 0
        and number - first < _WINDOW - 1
        and len(_fragment(codes[first])) <= _FRAGMENT
        and len(_fragment(codes[first - 1])) <= _FRAGMENT
    ):
        first -= 1
    return first


def _joined(parts: Sequence[Coded], first: int) -> _Text:
    codes = STOP
    spans: list[tuple[int, int]] = [(0, 0)]
    owners = [first]
    for offset, part in enumerate(parts):
        inner = _fragment(part.codes)
        start = part.codes.index(inner) if inner else 0
        codes += inner
        spans += part.spans[start : start + len(inner)]
        owners += [first + offset] * len(inner)
    last = first + len(parts) - 1
    return _Text(codes + STOP, (*spans, spans[-1]), (*owners, last), last, joined=True)


def _judged(
    engine: Engine, text: _Text, numbers: Sequence[int], turns: Sequence[str], everything: str
) -> Iterator[Hit]:
    """The strongest hit of each rule among the patterns found, its level set by the stance."""
    best: dict[str, Hit] = {}
    for pattern_number in numbers:
        owner = engine.owners[pattern_number]
        rule = owner.rule
        if rule.id in best and best[rule.id].level == rule.level:
            continue
        alone = bool(owner.requires) and not found(owner.requires, everything)
        for span in engine.rules.spans(pattern_number, text.codes):
            place = _trimmed(text.codes, span)
            if text.joined and not _completes(text, place):
                continue
            level, why = (Level.NONE, "requires") if alone else _level(engine, owner, text, place)
            hit = _hit(rule, level, why, text, place, turns)
            if rule.id not in best or hit.level > best[rule.id].level:
                best[rule.id] = hit
            if hit.level == rule.level:
                break  # there is no stronger one; a long message may hold thousands
    yield from best.values()


def _trimmed(codes: str, span: tuple[int, int]) -> tuple[int, int]:
    """A span without the sentence boundaries that a pattern took along at its ends."""
    start, end = span
    while start < end and codes[start] in _BOUNDARIES:
        start += 1
    while end > start and codes[end - 1] in _BOUNDARIES:
        end -= 1
    return start, end


def _completes(text: _Text, span: tuple[int, int]) -> bool:
    """Whether a match in joined turns ends in the last of them and began in an earlier one."""
    return text.turns[span[0]] < text.last == text.turns[span[1] - 1]


def _level(
    engine: Engine, owner: CompiledRule, text: _Text, span: tuple[int, int]
) -> tuple[Level, str]:
    """The level of a match and what lowered it, if anything did."""
    rule = owner.rule
    if touching(owner.unless, text.codes, span):
        return Level.NONE, "unless"
    level, why = rule.level, ""
    for compiled in engine.stances:
        stance = compiled.stance
        if stance.level < level and stance.id not in rule.ignores:
            applies = not stance.categories or rule.category in stance.categories
            if applies and _holds(compiled, text.codes, span):
                level, why = stance.level, stance.id
    return level, why


def _hit(
    rule: Rule,
    level: Level,
    lowered_by: str,
    text: _Text,
    span: tuple[int, int],
    turns: Sequence[str],
) -> Hit:
    within = [text.spans[index] for index in range(*span) if text.turns[index] == text.last] or [
        (0, 0)
    ]
    start, end = within[0][0], within[-1][1]
    return Hit(
        rule=rule.id,
        category=rule.category,
        level=level,
        span=(start, end),
        text=turns[text.last][start:end],
        turn=text.last,
        lowered_by=lowered_by,
    )


def _holds(stance: CompiledStance, codes: str, span: tuple[int, int]) -> bool:
    start, end = span
    return not found(stance.unless, codes) and (
        found(stance.before, codes[:start])
        or found(stance.after, codes[end:])
        or found(stance.inside, codes[start:end])
        or found(stance.message, codes)
        or found(stance.sentence, _sentence(codes, start, end))
    )


def _sentence(codes: str, start: int, end: int) -> str:
    """The sentence around a range, its closing boundary included."""
    first = max(codes.rfind(mark, 0, start) for mark in _BOUNDARIES)
    ends = [place for mark in _BOUNDARIES if (place := codes.find(mark, end)) >= 0]
    return codes[max(first, 0) : min(ends, default=len(codes)) + 1]


def _with_company(engine: Engine, hits: list[Hit]) -> list[Hit]:
    """Hits of rules that need the company of another category, where they have it."""
    rules = engine.in_company
    present: set[Category] = {
        hit.category for hit in hits if hit.level >= Level.CRISIS and hit.rule not in rules
    }
    return [hit for hit in hits if hit.rule not in rules or rules[hit.rule] & present]
