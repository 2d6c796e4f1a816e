"""The rules as they are written: each pattern and example with its own words and line.

The compiled rules no longer know how they were spelt; commands that talk about single
patterns read them again from the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.safety.rulebook import Place
from bot.safety.rules import rule_files
from bot.safety.source import Located, Reader


@dataclass(frozen=True, slots=True)
class Written:
    """One line of a rules file."""

    text: str
    place: Place


#: For each rule, the lines of each of its lists: ``{"a_rule": {"patterns": (...)}}``.
Lines = dict[str, dict[str, tuple[Written, ...]]]


def read_lines(path: Path) -> Lines:
    """The lists of every rule of a rules file that has been found to have no mistakes."""
    found: Lines = {}
    for file in rule_files(path):
        tree = Reader(file, []).load()
        section = tree.value.get("rules") if tree and isinstance(tree.value, dict) else None
        for rule in section.value if section and isinstance(section.value, list) else []:
            if isinstance(rule, Located) and isinstance(rule.value, dict) and "id" in rule.value:
                found[str(rule.value["id"].value)] = {
                    key: _written(file, node)
                    for key, node in rule.value.items()
                    if isinstance(node.value, list)
                }
    return found


def _written(file: Path, node: Located) -> tuple[Written, ...]:
    items = node.value if isinstance(node.value, list) else []
    return tuple(Written(str(item.value), Place(file, item.line)) for item in items)
