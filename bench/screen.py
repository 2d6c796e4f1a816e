"""Time to screen a message, beside one RE2 set scan of the same text for as many patterns.

    python -m bench.screen

The floor is what any rule engine on RE2 must pay: the same patterns written over letters, in
one set, scanning the lower-cased text once. Figures are medians of one run on one machine;
the ratios are what counts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import re2

from bench.cases import own_cases
from bot.safety import SafetyLayer
from bot.safety.grammar import Choice, Named, Node, Raw, Translator, Vocabulary, Word
from bot.safety.match import PatternSet
from bot.safety.rulebook import RuleBook
from bot.safety.rules import read_rules
from bot.settings import load_settings
from bot.types import Level

_LENGTHS = (10, 50, 200, 1_000, 10_000, 100_000)


class _Letters:
    """The patterns of a book over letters, as one would write them without word codes."""

    def __init__(self, book: RuleBook) -> None:
        self._book = book
        self._named: dict[tuple[str, str], str] = {}

    def regexes(self) -> list[str]:
        """One expression for each pattern of each rule."""
        return [rf"\b{self._all(pattern)}" for r in self._book.rules for pattern in r.patterns]

    def _all(self, nodes: tuple[Node, ...]) -> str:
        return "".join(self._one(node) for node in nodes)

    def _one(self, node: Node) -> str:
        match node:
            case Word(text, prefix):
                return f"{re2.escape(text)}{'[a-z]*' if prefix else ''}\\W+"
            case Raw(regex):
                width = regex.rpartition(",")[2].rstrip("}")
                return rf"(?:\w+\W+){{0,{width}}}" if width.isdigit() else r"(?:\w+\W+)?"
            case Named(negated=True):
                return r"\w+\W+"
            case Named(name, form):
                return self._vocabulary(self._book.vocabularies[name], form)
            case Choice(options, optional):
                inner = "|".join(self._all(option) for option in options)
                return f"(?:{inner}){'?' if optional else ''}"

    def _vocabulary(self, vocabulary: Vocabulary, form: str) -> str:
        key = (vocabulary.name, form)
        if key not in self._named:
            entries = vocabulary.forms[form] if form else vocabulary.entries
            self._named[key] = f"(?:{'|'.join(self._all(entry) for entry in entries)})"
        return self._named[key]


def median_us(action: Callable[[str], object], texts: Sequence[str], rounds: int = 5) -> float:
    """The median time of ``action`` on a text, in microseconds."""
    for text in texts:
        action(text)
    times = []
    for _ in range(rounds):
        for text in texts:
            started = time.perf_counter_ns()
            action(text)
            times.append((time.perf_counter_ns() - started) / 1000)
    return statistics.median(times)


def texts_of(length: int, messages: Sequence[str], most: int = 200) -> list[str]:
    """Texts of about ``length`` characters made of whole messages."""
    texts: list[str] = []
    held = ""
    for message in [*messages, *messages]:
        held = f"{held} {message}".strip()
        if len(held) >= length:
            texts.append(held[:length])
            held = ""
        if len(texts) == most:
            break
    return texts or [(" ".join(messages) * (1 + length // 10_000))[:length]]


def main() -> None:
    """Print the table."""
    layer = SafetyLayer.load(load_settings().rules)
    cases = own_cases("tune")
    harmless = [" ".join(c.turns) for c in cases if c.level is Level.NONE]
    crisis = [" ".join(c.turns) for c in cases if c.is_crisis]
    book = read_rules(load_settings().rules)
    letters = _Letters(book).regexes()
    options = re2.Options()
    options.max_mem = 1 << 30
    floor = re2.Set.SearchSet(options)
    for regex in letters:
        floor.Add(regex)
    floor.Compile()
    print(f"{len(letters)} patterns; medians in microseconds")
    print(f"{'characters':>12} {'kind':>9} {'set scan':>10} {'screen':>10} {'ratio':>6}")
    for kind, messages in (("harmless", harmless), ("crisis", crisis)):
        for length in _LENGTHS:
            texts = texts_of(length, messages)
            bare = median_us(lambda text: floor.Match(text.lower()), texts)
            ours = median_us(lambda text: layer.assess([text]), texts)
            print(f"{length:>12} {kind:>9} {bare:>10.1f} {ours:>10.1f} {ours / bare:>6.2f}")
    _print_growth(layer, book, texts_of(200, harmless))


def _print_growth(layer: SafetyLayer, book: RuleBook, texts: Sequence[str]) -> None:
    """Time to match with the same patterns 4 and 16 times over, each time with other words."""
    engine = layer._engine
    coded = [engine.lexicon.encode(text) for text in texts]
    single = median_us(engine.rules.matching, coded)
    extra = [Word(word) for word in list(engine.lexicon.codes)[:16] if not word.endswith("*")]
    translator = Translator(book.vocabularies, engine.lexicon.codes, engine.lexicon.frequency)
    patterns = [pattern for rule in book.rules for pattern in rule.patterns]
    for times in (4, 16):
        more = [(word, *pattern) for word in extra[: times - 1] for pattern in patterns]
        grown = median_us(PatternSet([*patterns, *more], translator).matching, coded)
        print(f"{times}x the patterns: matching takes {grown / single:.2f} times as long")


if __name__ == "__main__":
    main()
