"""Splitting a document along its own structure: one passage, one whole idea.

A paragraph is a passage; so is each item of a list, which also carries the sentence that
introduces the list. Headings become the section path of what stands below them. Only a
paragraph too long for the sentence model is cut, and then at the end of a sentence.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.knowledge.documents import Block, Document
from bot.types import Passage

#: With its title and section, a passage of this many characters (some 210 word pieces) is the
#: most that MiniLM reads whole; it ignores whatever comes after 256 word pieces.
LONGEST = 1000
_SENTENCE_START = re.compile(r"(?<=[.!?])[”\"')]*\s+(?=\S)")
_SPLIT_AT = [r"\n\n", r"(?<=[.!?][\"”')])\s+", r"(?<=[.!?])\s+", r"(?<=[;:,])\s+", r"\s+", ""]
_ID_LENGTH = 20
#: Fewer headings than this side by side are no series that a closing paragraph could sum up.
_LEAST_SERIES = 3


@dataclass(frozen=True, slots=True)
class _Placed:
    """A block with the path of headings above it and the sentence that introduces it."""

    block: Block
    section: tuple[str, ...]
    lead_in: str


def split(document: Document) -> tuple[Passage, ...]:
    """The passages of ``document`` in order; each is ``document.text[start:end]`` of its span.

    An id is a hash of the source's name, the section and the text (and, where the same text
    stands in one section twice, its count), so a passage keeps its id while those stay.
    """
    facts = document.facts
    passages: list[Passage] = []
    seen: dict[str, int] = {}
    for placed in _place(document):
        for start, end in _spans(document.text, placed.block):
            text = document.text[start:end]
            key = _hash(document.source, *placed.section, text)
            seen[key] = seen.get(key, 0) + 1
            passages.append(
                Passage(
                    id=key if seen[key] == 1 else _hash(key, str(seen[key])),
                    text=text,
                    section=placed.section,
                    span=(start, end),
                    order=len(passages),
                    source=document.source,
                    title=facts.title,
                    url=facts.url,
                    published=facts.published,
                    author=facts.author,
                    lead_in=placed.lead_in,
                    organisation=facts.organisation,
                    reading_time=facts.reading_time,
                    review_by=facts.review_by,
                    topics=facts.topics,
                    views=facts.views,
                )
            )
    return tuple(passages)


def embedding_text(passage: Passage) -> str:
    """What the sentence model reads for a passage: where it stands, then what it says."""
    where = " > ".join(filter(None, (passage.title, *passage.section)))
    said = f"{passage.lead_in} {passage.text}" if passage.lead_in else passage.text
    return " ".join((f"{where}: {said}" if where else said).split())


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:_ID_LENGTH]


def _place(document: Document) -> list[_Placed]:
    """The blocks that are not headings, each with its section and lead-in."""
    text = document.text
    placed: list[_Placed] = []
    path: list[tuple[int, str]] = []
    leads: list[str] = []  # what introduces the lists around the current block, outermost first
    before: Block | None = None
    for block in document.blocks:
        words = " ".join(text[block.start : block.end].split())
        if block.kind == "heading":
            path = [(level, name) for level, name in path if level < block.level]
            if block.level > 0:
                path.append((block.level, words))
        else:
            leads = _leads(leads, block, before, text)
            lead_in = block.lead_in or (leads[block.level - 1] if block.kind == "item" else "")
            placed.append(_Placed(block, tuple(name for _, name in path), lead_in))
        before = block
    return _lift_closing_paragraphs(placed)


def _leads(leads: list[str], block: Block, before: Block | None, text: str) -> list[str]:
    """The introductions of the lists that ``block`` stands in, one for each level."""
    if block.kind != "item":
        return []
    if len(leads) >= block.level:
        return leads[: block.level]
    lead = ""
    if before is not None and before.kind != "heading":
        words = " ".join(text[before.start : before.end].split())
        if before.kind == "item":
            lead = words
        elif words.endswith(":"):
            lead = _SENTENCE_START.split(words)[-1]
    return leads + [lead] * (block.level - len(leads))


def _lift_closing_paragraphs(placed: list[_Placed]) -> list[_Placed]:
    """Give a paragraph that closes a series of sections to the section the series is in.

    Neither Markdown nor a plain text can say that a sub-section is over. Where three or more
    sections side by side hold one paragraph each, and only the last a second one, that second
    one is about all of them.
    """
    sections: dict[tuple[str, ...], list[int]] = {}
    for at, one in enumerate(placed):
        sections.setdefault(one.section, []).append(at)
    series: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for section in sections:
        if section:
            series.setdefault(section[:-1], []).append(section)
    lifted = list(placed)
    for parent, fellows in series.items():
        counts = [len(sections[fellow]) for fellow in fellows]
        if not parent or len(fellows) < _LEAST_SERIES or counts != [1] * (len(counts) - 1) + [2]:
            continue
        if any(placed[at].block.kind == "item" for fellow in fellows for at in sections[fellow]):
            continue
        last = sections[fellows[-1]][-1]
        lifted[last] = replace(placed[last], section=parent)
    return lifted


def _spans(text: str, block: Block) -> Iterator[tuple[int, int]]:
    """The range of ``block``, or of its parts where it is too long to be read whole."""
    if block.end - block.start <= LONGEST:
        yield block.start, block.end
        return
    # Imported here because it takes most of a second, and most documents never need it.
    from langchain_text_splitters import RecursiveCharacterTextSplitter  # noqa: PLC0415

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=LONGEST,
        chunk_overlap=0,
        separators=_SPLIT_AT,
        is_separator_regex=True,
        keep_separator="end",
        strip_whitespace=True,
    )
    at = block.start
    for part in splitter.split_text(text[block.start : block.end]):
        at = text.index(part, at, block.end)
        yield at, at + len(part)
        at += len(part)
