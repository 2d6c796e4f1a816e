"""Plain text: structure recognised from layout alone, since headings carry no markup.

The text itself is kept as it is, so that a passage is verbatim in the file.

What makes a heading: one short line standing alone that is not a sentence, with text below
it; or a line underlined with ``===`` or ``---``. Headings that are numbered (``1. Money``)
stand below the unnumbered one before them, and so do those that a paragraph ending in a
colon introduces ("... some of these feelings:"), until a closing paragraph ends the group.
"""

from __future__ import annotations

import re

from bot.knowledge.documents import Block, Facts, Parsed
from bot.knowledge.facts import PREAMBLE_BLOCKS, is_contact_line, meta_line
from bot.knowledge.formats.lines import Piece, cut, looks_like_heading, number_marked_items

#: More headings in a row than this, with no text between them, are an address or a poem.
_MOST_HEADINGS_IN_A_ROW = 3
_SHORT_HEADING_WORDS = 4


def parse(text: str) -> Parsed:
    """The structure of ``text``; ``Parsed.text`` is ``text`` itself."""
    pieces = cut(text)
    headings = _headings(pieces, text)
    first, title, facts = _preamble(pieces, headings, text)
    if title:
        headings = headings | {first}
    levels = _levels(pieces, headings, text, title)
    blocks: list[Block] = []
    indents: list[int] = []
    for at, piece in enumerate(pieces):
        if at < first or _is_about_the_page(piece, at, text):
            continue
        if at in headings:
            start = piece.mark_start if piece.number else piece.start
            blocks.append(Block("heading", start, piece.end, levels[at]))
            indents = []
        elif piece.mark:
            indents = [indent for indent in indents if indent < piece.indent] + [piece.indent]
            blocks.append(Block("item", piece.start, piece.end, len(indents)))
        else:
            blocks.append(Block("paragraph", piece.start, piece.end))
            indents = []
    return Parsed(text, tuple(blocks), facts)


def _is_about_the_page(piece: Piece, at: int, text: str) -> bool:
    return at < PREAMBLE_BLOCKS and meta_line(text[piece.start : piece.end]) is not None


def _headings(pieces: list[Piece], text: str) -> set[int]:
    """Positions of the pieces that are headings."""
    likely = [
        looks_like_heading(piece, text)
        and (at >= PREAMBLE_BLOCKS or meta_line(text[piece.start : piece.end]) is None)
        and (at >= PREAMBLE_BLOCKS or not is_contact_line(text[piece.start : piece.end]))
        for at, piece in enumerate(pieces)
    ]
    items = number_marked_items(pieces, likely)
    found: set[int] = set()
    row: list[int] = []
    for at, piece in enumerate(pieces):
        stands_alone = piece.gap_before or at == 0 or text[pieces[at - 1].end - 1] in ".:?!”\"'"
        if at not in items and likely[at] and (stands_alone or row[-1:] == [at - 1]):
            row.append(at)
            continue
        # Whatever follows a row of headings is the text below them; a row at the very end of
        # the document has none, and is a signature or the like.
        if len(row) <= _MOST_HEADINGS_IN_A_ROW:
            found.update(row)
        row = []
    return found | {at for at in row if pieces[at].underline}


def _preamble(pieces: list[Piece], headings: set[int], text: str) -> tuple[int, str, Facts]:
    """Where the document begins, its title, and what the lines at its top say about it.

    The title is the heading nearest above a line with the date or the reading time; failing
    that the first below a site's telephone number; failing that a heading that opens the text.
    Short lines above it (the site's name, a way to call) are not part of the document.
    """
    facts = Facts()
    meta: list[int] = []
    for at, piece in enumerate(pieces[:PREAMBLE_BLOCKS]):
        found = meta_line(text[piece.start : piece.end])
        if found is not None:
            facts = facts.or_else(found)
            meta.append(at)
    candidates = [
        at
        for at, piece in enumerate(pieces[:PREAMBLE_BLOCKS])
        if looks_like_heading(piece, text)
        and not piece.number
        and at not in meta
        and not is_contact_line(text[piece.start : piece.end])
    ]
    above = [at for at in candidates if meta and at < meta[0]]
    below_contact = [
        at
        for at in candidates
        if any(is_contact_line(text[piece.start : piece.end]) for piece in pieces[:at])
    ]
    opening = [at for at in candidates if at == 0 and at in headings]
    found_at = above[-1:] or below_contact[:1] or opening
    if not found_at:
        return 0, "", facts
    title_at = found_at[0]
    if not all(_is_furniture(piece, text) for piece in pieces[:title_at]):
        return 0, "", facts
    title = _words(text, pieces[title_at])
    names = [at for at in candidates if at < title_at]
    organisation = _words(text, pieces[names[0]]) if names else ""
    return title_at, title, facts.or_else(Facts(title=title, organisation=organisation))


def _is_furniture(piece: Piece, text: str) -> bool:
    words = text[piece.start : piece.end]
    return looks_like_heading(piece, text) or is_contact_line(words) or bool(meta_line(words))


def _words(text: str, piece: Piece) -> str:
    return " ".join(text[piece.start : piece.end].split())


def _levels(pieces: list[Piece], headings: set[int], text: str, title: str) -> dict[int, int]:
    """The level of every heading; 0 for the title, which is not a section."""
    order = sorted(headings)
    if not order:
        return {}
    bodies = {
        at: after - at - 1 for at, after in zip(order, [*order[1:], len(pieces)], strict=True)
    }
    levels: dict[int, int] = {}
    group: list[int] = []  # unnumbered headings introduced by a colon, so far
    for at in order:
        piece = pieces[at]
        words = _words(text, piece)
        if title and words == title:
            levels[at], group = 0, []
        elif piece.underline:
            levels[at], group = (1 if piece.underline == "=" else 2), []
        elif piece.number:
            levels[at], group = 1 + len(piece.number), []
        elif (group and not _group_ended(group, bodies, at, pieces, text)) or (
            not group and _is_introduced(at, pieces, headings, text)
        ):
            levels[at] = 2
            group.append(at)
        else:
            levels[at], group = 1, []
    return levels


def _is_introduced(at: int, pieces: list[Piece], headings: set[int], text: str) -> bool:
    return (
        at > 0
        and at - 1 not in headings
        and not pieces[at - 1].mark
        and text[pieces[at - 1].end - 1] == ":"
    )


def _group_ended(
    group: list[int], bodies: dict[int, int], at: int, pieces: list[Piece], text: str
) -> bool:
    """Whether the heading ``at`` stands outside the group of headings before it.

    It does after a section with a closing paragraph its fellows did not have, when it has no
    text of its own, or when it is much longer than theirs.
    """
    *fellows, last = group
    closed = bodies[last] > 1 and all(bodies[fellow] == 1 for fellow in fellows)
    longest = max(len(_words(text, pieces[one]).split()) for one in group)
    words = len(re.findall(r"\S+", _words(text, pieces[at])))
    return closed or bodies[at] == 0 or words > max(_SHORT_HEADING_WORDS, 2 * longest)
