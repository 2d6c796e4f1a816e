"""PDF: the text of the pages, whose structure is then recognised as in plain text."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from dataclasses import replace

from pypdf import PdfReader

from bot.errors import DocumentError
from bot.knowledge.documents import Facts, Parsed
from bot.knowledge.formats import plain

# pypdf reports every small flaw of a file; what matters to the user is told by DocumentError.
logging.getLogger("pypdf").setLevel(logging.ERROR)

#: A line that stands at the edge of this many pages or more is a running header or footer.
_REPEATS = 3
_PAGE_NUMBER = re.compile(r"(?:page\s+)?\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?", re.IGNORECASE)


def parse(content: bytes) -> Parsed:
    """The structure of a PDF; ``DocumentError`` if it is damaged, locked or only pictures."""
    if content.lstrip()[:5] != b"%PDF-":
        raise DocumentError("this is not a PDF, whatever its name says; save it as PDF again")
    try:
        pages, facts = _read(content)
    except DocumentError:
        raise
    except Exception as error:  # a damaged file can fail anywhere inside the reader
        raise DocumentError(f"the PDF is damaged ({type(error).__name__}); save it again") from None
    if not any(line for page in pages for line in page):
        raise DocumentError("there is no text in the PDF, only pictures; it needs OCR first")
    parsed = plain.parse(_join(_without_running_lines(pages)))
    # A title found on the page is what a reader sees; the one in the file is often a file name.
    return replace(parsed, facts=parsed.facts.or_else(facts))


def _read(content: bytes) -> tuple[list[list[str]], Facts]:
    """The lines of every page, and what the file says about itself."""
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        raise DocumentError("the PDF is locked with a password; save it without one")
    pages = [_page_lines(page.extract_text(extraction_mode="layout")) for page in reader.pages]
    meta = reader.metadata
    title, author = (meta.title, meta.author) if meta else (None, None)
    return pages, Facts(title=_one_line(title), author=_one_line(author))


def _one_line(value: object) -> str:
    return " ".join(str(value).split()) if value else ""


def _page_lines(text: str) -> list[str]:
    """The lines of a page with the gaps of its layout closed, no blank ones at the edges."""
    lines = [re.sub(r"(?<=\S) {2,}(?=\S)", " ", line.rstrip()) for line in text.splitlines()]
    while lines and not lines[0].strip():
        del lines[0]
    while lines and not lines[-1].strip():
        del lines[-1]
    return lines


def _without_running_lines(pages: list[list[str]]) -> list[list[str]]:
    """The pages without page numbers and without what is repeated at the edge of every page."""
    edges = Counter(
        line.strip() for page in pages for line in ({page[0], page[-1]} if page else set())
    )
    kept: list[list[str]] = []
    for page in pages:
        lines = list(page)
        for at in (0, -1):
            if lines and (
                edges[lines[at].strip()] >= _REPEATS or _PAGE_NUMBER.fullmatch(lines[at].strip())
            ):
                del lines[at]
        kept.append(lines)
    return kept


def _join(pages: list[list[str]]) -> str:
    """One text; a paragraph that runs over the end of a page is not broken there."""
    text = ""
    for page in pages:
        piece = "\n".join(page).strip("\n")
        if not piece.strip():
            continue
        if text:
            runs_on = text[-1] not in '.!?:;”"' and piece.lstrip()[:1].islower()
            text += "\n" if runs_on else "\n\n"
        text += piece
    return text
