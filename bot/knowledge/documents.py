"""What every reader of a file format produces: a text and the blocks it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BlockKind = Literal["heading", "paragraph", "item"]


@dataclass(frozen=True, slots=True)
class Block:
    """One heading, paragraph or list item: the half-open range ``start:end`` of the text.

    ``level`` is the depth of a heading (1 is the outermost that counts as a section) or of a
    list item (1 for an outer list, 2 for a list inside it); 0 for a paragraph.
    ``lead_in`` is set by a format that knows it, such as the header row of a table.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    lead_in: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a document as a whole; an empty string where it is not known.

    ``published`` and ``review_by`` (when somebody is to read it over again) are ISO dates,
    ``reading_time`` is in words (``"6 minutes"``), ``topics`` are what it is filed under, with
    commas between, and ``views`` is how often its page says it was opened.
    """

    title: str = ""
    url: str = ""
    published: str = ""
    reading_time: str = ""
    author: str = ""
    organisation: str = ""
    review_by: str = ""
    topics: str = ""
    views: str = ""

    def or_else(self, other: Facts) -> Facts:
        """These facts, with those of ``other`` where these are not known."""
        return Facts(
            title=self.title or other.title,
            url=self.url or other.url,
            published=self.published or other.published,
            reading_time=self.reading_time or other.reading_time,
            author=self.author or other.author,
            organisation=self.organisation or other.organisation,
            review_by=self.review_by or other.review_by,
            topics=self.topics or other.topics,
            views=self.views or other.views,
        )


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a format made of one file; ``blocks`` are in order and do not overlap."""

    text: str
    blocks: tuple[Block, ...]
    facts: Facts


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file with the name it is known by in the index (``source``, unique there)."""

    source: str
    text: str
    blocks: tuple[Block, ...]
    facts: Facts


class TextBuilder:
    """Collects blocks into one text, a blank line between them."""

    def __init__(self) -> None:
        """Begin with an empty text."""
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []

    def add(self, kind: BlockKind, text: str, level: int = 0, lead_in: str = "") -> None:
        """Append a block; one without any visible character is left out."""
        text = text.strip()
        if not text:
            return
        if self._parts:
            self._parts.append("\n\n")
            self._length += 2
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        self._blocks.append(Block(kind, start, self._length, level, lead_in))

    @property
    def text(self) -> str:
        """Everything added so far."""
        return "".join(self._parts)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks added so far, in order."""
        return tuple(self._blocks)
