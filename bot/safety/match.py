"""Compiled rules: which patterns match a text, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import compress, count

import re2

from bot.safety.consistency import all_patterns
from bot.safety.grammar import (
    BOUNDARY,
    CLOSERS,
    OPENERS,
    QUESTION,
    STOP,
    Choice,
    Node,
    Translator,
    Word,
    words_in,
)
from bot.safety.rulebook import Answer, Pattern, Rule, RuleBook, Stance
from bot.safety.words import Lexicon
from bot.types import Level

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

    def matching(self, codes: str) -> list[int]:
        """The numbers of the patterns that match somewhere in a code string, in order."""
        numbers = self._scan(codes, self._crossing)
        for sentence in _SENTENCE.findall(codes):
            numbers |= self._scan(sentence, self._within)
        return sorted(numbers)

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


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with the expressions that decide on its matches.

    ``maybe`` tells that it stands for the rule's ``maybe`` patterns, at level ``signpost``.
    """

    rule: Rule
    unless: tuple[str, ...]
    unless_message: str
    requires: str
    maybe: bool = False


@dataclass(frozen=True, slots=True)
class CompiledAnswer:
    """An answer, the expression of the turns that are it, and that of the turns before."""

    answer: Answer
    whole: str
    after: str


@dataclass(frozen=True, slots=True)
class CompiledStance:
    """A stance with one expression for each scope; empty where it has no pattern."""

    stance: Stance
    before: str
    after: str
    inside: str
    touching: str
    sentence: str
    message: str
    unless: str


class Engine:
    """The rules of a book, compiled over the words that they speak of.

    ``book`` is kept without its patterns and examples, which nothing needs any more.
    """

    def __init__(self, book: RuleBook) -> None:
        self.lexicon = build_lexicon(book)
        self._translator = Translator(book.vocabularies, self.lexicon.codes, self.lexicon.frequency)
        self.rules = PatternSet(
            [pattern for rule in book.rules for pattern in (*rule.patterns, *rule.maybe)],
            self._translator,
        )
        self.owners = tuple(owner for rule in book.rules for owner in self._owners(rule))
        self.answers = tuple(self._answer(answer) for answer in book.answers)
        self.stances = tuple(self._stance(stance) for stance in book.stances)
        self.overlays = PatternSet(
            [pattern for each in book.overlays for pattern in each.patterns], self._translator
        )
        self._overlay_owners = tuple(each.id for each in book.overlays for _ in each.patterns)
        self.output_rules = {each.id: self._any_of(each.patterns) for each in book.output_rules}
        self.remarks = {each.id: self._any_of(each.patterns) for each in book.remarks}
        #: Rules that count only together with a hit of one of these categories.
        self.in_company = {
            rule.id: rule.requires_category for rule in book.rules if rule.requires_category
        }
        del self._translator
        self.book = _stripped(book)

    def _any_of(self, patterns: Sequence[Pattern], form: str = "{}") -> str:
        """One expression that matches where any of the patterns does, put into ``form``."""
        joined = "|".join(self._translator.regex(pattern) for pattern in patterns)
        return form.format(f"(?:{joined})") if patterns else ""

    def _owners(self, rule: Rule) -> Iterator[CompiledRule]:
        """For each pattern of a rule, what decides on its matches."""
        unless = tuple(self._translator.regex(pattern) for pattern in rule.unless)
        message, requires = self._any_of(rule.unless_message), self._any_of(rule.requires)
        sure = CompiledRule(_bare(rule), unless, message, requires)
        maybe = replace(sure, rule=replace(sure.rule, level=Level.SIGNPOST), maybe=True)
        yield from [sure] * len(rule.patterns)
        yield from [maybe] * len(rule.maybe)

    def _answer(self, answer: Answer) -> CompiledAnswer:
        ends = f"[{STOP}{QUESTION}]*"
        whole = self._any_of(answer.patterns, f"^{ends}{{}}{ends}$")
        return CompiledAnswer(_bare_answer(answer), whole, self._any_of(answer.after))

    def _stance(self, stance: Stance) -> CompiledStance:
        return CompiledStance(
            stance=replace(
                stance,
                before=(),
                after=(),
                inside=(),
                touching=(),
                sentence=(),
                message=(),
                unless=(),
            ),
            before=self._any_of(stance.before, "{}$"),
            after=self._any_of(stance.after, "^{}"),
            inside=self._any_of(stance.inside),
            touching=self._any_of(stance.touching),
            sentence=self._any_of(stance.sentence),
            message=self._any_of(stance.message),
            unless=self._any_of(stance.unless),
        )

    def too_large(self) -> Iterator[str]:
        """Where expressions stand that could not be compiled when a message needs them."""
        for owner, regex in zip(self.owners, self.rules.regexes, strict=True):
            if any(map(too_large, (regex, *owner.unless, owner.requires))):
                yield f"rules: {owner.rule.id}"
        for each in self.stances:
            scopes = (each.before, each.after, each.inside, each.touching, each.sentence)
            if any(map(too_large, (*scopes, each.message, each.unless))):
                yield f"stances: {each.stance.id}"
        for name, regex in zip(self._overlay_owners, self.overlays.regexes, strict=True):
            if too_large(regex):
                yield f"overlays: {name}"
        for section, found in (("output_rules", self.output_rules), ("remarks", self.remarks)):
            yield from (f"{section}: {name}" for name, regex in found.items() if too_large(regex))

    def overlays_in(self, codes: str) -> list[str]:
        """The ids of the overlays whose cue is in a code string, in file order."""
        return list(dict.fromkeys(self._overlay_owners[n] for n in self.overlays.matching(codes)))


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
        words=[*(word.text for word in words if not word.prefix), *sorted(OPENERS | CLOSERS)],
        prefixes=[word.text for word in words if word.prefix],
        spellings=book.spellings,
        risk_words=risk,
    )


def _vocabulary_words(book: RuleBook, name: str) -> Iterator[Word]:
    for entry in book.vocabularies[name].entries:
        if len(entry) == 1:
            yield from words_in(entry)


def _bare(rule: Rule) -> Rule:
    return replace(
        rule,
        patterns=(),
        maybe=(),
        unless=(),
        unless_message=(),
        requires=(),
        examples=(),
        counter_examples=(),
    )


def _bare_answer(answer: Answer) -> Answer:
    return replace(answer, patterns=(), after=(), examples=(), counter_examples=())


def _stripped(book: RuleBook) -> RuleBook:
    """A book without what has been compiled or checked."""
    return replace(
        book,
        vocabularies={},
        spellings={},
        stances=(),
        rules=tuple(_bare(rule) for rule in book.rules),
        answers=tuple(_bare_answer(answer) for answer in book.answers),
        overlays=tuple(
            replace(each, patterns=(), examples=(), counter_examples=()) for each in book.overlays
        ),
        output_rules=tuple(
            replace(each, patterns=(), examples=(), counter_examples=())
            for each in book.output_rules
        ),
        remarks=tuple(
            replace(each, patterns=(), examples=(), counter_examples=()) for each in book.remarks
        ),
    )
