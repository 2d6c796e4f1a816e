"""The lists of the library: runs of list items, and series of sections that a sentence opens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.knowledge.sentences import sentence_spans
from bot.types import Passage

_NUMBERED = re.compile(r"^\s*\d+[.)]\s+")
_LABEL = re.compile(r"^([^:.!?\n]{2,70}):\s+\S")
_ADVICE = re.compile(
    r"\b(?:steps?|how to|tips?|ways to|(?:what|things) (?:you|we|to) (?:\w+ )?do|you can)\b",
    re.IGNORECASE,
)
_LONGEST_LABEL = 7  # words


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list; ``label`` is its name, empty where the item has none."""

    label: str
    passage: Passage

    @property
    def name(self) -> str:
        """Its label, or all of it where it has none."""
        return self.label or " ".join(self.passage.text.split())


@dataclass(frozen=True, slots=True)
class Listing:
    """A list with the passage and the sentence that open it, where there are such.

    ``sections`` tells that its items are sections with headings of their own.
    """

    heading: str
    lead: Passage | None
    lead_in: str
    items: tuple[Item, ...]
    ordered: bool
    sections: bool

    @property
    def advice(self) -> bool:
        """Whether it says what somebody can do."""
        return _ADVICE.search(f"{self.heading}. {self.lead_in}") is not None

    @property
    def words(self) -> int:
        """How many words its items take by name alone."""
        return sum(len(item.name.split()) for item in self.items)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of its items."""
        return frozenset(item.passage.id for item in self.items)


def heading_of(passage: Passage) -> str:
    """The innermost heading above a passage without its number, or the document's title."""
    return _NUMBERED.sub("", passage.section[-1]) if passage.section else passage.title


def listings(passages: Sequence[Passage]) -> tuple[Listing, ...]:
    """Every list of at least two items, in the order of the library."""
    found: list[Listing] = []
    for _, group in groupby(passages, key=lambda one: one.source):
        document = list(group)
        found += _of_items(document)
        found += _of_sections(document)
    return tuple(found)


def _of_items(document: Sequence[Passage]) -> Iterator[Listing]:
    for at, run in _runs(document):
        before = document[at - 1] if at else None
        lead = before if before and before.section == run[0].section else None
        if len(run) > 1:
            yield Listing(
                heading=heading_of(run[0]),
                lead=lead,
                lead_in=run[0].lead_in,
                items=tuple(Item(_label(one.text), one) for one in run),
                ordered=bool(re.search(r"\bsteps\b", run[0].lead_in, re.IGNORECASE)),
                sections=False,
            )


def _runs(document: Sequence[Passage]) -> Iterator[tuple[int, list[Passage]]]:
    """The runs of items with one lead-in, each with the place of its first."""
    at = 0
    for key, group in groupby(document, key=lambda one: (one.section, one.lead_in)):
        run = list(group)
        if key[1]:
            yield at, run
        at += len(run)


def _of_sections(document: Sequence[Passage]) -> Iterator[Listing]:
    """Sections side by side below a paragraph that ends in a colon."""
    for at, lead in enumerate(document):
        if not lead.text.rstrip().endswith(":"):
            continue
        first: dict[tuple[str, ...], Passage] = {}
        for one in document[at + 1 :]:
            if len(one.section) <= len(lead.section) or one.section[:-1] != lead.section:
                break
            first.setdefault(one.section, one)
        if len(first) > 1:
            yield Listing(
                heading=heading_of(lead),
                lead=lead,
                lead_in=_last_sentence(lead.text),
                items=tuple(Item(heading_of(one), one) for one in first.values()),
                ordered=all(_NUMBERED.match(section[-1]) for section in first),
                sections=True,
            )


def _last_sentence(text: str) -> str:
    start, end = sentence_spans(text)[-1]
    return text[start:end]


def _label(text: str) -> str:
    match = _LABEL.match(text)
    return match[1] if match and len(match[1].split()) <= _LONGEST_LABEL else ""
