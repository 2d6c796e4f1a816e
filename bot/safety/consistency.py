"""Checks across a rule book: names that point nowhere, cards that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from bot.errors import Problem
from bot.safety.grammar import Named, Vocabulary, names_in
from bot.safety.rulebook import Pattern, Place, RuleBook
from bot.types import DOUBTED, Category, Level

#: Words that one pattern may stand for, the words of its lists included.
_LARGEST = 100_000


def check_references(book: RuleBook) -> list[Problem]:
    """Every reference of the book that does not lead anywhere, and every gap in its cards."""
    return [
        *_resource_names(book),
        *_vocabulary_names(book),
        *_cycles(book),
        *_other_names(book),
        *_answer_names(book),
        *_missing_cards(book),
        *_too_large(book),
    ]


def _problem(book: RuleBook, where: str, what: str, mend: str) -> Problem:
    place = book.places.get(where, Place(book.path, 1))
    return Problem(place.path, place.line, where, what, mend)


def _too_large(book: RuleBook) -> Iterator[Problem]:
    """Lists that name lists, again and again, until no memory would hold what they stand for."""
    sizes: dict[str, int] = {}

    def of_pattern(pattern: Pattern) -> int:
        return len(pattern) + sum(of_list(named.name) for named in names_in(pattern))

    def of_list(name: str) -> int:
        if name not in sizes:
            sizes[name] = 0  # what contains itself is told elsewhere
            entries = book.vocabularies[name].entries if name in book.vocabularies else ()
            sizes[name] = sum(map(of_pattern, entries))
        return sizes[name]

    for where, pattern in _all_patterns(book):
        if of_pattern(pattern) > _LARGEST:
            what = f"a pattern stands for more than {_LARGEST} words"
            yield _problem(book, where, what, "Use fewer lists that contain lists.")


def _resource_uses(book: RuleBook) -> list[tuple[str, Iterable[str]]]:
    """Every place that names resources, and the names."""
    uses: list[tuple[str, Iterable[str]]] = [
        ("standing", book.standing),
        ("contact", [book.contact] if book.contact else []),
    ]
    uses += [(f"cards: {card.id}", card.resources) for card in book.cards.values()]
    uses += [(f"remarks: {remark.id}", remark.resources) for remark in book.remarks]
    uses += [("signposts", signpost.resources) for signpost in book.signposts]
    uses += [
        (f"overlays: {each.id}", (*each.adds, *filter(None, (each.after, each.instead_of))))
        for each in book.overlays
    ]
    return uses


def _resource_names(book: RuleBook) -> Iterator[Problem]:
    for where, names in _resource_uses(book):
        for name in names:
            if name not in book.resources:
                yield _problem(
                    book, where, f"resource '{name}' does not exist", "Add it under 'resources'."
                )


def _all_patterns(book: RuleBook) -> Iterator[tuple[str, Pattern]]:
    for rule in book.rules:
        for pattern in (
            *rule.patterns,
            *rule.maybe,
            *rule.unless,
            *rule.unless_message,
            *rule.requires,
        ):
            yield f"rules: {rule.id}", pattern
    for answer in book.answers:
        for pattern in (*answer.patterns, *answer.after):
            yield f"answers: {answer.id}", pattern
    for stance in book.stances:
        for scope in (
            stance.before,
            stance.after,
            stance.inside,
            stance.touching,
            stance.sentence,
            stance.message,
            stance.unless,
        ):
            for pattern in scope:
                yield f"stances: {stance.id}", pattern
    for overlay in book.overlays:
        for pattern in overlay.patterns:
            yield f"overlays: {overlay.id}", pattern
    for output_rule in book.output_rules:
        for pattern in output_rule.patterns:
            yield f"output_rules: {output_rule.id}", pattern
    for remark in book.remarks:
        for pattern in remark.patterns:
            yield f"remarks: {remark.id}", pattern
    for vocabulary in book.vocabularies.values():
        section = "verbs" if vocabulary.forms else "vocabulary"
        for entry in vocabulary.entries:
            yield f"{section}: {vocabulary.name}", entry


def all_patterns(book: RuleBook) -> Iterator[Pattern]:
    """Every pattern and vocabulary entry of the book."""
    return (pattern for _, pattern in _all_patterns(book))


def _vocabulary_names(book: RuleBook) -> Iterator[Problem]:
    for where, pattern in _all_patterns(book):
        for named in names_in(pattern):
            yield from _vocabulary_name(book, where, named)
    for name in book.disguised:
        if name not in book.vocabularies:
            yield _problem(book, "disguised", f"vocabulary '{name}' does not exist", "Remove it.")


def unused(book: RuleBook) -> list[Problem]:
    """Vocabularies, resources and cards that nothing refers to: harmless, but misleading."""
    vocabularies = {named.name for pattern in all_patterns(book) for named in names_in(pattern)}
    resources = {name for _, names in _resource_uses(book) for name in names}
    cards = {rule.card for rule in book.rules} | {book.fallback}
    found = [
        f"{'verbs' if each.forms else 'vocabulary'}: {each.name}"
        for each in book.vocabularies.values()
        if each.name not in vocabularies | set(book.disguised)
    ]
    found += [f"resources: {name}" for name in book.resources if name not in resources]
    found += [
        f"cards: {card.id}"
        for card in book.cards.values()
        if card.category is None and card.id not in cards
    ]
    return [_problem(book, where, "nothing uses it", "Use it or remove it.") for where in found]


def _vocabulary_name(book: RuleBook, where: str, named: Named) -> Iterator[Problem]:
    vocabulary = book.vocabularies.get(named.name)
    if vocabulary is None:
        yield _problem(
            book, where, f"vocabulary '{named.name}' does not exist", "Add it or mend the name."
        )
    elif named.form and not vocabulary.forms:
        yield _problem(
            book, where, f"'{named.name}' is not a list of verbs", f"Write {{{named.name}}}."
        )


def _cycles(book: RuleBook) -> Iterator[Problem]:
    def reaches(vocabulary: Vocabulary, goal: str, seen: set[str]) -> bool:
        for entry in vocabulary.entries:
            for named in names_in(entry):
                if named.name == goal:
                    return True
                inner = book.vocabularies.get(named.name)
                if inner and named.name not in seen:
                    seen.add(named.name)
                    if reaches(inner, goal, seen):
                        return True
        return False

    for vocabulary in book.vocabularies.values():
        if reaches(vocabulary, vocabulary.name, set()):
            where = f"vocabulary: {vocabulary.name}"
            yield _problem(book, where, "it contains itself", "Remove the circle.")


def _other_names(book: RuleBook) -> Iterator[Problem]:
    stances = {stance.id for stance in book.stances}
    for rule in book.rules:
        where = f"rules: {rule.id}"
        if not rule.patterns:
            yield _problem(book, where, "it has no usable pattern", "Add one.")
        for name in sorted(rule.ignores - stances - {DOUBTED}):
            yield _problem(book, where, f"stance '{name}' does not exist", "Mend 'ignores'.")
        if rule.card and rule.card not in book.cards:
            yield _problem(book, where, f"card '{rule.card}' does not exist", "Mend 'card'.")
        if not rule.examples:
            yield _problem(book, where, "it has no example", "Add a message it must match.")
        if not rule.counter_examples:
            yield _problem(
                book, where, "it has no counter-example", "Add one that it must not match."
            )


def _answer_names(book: RuleBook) -> Iterator[Problem]:
    rules = {rule.id for rule in book.rules}
    known = rules | {answer.id for answer in book.answers} | set(Category)
    for answer in book.answers:
        where = f"answers: {answer.id}"
        if answer.id in rules:
            yield _problem(book, where, "a rule has the same id", "Give each its own id.")
        if not answer.patterns:
            yield _problem(book, where, "it has no usable pattern", "Add one.")
        for name in sorted(answer.after_hit - known):
            what = f"'{name}' is no rule, answer or category"
            yield _problem(book, where, what, "Mend 'after_hit'.")
        if not answer.examples or not answer.counter_examples:
            what = "it has no example or no counter-example"
            yield _problem(book, where, what, "Add a conversation, its turns split by ' // '.")


def _missing_cards(book: RuleBook) -> Iterator[Problem]:
    for category, level in product(Category, (Level.CRISIS, Level.EMERGENCY)):
        found = [c for c in book.cards.values() if (c.category, c.level) == (category, level)]
        if not found:
            what = f"there is no card for {category} at {level.label}"
            yield _problem(book, "cards", what, "Add one.")
        for extra in found[1:]:
            what = f"a second card for {category} at {level.label}"
            yield _problem(book, f"cards: {extra.id}", what, "Remove category and level from it.")
    if book.fallback and book.fallback not in book.cards:
        yield _problem(book, "fallback", f"card '{book.fallback}' does not exist", "Mend it.")
    for card in book.cards.values():
        if not card.headline or not card.lines or not card.resources:
            where = f"cards: {card.id}"
            yield _problem(book, where, "headline, lines or resources are empty", "Fill them in.")
        elif card.resources[0] != book.standing[0]:
            what = f"it does not open with '{book.standing[0]}'"
            yield _problem(book, f"cards: {card.id}", what, "Put it first under 'resources'.")
    if not any(signpost.category is None for signpost in book.signposts):
        yield _problem(book, "signposts", "the default one is missing", "Add one without category.")
