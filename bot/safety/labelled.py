"""Labelled example messages, from which the second net learns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from bot.errors import Problem
from bot.types import Category, Level


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled message; ``categories`` is empty below ``crisis``."""

    turns: tuple[str, ...]
    level: Level
    categories: tuple[Category, ...]


def read_examples(folder: Path, problems: list[Problem]) -> list[Example]:
    """The examples of every ``*.jsonl`` file of a folder; bad lines are noted."""
    examples = []
    for path in sorted(folder.glob("*.jsonl")):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(path, 1, "file", f"it cannot be read ({error})", "Mend it."))
            continue
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    examples.append(_example(line))
                except (KeyError, ValueError, TypeError) as error:
                    what = f"the line is no example ({type(error).__name__}: {error})"
                    mend = 'Write {"text": "...", "level": "crisis", "category": "..."}.'
                    problems.append(Problem(path, number, "example", what, mend))
    return examples


def _example(line: str) -> Example:
    row = json.loads(line)
    turns = tuple(row["turns"]) if "turns" in row else (row["text"],)
    if not turns or not all(isinstance(turn, str) for turn in turns):
        raise ValueError("'text' is a string and 'turns' a list of strings")
    level = Level.parse(row["level"])
    names = [row["category"], *row.get("also", [])] if level >= Level.CRISIS else []
    return Example(turns, level, tuple(Category(name) for name in names if name != "none"))
