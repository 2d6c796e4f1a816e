"""YAML with line numbers: a rules file as a plain tree whose every value knows its line.

Only what a support worker would write is accepted: text, lists and mappings. Aliases, tags and
duplicate keys are mistakes, which also disarms the usual YAML bombs.
"""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.errors import Problem

_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "seq", "map", "timestamp")
)
#: What YAML takes for "no value".
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_LARGEST = 5_000_000  # bytes
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Located:
    """A value of the file and the 1-based line it starts on."""

    value: str | list[Located] | dict[str, Located]
    line: int


class Reader:
    """Reads one file and gathers every mistake in it, instead of stopping at the first."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.path = path
        self.problems = problems

    def problem(self, line: int, where: str, what: str, mend: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(self.path, line, where, what, mend))

    def load(self) -> Located | None:
        """The tree of the file, or ``None`` when it cannot be read at all."""
        text = self._text()
        if text is None:
            return None
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            return self._document(yaml.parse(text, Loader=loader))
        except yaml.YAMLError as error:
            told: Any = error
            mark = getattr(told, "problem_mark", None)
            self.problem(
                mark.line + 1 if mark else 1,
                "YAML",
                str(getattr(told, "problem", None) or "a character is not allowed"),
                "Check indentation near this line; text that begins with { or [, or holds "
                "': ', needs quotes around it.",
            )
            return None

    def _text(self) -> str | None:
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):  # a device or pipe might never end
                self.problem(1, "file", "it is not a file", "Check the name.")
                return None
            with self.path.open("rb") as file:
                content = file.read(_LARGEST + 1)
        except OSError as error:
            self.problem(
                1, "file", f"it cannot be read ({error.strerror})", "Check the name and rights."
            )
            return None
        if len(content) > _LARGEST:
            self.problem(1, "file", "it is larger than 5 MB", "Split or shorten it.")
            return None
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.problem(1, "file", "it is not UTF-8 text", "Save it again as UTF-8.")
            return None

    def _document(self, events: Iterator[Any]) -> Located | None:
        """The tree of a file's only document, built event by event: nothing is ever expanded."""
        tree = None
        for event in events:
            line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent):
                if tree is not None:
                    self.problem(line, "YAML", "a second document begins", "Remove the '---'.")
                    return None
                tree = self._tree(events, next(events), _DEEPEST)
                if tree is None:
                    return None
        if tree is None or tree.value == "":
            self.problem(1, "file", "it is empty", "Restore it from a copy.")
            return None
        return tree

    def _tree(self, events: Iterator[Any], event: Any, room: int) -> Located | None:
        """The value that begins with ``event``; ``None`` if it is nested deeper than ``room``."""
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            self.problem(line, "YAML", "an alias (*name) is used", "Write the value out.")
            return Located("", line)
        if event.tag is not None and event.tag not in _PLAIN_TAGS:
            self.problem(line, "YAML", f"the tag {event.tag} is not allowed", "Remove it.")
        if isinstance(event, yaml.ScalarEvent):
            is_null = event.implicit[0] and event.value in _NULLS
            return Located("" if is_null else event.value, line)
        if not room:
            self.problem(line, "YAML", "it is nested too deeply", "Check brackets and indentation.")
            return None
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                item = self._tree(events, event, room - 1)
                if item is None:
                    return None
                items.append(item)
            return Located(items, line)
        return self._mapping(events, line, room)

    def _mapping(self, events: Iterator[Any], line: int, room: int) -> Located | None:
        found: dict[str, Located] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            at = event.start_mark.line + 1
            key_node = self._tree(events, event, room - 1)
            value = self._tree(events, next(events), room - 1) if key_node else None
            if key_node is None or value is None:
                return None
            key = key_node.value if isinstance(key_node.value, str) else "?"
            if key in found:
                self.problem(
                    at,
                    key,
                    f"'{key}' is given twice (first on line {found[key].line})",
                    "Keep one of them.",
                )
                continue
            found[key] = Located(value.value, at if isinstance(value.value, str) else value.line)
        return Located(found, line)

    def fields(
        self, node: Located, where: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, Located]:
        """The entries of a mapping; unknown and missing keys are noted."""
        if not isinstance(node.value, dict):
            self.problem(node.line, where, "a mapping (key: value) is expected", "Indent it so.")
            return {}
        known = (*required, *optional)
        for key, value in node.value.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(known)}."
                self.problem(value.line, where, f"'{key}' is not known here", hint)
        for key in required:
            if key not in node.value:
                self.problem(node.line, where, f"'{key}' is missing", f"Add '{key}: ...'.")
        return {key: value for key, value in node.value.items() if key in known}

    def text(self, node: Located | None, where: str) -> str:
        """A text value on one line; ``""`` when there is none."""
        if node is None:
            return ""
        if not isinstance(node.value, str):
            self.problem(node.line, where, "a text is expected", "Put it on one line.")
            return ""
        return " ".join(node.value.split())

    def items(self, node: Located | None, where: str) -> list[Located]:
        """The items of a list; ``[]`` when there is none."""
        if node is None or node.value == "":
            return []
        if not isinstance(node.value, list):
            self.problem(node.line, where, "a list is expected", "Write '- item' on lines below.")
            return []
        return node.value

    def texts(self, node: Located | None, where: str) -> list[Located]:
        """The items of a list of texts."""
        texts = []
        for item in self.items(node, where):
            if isinstance(item.value, str) and item.value.strip():
                texts.append(item)
            else:
                self.problem(
                    item.line,
                    where,
                    "a text is expected",
                    "Put it in quotes if it holds ':' or '#'.",
                )
        return texts
