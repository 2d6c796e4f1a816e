"""Compiled rules: one RE2 set scan tells which patterns match, then only those are looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

import re2

from bot.safety.consistency import all_patterns
from bot.safety.grammar import BOUNDARY, Translator, Word, words_in
from bot.safety.rulebook import Pattern, Rule, RuleBook
from bot.safety.words import Lexicon

#: So many required groups of a pattern are looked at before it is scanned for.
_GROUPS = 4
#: A sentence with the boundaries on either side; neighbours share one.
_SENTENCE = re.compile(r"(?=([.?][^.?]+[.?]))")


def build_lexicon(book: RuleBook) -> Lexicon:
    """The words of every pattern of a book."""
    words = [word for pattern in all_patterns(book) for word in words_in(pattern)]
    risk = {
        word.text
        for name in book.disguised
        for word in _vocabulary_words(book, name)
        if not word.prefix and len(word.text) >= 3
    }
    return Lexicon(
        words=[word.text for word in words if not word.prefix],
        prefixes=[word.text for word in words if word.prefix],
        spellings=book.spellings,
        risk_words=risk,
    )


def _vocabulary_words(book: RuleBook, name: str) -> Iterator[Word]:
    for entry in book.vocabularies[name].entries:
        if len(entry) == 1:
            yield from words_in(entry)


class PatternSet:
    """Many patterns, of which only those that may match a text are looked at.

    Every match of a pattern holds one word of each of its required groups
    (``Translator.required``). The rarest groups of all patterns are kept as bit masks by word,
    so a few bit operations on the words of a sentence leave the handful of patterns worth a
    scan; each scan is RE2's, linear in the text. Texts are taken sentence by sentence, but for
    the few patterns that say where one sentence ends and go on.
    """

    def __init__(self, patterns: Sequence[Pattern], translator: Translator) -> None:
        self._regexes = tuple(translator.regex(pattern) for pattern in patterns)
        self._masks: dict[str, list[int]] = {}
        self._always = [0] * _GROUPS
        self._crossing = 0
        for number, pattern in enumerate(patterns):
            if any(node == BOUNDARY for node in pattern[1:-1]):
                self._crossing |= 1 << number
            groups = translator.required(pattern)[:_GROUPS]
            for rank in range(_GROUPS):
                if rank >= len(groups):
                    self._always[rank] |= 1 << number
                    continue
                for code in groups[rank]:
                    self._masks.setdefault(code, [0] * _GROUPS)[rank] |= 1 << number

    def __len__(self) -> int:
        return len(self._regexes)

    def matching(self, codes: str) -> list[int]:
        """The numbers of the patterns that match somewhere in a code string, in order."""
        found: set[int] = set()
        for sentence in _SENTENCE.findall(codes):
            found |= self._scan(sentence, self._candidates(sentence) & ~self._crossing)
        if self._crossing:
            found |= self._scan(codes, self._candidates(codes) & self._crossing)
        return sorted(found)

    def _scan(self, codes: str, candidates: int) -> set[int]:
        """Those of the candidates (a bit mask) that match."""
        found = set()
        while candidates:
            lowest = candidates & -candidates
            candidates ^= lowest
            number = lowest.bit_length() - 1
            if compiled(self._regexes[number]).search(codes):
                found.add(number)
        return found

    def _candidates(self, codes: str) -> int:
        """The patterns whose rarest groups are all present, as a bit mask."""
        first, second, third, fourth = self._always
        for code in set(codes):
            masks = self._masks.get(code)
            if masks is not None:
                first |= masks[0]
                second |= masks[1]
                third |= masks[2]
                fourth |= masks[3]
        return first & second & third & fourth

    def spans(self, number: int, codes: str) -> Iterator[tuple[int, int]]:
        """Where pattern ``number`` matches, as half-open ranges of the code string."""
        for found in compiled(self._regexes[number]).finditer(codes):
            if found.end() > found.start():
                yield found.span()


@cache
def compiled(regex: str) -> re2._Regexp:
    """One pattern on its own, compiled when first needed (the rules are a fixed set)."""
    return re2.compile(regex)


class Engine:
    """The rules of a book, compiled over its lexicon."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self.lexicon = build_lexicon(book)
        self._joined: dict[tuple[int, str], re2._Regexp] = {}
        self._translator = Translator(book.vocabularies, self.lexicon.codes, self.lexicon.frequency)
        self.owners: tuple[Rule, ...] = tuple(rule for rule in book.rules for _ in rule.patterns)
        self.rules = PatternSet([p for r in book.rules for p in r.patterns], self._translator)
        #: Rules that count only together with a hit of one of these categories.
        self.in_company = {
            rule.id: rule.requires_category for rule in book.rules if rule.requires_category
        }
        self._overlay_owners = tuple(each for each in book.overlays for _ in each.patterns)
        self.overlays = PatternSet(
            [pattern for each in book.overlays for pattern in each.patterns], self._translator
        )

    def _any_of(self, patterns: Sequence[Pattern], form: str = "{}") -> re2._Regexp:
        """One expression that matches where any of the patterns does, put into ``form``."""
        key = (id(patterns), form)  # the book keeps its patterns for as long as the engine lives
        if key not in self._joined:
            joined = "|".join(self._translator.regex(pattern) for pattern in patterns)
            self._joined[key] = re2.compile(form.format(f"(?:{joined})"))
        return self._joined[key]

    def found(self, patterns: Sequence[Pattern], codes: str) -> bool:
        """Whether any of the patterns matches somewhere."""
        return bool(patterns) and self._any_of(patterns).search(codes) is not None

    def touching(self, patterns: Sequence[Pattern], codes: str, span: tuple[int, int]) -> bool:
        """Whether a match of any of the patterns overlaps a range."""
        return self.found(patterns, codes) and any(
            found.start() < span[1] and found.end() > span[0]
            for pattern in patterns
            for found in compiled(self._translator.regex(pattern)).finditer(codes)
        )

    def ending_at(self, patterns: Sequence[Pattern], codes: str, end: int) -> bool:
        """Whether a match of any of the patterns ends right at a place."""
        return bool(patterns) and self._any_of(patterns, "{}$").search(codes[:end]) is not None

    def starting_at(self, patterns: Sequence[Pattern], codes: str, start: int) -> bool:
        """Whether a match of any of the patterns starts right at a place."""
        return bool(patterns) and self._any_of(patterns, "^{}").search(codes[start:]) is not None

    def overlays_in(self, codes: str) -> list[str]:
        """The ids of the overlays whose cue is in a code string, in file order."""
        found = self.overlays.matching(codes)
        return list(dict.fromkeys(self._overlay_owners[number].id for number in found))
