"""Checking a rule book against its own examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.errors import Problem
from bot.safety.match import Engine
from bot.safety.patterns import found
from bot.safety.rulebook import Example, RuleBook
from bot.safety.screen import assess

_Missed = tuple[str, Example, bool]


def broken_examples(book: RuleBook, engine: Engine) -> list[Problem]:
    """Examples that do not match their entry, and counter-examples that do.

    ``book`` is the whole book that ``engine`` was compiled from.
    """
    return [
        _problem(where, example, wanted)
        for missed in (
            _rules(book, engine),
            _answers(book, engine),
            _overlays(book, engine),
            _output(book, engine),
        )
        for where, example, wanted in missed
    ]


def _rules(book: RuleBook, engine: Engine) -> Iterator[_Missed]:
    for rule in book.rules:
        for example, wanted in _wanted(rule.examples, rule.counter_examples):
            hits = assess(engine, example.turns, engine.rules.matching).hits
            if any(hit.rule == rule.id and hit.level >= rule.level for hit in hits) is not wanted:
                yield f"rules: {rule.id}", example, wanted


def _answers(book: RuleBook, engine: Engine) -> Iterator[_Missed]:
    for answer in book.answers:
        for example, wanted in _wanted(answer.examples, answer.counter_examples):
            hits = assess(engine, example.turns, engine.rules.matching).hits
            if any(hit.rule == answer.id for hit in hits) is not wanted:
                yield f"answers: {answer.id}", example, wanted


def _overlays(book: RuleBook, engine: Engine) -> Iterator[_Missed]:
    for overlay in book.overlays:
        for example, wanted in _wanted(overlay.examples, overlay.counter_examples):
            codes = "".join(map(engine.lexicon.encode, example.turns))
            if (overlay.id in engine.overlays_in(codes)) is not wanted:
                yield f"overlays: {overlay.id}", example, wanted


def _output(book: RuleBook, engine: Engine) -> Iterator[_Missed]:
    for rule in book.output_rules:
        for example, wanted in _wanted(rule.examples, rule.counter_examples):
            codes = engine.lexicon.encode(example.turns[0])
            if found(engine.output_rules[rule.id], codes) is not wanted:
                yield f"output_rules: {rule.id}", example, wanted
    for remark in book.remarks:
        for example, wanted in _wanted(remark.examples, remark.counter_examples):
            codes = engine.lexicon.encode(example.turns[0])
            if found(engine.remarks[remark.id], codes) is not wanted:
                yield f"remarks: {remark.id}", example, wanted


def _wanted(
    examples: Sequence[Example], counter_examples: Sequence[Example]
) -> list[tuple[Example, bool]]:
    return [(each, True) for each in examples] + [(each, False) for each in counter_examples]


def _problem(where: str, example: Example, wanted: bool) -> Problem:
    text = " // ".join(example.turns)
    what = f"example '{text}' is not matched" if wanted else f"counter-example '{text}' is matched"
    mend = "Change the patterns or the example."
    return Problem(example.place.path, example.place.line, where, what, mend)
