"""The command line of the bot: ``python -m bot COMMAND``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bot.cli import ask, check, check_rules, diff_rules, report, try_
from bot.cli.program import attend, make_parser
from bot.settings import load_settings

COMMANDS = (try_, ask, check, check_rules, diff_rules, report)


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``python -m bot`` and all its commands."""
    parser = make_parser(
        "python -m bot",
        "Ask the bot, see what its safety rules make of a message, and look after the rules.",
        [
            'python -m bot check "I don\'t feel safe at home"',
            'python -m bot ask "What is stonewalling?"',
            "python -m bot check-rules",
            "python -m bot check --help      what one command does",
        ],
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return attend(lambda: int(options.run(options, load_settings())))


if __name__ == "__main__":
    sys.exit(main())
