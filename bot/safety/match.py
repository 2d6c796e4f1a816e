"""Compiled rules: one RE2 set scan tells which patterns match, then only those are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import re2

from bot.safety.consistency import all_patterns
from bot.safety.grammar import Translator, Word, words_in
from bot.safety.rulebook import Pattern, Rule, RuleBook
from bot.safety.words import Lexicon

#: RE2 keeps the states it has met; past this many bytes it forgets them and starts anew.
_MEMORY = 256 << 20
#: Every code string begins with a sentence boundary.
_SENTINEL = r"^\."


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
    """Many patterns, scanned for all at once in time linear in the text.

    RE2 gives a set scan up, and reports no match at all, when its states outgrow their memory.
    So that this can never hide a message, every set holds a sentinel that always matches: a
    scan without it is done again pattern by pattern, which has no such limit.
    """

    def __init__(self, regexes: Sequence[str], memory: int = _MEMORY) -> None:
        self._regexes = tuple(regexes)
        options = re2.Options()
        options.max_mem = memory
        options.log_errors = False
        self._set = re2.Set.SearchSet(options)
        for regex in (*self._regexes, _SENTINEL):
            self._set.Add(regex)
        self._set.Compile()

    def __len__(self) -> int:
        return len(self._regexes)

    def matching(self, codes: str) -> list[int]:
        """The numbers of the patterns that match somewhere in a code string, in order."""
        found = self._set.Match(codes)
        sentinel = len(self._regexes)
        if not found or sentinel not in found:
            return [
                number
                for number, regex in enumerate(self._regexes)
                if compiled(regex).search(codes)
            ]
        return sorted(found)[:-1] if len(found) > 1 else []

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
        self._translator = Translator(book.vocabularies, self.lexicon.codes)
        self.owners: tuple[Rule, ...] = tuple(rule for rule in book.rules for _ in rule.patterns)
        self.rules = PatternSet([self.regex(p) for rule in book.rules for p in rule.patterns])
        #: Rules that count only together with a hit of one of these categories.
        self.in_company = {
            rule.id: rule.requires_category for rule in book.rules if rule.requires_category
        }
        self._overlay_owners = tuple(each for each in book.overlays for _ in each.patterns)
        self.overlays = PatternSet(
            [self.regex(pattern) for each in book.overlays for pattern in each.patterns]
        )

    @cache  # noqa: B019 - one engine for each rules file, kept for good
    def regex(self, pattern: Pattern) -> str:
        """The RE2 expression of a pattern of this book."""
        return self._translator.regex(pattern)

    def found(self, patterns: Sequence[Pattern], codes: str) -> bool:
        """Whether any of the patterns matches somewhere."""
        return any(compiled(self.regex(pattern)).search(codes) for pattern in patterns)

    def touching(self, patterns: Sequence[Pattern], codes: str, span: tuple[int, int]) -> bool:
        """Whether a match of any of the patterns overlaps a range."""
        return any(
            found.start() < span[1] and found.end() > span[0]
            for pattern in patterns
            for found in compiled(self.regex(pattern)).finditer(codes)
        )

    def ending_at(self, patterns: Sequence[Pattern], codes: str, end: int) -> bool:
        """Whether a match of any of the patterns ends right at a place."""
        before = codes[:end]
        return any(compiled(f"(?:{self.regex(pattern)})$").search(before) for pattern in patterns)

    def starting_at(self, patterns: Sequence[Pattern], codes: str, start: int) -> bool:
        """Whether a match of any of the patterns starts right at a place."""
        after = codes[start:]
        return any(compiled(f"^(?:{self.regex(pattern)})").search(after) for pattern in patterns)

    def overlays_in(self, codes: str) -> list[str]:
        """The ids of the overlays whose cue is in a code string, in file order."""
        found = self.overlays.matching(codes)
        return list(dict.fromkeys(self._overlay_owners[number].id for number in found))
