"""The command line: ``python -m bot ask | check | check-rules``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bot import __version__
from bot.cli import ask, check, check_rules
from bot.errors import BotError
from bot.settings import load_settings

_EPILOG = """\
Exit codes: 0 done, 1 a line or file could not be used, 2 the command line is wrong.

examples:
  python -m bot check "I don't feel safe at home"
  python -m bot check < messages.jsonl
  python -m bot ask "What is stonewalling?"
  python -m bot ask --json "What is stonewalling?"
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m bot",
        description=__doc__.split(":")[0] + "." if __doc__ else None,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (ask, check, check_rules):
        command.add_to(commands)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options, load_settings()))
    except BotError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1


if __name__ == "__main__":
    sys.exit(main())
