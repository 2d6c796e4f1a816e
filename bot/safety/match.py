"""Compiled rules: their patterns, and what decides on a match of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.safety.consistency import all_patterns
from bot.safety.grammar import CLOSERS, OPENERS, QUESTION, STOP, Translator, Word, words_in
from bot.safety.patterns import PatternSet, too_large
from bot.safety.rulebook import Answer, Pattern, Rule, RuleBook, Stance
from bot.safety.words import Lexicon
from bot.types import Level


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
