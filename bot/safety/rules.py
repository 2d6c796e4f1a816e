"""Reading ``safety_rules.yaml`` (and the files it includes) into a ``RuleBook``.

Every mistake is gathered and told at once, each with its file, line, meaning and mend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from bot.errors import Problem, RulesError
from bot.safety.consistency import check_references
from bot.safety.entries import Entries
from bot.safety.grammar import PatternError, Vocabulary, verb_list, word_list
from bot.safety.rulebook import Place, RuleBook, Shares
from bot.safety.source import Located, Reader

T = TypeVar("T")
_SECTIONS = (
    "include",
    "review_days",
    "resources",
    "standing",
    "contact",
    "opening",
    "cards",
    "fallback",
    "example_messages",
    "false_alarms",
    "doubted",
    "signposts",
    "overlays",
    "vocabulary",
    "verbs",
    "spellings",
    "disguised",
    "stances",
    "rules",
    "answers",
    "output_rules",
    "remarks",
)


def read_rules(path: Path) -> RuleBook:
    """The validated contents of a rules file; ``RulesError`` holds every mistake found."""
    problems: list[Problem] = []
    sections = _sections(path, problems)
    if sections is None:
        raise RulesError(problems)
    book = _Assembly(path, sections, problems).book()
    problems += check_references(book)
    if problems:
        raise RulesError(problems)
    return book


def rule_files(path: Path) -> list[Path]:
    """The rules file and the files it includes, whether or not they can be used."""
    main = Reader(path, [])
    tree = main.load()
    include = tree.value.get("include") if tree and isinstance(tree.value, dict) else None
    names = [str(item.value) for item in main.texts(include, "include")]
    return [path, *(path.resolve().parent / name for name in names)]


Section = tuple[Reader, Located]


def _sections(path: Path, problems: list[Problem]) -> dict[str, list[Section]] | None:
    """Each section's parts, from the main file and the files it includes, in their order."""
    main = Reader(path, problems)
    tree = main.load()
    if tree is None:
        return None
    found: dict[str, list[Section]] = {name: [] for name in _SECTIONS}
    fields = main.fields(tree, "file", (), _SECTIONS)
    for name, node in fields.items():
        found[name].append((main, node))
    folder = path.resolve().parent
    for item in main.texts(fields.get("include"), "include"):
        name = str(item.value)
        included = (folder / name).resolve()
        if folder not in included.parents:
            main.problem(
                item.line,
                "include",
                f"'{name}' is outside the folder of the rules file",
                "Keep all rule files beside it.",
            )
            continue
        reader = Reader(included, problems)
        part = reader.load()
        if part is None:
            continue
        allowed = tuple(section for section in _SECTIONS if section != "include")
        for section, node in reader.fields(part, "file", (), allowed).items():
            found[section].append((reader, node))
    return found


class _Assembly:
    """Builds the frozen values of a rule book out of located YAML."""

    def __init__(
        self, path: Path, sections: dict[str, list[Section]], problems: list[Problem]
    ) -> None:
        self._path = path
        self._sections = sections
        self._problems = problems
        self._spellings = self._read_spellings()
        self._entries = Entries(self._spellings)
        self._places: dict[str, Place] = {}

    def book(self) -> RuleBook:
        files = dict.fromkeys(r.path for parts in self._sections.values() for r, _ in parts)
        return RuleBook(
            path=self._path,
            files=tuple(files),
            review_days=self._number("review_days"),
            resources={each.id: each for each in self._each("resources", self._entries.resource)},
            standing=tuple(str(item.value) for _, item in self._texts("standing")),
            contact=self._single("contact"),
            opening=self._single("opening"),
            cards={each.id: each for each in self._each("cards", self._entries.card)},
            fallback=self._single("fallback"),
            examples_folder=self._path.resolve().parent / self._single("example_messages"),
            shares=Shares(self._share("false_alarms", most=0.2), self._share("doubted", most=0.8)),
            signposts=tuple(self._each("signposts", self._entries.signpost)),
            overlays=tuple(self._each("overlays", self._entries.overlay)),
            vocabularies=self._vocabularies(),
            spellings=self._spellings,
            disguised=tuple(str(item.value) for _, item in self._texts("disguised")),
            stances=tuple(self._each("stances", self._entries.stance)),
            rules=tuple(self._each("rules", self._entries.rule)),
            answers=tuple(self._each("answers", self._entries.answer)),
            output_rules=tuple(self._each("output_rules", self._entries.output_rule)),
            remarks=tuple(self._each("remarks", self._entries.remark)),
            places=self._places,
        )

    def _items(self, section: str) -> Iterator[tuple[Reader, Located]]:
        for reader, node in self._sections[section]:
            for item in reader.items(node, section):
                yield reader, item

    def _texts(self, section: str) -> Iterator[tuple[Reader, Located]]:
        for reader, node in self._sections[section]:
            for item in reader.texts(node, section):
                yield reader, item

    def _each(self, section: str, build: Callable[[Reader, Located, str], T | None]) -> Iterator[T]:
        """Build every entry of a section; ids may be given once only in the whole section."""
        seen: dict[str, Place] = {}
        for reader, item in self._items(section):
            entry = item.value.get("id") if isinstance(item.value, dict) else None
            name = str(entry.value) if entry else f"{section} entry"
            where = f"{section}: {name}"
            if entry:
                if name in seen:
                    first = f"{seen[name].path.name}:{seen[name].line}"
                    what = f"the id is used twice (first in {first})"
                    reader.problem(entry.line, where, what, "Give each its own id.")
                    continue
                seen[name] = Place(reader.path, entry.line)
                self._places[f"{section}: {name}"] = seen[name]
            built = build(reader, item, where)
            if built is not None:
                yield built

    def _single(self, section: str) -> str:
        parts = self._sections[section]
        if not parts:
            self._problems.append(
                Problem(self._path, 1, "file", f"'{section}' is missing", f"Add '{section}: ...'.")
            )
            return ""
        reader, node = parts[-1]
        self._places[section] = Place(reader.path, node.line)
        return reader.text(node, section)

    def _number(self, section: str) -> int:
        text = self._single(section)
        if text.isdecimal() and len(text) <= 4 and 0 < int(text) <= 3650:
            return int(text)
        if text:
            reader, node = self._sections[section][-1]
            reader.problem(
                node.line,
                section,
                f"'{text}' is not a number of days",
                "Give a whole number from 1 to 3650.",
            )
        return 90

    def _share(self, section: str, *, most: float) -> float:
        text = self._single(section)
        try:
            share = float(text)
        except ValueError:
            share = -1.0
        if 0 <= share < most:
            return share
        if text:
            reader, node = self._sections[section][-1]
            what = f"'{text}' is not a share from 0 to below {most}"
            reader.problem(node.line, section, what, "Give a number such as 0.01.")
        return 0.01

    def _read_spellings(self) -> dict[str, str]:
        spellings: dict[str, str] = {}
        for reader, node in self._sections["spellings"]:
            entries = node.value if isinstance(node.value, dict) else {}
            if not isinstance(node.value, dict):
                reader.problem(
                    node.line, "spellings", "a mapping is expected", "Write 'bf: boyfriend'."
                )
            for word, meant in entries.items():
                spellings[word] = reader.text(meant, f"spellings: {word}")
        return spellings

    def _vocabularies(self) -> dict[str, Vocabulary]:
        found: dict[str, Vocabulary] = {}
        for section, build in (("vocabulary", word_list), ("verbs", verb_list)):
            for reader, node in self._sections[section]:
                if not isinstance(node.value, dict):
                    reader.problem(
                        node.line, section, "a mapping is expected", "Write 'name: [...]'."
                    )
                    continue
                for name, entries in node.value.items():
                    where = f"{section}: {name}"
                    if name in found:
                        reader.problem(entries.line, where, "the name is used twice", "Rename one.")
                    lines = [str(item.value) for item in reader.texts(entries, where)]
                    if section == "vocabulary":
                        lines = [self._entries.expand(line) for line in lines]
                    try:
                        found[name] = build(name, lines)
                    except PatternError as error:
                        reader.problem(entries.line, where, str(error), "Mend the entry.")
                        found[name] = Vocabulary(name, ())
                    self._places[where] = Place(reader.path, entries.line)
        return found
