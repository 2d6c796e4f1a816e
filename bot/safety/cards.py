"""From an assessment to what the visitor reads: one card, ordered, each line once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.safety.rulebook import CardText, Overlay, RuleBook, Signpost
from bot.types import Assessment, Card, Category, Hit, Level, Resource

#: An emergency card is read in seconds: three lines and no more.
_EMERGENCY_LINES = 3
_CRISIS_LINES = 6


def compose(
    book: RuleBook, assessment: Assessment, overlays: Sequence[str], *, again: bool
) -> Card | None:
    """The card of an assessment, or ``None`` below ``crisis``.

    The card of the leading category gives the headline; at ``emergency`` its three lines are
    all, at ``crisis`` the lines of every category follow the opening line about Triple Zero.
    ``overlays`` are the ids of the cues met in the conversation.
    """
    if assessment.level < Level.CRISIS:
        return None
    texts = _card_texts(book, assessment) or [book.cards[book.fallback]]
    leading = texts[0]
    if again and leading.again and assessment.level < Level.EMERGENCY:
        lines: Iterable[str] = (book.opening, *leading.again)
    elif assessment.level is Level.EMERGENCY:
        lines = leading.lines[:_EMERGENCY_LINES]
    else:
        lines = _unique([book.opening, *(line for text in texts for line in text.lines)])
        lines = list(lines)[:_CRISIS_LINES]
    names = _unique(name for text in texts for name in text.resources)
    added = [each for each in book.overlays if each.id in overlays and _fits(each, assessment)]
    return Card(
        headline=leading.headline,
        lines=tuple(lines),
        resources=_resources(book, _overlaid(list(names), added)),
        again=again,
    )


def fallback(book: RuleBook) -> Card:
    """The card shown when screening itself failed."""
    text = book.cards[book.fallback]
    return Card(text.headline, (book.opening, *text.lines), _resources(book, text.resources))


def note(book: RuleBook, assessment: Assessment) -> str:
    """The quiet line of who to call, empty unless the level is ``signpost``."""
    signpost = signpost_for(book, assessment)
    if signpost is None:
        return ""
    return with_services(book, signpost.line, signpost.resources)


def with_services(book: RuleBook, line: str, names: Iterable[str]) -> str:
    """A line followed by services, each with its region where it is not all of Australia."""
    services = [
        f"{resource.name}{f' ({resource.region})' if resource.region.endswith('only') else ''} "
        f"{resource.phone or resource.chat}"
        for resource in _resources(book, names)
    ]
    return f"{line} {', '.join(services)}."


def signpost_for(book: RuleBook, assessment: Assessment) -> Signpost | None:
    """The signpost of an assessment, ``None`` unless its level is ``signpost``."""
    if assessment.level is not Level.SIGNPOST:
        return None
    categories = [hit.category for hit in assessment.hits]
    for signpost in book.signposts:
        if signpost.category is not None and signpost.category in categories[:1]:
            return signpost
    return next(signpost for signpost in book.signposts if signpost.category is None)


def _card_texts(book: RuleBook, assessment: Assessment) -> list[CardText]:
    """The card of each category, in order of precedence; urgent ones only in an emergency."""
    texts = []
    for category in assessment.categories:
        hits = [
            hit for hit in assessment.hits if hit.category is category and hit.level >= Level.CRISIS
        ]
        if not hits:  # known from earlier in the conversation, from a turn that is not here
            texts.append((Level.CRISIS, book.card_for(category, Level.CRISIS)))
            continue
        strongest = max(hits, key=lambda hit: hit.level)
        texts.append((strongest.level, _card_text(book, category, strongest, hits)))
    if assessment.level is Level.EMERGENCY:
        texts.sort(key=lambda pair: -pair[0])  # stable: precedence holds among equals
    return [text for _, text in texts]


def _card_text(book: RuleBook, category: Category, strongest: Hit, hits: Sequence[Hit]) -> CardText:
    """The card that stands first in the file among those its strongest hits ask for."""
    usual = book.card_for(category, strongest.level)
    if strongest.level is not Level.CRISIS:
        return usual
    named = {rule.id: rule.card for rule in book.rules if rule.card}
    order = list(book.cards)
    asked = {named.get(hit.rule, usual.id) for hit in hits if hit.level is strongest.level}
    return book.cards[min(asked, key=order.index)]


def _fits(overlay: Overlay, assessment: Assessment) -> bool:
    return not overlay.categories or bool(overlay.categories & set(assessment.categories))


def _overlaid(names: list[str], overlays: Iterable[Overlay]) -> list[str]:
    for overlay in overlays:
        if overlay.instead_of in names:
            names.remove(overlay.instead_of)
        new = [name for name in overlay.adds if name not in names]
        at = names.index(overlay.after) + 1 if overlay.after in names else len(names)
        names[at:at] = new
    return names


def _resources(book: RuleBook, names: Iterable[str]) -> tuple[Resource, ...]:
    return tuple(book.resources[name] for name in names)


def _unique(items: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(items)
