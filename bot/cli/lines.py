"""JSON lines in, JSON lines out: one answer for each line, in order, whatever is in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, TextIO

Row = dict[str, Any]


class BadLine(ValueError):
    """A line that is not a message; the text says why."""


def parse_turns(line: str) -> tuple[str, ...]:
    """The visitor turns of one input line; ``BadLine`` if it has none."""
    try:
        line.encode("utf-8")
        row = json.loads(line)
    except UnicodeEncodeError:
        raise BadLine("the line is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise BadLine(f"the line is not JSON ({error})") from None
    if not isinstance(row, dict) or ("text" in row) == ("turns" in row):
        raise BadLine('give {"text": "..."} or {"turns": ["...", "..."]}')
    turns = [row["text"]] if "text" in row else row["turns"]
    if not isinstance(turns, list) or not turns or not all(isinstance(t, str) for t in turns):
        raise BadLine("'text' is a string and 'turns' a list of one or more strings")
    return tuple(turns)


def answer_lines(answer: Callable[[tuple[str, ...]], Row], source: TextIO) -> int:
    """Answer every line of ``source`` on standard output; 1 if any of them was bad."""
    reconfigure = getattr(source, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="surrogateescape")
    bad = 0
    for line in source:
        try:
            row = answer(parse_turns(line))
        except BadLine as error:
            row = {"error": str(error)}
            bad += 1
        print(json.dumps(row), flush=True)
    if bad:
        print(f"{bad} {'line' if bad == 1 else 'lines'} could not be read.", file=sys.stderr)
    return 1 if bad else 0
