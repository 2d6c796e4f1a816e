"""YAML with line numbers: a rules file as a plain tree whose every value knows its line.

Only what a support worker would write is accepted: text, lists and mappings. Aliases, tags and
duplicate keys are mistakes, which also disarms the usual YAML bombs.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.errors import Problem

_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "seq", "map", "timestamp")
)
_LARGEST = 5_000_000


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
        self._seen: set[int] = set()

    def problem(self, line: int, where: str, what: str, mend: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(self.path, line, where, what, mend))

    def load(self) -> Located | None:
        """The tree of the file, or ``None`` when it cannot be read at all."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except OSError as error:
            self.problem(
                1, "file", f"it cannot be read ({error.strerror})", "Check the name and rights."
            )
            return None
        except UnicodeDecodeError:
            self.problem(1, "file", "it is not UTF-8 text", "Save it again as UTF-8.")
            return None
        if len(text) > _LARGEST:
            self.problem(1, "file", "it is larger than 5 MB", "Split or shorten it.")
            return None
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            node = yaml.compose(text, Loader=loader)
        except (yaml.YAMLError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            what = getattr(error, "problem", None) or "it is nested too deeply"
            self.problem(
                mark.line + 1 if mark else 1,
                "YAML",
                str(what),
                "Check indentation near this line; text that begins with { or [, or holds "
                "': ', needs quotes around it.",
            )
            return None
        if node is None:
            self.problem(1, "file", "it is empty", "Restore it from a copy.")
            return None
        return self._tree(node)

    def _tree(self, node: yaml.Node) -> Located:
        line = node.start_mark.line + 1
        if id(node) in self._seen:
            self.problem(line, "YAML", "an alias (*name) is used", "Write the value out.")
            return Located("", line)
        self._seen.add(id(node))
        if node.tag not in _PLAIN_TAGS:
            self.problem(line, "YAML", f"the tag {node.tag} is not allowed", "Remove it.")
        if isinstance(node, yaml.SequenceNode):
            return Located([self._tree(item) for item in node.value], line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, line)
        is_null = node.tag.endswith(":null")
        return Located("" if is_null else str(node.value), line)

    def _mapping(self, node: yaml.MappingNode, line: int) -> Located:
        found: dict[str, Located] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            if key in found:
                self.problem(
                    key_node.start_mark.line + 1,
                    key,
                    f"'{key}' is given twice (first on line {found[key].line})",
                    "Keep one of them.",
                )
                continue
            value = self._tree(value_node)
            at = key_node.start_mark.line + 1
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
