"""Reading ``safety_rules.yaml`` (and the files it includes) into a ``RuleBook``.

Every mistake is gathered and told at once, each with its file, line, meaning and mend.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

from bot.errors import Problem, RulesError
from bot.safety.consistency import check_references
from bot.safety.grammar import PatternError, Vocabulary, parse, verb_list, word_list
from bot.safety.rulebook import (
    CardText,
    Example,
    OutputRule,
    Overlay,
    Pattern,
    Place,
    Remark,
    Rule,
    RuleBook,
    Signpost,
    Stance,
)
from bot.safety.source import Located, Reader
from bot.safety.words import canonical
from bot.types import Category, Level, Resource

T = TypeVar("T")
_BARE_WORD = re.compile(r"(?<![{.\w])[^\W\d_][^\s\[\](){}|~!*]*(?![\w}])")
_SECTIONS = (
    "include",
    "review_days",
    "resources",
    "standing",
    "contact",
    "opening",
    "cards",
    "fallback",
    "signposts",
    "overlays",
    "vocabulary",
    "verbs",
    "spellings",
    "disguised",
    "stances",
    "rules",
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
            main.problem(item.line, "include", f"'{name}' is outside the folder of the rules file",
                         "Keep all rule files beside it.")  # fmt: skip
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
        self._places: dict[str, Place] = {}

    def book(self) -> RuleBook:
        files = dict.fromkeys(r.path for parts in self._sections.values() for r, _ in parts)
        return RuleBook(
            path=self._path,
            files=tuple(files),
            review_days=self._number("review_days"),
            resources={each.id: each for each in self._each("resources", self._resource)},
            standing=tuple(str(item.value) for _, item in self._texts("standing")),
            contact=self._single("contact"),
            opening=self._single("opening"),
            cards={each.id: each for each in self._each("cards", self._card)},
            fallback=self._single("fallback"),
            signposts=tuple(self._each("signposts", self._signpost)),
            overlays=tuple(self._each("overlays", self._overlay)),
            vocabularies=self._vocabularies(),
            spellings=self._spellings,
            disguised=tuple(str(item.value) for _, item in self._texts("disguised")),
            stances=tuple(self._each("stances", self._stance)),
            rules=tuple(self._each("rules", self._rule)),
            output_rules=tuple(self._each("output_rules", self._output_rule)),
            remarks=tuple(self._each("remarks", self._remark)),
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
        seen: dict[str, int] = {}
        for reader, item in self._items(section):
            entry = item.value.get("id") if isinstance(item.value, dict) else None
            name = str(entry.value) if entry else f"{section} entry"
            where = f"{section}: {name}"
            if entry:
                if name in seen:
                    reader.problem(entry.line, where, f"the id is used twice (first on line "
                                   f"{seen[name]})", "Give each its own id.")  # fmt: skip
                    continue
                seen[name] = entry.line
                self._places[f"{section}: {name}"] = Place(reader.path, entry.line)
            built = build(reader, item, where)
            if built is not None:
                yield built

    def _single(self, section: str) -> str:
        parts = self._sections[section]
        if not parts:
            self._problems.append(Problem(self._path, 1, "file", f"'{section}' is missing",
                                          f"Add '{section}: ...'."))  # fmt: skip
            return ""
        reader, node = parts[-1]
        self._places[section] = Place(reader.path, node.line)
        return reader.text(node, section)

    def _number(self, section: str) -> int:
        text = self._single(section)
        if text.isdigit() and 0 < int(text) <= 3650:
            return int(text)
        if text:
            reader, node = self._sections[section][-1]
            reader.problem(node.line, section, f"'{text}' is not a number of days",
                           "Give a whole number from 1 to 3650.")  # fmt: skip
        return 90

    def _read_spellings(self) -> dict[str, str]:
        spellings: dict[str, str] = {}
        for reader, node in self._sections["spellings"]:
            entries = node.value if isinstance(node.value, dict) else {}
            if not isinstance(node.value, dict):
                reader.problem(node.line, "spellings", "a mapping is expected", "Write 'bf: boyfriend'.")
            for word, meant in entries.items():
                spellings[word] = reader.text(meant, f"spellings: {word}")
        return spellings

    def _vocabularies(self) -> dict[str, Vocabulary]:
        found: dict[str, Vocabulary] = {}
        for section, build in (("vocabulary", word_list), ("verbs", verb_list)):
            for reader, node in self._sections[section]:
                if not isinstance(node.value, dict):
                    reader.problem(node.line, section, "a mapping is expected", "Write 'name: [...]'.")
                    continue
                for name, entries in node.value.items():
                    where = f"{section}: {name}"
                    if name in found:
                        reader.problem(entries.line, where, "the name is used twice", "Rename one.")
                    lines = [str(item.value) for item in reader.texts(entries, where)]
                    if section == "vocabulary":
                        lines = [self._expand(line) for line in lines]
                    try:
                        found[name] = build(name, lines)
                    except PatternError as error:
                        reader.problem(entries.line, where, str(error), "Mend the entry.")
                        found[name] = Vocabulary(name, ())
                    self._places[where] = Place(reader.path, entries.line)
        return found

    def _expand(self, line: str) -> str:
        """A pattern with every word in its canonical spelling."""
        return _BARE_WORD.sub(
            lambda found: canonical(found[0].lower(), self._spellings), line.replace("’", "'")
        )

    def _patterns(self, reader: Reader, node: Located | None, where: str) -> tuple[Pattern, ...]:
        patterns = []
        for item in reader.texts(node, where):
            try:
                patterns.append(parse(self._expand(str(item.value))))
            except PatternError as error:
                reader.problem(
                    item.line, where, f"pattern '{item.value}': {error}", "See docs/rules.md."
                )
        return tuple(patterns)

    def _examples(self, reader: Reader, node: Located | None, where: str) -> tuple[Example, ...]:
        return tuple(
            Example(
                tuple(turn.strip() for turn in str(item.value).split(" // ")),
                Place(reader.path, item.line),
            )
            for item in reader.texts(node, where)
        )

    def _category(self, reader: Reader, node: Located | None, where: str) -> Category | None:
        name = reader.text(node, where)
        try:
            return Category(name) if node else None
        except ValueError:
            reader.problem(node.line if node else 1, where, f"'{name}' is not a category",
                           f"Use one of: {', '.join(Category)}.")  # fmt: skip
            return None

    def _categories(
        self, reader: Reader, node: Located | None, where: str
    ) -> frozenset[Category]:
        found = (self._category(reader, item, where) for item in reader.texts(node, where))
        return frozenset(category for category in found if category)

    def _level(
        self, reader: Reader, node: Located | None, where: str, allowed: tuple[Level, ...]
    ) -> Level | None:
        name = reader.text(node, where)
        for level in allowed:
            if name == level.label:
                return level
        if node:
            reader.problem(node.line, where, f"'{name}' is not a level allowed here",
                           f"Use one of: {', '.join(level.label for level in allowed)}.")  # fmt: skip
        return None

    def _names(self, reader: Reader, node: Located | None, where: str) -> tuple[str, ...]:
        return tuple(str(item.value) for item in reader.texts(node, where))

    def _resource(self, reader: Reader, item: Located, where: str) -> Resource | None:
        required = ("id", "name", "source", "verified_on", "confidence")
        optional = ("phone", "sms", "chat", "hours", "audience", "region")
        fields = reader.fields(item, where, required, optional)
        texts = {key: reader.text(fields.get(key), where) for key in (*required, *optional)}
        try:
            date.fromisoformat(texts["verified_on"])
        except ValueError:
            reader.problem(item.line, where, f"verified_on '{texts['verified_on']}' is not a date",
                           "Write it as 2026-11-23.")  # fmt: skip
        if texts["confidence"] not in {"high", "medium", "low"}:
            reader.problem(item.line, where, f"confidence '{texts['confidence']}' is not known",
                           "Use high, medium or low.")  # fmt: skip
        for key in ("phone", "sms"):
            if texts[key] and not re.fullmatch(r"\(?[0-9][0-9 ()]{1,18}", texts[key]):
                reader.problem(fields[key].line, where, f"{key} '{texts[key]}' is not a phone number",
                               "Use digits and spaces, in quotes.")  # fmt: skip
        if texts["chat"] and not texts["chat"].startswith("https://"):
            reader.problem(fields["chat"].line, where, "chat is not a secure web address",
                           "It starts with https://.")  # fmt: skip
        if not (texts["phone"] or texts["chat"] or texts["sms"]):
            reader.problem(item.line, where, "there is no way to reach it",
                           "Give a phone, an sms number or a chat address.")  # fmt: skip
        return Resource(**texts)

    def _card(self, reader: Reader, item: Located, where: str) -> CardText:
        fields = reader.fields(
            item, where, ("id", "headline", "lines", "resources"), ("again", "category", "level")
        )
        return CardText(
            id=reader.text(fields.get("id"), where),
            headline=reader.text(fields.get("headline"), where),
            lines=self._names(reader, fields.get("lines"), where),
            again=self._names(reader, fields.get("again"), where),
            resources=self._names(reader, fields.get("resources"), where),
            category=self._category(reader, fields.get("category"), where),
            level=self._level(
                reader, fields.get("level"), where, (Level.CRISIS, Level.EMERGENCY)
            ),
        )

    def _signpost(self, reader: Reader, item: Located, where: str) -> Signpost:
        fields = reader.fields(item, where, ("line", "resources"), ("category",))
        return Signpost(
            line=reader.text(fields.get("line"), where),
            resources=self._names(reader, fields.get("resources"), where),
            category=self._category(reader, fields.get("category"), where),
        )

    def _overlay(self, reader: Reader, item: Located, where: str) -> Overlay:
        fields = reader.fields(
            item,
            where,
            ("id", "patterns", "adds", "examples", "counter_examples"),
            ("after", "instead_of", "categories"),
        )
        return Overlay(
            id=reader.text(fields.get("id"), where),
            patterns=self._patterns(reader, fields.get("patterns"), where),
            adds=self._names(reader, fields.get("adds"), where),
            after=reader.text(fields.get("after"), where),
            instead_of=reader.text(fields.get("instead_of"), where),
            categories=self._categories(reader, fields.get("categories"), where),
            examples=self._examples(reader, fields.get("examples"), where),
            counter_examples=self._examples(reader, fields.get("counter_examples"), where),
        )

    def _stance(self, reader: Reader, item: Located, where: str) -> Stance | None:
        scopes = ("before", "after", "inside", "sentence", "message")
        fields = reader.fields(item, where, ("id", "why", "level"), (*scopes, "unless", "categories"))
        level = self._level(reader, fields.get("level"), where, (Level.NONE, Level.SIGNPOST))
        if not any(scope in fields for scope in scopes):
            reader.problem(item.line, where, "it has no patterns", f"Add one of {', '.join(scopes)}.")
        parts = {
            scope: self._patterns(reader, fields.get(scope), where) for scope in (*scopes, "unless")
        }
        return Stance(
            id=reader.text(fields.get("id"), where),
            why=reader.text(fields.get("why"), where),
            level=level or Level.NONE,
            categories=self._categories(reader, fields.get("categories"), where),
            **parts,
        )

    def _rule(self, reader: Reader, item: Located, where: str) -> Rule | None:
        required = ("id", "why", "category", "level", "patterns", "examples", "counter_examples")
        optional = ("unless", "requires", "requires_category", "ignores", "card")
        fields = reader.fields(item, where, required, optional)
        category = self._category(reader, fields.get("category"), where)
        level = self._level(reader, fields.get("level"), where, tuple(Level)[1:])
        if category is None or level is None:
            return None
        return Rule(
            id=reader.text(fields.get("id"), where),
            why=reader.text(fields.get("why"), where),
            category=category,
            level=level,
            patterns=self._patterns(reader, fields.get("patterns"), where),
            place=Place(reader.path, item.line),
            unless=self._patterns(reader, fields.get("unless"), where),
            requires=self._patterns(reader, fields.get("requires"), where),
            requires_category=self._categories(reader, fields.get("requires_category"), where),
            ignores=frozenset(self._names(reader, fields.get("ignores"), where)),
            card=reader.text(fields.get("card"), where),
            examples=self._examples(reader, fields.get("examples"), where),
            counter_examples=self._examples(reader, fields.get("counter_examples"), where),
        )

    def _output_rule(self, reader: Reader, item: Located, where: str) -> OutputRule:
        required = ("id", "why", "patterns", "when", "examples", "counter_examples")
        fields = reader.fields(item, where, required)
        when = reader.text(fields.get("when"), where)
        if when not in {"always", "abuse"}:
            reader.problem(item.line, where, f"when '{when}' is not known", "Use always or abuse.")
        return OutputRule(
            id=reader.text(fields.get("id"), where),
            why=reader.text(fields.get("why"), where),
            patterns=self._patterns(reader, fields.get("patterns"), where),
            when_abuse=when == "abuse",
            examples=self._examples(reader, fields.get("examples"), where),
            counter_examples=self._examples(reader, fields.get("counter_examples"), where),
        )

    def _remark(self, reader: Reader, item: Located, where: str) -> Remark:
        required = ("id", "why", "patterns", "line", "resources", "examples", "counter_examples")
        fields = reader.fields(item, where, required)
        return Remark(
            id=reader.text(fields.get("id"), where),
            why=reader.text(fields.get("why"), where),
            patterns=self._patterns(reader, fields.get("patterns"), where),
            line=reader.text(fields.get("line"), where),
            resources=self._names(reader, fields.get("resources"), where),
            examples=self._examples(reader, fields.get("examples"), where),
            counter_examples=self._examples(reader, fields.get("counter_examples"), where),
        )
