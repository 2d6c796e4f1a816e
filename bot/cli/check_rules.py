"""``check-rules``: everything wrong, stale or unused in the safety rules."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from bot.safety import SafetyLayer
from bot.safety.consistency import unused
from bot.safety.cues import read_examples
from bot.safety.rules import read_rules
from bot.settings import Settings


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "check-rules",
        help="everything wrong, stale or unused in the safety rules",
        description="Everything wrong, stale or unused in the safety rules, with file and line.",
    )
    parser.set_defaults(run=run)


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Check the rules file; 1 if anything needs the operator's attention."""
    layer = SafetyLayer.load(settings.rules)  # mistakes are raised, all at once
    book = read_rules(settings.rules)
    problems = [*layer.stale(datetime.now(tz=UTC).date()), *unused(book)]
    read_examples(book.examples_folder, problems)
    for problem in problems:
        print(problem)
    print(
        f"{len(book.rules)} rules, {sum(len(rule.patterns) for rule in book.rules)} patterns, "
        f"{len(book.resources)} services, {len(book.cards)} cards in {len(book.files)} files: "
        f"{'no problems' if not problems else f'{len(problems)} to look at'}."
    )
    return 1 if problems else 0
