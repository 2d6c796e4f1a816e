"""Time to screen a message, beside one RE2 set scan and Python's ``re`` for as many patterns.

    python3 run.py bench screen

The floor is what any rule engine on RE2 must pay: the same expressions in one set, scanning the
text once, already turned into word codes. (Written over letters, so many patterns do not compile
into one set at all.) Beside it stands one alternation of the same expressions in Python's ``re``.
No text is timed twice: a set scan that has met a text before finds its states at hand, but no
visitor writes what another has written. Every expression is compiled beforehand, as a set's are,
and all are warmed by other texts.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Sequence

import re2

from bench.cases import own_cases
from bench.rows import Row, print_alone
from bot.safety import SafetyLayer
from bot.safety.grammar import Translator, Word
from bot.safety.patterns import PatternSet, compiled
from bot.safety.rules import read_rules
from bot.settings import load_settings
from bot.types import Level

_LENGTHS = (10, 50, 200, 1_000, 10_000, 100_000)
_TYPICAL = 200
_TIMES = (1, 4, 16)
#: Characters of all texts of one length together: a set scan of so many takes seconds.
_TOGETHER = 20_000
#: Texts of many times the rules: so many warm, so many more are timed.
_WARMING, _TIMED = 1_600, 400
#: The longest texts for ``re``, which is slower still.
_ALTERNATION = 1_000


def median_us(action: Callable[[str], object], texts: Sequence[str]) -> float:
    """The median time of ``action`` on the latter half of some texts, in microseconds.

    The first half warms up; of one text alone, it is the first time that counts.
    """
    for text in texts[: len(texts) // 2]:
        action(text)
    times = []
    for text in texts[len(texts) // 2 :]:
        started = time.perf_counter_ns()
        action(text)
        times.append((time.perf_counter_ns() - started) / 1000)
    return statistics.median(times)


def texts_of(length: int, messages: Sequence[str], most: int) -> list[str]:
    """Texts of ``length`` characters made of whole messages, the last one cut."""
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


def set_scan(regexes: Sequence[str]) -> Callable[[str], object]:
    """One RE2 set of all expressions."""
    options = re2.Options()
    options.max_mem = 1 << 30
    scan = re2.Set.SearchSet(options)
    for regex in regexes:
        scan.Add(regex)
    scan.Compile()
    return scan.Match  # type: ignore[no-any-return]


def measure(*, full: bool) -> list[Row]:
    """By length, of harmless and of grave messages, then by the number of rules."""
    layer = SafetyLayer.load(load_settings().rules)
    cases = own_cases("tune")
    harmless = [" ".join(c.turns) for c in cases if c.level is Level.NONE]
    grave = [" ".join(c.turns) for c in cases if c.is_crisis]
    regexes = layer._engine.rules.regexes
    scan = set_scan(regexes)
    for regex in regexes:
        compiled(regex)
    alternation = re.compile("|".join(f"(?:{regex})" for regex in regexes))
    encode = layer._engine.lexicon.encode
    rows: list[Row] = []
    for kind, messages in (("harmless", harmless), ("grave", grave)):
        for length in _LENGTHS:
            most = min(400 if full else 80, max(1, _TOGETHER // length))
            texts = texts_of(length, messages, most)
            coded = [encode(text) for text in texts]
            ours = median_us(lambda text: layer.assess_by_rules([text]), texts)
            bar = 3.0 if length == _TYPICAL else None
            bare = median_us(scan, coded)
            rows.append(Row("screen", f"{kind}, set scan", ours, bare, "us", length, bar))
            if length <= _ALTERNATION:
                bare = median_us(lambda text: list(alternation.finditer(text)), coded[-10:])
                rows.append(Row("screen", f"{kind}, re alternation", ours, bare, "us", length))
    return [*rows, *by_rules(layer, texts_of(_TYPICAL, harmless, _WARMING + _TIMED))]


def by_rules(layer: SafetyLayer, texts: Sequence[str]) -> list[Row]:
    """Time to screen with the same rules 4 and 16 times over, each time with another word before.

    The floor is the time with the rules as they are. The layer is of no further use.
    """
    engine, book = layer._engine, read_rules(load_settings().rules)
    extra = [Word(word) for word in list(engine.lexicon.codes)[:16] if not word.endswith("*")]
    translator = Translator(book.vocabularies, engine.lexicon.codes, engine.lexicon.frequency)
    patterns = [one for rule in book.rules for one in (*rule.patterns, *rule.maybe)]
    owners = engine.owners
    rows: list[Row] = []
    for times in _TIMES:
        more = [(word, *pattern) for word in extra[: times - 1] for pattern in patterns]
        engine.rules = PatternSet([*patterns, *more], translator)
        engine.owners = owners * times
        for text in texts[:-_TIMED]:  # so many expressions are compiled when first needed
            layer.assess_by_rules([text])
        grown = median_us(lambda text: layer.assess_by_rules([text]), texts[-_TIMED:])
        single = rows[0].ours if rows else grown
        bar = 2.0 if times == _TIMES[-1] else None
        rows.append(Row("screen", "more rules, beside the rules as they are", grown, single, "us",
                        len(engine.rules), bar, note=f"{times}x the rules"))  # fmt: skip
    return rows


def main() -> None:
    """Print the table."""
    print_alone(measure, __doc__)


if __name__ == "__main__":
    main()
