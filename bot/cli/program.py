"""What every command line of this project has in common: help, version, exit codes, faults."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from bot import __version__
from bot.errors import BotError

DONE = 0
ATTENTION = 1
USAGE = 2
INTERRUPTED = 130

#: Shown at the end of every help text, and in docs/commands.md.
EXIT_CODES = {
    DONE: "done",
    ATTENTION: "something needs attention; what it is has been printed",
    USAGE: "the command line is wrong",
    INTERRUPTED: "stopped with Ctrl-C",
}

Commands = Any  # argparse names the type of its subparsers only privately


def make_parser(prog: str, description: str, examples: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of a program: ``--help`` with examples and exit codes, and ``--version``."""
    parser = argparse.ArgumentParser(
        prog=prog,
        description=description,
        epilog=_epilog(examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = f"{prog} {__version__}"
    parser.add_argument("--version", action="version", version=version, help="print the version")
    return parser


def add_command(
    commands: Commands, name: str, summary: str, description: str, examples: Sequence[str]
) -> argparse.ArgumentParser:
    """A command of a program, with the same kind of help; ``summary`` is its line in the list."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=_epilog(examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def _epilog(examples: Sequence[str]) -> str:
    codes = "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items())
    return "\n".join(["examples:", *(f"  {each}" for each in examples), "", f"exit codes: {codes}"])


def attend(run: Callable[[], int]) -> int:
    """Run a program and turn its faults into one plain line and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character gets a question mark, not a traceback.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    try:
        return run()
    except BotError as error:
        print(error, file=sys.stderr)
        return ATTENTION
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return ATTENTION
