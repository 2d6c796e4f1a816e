"""The frozen values that travel between the parts of the bot.

Nothing here does any work or imports anything but the standard library, so that every
part may depend on it and none pays for it at start-up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Literal


class Level(IntEnum):
    """How urgent a message is; ordered, so that ``max`` gives the one that wins."""

    NONE = 0
    SIGNPOST = 1
    CRISIS = 2
    EMERGENCY = 3

    @property
    def label(self) -> str:
        """The name used in files and output, for example ``"crisis"``."""
        return self.name.lower()

    @classmethod
    def parse(cls, label: str) -> Level:
        """The level named ``label``; ``KeyError`` if there is none."""
        return cls[label.upper()]


class Category(StrEnum):
    """What kind of risk; declared in order of precedence, the first leads a card."""

    IMMEDIATE_DANGER = "immediate_danger"
    CHILD_AT_RISK = "child_at_risk"
    SUICIDE_SELF_HARM = "suicide_self_harm"
    SEXUAL_ASSAULT = "sexual_assault"
    FAMILY_VIOLENCE = "family_violence"
    HARM_TO_OTHERS = "harm_to_others"
    USING_VIOLENCE = "using_violence"


PRECEDENCE: dict[Category, int] = {category: rank for rank, category in enumerate(Category)}

#: Once one of these is flagged in a conversation, passages marked ``reconnecting`` are never used.
ABUSE_CATEGORIES = frozenset(
    {
        Category.IMMEDIATE_DANGER,
        Category.CHILD_AT_RISK,
        Category.SEXUAL_ASSAULT,
        Category.FAMILY_VIOLENCE,
        Category.HARM_TO_OTHERS,
        Category.USING_VIOLENCE,
    }
)


#: What lowered a hit that awaits a second look (``bot.safety.doubt``).
DOUBTED = "doubted"


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule that matched.

    ``span`` is a half-open range of character offsets into the visitor's turn number
    ``turn`` (0-based, oldest first), and ``text`` is that turn sliced by it. ``lowered_by``
    names what took the level below the rule's own: a stance, ``maybe``, ``unless``,
    ``requires`` or ``DOUBTED``. ``because`` are the reasons of a find that is no rule's.
    """

    rule: str
    category: Category
    level: Level
    span: tuple[int, int]
    text: str
    turn: int = 0
    lowered_by: str = ""
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the safety layer found in a conversation.

    ``hits`` count, strongest first; ``near`` are matches that something lowered to nothing,
    kept to explain the outcome.
    """

    level: Level = Level.NONE
    categories: tuple[Category, ...] = ()
    hits: tuple[Hit, ...] = ()
    near: tuple[Hit, ...] = ()

    @classmethod
    def of(cls, hits: Iterable[Hit], near: Iterable[Hit] = ()) -> Assessment:
        """The assessment that some hits make."""
        hits = tuple(sorted(hits, key=_by_weight))
        categories = {hit.category for hit in hits if hit.level >= Level.CRISIS}
        return cls(
            level=max((hit.level for hit in hits), default=Level.NONE),
            categories=tuple(sorted(categories, key=PRECEDENCE.__getitem__)),
            hits=hits,
            near=tuple(sorted(near, key=_by_weight)),
        )

    @property
    def in_doubt(self) -> bool:
        """Whether something found awaits a second look."""
        return any(hit.lowered_by == DOUBTED for hit in self.hits)

    def up_to(self, turn: int) -> Assessment:
        """What was found in the turns up to one of them, that one included."""
        return Assessment.of(hit for hit in self.hits if hit.turn <= turn)


def _by_weight(hit: Hit) -> tuple[int, int, int, tuple[int, int]]:
    return -hit.level, PRECEDENCE[hit.category], hit.turn, hit.span


@dataclass(frozen=True, slots=True)
class Resource:
    """A service a visitor can turn to, as the operator's rules file records it.

    ``phone`` and ``sms`` are in display form (``"1800 737 732"``); compare digits only.
    ``verified_on`` is an ISO date, ``confidence`` one of ``high``, ``medium``, ``low``.
    """

    id: str
    name: str
    source: str
    verified_on: str
    confidence: str
    phone: str = ""
    sms: str = ""
    chat: str = ""
    hours: str = ""
    audience: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What a visitor at risk reads before anything else.

    ``lines`` are short sentences, ``resources`` are in the order shown (Triple Zero first).
    ``again`` is true for the shorter card of a conversation that has already had one.
    """

    headline: str
    lines: tuple[str, ...]
    resources: tuple[Resource, ...]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """One whole idea of a document, with where it stands.

    ``text`` is verbatim in the document's text at the half-open character range ``span``.
    ``section`` is the path of headings above it, outermost first; ``lead_in`` is the
    sentence that introduces the list the passage is an item of, if it is one. ``review_by`` is
    the ISO date by which its article is to be read over again, empty if none is set.
    """

    id: str
    text: str
    section: tuple[str, ...]
    span: tuple[int, int]
    order: int
    source: str
    title: str
    url: str = ""
    published: str = ""
    author: str = ""
    lead_in: str = ""
    organisation: str = ""
    reading_time: str = ""
    review_by: str = ""
    topics: str = ""
    views: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """A retrieved passage and how near it is to the question (cosine, -1 to 1)."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered reference in an answer; ``quote`` is verbatim in the passage.

    ``url`` and ``published`` (an ISO date) are the article's own, empty where not known.
    """

    number: int
    title: str
    section: str
    url: str
    quote: str
    passage_id: str
    published: str = ""


ReplyKind = Literal["answer", "no_answer", "safety", "invalid", "error"]


@dataclass(frozen=True, slots=True)
class Reply:
    """Everything one turn gives back to the page, the command line or an API.

    ``note`` is the quiet line shown below the answer at level ``signpost`` (empty otherwise).
    ``trace`` holds rule ids, scores and times in milliseconds, never the visitor's words.
    """

    kind: ReplyKind
    level: Level
    categories: tuple[Category, ...]
    card: Card | None
    text: str
    citations: tuple[Citation, ...] = ()
    passages: tuple[Scored, ...] = ()
    note: str = ""
    ms: dict[str, float] = field(default_factory=dict)
    trace: dict[str, Any] = field(default_factory=dict)
