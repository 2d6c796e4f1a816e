"""Time to screen a message, beside one RE2 set scan of the same text for as many patterns.

    python -m bench.screen

The floor is what any rule engine on RE2 must pay: the same expressions in one set, scanning the
text once, already turned into word codes. (Written over letters, so many patterns do not compile
into one set at all.) Figures are medians of one run on one machine; the ratios are what counts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import re2

from bench.cases import own_cases
from bot.safety import SafetyLayer
from bot.safety.grammar import Translator, Word
from bot.safety.match import PatternSet
from bot.safety.rulebook import RuleBook
from bot.safety.rules import read_rules
from bot.settings import load_settings
from bot.types import Level

_LENGTHS = (10, 50, 200, 1_000, 10_000, 100_000)


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
    encode = layer._engine.lexicon.encode
    options = re2.Options()
    options.max_mem = 1 << 30
    floor = re2.Set.SearchSet(options)
    for regex in layer._engine.rules.regexes:
        floor.Add(regex)
    floor.Compile()
    print(f"{len(layer._engine.rules)} patterns; medians in microseconds")
    print(f"{'characters':>12} {'kind':>9} {'set scan':>10} {'screen':>10} {'ratio':>6}")
    for kind, messages in (("harmless", harmless), ("crisis", crisis)):
        for length in _LENGTHS:
            texts = texts_of(length, messages)
            bare = median_us(floor.Match, [encode(text) for text in texts])
            ours = median_us(lambda text: layer.assess_by_rules([text]), texts)
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
