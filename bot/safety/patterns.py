"""Compiled patterns: which of many match a text, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import compress, count

import re2

from bot.safety.grammar import BOUNDARY, Choice, Node, Translator
from bot.safety.rulebook import Pattern

#: So many required groups of a pattern are looked at before it is scanned for.
_GROUPS = 4
#: No expression of so few characters is too large for RE2.
_SURELY_SMALL = 1000
#: A sentence with the boundaries on either side; neighbours share one.
_SENTENCE = re.compile(r"(?=([.?][^.?]+[.?]))")


@cache
def compiled(regex: str) -> re2._Regexp:
    """One expression, compiled when first needed (the rules are a fixed set)."""
    return re2.compile(regex)


def found(regex: str, codes: str) -> bool:
    """Whether an expression matches somewhere; the empty one, of no patterns, never does."""
    return bool(regex) and compiled(regex).search(codes) is not None


def touching(regexes: Iterable[str], codes: str, span: tuple[int, int]) -> bool:
    """Whether a match of any of the expressions overlaps a range."""
    return any(
        match.start() < span[1] and match.end() > span[0]
        for regex in regexes
        for match in compiled(regex).finditer(codes)
    )


def too_large(regex: str) -> bool:
    """Whether RE2 would need more memory than it grants itself; small expressions are not tried."""
    if len(regex) < _SURELY_SMALL:
        return False
    try:
        compiled(regex)
    except re2.error:
        return True
    return False


def _crosses(nodes: Sequence[Node], *, first: bool = True, last: bool = True) -> bool:
    """Whether a pattern may go on behind a boundary; ``first`` and ``last`` are at its ends."""
    for place, node in enumerate(nodes):
        opens, closes = first and place == 0, last and place == len(nodes) - 1
        if node == BOUNDARY and not opens and not closes:
            return True
        if isinstance(node, Choice) and any(
            _crosses(option, first=opens, last=closes) for option in node.options
        ):
            return True
    return False


def _ones(mask: int) -> Iterator[int]:
    """The places of the bits that are set, in order; the many empty words are passed over."""
    # All processors that the sentence model runs on put the lowest byte first.
    words = memoryview(mask.to_bytes(8 * (mask.bit_length() // 64 + 1), "little")).cast("Q")
    for number in compress(count(), words):
        bits = words[number]
        while bits:
            lowest = bits & -bits
            yield 64 * number + lowest.bit_length() - 1
            bits ^= lowest


class _Sieve:
    """Patterns by the words that every match of them holds.

    Every match of a pattern holds one word of each of its required groups
    (``Translator.required``). The rarest groups of all patterns are kept as bit masks by word,
    so a few bit operations on the words of a text leave the handful of patterns worth a scan.
    """

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._masks: dict[str, list[int]] = {}
        self._always = [0] * _GROUPS

    def add(self, number: int, required: Sequence[Iterable[str]]) -> None:
        """Add the pattern of that number, with its required groups, rarest first."""
        bit = 1 << len(self._numbers)
        self._numbers.append(number)
        groups = required[:_GROUPS]
        for rank in range(_GROUPS):
            if rank >= len(groups):
                self._always[rank] |= bit
                continue
            for code in groups[rank]:
                self._masks.setdefault(code, [0] * _GROUPS)[rank] |= bit

    def candidates(self, codes: str) -> Iterator[int]:
        """The numbers of the patterns whose rarest groups are all present, in order."""
        first, second, third, fourth = self._always
        for code in set(codes):
            masks = self._masks.get(code)
            if masks is not None:
                # Even nothing takes its time to add to a long mask.
                if masks[0]:
                    first |= masks[0]
                if masks[1]:
                    second |= masks[1]
                if masks[2]:
                    third |= masks[2]
                if masks[3]:
                    fourth |= masks[3]
        return (self._numbers[place] for place in _ones(first & second & third & fourth))


class PatternSet:
    """Many patterns, of which only those that may match a text are looked at.

    Each scan is RE2's, linear in the text. Texts are taken sentence by sentence, but for the few
    patterns that say where one sentence ends and go on.
    """

    def __init__(self, patterns: Sequence[Pattern], translator: Translator) -> None:
        self.regexes = tuple(translator.regex(pattern) for pattern in patterns)
        self._within, self._crossing = _Sieve(), _Sieve()
        for number, pattern in enumerate(patterns):
            sieve = self._crossing if _crosses(pattern) else self._within
            sieve.add(number, translator.required(pattern))

    def __len__(self) -> int:
        return len(self.regexes)

    def matching(self, codes: str) -> tuple[int, ...]:
        """The numbers of the patterns that match somewhere in a code string, in order."""
        numbers = self._scan(codes, self._crossing)
        for sentence in _SENTENCE.findall(codes):
            numbers |= self._scan(sentence, self._within)
        return tuple(sorted(numbers))

    def _scan(self, codes: str, sieve: _Sieve) -> set[int]:
        """Those of the patterns in a sieve that match."""
        return {
            number
            for number in sieve.candidates(codes)
            if compiled(self.regexes[number]).search(codes)
        }

    def spans(self, number: int, codes: str) -> Iterator[tuple[int, int]]:
        """Where pattern ``number`` matches, as half-open ranges of the code string."""
        for match in compiled(self.regexes[number]).finditer(codes):
            if match.end() > match.start():
                yield match.span()
