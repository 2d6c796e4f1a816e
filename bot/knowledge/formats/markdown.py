"""Markdown (CommonMark with tables), with YAML front matter for what the document is.

The text is what a reader would see: emphasis, links and list marks are taken off, line
breaks kept. A paragraph without inline markup is therefore verbatim in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from bot.knowledge.documents import Block, Facts, Parsed, TextBuilder
from bot.knowledge.facts import read_facts, take_meta_lines

_FRONT_MATTER = re.compile(
    r"\A---[ \t]*\n(?P<yaml>.*?)(?:^(?:---|\.\.\.)[ \t]*(?:\n|\Z))", re.S | re.M
)
_CELL_GAP = " | "
_MARKDOWN = MarkdownIt("commonmark").enable("table")


def parse(text: str) -> Parsed:
    """The structure of Markdown ``text``; ``DocumentError`` if its front matter is not YAML."""
    facts, body = _front_matter(text)
    builder = TextBuilder()
    root = SyntaxTreeNode(_MARKDOWN.parse(body))
    _walk(root.children, builder, depth=0)
    blocks, found = take_meta_lines(builder.text, builder.blocks)
    facts = facts.or_else(found)
    title, blocks = settle_title(builder.text, blocks, facts.title)
    return Parsed(builder.text, blocks, replace(facts, title=title))


def settle_title(text: str, blocks: tuple[Block, ...], title: str) -> tuple[str, tuple[Block, ...]]:
    """The title (the given one or the only top heading), and the blocks with its heading at 0.

    A heading at level 0 is the document's name, not a section of it.
    """
    tops = [block for block in blocks if block.kind == "heading" and block.level == 1]
    if not title and tops:
        title = " ".join(text[tops[0].start : tops[0].end].split())
        own = tops[0] if len(tops) == 1 else None
    else:
        own = tops[0] if len(tops) == 1 and tops[0] is blocks[0] else None
    settled = tuple(
        replace(block, level=0)
        if block is own
        or (block.kind == "heading" and " ".join(text[block.start : block.end].split()) == title)
        else block
        for block in blocks
    )
    return title, settled


def _front_matter(text: str) -> tuple[Facts, str]:
    match = _FRONT_MATTER.match(text)
    if match is None:
        return Facts(), text
    facts = read_facts(match["yaml"], "the front matter", first_line=2)
    return (Facts(), text) if facts is None else (facts, text[match.end() :])


def _walk(nodes: Iterable[SyntaxTreeNode], builder: TextBuilder, depth: int) -> None:
    """Add ``nodes`` to ``builder``; ``depth`` is the number of lists around them."""
    for node in nodes:
        if node.type == "heading":
            builder.add("heading", " ".join(_inline(node).split()), int(node.tag[1:]))
        elif node.type == "paragraph":
            builder.add("item" if depth else "paragraph", _inline(node), depth)
        elif node.type in ("bullet_list", "ordered_list"):
            for item in node.children:
                _item(item, builder, depth + 1)
        elif node.type in ("fence", "code_block"):
            builder.add("paragraph", node.content)
        elif node.type == "html_block":
            builder.add("paragraph", BeautifulSoup(node.content, "html.parser").get_text(" "))
        elif node.type == "table":
            _table(node, builder)
        else:
            _walk(node.children, builder, depth)


def _item(item: SyntaxTreeNode, builder: TextBuilder, depth: int) -> None:
    """A list item: its paragraphs up to the first block of another kind are one idea."""
    children = list(item.children)
    count = next(
        (at for at, child in enumerate(children) if child.type != "paragraph"), len(children)
    )
    builder.add("item", "\n\n".join(_inline(child) for child in children[:count]), depth)
    _walk(children[count:], builder, depth)


def _table(table: SyntaxTreeNode, builder: TextBuilder) -> None:
    header = ""
    for part in table.children:
        for row in part.children:
            cells = _CELL_GAP.join(" ".join(_inline(cell).split()) for cell in row.children)
            if part.type == "thead":
                header = cells
            builder.add("paragraph", cells, lead_in="" if part.type == "thead" else header)


def _inline(node: SyntaxTreeNode) -> str:
    """What a reader sees of the inline content of ``node``."""
    if node.type in ("text", "code_inline", "image"):
        return node.content
    if node.type in ("softbreak", "hardbreak"):
        return "\n"
    if node.type == "html_inline":
        return "\n" if node.content.lower().startswith("<br") else ""
    return "".join(_inline(child) for child in node.children)
