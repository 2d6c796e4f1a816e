"""Generated messages through the screen: not one exception, not one slow message.

    python3 run.py bench fuzz                      100,000 messages
    python3 run.py bench fuzz --messages 1000000   the full run; some minutes to an hour
    python3 run.py bench fuzz --guided             coverage-guided instead (needs atheris)

Messages are made of the rules' own examples, cut, joined, disguised and stretched, and of
characters of every Unicode plane. Each is screened alone, every fifth also as a turn of a
conversation, and its card is composed. Time is the processor's, so that a busy machine is no
fault. A message that fails is printed as an escaped string, with the seed it came from. The
coverage-guided run uses atheris, which is not among the locked packages:
``.venv/bin/python -m pip install atheris``.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from bot.safety import SafetyLayer
from bot.safety.rules import read_rules
from bot.types import Assessment, Card, Level

ROOT = Path(__file__).resolve().parent.parent
#: Processor time that a message may take: a floor for the machine's hiccups, and a share a letter.
SLOW_SECONDS, SLOW_PER_CHARACTER = 0.25, 0.0005
_MARKS = " .,;:!?'\"-_*~/\\|()[]{}<>@#$%^&+=\n\t\r\0\u200b‍﻿…’“”—"
_ENTITIES = ("&amp;", "&#107;", "&#x6b;", "&nbsp;", "&", "&#99999999;", "&zz;")


class Failure(Exception):
    """A message that broke the screen or took too long."""


class Screen:
    """Screens messages and checks what must hold for every one."""

    def __init__(self, layer: SafetyLayer) -> None:
        self._layer = layer
        self._earlier: list[str] = []
        self._count = 0
        self.slowest = 0.0
        self.levels = dict.fromkeys(Level, 0)

    def check(self, message: str) -> None:
        """Screen a message, every fifth after two others; ``Failure`` if anything is wrong."""
        self._count += 1
        turns = [*self._earlier[-2:], message] if self._count % 5 == 0 else [message]
        self._earlier = [*self._earlier[-1:], message]
        alone, together, card, took = self._screened(message, turns)
        limit = SLOW_SECONDS + SLOW_PER_CHARACTER * sum(map(len, turns))
        if took > limit:  # what is slow by itself is so again; the garbage collector is not
            *_, took = self._screened(message, turns)
        self.slowest = max(self.slowest, took)
        self.levels[alone.level] += 1
        if took > limit:
            raise Failure(f"it took {took:.2f} s")
        if together.level < alone.level:
            raise Failure(f"{alone.level.label} alone, {together.level.label} in a conversation")
        if (card is not None) != (together.level >= Level.CRISIS):
            raise Failure("a level without its card, or the other way round")
        if card is not None and card.resources[0].id != "triple_zero":
            raise Failure("the card does not open with Triple Zero")
        for hit in (*together.hits, *together.near):
            start, end = hit.span
            if turns[hit.turn][start:end] != hit.text:
                raise Failure(f"{hit.rule} names another place than its text")

    def _screened(
        self, message: str, turns: Sequence[str]
    ) -> tuple[Assessment, Assessment, Card | None, float]:
        """A message alone and among its turns, their card, and the seconds that it took."""
        began = time.thread_time()
        try:
            alone = self._layer.assess([message])
            together = self._layer.assess(turns) if len(turns) > 1 else alone
            card = self._layer.card(together, turns, again=False)
        except Exception as error:
            raise Failure(f"{type(error).__name__}: {error}") from error
        return alone, together, card, time.thread_time() - began


class Messages:
    """An endless supply of messages, the same for the same seed."""

    def __init__(self, examples: Sequence[str], seed: int) -> None:
        self._random = random.Random(seed)
        self._examples = examples
        self._words = sorted({word for each in examples for word in each.split()})

    def next(self) -> str:
        """One message: usually some dozen characters, now and then some thousand."""
        pick = self._random
        kind = pick.random()
        if kind < 0.35:
            text = pick.choice(self._examples)
        elif kind < 0.6:
            text = " ".join(pick.choices(self._words, k=pick.randint(1, 12)))
        elif kind < 0.75:
            first, second = pick.choice(self._examples), pick.choice(self._examples)
            text = first[: pick.randint(0, len(first))] + second[pick.randint(0, len(second)) :]
        elif kind < 0.95:
            text = "".join(self._character() for _ in range(pick.randint(0, 40)))
        else:
            text = pick.choice([pick.choice(_MARKS), pick.choice(self._words), self._character()])
            text = (text * pick.randint(1, 400))[:4000]
        for _ in range(pick.randint(0, 4)):
            text = self._changed(text)
        return text

    def _character(self) -> str:
        pick = self._random
        return chr(pick.choice((pick.randrange(0x80), pick.randrange(0x3000), self._anywhere())))

    def _anywhere(self) -> int:
        """A code point of any of the 17 planes, lone surrogates among them."""
        return self._random.randrange(17) * 0x10000 + self._random.randrange(0x10000)

    def _changed(self, text: str) -> str:
        pick = self._random
        at = pick.randint(0, len(text))
        match pick.randrange(9):
            case 0:
                return text[:at] + self._character() + text[at:]
            case 1:
                return text[:at] + text[at + 1 :]
            case 2:
                return text.upper() if at % 2 else text.title()
            case 3:
                return pick.choice((" ", ".", "-", "\u200b", "")).join(text[:60]) + text[60:]
            case 4:
                return text.translate(str.maketrans("aeiost", "@3105+"))
            case 5:
                return text[:at] + text[at : at + 1] * pick.randint(2, 30) + text[at + 1 :]
            case 6:
                return text[:at] + pick.choice(_ENTITIES) + text[at:]
            case 7:
                form = pick.choice(("NFC", "NFD", "NFKC", "NFKD"))
                return unicodedata.normalize(form, text)  # type: ignore[arg-type]
            case _:
                return text[:at] + pick.choice(_MARKS) + text[at:]


def examples(rules: Path) -> list[str]:
    """Every example and counter-example of the rules, as single messages."""
    book = read_rules(rules)
    every = (example for rule in book.rules for example in (*rule.examples, *rule.counter_examples))
    return sorted({" ".join(example.turns) for example in every})


def run(layer: SafetyLayer, found: Sequence[str], count: int, seed: int) -> Screen:
    """Screen so many messages; the first failure ends the run as a ``Failure``."""
    screen, messages = Screen(layer), Messages(found, seed)
    for number in range(count):
        message = messages.next()
        try:
            screen.check(message)
        except Failure as failure:
            raise Failure(f"seed {seed}, message {number}: {message!a}: {failure}") from None
        if number and number % 50_000 == 0:
            print(f"{number:,} messages, slowest {screen.slowest * 1000:.0f} ms", flush=True)
    return screen


def guided(layer: SafetyLayer, found: Sequence[str], count: int) -> None:
    """Let atheris look for messages that reach new code; ends the process."""
    try:
        import atheris  # noqa: PLC0415
    except ImportError:
        sys.exit("This run needs atheris: .venv/bin/python -m pip install atheris")
    from bot.safety import cards, cues, fold, match, patterns, screen, words  # noqa: PLC0415

    for module in (fold, words, patterns, match, screen, cards, cues):
        for name, part in list(vars(module).items()):
            if callable(part) and getattr(part, "__module__", "") == module.__name__:
                if isinstance(part, type):
                    for each, method in list(vars(part).items()):
                        if type(method).__name__ == "function":
                            setattr(part, each, atheris.instrument_func(method))
                elif type(part).__name__ == "function":
                    setattr(module, name, atheris.instrument_func(part))
    checker = Screen(layer)

    def one(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)
        start = provider.PickValueInList([*found[:2000], ""])
        checker.check(start + provider.ConsumeUnicode(200))

    atheris.Setup([sys.argv[0], f"-runs={count}", "-max_len=300", "-verbosity=0"], one)
    atheris.Fuzz()


def main() -> int:
    """Run the fuzzer; 1 if a message failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--guided", action="store_true", help="coverage-guided, with atheris")
    options = parser.parse_args()
    rules = ROOT / "safety_rules.yaml"
    layer = SafetyLayer.load(rules, fitting=True)
    found = examples(rules)
    if options.guided:
        guided(layer, found, options.messages)
    began = time.process_time()
    try:
        screen = run(layer, found, options.messages, options.seed)
    except Failure as failure:
        print(failure)
        return 1
    levels = ", ".join(f"{level.label} {number:,}" for level, number in screen.levels.items())
    print(
        f"{options.messages:,} messages, no exception and none slow; slowest "
        f"{screen.slowest * 1000:.0f} ms, {time.process_time() - began:.0f} s of processor time; "
        f"levels: {levels}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
