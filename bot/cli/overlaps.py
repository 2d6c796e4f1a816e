"""Patterns that no example shows, that another one makes superfluous, or that two rules share.

Whether one pattern finds everything that another finds is told by trying: sentences are made
from the one, with every word of its lists, every choice, and gaps both closed and wide, and the
other must match all of them. None of this is a mistake; it is worth a look when rules are tidied.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.cli.sources import Lines, Written
from bot.errors import Problem
from bot.safety.grammar import BOUNDARY, STOP, UNKNOWN, Choice, Named, Node, Raw, Word
from bot.safety.match import Engine
from bot.safety.rulebook import Rule, RuleBook

#: Sentences tried at random, and at most so many in order.
_RANDOM = 8
_IN_ORDER = 400
#: Characters of a pattern that are shown.
_SHORT = 70
_BEGINNING = len("[^.?]{0,")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One pattern with its rule and its line."""

    rule: Rule
    nodes: tuple[Node, ...]
    written: Written


def notes(
    book: RuleBook,
    engine: Engine,
    lines: Lines,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Problem]:
    """What is worth a look, in file order; ``engine`` is compiled from ``book``."""
    patterns = [
        _Pattern(rule, nodes, written)
        for rule in book.rules
        for nodes, written in zip(rule.patterns, lines[rule.id]["patterns"], strict=True)
    ]
    maker = _Maker(book, engine)
    covers: dict[int, set[int]] = {}
    for number, pattern in enumerate(patterns):
        on_progress(number, len(patterns))
        covers[number] = _covering(number, pattern.nodes, engine, maker)
    on_progress(len(patterns), len(patterns))
    found = [*_unshown(book, engine, lines), *_superfluous(patterns, covers)]
    return sorted(found, key=lambda note: (str(note.path), note.line))


def _covering(number: int, nodes: tuple[Node, ...], engine: Engine, maker: _Maker) -> set[int]:
    """The other patterns that match whatever this one does."""
    others: set[int] | None = None
    for sentence in maker.sentences(nodes):
        matching = set(engine.rules.matching(sentence)) - {number}
        others = matching if others is None else others & matching
        if not others:
            return set()
    return others or set()


class _Maker:
    """Makes sentences that a pattern matches, as code strings."""

    def __init__(self, book: RuleBook, engine: Engine) -> None:
        self._vocabularies = book.vocabularies
        self._codes = engine.lexicon.codes
        self._random = random.Random(1)  # noqa: S311 - the same sentences every time

    def sentences(self, nodes: tuple[Node, ...]) -> Iterator[str]:
        """Some at random first, which end most comparisons; then every option in its turn."""
        for _ in range(_RANDOM):
            yield self._closed("".join(self._random.choice(self._options(n)) for n in nodes))
        options = [self._options(node) for node in nodes]
        made = 0
        for place, choices in enumerate(options):
            for choice in choices[1:] or choices:
                parts = [choice if at == place else each[0] for at, each in enumerate(options)]
                yield self._closed("".join(parts))
                made += 1
                if made >= _IN_ORDER:
                    return

    def _closed(self, codes: str) -> str:
        return f"{STOP}{codes.strip(STOP)}{STOP}"

    def _options(self, node: Node) -> list[str]:
        """The ways to write a node; the first is the plainest."""
        match node:
            case Raw(regex) if node == BOUNDARY:
                return [STOP]
            case Raw(regex):
                widest = int(regex[_BEGINNING:-1]) if regex.endswith("}") else 0
                return ["", UNKNOWN, UNKNOWN * widest] if widest else [UNKNOWN]
            case Word(text, prefix):
                return [self._codes[f"{text}*" if prefix else text]]
            case Named(negated=True):
                return [UNKNOWN]
            case Named(name, form):
                vocabulary = self._vocabularies[name]
                entries = vocabulary.forms[form] if form else vocabulary.entries
                return [self._plainest(entry) for entry in entries]
            case Choice(choices, optional):
                plain = [way for choice in choices for way in self._sequences(choice)]
                return ["", *plain] if optional else plain

    def _sequences(self, nodes: tuple[Node, ...]) -> list[str]:
        if len(nodes) == 1:
            return self._options(nodes[0])
        return [self._plainest(nodes)]

    def _plainest(self, nodes: tuple[Node, ...]) -> str:
        return "".join(self._options(node)[0] for node in nodes)


def _unshown(book: RuleBook, engine: Engine, lines: Lines) -> Iterator[Problem]:
    """For each rule, its patterns that none of its examples matches."""
    number = 0
    for rule in book.rules:
        matched: set[int] = set()
        for example in rule.examples:
            for text in {*example.turns, " ".join(example.turns)}:
                matched.update(engine.rules.matching(engine.lexicon.encode(text)))
        written = lines[rule.id]["patterns"]
        bare = [line for at, line in enumerate(written) if number + at not in matched]
        number += len(written)
        if bare:
            what = (
                f"no example of it shows {len(bare)} of its {len(written)} patterns, "
                f"such as '{_short(bare[0].text)}'"
            )
            mend = "Add a message that the pattern is for to the examples, or remove it."
            yield Problem(bare[0].place.path, bare[0].place.line, f"rules: {rule.id}", what, mend)


def _superfluous(patterns: list[_Pattern], covers: dict[int, set[int]]) -> Iterator[Problem]:
    for number, others in covers.items():
        one = patterns[number]
        for other in sorted(others):
            twin = number in covers[other]
            if twin and other > number:
                continue  # told at the later of the two
            cover = patterns[other]
            what = _relation(one, cover, twin=twin)
            if what:
                mend = "Remove it, or narrow the other."
                place, where = one.written.place, f"rules: {one.rule.id}"
                yield Problem(place.path, place.line, where, what, mend)
                break


def _relation(one: _Pattern, cover: _Pattern, *, twin: bool) -> str:
    """What it means that ``cover`` matches whatever ``one`` does; empty if nothing."""
    pattern, by = f"pattern '{_short(one.written.text)}'", f"'{_short(cover.written.text)}'"
    where = f"{by} ({Path(cover.written.place.path).name}:{cover.written.place.line})"
    if one.rule.id == cover.rule.id:
        return f"{pattern} finds nothing that {where} of the same rule does not find"
    if _decides_alike(one.rule, cover.rule):
        return f"{pattern} is in the shadow of {where} of rule {cover.rule.id}"
    if twin:
        return f"{pattern} overlaps with {where} of rule {cover.rule.id}, which decides otherwise"
    return ""


def _decides_alike(one: Rule, cover: Rule) -> bool:
    """Whether a hit of ``cover`` makes a hit of ``one`` count for nothing."""
    return (
        cover.category is one.category
        and cover.level >= one.level
        and cover.card == one.card
        and cover.ignores >= one.ignores
        and set(cover.unless) <= set(one.unless)
        and (not cover.requires or cover.requires == one.requires)
        and (not cover.requires_category or cover.requires_category == one.requires_category)
    )


def _short(pattern: str) -> str:
    return pattern if len(pattern) <= _SHORT else f"{pattern[:_SHORT]} ..."
