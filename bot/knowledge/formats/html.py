"""HTML pages: the main content, without menus, scripts and footers."""

from __future__ import annotations

import re
from dataclasses import replace

from bs4 import BeautifulSoup, Tag
from bs4.element import Comment, NavigableString, PageElement

from bot.knowledge.documents import Facts, Parsed, TextBuilder
from bot.knowledge.facts import find_date, find_reading_time, review_date, take_meta_lines
from bot.knowledge.formats.markdown import settle_title

# fmt: off
_DROPPED = [
    "script", "style", "noscript", "template", "nav", "aside", "form", "button", "svg", "iframe",
    "object", "canvas", "select", "dialog", "title",
]
_BLOCKS = frozenset({
    "address", "article", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hgroup", "li", "main", "ol", "p", "pre", "search", "section", "summary", "table", "tbody",
    "td", "tfoot", "th", "thead", "tr", "ul",
})
# fmt: on
_SAVED_FROM = re.compile(r"saved from url=(?:\(\d+\))?(https?://\S+)", re.IGNORECASE)
_PAGE_FURNITURE = ["header", "footer"]
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def parse(content: bytes) -> Parsed:
    """The structure of a page; its encoding is found from the bytes themselves."""
    # A comment that is never closed hides the rest, as in a browser; looking for the end of
    # thousands of them, the parser would take hours.
    unclosed = content.find(b"<!--", content.rfind(b"-->") + 1)
    soup = BeautifulSoup(content[:unclosed] if unclosed >= 0 else content, "html.parser")
    head = _facts(soup)
    root = _main_content(soup)
    builder = TextBuilder()
    _walk(root, builder, depth=0)
    blocks, found = take_meta_lines(builder.text, builder.blocks)
    tops = sum(block.kind == "heading" and block.level == 1 for block in blocks)
    title, blocks = settle_title(builder.text, blocks, "" if tops == 1 else head.title)
    if not title:
        title = head.title
    return Parsed(builder.text, blocks, replace(head.or_else(found), title=title))


def _facts(soup: BeautifulSoup) -> Facts:
    """What the head of the page says about it."""
    title = _meta(soup, "og:title") or (soup.title.get_text(" ", strip=True) if soup.title else "")
    canonical = soup.find("link", rel="canonical")
    url = str(canonical.get("href", "")) if isinstance(canonical, Tag) else ""
    time = soup.find("time", attrs={"datetime": True})
    stamp = _meta(soup, "article:published_time") or (
        str(time["datetime"]) if isinstance(time, Tag) else ""
    )
    return Facts(
        title=" ".join(title.split()),
        url=(url or _meta(soup, "og:url") or _saved_from(soup)).strip(),
        published=find_date(stamp),
        reading_time=find_reading_time(f"reading time {_meta(soup, 'twitter:data1')}"),
        author=_meta(soup, "author"),
        organisation=_meta(soup, "og:site_name"),
        review_by=review_date(_meta(soup, "review_by")),
    )


def _saved_from(soup: BeautifulSoup) -> str:
    """The address that a browser noted when it saved the page."""
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment), limit=5):
        found = _SAVED_FROM.search(str(comment))
        if found:
            return found[1]
    return ""


def _meta(soup: BeautifulSoup, name: str) -> str:
    for attribute in ("property", "name"):
        tag = soup.find("meta", attrs={attribute: name})
        if isinstance(tag, Tag) and tag.get("content"):
            return " ".join(str(tag["content"]).split())
    return ""


def _main_content(soup: BeautifulSoup) -> Tag:
    """The part of the page that is the document, cleared of what is not text."""
    root = soup.find("main") or soup.find(True, attrs={"role": "main"}) or soup.find("article")
    whole_page = root is None
    if not isinstance(root, Tag):
        root = soup.body or soup
    for tag in root.find_all(_DROPPED):
        tag.decompose()
    for tag in root.find_all(True, attrs={"hidden": True}):
        tag.decompose()
    if whole_page:
        for tag in root.find_all(_PAGE_FURNITURE):
            if tag.find_parent("article") is None:
                tag.decompose()
    return root


def _walk(tag: Tag, builder: TextBuilder, depth: int) -> None:
    """Add the content of ``tag``; ``depth`` is the number of lists around it."""
    run: list[str] = []

    def end_run() -> None:
        builder.add("item" if depth else "paragraph", _squeeze("".join(run)), depth)
        run.clear()

    for child in tag.children:
        if not isinstance(child, Tag):
            run.append(_string(child))
        elif child.name not in _BLOCKS and not child.find(list(_BLOCKS)):
            run.append(_inline(child))
        else:
            end_run()
            _block(child, builder, depth)
    end_run()


def _block(tag: Tag, builder: TextBuilder, depth: int) -> None:
    if tag.name in _HEADINGS:
        builder.add("heading", _squeeze(_inline(tag)), _HEADINGS[tag.name])
    elif tag.name in ("ul", "ol"):
        _walk(tag, builder, depth + 1)
    elif tag.name == "li":
        _item(tag, builder, max(depth, 1))
    elif tag.name == "pre":
        builder.add("paragraph", tag.get_text())
    elif tag.name == "table":
        _table(tag, builder)
    else:
        _walk(tag, builder, depth)


def _item(tag: Tag, builder: TextBuilder, depth: int) -> None:
    """A list item: everything up to the first list inside it is one idea."""
    parts: list[str] = []
    rest: list[Tag] = []
    for child in tag.children:
        if isinstance(child, Tag) and (rest or child.name in ("ul", "ol", "table")):
            rest.append(child)
        elif not rest:
            inner = _inline(child) if isinstance(child, Tag) else _string(child)
            is_block = isinstance(child, Tag) and child.name in _BLOCKS
            parts.append(f" {inner} " if is_block else inner)
        elif _string(child).strip():
            rest.append(_paragraph(_string(child)))
    builder.add("item", _squeeze("".join(parts)), depth)
    for child in rest:
        _block(child, builder, depth)


def _paragraph(text: str) -> Tag:
    tag = Tag(name="p")
    tag.append(NavigableString(text))
    return tag


def _table(tag: Tag, builder: TextBuilder) -> None:
    header = ""
    for row in tag.find_all("tr"):
        cells = " | ".join(_squeeze(_inline(cell)) for cell in row.find_all(["th", "td"]))
        is_header = row.find("td") is None
        builder.add("paragraph", cells, lead_in="" if is_header else header)
        if is_header:
            header = cells


def _inline(tag: Tag) -> str:
    if tag.name == "br":
        return " "
    return "".join(
        _inline(child) if isinstance(child, Tag) else _string(child) for child in tag.children
    )


def _string(node: PageElement) -> str:
    # Comments, doctypes and the like are strings to the parser, but nobody sees them.
    if isinstance(node, NavigableString) and type(node) is NavigableString:
        return str(node)
    return ""


def _squeeze(text: str) -> str:
    return " ".join(text.split())
