"""``check-rules``: everything wrong, stale or unused in the safety rules, and the rules to read."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.overlaps import notes
from bot.cli.pages import write_page
from bot.cli.program import ATTENTION, DONE, Commands, add_command
from bot.cli.rules_page import rules_page
from bot.cli.sources import read_lines
from bot.cli.terminal import Ink, progress, waiting
from bot.errors import Problem
from bot.safety import SafetyLayer
from bot.safety.consistency import unused
from bot.safety.labelled import read_examples
from bot.safety.load import load_engine
from bot.safety.rulebook import RuleBook
from bot.safety.rules import read_rules
from bot.settings import Settings

#: How many digits Australian numbers have, by how they begin; the first that fits counts.
_LENGTHS = {"1800": (10,), "13": (6, 10), "0": (10,)}


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = add_command(
        commands,
        "check-rules",
        "everything wrong, stale or unused in the safety rules",
        "Everything wrong, stale or unused in the safety rules, each with its file, line and mend.",
        [
            "python -m bot check-rules",
            "python -m bot check-rules --notes",
            "python -m bot check-rules --html rules.html    a page for a clinician to review",
        ],
    )
    parser.add_argument(
        "--notes",
        action="store_true",
        help="also patterns that no example shows, that overlap, or that another makes superfluous",
    )
    parser.add_argument(
        "--html",
        metavar="FILE",
        type=Path,
        help="write all rules, cards and services as a page to hand over",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Check the rules file; 1 if anything needs the operator's attention."""
    ink = Ink(sys.stdout)
    with waiting("Checking the rules ..."):
        engine = load_engine(settings.rules)  # mistakes are raised, all at once
        book = read_rules(settings.rules)
        lines = read_lines(settings.rules)
    now = datetime.now(tz=UTC).date()
    stale = SafetyLayer(engine).stale(now)
    problems = [*stale, *odd_numbers(book), *unused(book)]
    read_examples(book.examples_folder, problems)
    for problem in problems:
        print(told(problem, ink))
    if options.notes:
        with progress() as on_progress:
            found = notes(
                book,
                engine,
                lines,
                lambda done, total: on_progress("Comparing patterns", done, total),
            )
        print(*(f"note: {told(note, ink)}" for note in found), sep="\n")
    if options.html:
        overdue = {problem.where.partition(": ")[2] for problem in stale}
        write_page(options.html, rules_page(book, lines, overdue, now.isoformat()))
        print(f"The rules to read are in {options.html}.")
    print(_summary(book, problems, ink))
    if options.notes:
        print(f"{len(found)} notes: no mistakes, but worth a look when tidying up.")
    return ATTENTION if problems else DONE


def odd_numbers(book: RuleBook) -> Iterator[Problem]:
    """Numbers that have more or fewer digits than their kind has in Australia."""
    for resource in book.resources.values():
        for key, number in (("phone", resource.phone), ("sms", resource.sms)):
            digits = "".join(filter(str.isdigit, number))
            kind = next((start for start in _LENGTHS if digits.startswith(start)), "")
            if kind and len(digits) not in _LENGTHS[kind] and digits != "000":
                where = f"resources: {resource.id}"
                place = book.places[where]
                what = (
                    f"{key} '{number}' has {len(digits)} digits; a number that begins with {kind} "
                    f"has {' or '.join(map(str, _LENGTHS[kind]))}"
                )
                yield Problem(place.path, place.line, where, what, f"Look at {resource.source}.")


def told(problem: Problem, ink: Ink) -> str:
    """A problem with its place set apart."""
    place = ink.strong(f"{problem.path}:{problem.line}:")
    return f"{place} {problem.where}: {problem.what}. {problem.mend}"


def _summary(book: RuleBook, problems: list[Problem], ink: Ink) -> str:
    counted = (
        f"{len(book.rules)} rules, {sum(len(rule.patterns) for rule in book.rules)} patterns, "
        f"{len(book.resources)} services, {len(book.cards)} cards in {len(book.files)} files: "
    )
    if problems:
        return counted + ink.alarm(f"{len(problems)} to look at") + "."
    return counted + ink.good("no problems") + "."
