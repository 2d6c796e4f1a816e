"""Reading the entries of a rules file: each kind of entry into its frozen value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from bot.safety.contractions import canonical
from bot.safety.grammar import PatternError, parse
from bot.safety.rulebook import (
    Answer,
    CardText,
    Example,
    OutputRule,
    Overlay,
    Pattern,
    Place,
    Remark,
    Rule,
    Signpost,
    Stance,
)
from bot.safety.source import Located, Reader
from bot.safety.words import written_words
from bot.types import ABUSE_CATEGORIES, Category, Level, Resource

_BARE_WORD = re.compile(r"(?<![{.\w])[^\W\d_][^\s\[\](){}|~!*$^]*(?![\w}])")


class Entries:
    """Builds the values of a rule book out of located YAML, noting every mistake on the way.

    ``spellings`` are applied to the words of patterns as they are to messages.
    """

    def __init__(self, spellings: Mapping[str, str]) -> None:
        self._spellings = spellings

    def expand(self, line: str) -> str:
        """A pattern with every word folded as in a message, and in its canonical spelling."""
        return _BARE_WORD.sub(
            lambda found: " ".join(
                canonical(word, self._spellings) for word in written_words(found[0])
            ),
            line.replace("’", "'"),
        )

    def _patterns(self, reader: Reader, node: Located | None, where: str) -> tuple[Pattern, ...]:
        patterns = []
        for item in reader.texts(node, where):
            try:
                patterns.append(parse(self.expand(str(item.value))))
            except PatternError as error:
                reader.problem(
                    item.line,
                    where,
                    f"pattern '{str(item.value)[:80]}': {error}",
                    "See docs/rules.md.",
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
            reader.problem(
                node.line if node else 1,
                where,
                f"'{name}' is not a category",
                f"Use one of: {', '.join(Category)}.",
            )
            return None

    def _categories(self, reader: Reader, node: Located | None, where: str) -> frozenset[Category]:
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
            reader.problem(
                node.line,
                where,
                f"'{name}' is not a level allowed here",
                f"Use one of: {', '.join(level.label for level in allowed)}.",
            )
        return None

    def _names(self, reader: Reader, node: Located | None, where: str) -> tuple[str, ...]:
        return tuple(str(item.value) for item in reader.texts(node, where))

    def resource(self, reader: Reader, item: Located, where: str) -> Resource:
        """One service."""
        required = ("id", "name", "source", "verified_on", "confidence")
        optional = ("phone", "sms", "chat", "hours", "audience", "region")
        fields = reader.fields(item, where, required, optional)
        texts = {key: reader.text(fields.get(key), where) for key in (*required, *optional)}
        try:
            date.fromisoformat(texts["verified_on"])
        except ValueError:
            reader.problem(
                item.line,
                where,
                f"verified_on '{texts['verified_on']}' is not a date",
                "Write it as 2026-11-23.",
            )
        if texts["confidence"] not in {"high", "medium", "low"}:
            reader.problem(
                item.line,
                where,
                f"confidence '{texts['confidence']}' is not known",
                "Use high, medium or low.",
            )
        for key in ("phone", "sms"):
            if texts[key] and not re.fullmatch(r"\(?[0-9][0-9 ()]{1,18}", texts[key]):
                reader.problem(
                    fields[key].line,
                    where,
                    f"{key} '{texts[key]}' is not a phone number",
                    "Use digits and spaces, in quotes.",
                )
        if texts["chat"] and not texts["chat"].startswith("https://"):
            reader.problem(
                fields["chat"].line,
                where,
                "chat is not a secure web address",
                "It starts with https://.",
            )
        if not (texts["phone"] or texts["chat"] or texts["sms"]):
            reader.problem(
                item.line,
                where,
                "there is no way to reach it",
                "Give a phone, an sms number or a chat address.",
            )
        return Resource(**texts)

    def card(self, reader: Reader, item: Located, where: str) -> CardText:
        """One card."""
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
            level=self._level(reader, fields.get("level"), where, (Level.CRISIS, Level.EMERGENCY)),
        )

    def signpost(self, reader: Reader, item: Located, where: str) -> Signpost:
        """One signpost."""
        fields = reader.fields(item, where, ("line", "resources"), ("category",))
        return Signpost(
            line=reader.text(fields.get("line"), where),
            resources=self._names(reader, fields.get("resources"), where),
            category=self._category(reader, fields.get("category"), where),
        )

    def overlay(self, reader: Reader, item: Located, where: str) -> Overlay:
        """One overlay."""
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

    def stance(self, reader: Reader, item: Located, where: str) -> Stance:
        """One stance."""
        scopes = ("before", "after", "inside", "touching", "sentence", "message")
        fields = reader.fields(
            item, where, ("id", "why", "level"), (*scopes, "unless", "categories")
        )
        level = self._level(reader, fields.get("level"), where, (Level.NONE, Level.SIGNPOST))
        if not any(scope in fields for scope in scopes):
            reader.problem(
                item.line, where, "it has no patterns", f"Add one of {', '.join(scopes)}."
            )
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

    def rule(self, reader: Reader, item: Located, where: str) -> Rule | None:
        """One rule, or ``None`` when it has no usable category or level."""
        required = ("id", "why", "category", "level", "patterns", "examples", "counter_examples")
        optional = (
            *("maybe", "unless", "unless_message"),
            *("requires", "requires_category", "ignores", "card"),
        )
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
            maybe=self._patterns(reader, fields.get("maybe"), where),
            unless=self._patterns(reader, fields.get("unless"), where),
            unless_message=self._patterns(reader, fields.get("unless_message"), where),
            requires=self._patterns(reader, fields.get("requires"), where),
            requires_category=self._categories(reader, fields.get("requires_category"), where),
            ignores=frozenset(self._names(reader, fields.get("ignores"), where)),
            card=reader.text(fields.get("card"), where),
            examples=self._examples(reader, fields.get("examples"), where),
            counter_examples=self._examples(reader, fields.get("counter_examples"), where),
        )

    def answer(self, reader: Reader, item: Located, where: str) -> Answer | None:
        """One answer, or ``None`` when it has no usable category or level."""
        required = ("id", "why", "category", "level", "patterns", "examples", "counter_examples")
        fields = reader.fields(item, where, required, ("after", "after_hit"))
        category = self._category(reader, fields.get("category"), where)
        level = self._level(reader, fields.get("level"), where, tuple(Level)[1:])
        if not {"after", "after_hit"} & set(fields):
            reader.problem(
                item.line, where, "it says no question", "Add 'after' or 'after_hit', or both."
            )
        if category is None or level is None:
            return None
        return Answer(
            id=reader.text(fields.get("id"), where),
            why=reader.text(fields.get("why"), where),
            category=category,
            level=level,
            patterns=self._patterns(reader, fields.get("patterns"), where),
            after=self._patterns(reader, fields.get("after"), where),
            after_hit=frozenset(self._names(reader, fields.get("after_hit"), where)),
            examples=self._examples(reader, fields.get("examples"), where),
            counter_examples=self._examples(reader, fields.get("counter_examples"), where),
        )

    def output_rule(self, reader: Reader, item: Located, where: str) -> OutputRule:
        """One output rule."""
        required = ("id", "why", "patterns", "when", "examples", "counter_examples")
        fields = reader.fields(item, where, required)
        when = reader.text(fields.get("when"), where)
        conditions = {"always": frozenset[Category](), "abuse": ABUSE_CATEGORIES}
        conditions |= {str(category): frozenset({category}) for category in Category}
        if when not in conditions:
            mend = f"Use one of: {', '.join(conditions)}."
            reader.problem(item.line, where, f"when '{when}' is not known", mend)
        return OutputRule(
            id=reader.text(fields.get("id"), where),
            why=reader.text(fields.get("why"), where),
            patterns=self._patterns(reader, fields.get("patterns"), where),
            categories=conditions.get(when, frozenset()),
            examples=self._examples(reader, fields.get("examples"), where),
            counter_examples=self._examples(reader, fields.get("counter_examples"), where),
        )

    def remark(self, reader: Reader, item: Located, where: str) -> Remark:
        """One remark."""
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
