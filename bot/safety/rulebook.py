"""The frozen contents of a rules file, after validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.safety.grammar import Node, Vocabulary
from bot.types import Category, Level, Resource

Pattern = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands, for messages to the operator."""

    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Example:
    """A message that a rule must, or must not, match; ``turns`` are split at ``//``."""

    turns: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Rule:
    """One idea of what risk sounds like.

    A hit needs one of ``patterns``, or one of ``maybe``: words that as often mean no harm. These
    bring the quiet line, and the card only if the message also resembles the example messages.
    It further needs one of ``requires`` anywhere in the conversation if there
    are any; and a crisis hit of one of ``requires_category`` if there are any. A match of
    ``unless`` that touches the hit erases it, a match of ``unless_message`` anywhere in the turn
    too. ``ignores`` names stances that do not lower it, ``doubted`` among them where no doubt
    does. ``card`` is the card to show in place of the usual one of its category and level.
    """

    id: str
    why: str
    category: Category
    level: Level
    patterns: tuple[Pattern, ...]
    place: Place
    maybe: tuple[Pattern, ...] = ()
    unless: tuple[Pattern, ...] = ()
    unless_message: tuple[Pattern, ...] = ()
    requires: tuple[Pattern, ...] = ()
    requires_category: frozenset[Category] = frozenset()
    ignores: frozenset[str] = frozenset()
    card: str = ""
    examples: tuple[Example, ...] = ()
    counter_examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a short answer says by what was asked in the turn before ("are you safe?" - "no").

    One of ``patterns`` must be the whole turn. The turn before must match one of ``after``, or
    have a hit of a rule or answer (at any level) or a category (at ``crisis``) named in
    ``after_hit``.
    """

    id: str
    why: str
    category: Category
    level: Level
    patterns: tuple[Pattern, ...]
    after: tuple[Pattern, ...] = ()
    after_hit: frozenset[str] = frozenset()
    examples: tuple[Example, ...] = ()
    counter_examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Stance:
    """How the writer stands to what was said, after ConText (Harkema et al. 2009).

    A hit is lowered to ``level`` when one of these holds: a ``before`` pattern ends where the
    hit starts; an ``after`` pattern starts where it ends; an ``inside`` pattern matches within
    it; a ``touching`` pattern overlaps it; a ``sentence`` or ``message`` pattern matches in the
    same sentence or turn. A match of ``unless`` anywhere in the turn puts the stance out of
    force. Only hits of ``categories`` are lowered, if any are named.
    """

    id: str
    why: str
    level: Level
    before: tuple[Pattern, ...] = ()
    after: tuple[Pattern, ...] = ()
    inside: tuple[Pattern, ...] = ()
    touching: tuple[Pattern, ...] = ()
    sentence: tuple[Pattern, ...] = ()
    message: tuple[Pattern, ...] = ()
    unless: tuple[Pattern, ...] = ()
    categories: frozenset[Category] = frozenset()


@dataclass(frozen=True, slots=True)
class CardText:
    """The wording and the services of one card."""

    id: str
    headline: str
    lines: tuple[str, ...]
    again: tuple[str, ...]
    resources: tuple[str, ...]
    category: Category | None = None
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """Services added to any card when the writer gives a cue about themselves or their place.

    They come right behind the service ``after``, or last; ``instead_of`` is left out. If
    ``categories`` are named, one of them must be on the card.
    """

    id: str
    patterns: tuple[Pattern, ...]
    adds: tuple[str, ...]
    after: str = ""
    instead_of: str = ""
    categories: frozenset[Category] = frozenset()
    examples: tuple[Example, ...] = ()
    counter_examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Signpost:
    """The quiet line below an answer at level ``signpost``; ``category`` empty is the default."""

    line: str
    resources: tuple[str, ...]
    category: Category | None = None


@dataclass(frozen=True, slots=True)
class OutputRule:
    """What the bot itself may not say.

    ``categories`` limits it to conversations in which one of them has come up; empty is always.
    """

    id: str
    why: str
    patterns: tuple[Pattern, ...]
    categories: frozenset[Category]
    examples: tuple[Example, ...]
    counter_examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """What is said beside a passage that matches, and the services named with it."""

    id: str
    why: str
    patterns: tuple[Pattern, ...]
    line: str
    resources: tuple[str, ...]
    examples: tuple[Example, ...]
    counter_examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """How far the second net may go, as shares of harmless messages, each between 0 and 1.

    ``false_alarms`` of them may pass for a crisis; what a rule finds is in doubt where a message
    says no more than the tamest ``doubted`` of them (``bot.safety.doubt``).
    """

    false_alarms: float
    doubted: float


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Everything of a rules file and the files it includes."""

    path: Path
    files: tuple[Path, ...]
    review_days: int
    resources: Mapping[str, Resource]
    standing: tuple[str, ...]
    contact: str
    opening: str
    cards: Mapping[str, CardText]
    fallback: str
    examples_folder: Path
    shares: Shares
    signposts: tuple[Signpost, ...]
    overlays: tuple[Overlay, ...]
    vocabularies: Mapping[str, Vocabulary]
    spellings: Mapping[str, str]
    disguised: tuple[str, ...]
    stances: tuple[Stance, ...]
    rules: tuple[Rule, ...]
    answers: tuple[Answer, ...]
    output_rules: tuple[OutputRule, ...]
    remarks: tuple[Remark, ...]
    places: Mapping[str, Place] = field(default_factory=dict)

    def card_for(self, category: Category, level: Level) -> CardText:
        """The usual card of a category at a level (validation makes sure there is one)."""
        return next(
            card
            for card in self.cards.values()
            if card.category is category and card.level is level
        )
