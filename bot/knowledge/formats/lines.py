"""Cutting a plain text into pieces: paragraphs, list items and lines that may be headings.

A piece is a half-open range of the text. What it is for (a heading, and how deep) is
decided in ``plain``, which sees all pieces at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

_BULLET = re.compile(r"(?P<mark>[•●▪◦‣·*+\u2013-])\s+(?=\S)")
_NUMBER = re.compile(r"\(?(?P<mark>\d{1,2}(?:\.\d{1,2})*[.)]|\d{1,2}(?:\.\d{1,2})+)\s+(?=\S)")
_RULE = re.compile(r"(=|-|~|_|\*)\1{2,}$")
_LONG_LINE = 120
#: With this share of long lines or more, a line is a whole paragraph and not one cut to width.
_UNWRAPPED_SHARE = 0.1
_LONGEST_HEADING = 100
_MOST_HEADING_WORDS = 14
_SALUTATIONS = ("dear ", "hi ", "hello ", "to whom ", "kind regards", "yours ", "best wishes")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: ``start:end`` without surrounding blanks, list marks left out of it.

    ``mark`` is the list mark (``"•"``, ``"2."``, ``""`` for none) and ``mark_start`` where it
    stands, ``indent`` the columns before it; ``underline`` is the character a heading is
    underlined with; ``lines`` counts its lines.
    """

    start: int
    end: int
    lines: int = 1
    mark: str = ""
    mark_start: int = 0
    indent: int = 0
    underline: str = ""
    gap_before: bool = True

    @property
    def number(self) -> tuple[int, ...]:
        """The parts of a number mark: ``(2,)`` for ``2.``, ``(1, 2)`` for ``1.2``."""
        return tuple(int(part) for part in re.findall(r"\d+", self.mark))


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    indent: int
    gap_before: bool


def cut(text: str) -> list[Piece]:
    """The pieces of ``text`` in order; every visible character but rules and marks is in one."""
    lines = _lines(text)
    if not lines:
        return []
    long = sum(line.end - line.start > _LONG_LINE for line in lines)
    wrapped = long < len(lines) * _UNWRAPPED_SHARE
    pieces: list[Piece] = []
    for line in lines:
        content = text[line.start : line.end]
        if _RULE.match(content):
            _underline(pieces, content[0], line, text)
            continue
        mark = _list_mark(content, line, pieces, text)
        if mark is not None:
            pieces.append(
                Piece(
                    start=line.start + mark.end(),
                    end=line.end,
                    mark=mark["mark"],
                    mark_start=line.start,
                    indent=line.indent,
                    gap_before=line.gap_before,
                )
            )
        elif wrapped and pieces and not line.gap_before and _continues(pieces[-1], text):
            pieces[-1] = replace(pieces[-1], end=line.end, lines=pieces[-1].lines + 1)
        else:
            pieces.append(
                Piece(
                    line.start,
                    line.end,
                    mark_start=line.start,
                    indent=line.indent,
                    gap_before=line.gap_before,
                )
            )
    return pieces


def _lines(text: str) -> list[_Line]:
    """The lines that have something on them, each without its surrounding blanks."""
    lines: list[_Line] = []
    at, gap = 0, True
    for raw in text.splitlines(keepends=True):
        content = raw.strip()
        if content:
            indent = len(raw) - len(raw.lstrip())
            lines.append(_Line(at + indent, at + indent + len(content), indent, gap))
        gap = not content
        at += len(raw)
    return lines


def _underline(pieces: list[Piece], char: str, line: _Line, text: str) -> None:
    """Note that the piece above a rule is underlined, if it is a single line close to it."""
    if not pieces or line.gap_before:
        return
    last = pieces[-1]
    if last.lines == 1 and not last.underline and last.end - last.start <= _LONGEST_HEADING:
        pieces[-1] = replace(last, start=last.mark_start, underline=char)


def _list_mark(content: str, line: _Line, pieces: list[Piece], text: str) -> re.Match[str] | None:
    """The list mark that ``content`` begins with, if it begins a list item.

    Within a paragraph that is cut to width, a line may begin with a dash or a number by
    chance; there it counts only after a colon, a full stop or another item.
    """
    match = _BULLET.match(content) or _NUMBER.match(content)
    if match is None or line.gap_before or not pieces:
        return match
    last = pieces[-1]
    if last.mark or last.underline or match["mark"] in "•●▪◦‣":
        return match
    return match if text[last.end - 1] in ":.;?!" else None


def _continues(last: Piece, text: str) -> bool:
    """Whether a line directly below ``last`` carries it on (it does not below a heading)."""
    return not last.underline and not (last.lines == 1 and text[last.start : last.end].isupper())


def looks_like_heading(piece: Piece, text: str) -> bool:
    """Whether a piece could be a heading by its own look: one short line, not a sentence."""
    if piece.underline:
        return True
    words = text[piece.start : piece.end]
    first = next((char for char in words if char.isalnum()), "a")
    return (
        piece.lines == 1
        and len(words) <= _LONGEST_HEADING
        and len(words.split()) <= _MOST_HEADING_WORDS
        and not first.islower()
        and any(char.isalpha() for char in words)
        and words[-1] not in ".,:;!…"
        and not re.search(r"\.\s+[A-Z]", words)
        and not words.lower().startswith(_SALUTATIONS)
        and (not piece.mark or bool(piece.number))
        and not re.search(r"https?://|@\w", words)
    )


def number_marked_items(pieces: list[Piece], likely: list[bool]) -> set[int]:
    """Positions of numbered pieces that are list items and not headings.

    A numbered line is a heading when text of its own follows it. Where the next piece is
    again a numbered line, or the line before it in the same series is an item, it is an item.
    """
    items = {at for at, piece in enumerate(pieces) if piece.mark and not likely[at]}
    for at, piece in enumerate(pieces):
        if not piece.number or at in items or piece.underline:
            continue
        following = pieces[at + 1] if at + 1 < len(pieces) else None
        if following is None or _same_list(piece, following):
            items.add(at)
    for before, after in pairwise(range(len(pieces))):
        if before in items and pieces[after].number and _same_list(pieces[before], pieces[after]):
            items.add(after)
    return items


def _same_list(one: Piece, next_one: Piece) -> bool:
    return (
        bool(one.number)
        and bool(next_one.number)
        and len(one.number) == len(next_one.number)
        and next_one.number[-1] == one.number[-1] + 1
    )
