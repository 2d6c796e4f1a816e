"""``report``: the daily counts as a small page with charts; numbers only, never a message."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from bot.cli.pages import write_page
from bot.cli.program import DONE, Commands, add_command
from bot.cli.report_page import report_page
from bot.cli.terminal import Ink
from bot.errors import BotError
from bot.settings import Settings

#: For each day, how often each thing happened: ``{"level:crisis": 12}``.
Days = Mapping[date, Mapping[str, int]]


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = add_command(
        commands,
        "report",
        "the daily counts as a small page with charts",
        "The daily counts as a page with charts and tables, to show to a board. The counts are "
        "numbers by day; there is no message in them.",
        [
            "python -m bot report --html report.html",
            "python -m bot report data/counts.json --from 2026-10-01 --to 2026-12-31",
        ],
    )
    parser.add_argument(
        "counts",
        metavar="COUNTS",
        nargs="?",
        type=Path,
        help="the file of daily counts (default: the one that BOT_COUNTS names)",
    )
    parser.add_argument(
        "--html", metavar="FILE", type=Path, help="where to write the page (default: a summary)"
    )
    parser.add_argument("--from", dest="first", metavar="DAY", type=_day, help="first day, ISO")
    parser.add_argument("--to", dest="last", metavar="DAY", type=_day, help="last day, ISO")
    parser.set_defaults(run=run)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a day such as 2026-11-23") from None


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Write the page, or print the sums; the exit code."""
    if options.counts is None and not settings.counts:
        raise BotError(
            "No file of counts is named. Set BOT_COUNTS, so that the chat keeps them, or give the "
            "file: python -m bot report data/counts.json"
        )
    path = options.counts or Path(settings.counts)
    days = {
        day: counts
        for day, counts in read_counts(path).items()
        if (options.first or day) <= day <= (options.last or day)
    }
    if options.html:
        write_page(options.html, report_page(days, datetime.now(tz=UTC).date().isoformat()))
        print(f"The report on {len(days)} days is in {options.html}.")
        return DONE
    ink = Ink(sys.stdout)
    print(ink.strong(f"{len(days)} days"))
    sums: dict[str, int] = {}
    for counts in days.values():
        for name, number in counts.items():
            sums[name] = sums.get(name, 0) + number
    for name, number in sorted(sums.items()):
        print(f"  {number:>7}  {name.replace('_', ' ').replace(':', ': ')}")
    return DONE


def read_counts(path: Path) -> Days:
    """The counts in a file, by day in order; ``BotError`` if it is not such a file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BotError(
            f"{path}: there are no counts to be read ({error.strerror or error}). Daily counts are "
            "optional; docs/commands.md says how the file comes about."
        ) from None
    except UnicodeDecodeError:
        text = ""
    try:
        rows = json.loads(text)["days"]
        days = {date.fromisoformat(day): _counts(counts) for day, counts in rows.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BotError(
            f'{path}: this is no file of counts. It looks like {{"days": {{"2026-11-23": '
            '{"level:crisis": 12}}}, with whole numbers.'
        ) from None
    return dict(sorted(days.items()))


def _counts(counts: Mapping[str, object]) -> dict[str, int]:
    found = {}
    for name, number in counts.items():
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise ValueError(name)
        found[name] = number
    return found
