"""Screening a conversation: rules, then the stance of the writer, then the turns together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from bot.safety.grammar import QUESTION, STOP
from bot.safety.match import CompiledRule, CompiledStance, Engine
from bot.safety.patterns import found, touching
from bot.safety.rulebook import Rule
from bot.safety.words import Coded
from bot.types import Assessment, Category, Hit, Level

#: A turn of up to this many words may continue the one before it ("... // round my neck").
_FRAGMENT = 8
#: So many turns are read as one when they are fragments.
_WINDOW = 4
_BOUNDARIES = STOP + QUESTION
#: The numbers of the patterns that match somewhere in a code string.
Matching = Callable[[str], Sequence[int]]
#: What lowered a hit of the words that only may mean a crisis.
MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class _Said:
    """A code string that is asked for the same expressions many times; answers are kept."""

    codes: str
    known: dict[str, bool] = field(default_factory=dict)

    def holds(self, regex: str) -> bool:
        """Whether an expression matches somewhere."""
        if regex not in self.known:
            self.known[regex] = found(regex, self.codes)
        return self.known[regex]


@dataclass(frozen=True, slots=True)
class _Text:
    """A text under test: one turn, or several fragments read as one.

    ``turns[i]`` is the turn that code point ``i`` is from; only hits that reach into turn
    ``last`` count.
    """

    whole: _Said
    spans: tuple[tuple[int, int], ...]
    turns: tuple[int, ...]
    last: int
    joined: bool

    @property
    def codes(self) -> str:
        """The code string."""
        return self.whole.codes


@dataclass(frozen=True, slots=True)
class _Near:
    """A hit, from ``start`` to ``end`` of ``codes``: its sentences and the ones beside them."""

    codes: str
    start: int
    end: int

    @property
    def sentence(self) -> str:
        """The sentence of the hit, its closing boundary included."""
        start, end = _last_boundary(self.codes, self.start), _next_boundary(self.codes, self.end)
        return self.codes[start : end + 1]


def assess(engine: Engine, turns: Sequence[str], matching: Matching) -> Assessment:
    """The assessment of a conversation; ``turns`` are the visitor's, oldest first.

    ``matching`` is that of ``engine.rules``, or the same remembering what it was asked.
    """
    codes = [engine.lexicon.encode(turn) for turn in turns]
    coded = cache(lambda number: engine.lexicon.encode_with_spans(turns[number]))
    everything = _Said("".join(codes))
    hits: list[Hit] = []
    for number in range(len(turns)):
        before = [hit for hit in hits if hit.turn == number - 1 and hit.level > Level.NONE]
        hits += _hits(engine, matching, turns, codes, coded, number, everything)
        if number and len(_fragment(codes[number])) <= _FRAGMENT:
            hits += _answers(engine, turns, codes, number, before)
    near = [hit for hit in hits if hit.level is Level.NONE]
    hits = _with_company(engine, [hit for hit in hits if hit.level > Level.NONE])
    return Assessment.of(hits, near)


def _hits(
    engine: Engine,
    matching: Matching,
    turns: Sequence[str],
    codes: Sequence[str],
    coded: Callable[[int], Coded],
    number: int,
    everything: _Said,
) -> Iterator[Hit]:
    """The hits of one turn, and those it completes together with the fragments before it."""
    numbers = matching(codes[number])
    if numbers:
        own = coded(number)
        owners = (number,) * len(own.codes)
        alone = _Text(_Said(own.codes), own.spans, owners, number, joined=False)
        yield from _judged(engine, alone, numbers, turns, everything)
    first = _window_start(codes, number)
    if first < number:
        joined = STOP + "".join(_fragment(each) for each in codes[first : number + 1]) + STOP
        numbers = matching(joined)
        if numbers:
            text = _joined([coded(each) for each in range(first, number + 1)], first)
            yield from _judged(engine, text, numbers, turns, everything)


def _answers(
    engine: Engine, turns: Sequence[str], codes: Sequence[str], number: int, before: Sequence[Hit]
) -> Iterator[Hit]:
    """The hits of a short turn that answers the one ``before``, whose hits these are."""
    for compiled in engine.answers:
        answer = compiled.answer
        if found(compiled.whole, codes[number]) and (
            found(compiled.after, codes[number - 1])
            or any(_is_named(hit, answer.after_hit) for hit in before)
        ):
            text = turns[number]
            span = (len(text) - len(text.lstrip()), len(text.rstrip()))
            yield Hit(answer.id, answer.category, answer.level, span, text.strip(), number)


def _is_named(hit: Hit, names: frozenset[str]) -> bool:
    return hit.rule in names or (hit.level >= Level.CRISIS and hit.category in names)


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
    return _Text(_Said(codes + STOP), (*spans, spans[-1]), (*owners, last), last, joined=True)


def _judged(
    engine: Engine, text: _Text, numbers: Sequence[int], turns: Sequence[str], everything: _Said
) -> Iterator[Hit]:
    """The strongest hit of each rule among the patterns found, its level set by the stance."""
    best: dict[str, Hit] = {}
    for pattern_number in numbers:
        owner = engine.owners[pattern_number]
        rule = owner.rule
        if rule.id in best and best[rule.id].level >= rule.level:
            continue
        alone = bool(owner.requires) and not everything.holds(owner.requires)
        for span in engine.rules.spans(pattern_number, text.codes):
            place = _trimmed(text.codes, span)
            if text.joined and not _completes(text, place):
                continue
            level, why = (Level.NONE, "requires") if alone else _level(engine, owner, text, place)
            hit = _hit(rule, level, why, text, place, turns)
            if rule.id not in best or hit.level > best[rule.id].level:
                best[rule.id] = hit
            if level == rule.level:
                break
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
    first, codes = _around(text.codes, *span)
    near = _Near(codes, span[0] - first, span[1] - first)
    if touching(owner.unless, near.codes, (near.start, near.end)):
        return Level.NONE, "unless"
    if text.whole.holds(owner.unless_message):
        return Level.NONE, "unless"
    level, why = rule.level, MAYBE if owner.maybe else ""
    for compiled in engine.stances:
        stance = compiled.stance
        if stance.level < level and stance.id not in rule.ignores:
            applies = not stance.categories or rule.category in stance.categories
            if applies and _holds(compiled, text, near):
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


def _holds(stance: CompiledStance, text: _Text, near: _Near) -> bool:
    """Whether a stance lowers the hit that stands in ``near``."""
    codes, start, end = near.codes, near.start, near.end
    return bool(
        found(stance.before, codes[:start])
        or found(stance.after, codes[end:])
        or found(stance.inside, codes[start:end])
        or touching(filter(None, [stance.touching]), codes, (start, end))
        or (stance.sentence and found(stance.sentence, near.sentence))
        or text.whole.holds(stance.message)
    ) and not text.whole.holds(stance.unless)


def _around(codes: str, start: int, end: int) -> tuple[int, str]:
    """The sentences of a range and the ones beside them, and where they start."""
    first = _last_boundary(codes, _last_boundary(codes, start))
    last = _next_boundary(codes, _next_boundary(codes, end) + 1)
    return first, codes[first : last + 1]


def _last_boundary(codes: str, before: int) -> int:
    return max(0, *(codes.rfind(mark, 0, before) for mark in _BOUNDARIES))


def _next_boundary(codes: str, start: int) -> int:
    ends = [place for mark in _BOUNDARIES if (place := codes.find(mark, start)) >= 0]
    return min(ends, default=len(codes))


def _with_company(engine: Engine, hits: list[Hit]) -> list[Hit]:
    """Hits of rules that need the company of another category, where they have it."""
    rules = engine.in_company
    present: set[Category] = {
        hit.category for hit in hits if hit.level >= Level.CRISIS and hit.rule not in rules
    }
    return [hit for hit in hits if hit.rule not in rules or rules[hit.rule] & present]
