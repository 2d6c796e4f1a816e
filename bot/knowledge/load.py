"""Reading one file into a ``Document``; every way it can fail is a ``DocumentError``."""

from __future__ import annotations

import re
from pathlib import Path

from bot.errors import DocumentError
from bot.knowledge.documents import Document, Facts, Parsed
from bot.knowledge.facts import read_facts

SUFFIXES = (".md", ".markdown", ".txt", ".html", ".htm", ".pdf")
_SAMPLE = 65_536
_LARGEST = 20_000_000  # bytes; the longest books are a tenth of that
#: Control characters that do not belong in a text (tab, line feed, form feed and return do).
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


def load(path: Path, source: str) -> Document:
    """Read ``path`` as the document named ``source``.

    What a file of the same name with ``.yaml`` behind it says of the document comes first: so a
    PDF or a saved page gets a link, a date or a review date without being touched.

    Raises ``DocumentError``, its message beginning with the path, if the file is missing,
    unreadable, empty, binary, of an unknown type, damaged, or holds no text.
    """
    try:
        parsed = _with_text(_parse(path))
        beside = _facts_beside(path)
    except DocumentError as error:
        raise DocumentError(f"{path}: {error}.") from None
    except RecursionError:
        raise DocumentError(
            f"{path}: its lists, quotes or tags are nested too deeply; save it in a simpler form."
        ) from None
    except Exception as error:  # a file made to break its reader must not stop the others
        raise DocumentError(
            f"{path}: it cannot be made sense of ({type(error).__name__}); save it again."
        ) from None
    facts = beside.or_else(parsed.facts).or_else(Facts(title=_title_from(path)))
    return Document(source, parsed.text, parsed.blocks, facts)


def facts_file(path: Path) -> Path:
    """The file that may say more of a document: ``leaflet.pdf.yaml`` for ``leaflet.pdf``."""
    return path.with_name(f"{path.name}.yaml")


def _facts_beside(path: Path) -> Facts:
    beside = facts_file(path)
    if not beside.is_file():
        return Facts()
    facts = read_facts(decode(_read(beside)), f"{beside.name}, the file beside it,")
    if facts is None:
        raise DocumentError(f"{beside.name}, the file beside it, has no lines like 'url: ...'")
    return facts


def _with_text(parsed: Parsed) -> Parsed:
    if all(block.kind == "heading" for block in parsed.blocks):
        raise DocumentError("there is no text in it")
    return parsed


def _parse(path: Path) -> Parsed:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise DocumentError(f"files of this type cannot be read (known: {known})")
    content = _read(path)
    # The formats are imported when first needed: a library of Markdown pays for no PDF reader.
    # ruff: noqa: PLC0415
    if suffix == ".pdf":
        from bot.knowledge.formats import pdf

        return pdf.parse(content)
    text = decode(content)
    if not text.strip():
        raise DocumentError("there is no text in it")
    if suffix in (".html", ".htm"):
        from bot.knowledge.formats import html

        return html.parse(content)
    if suffix == ".txt":
        from bot.knowledge.formats import plain

        return plain.parse(text)
    from bot.knowledge.formats import markdown

    return markdown.parse(text)


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            reason = "this is not a file" if path.exists() else "there is no such file or folder"
            raise DocumentError(reason)
        if path.stat().st_size > _LARGEST:
            raise DocumentError(f"it is larger than {_LARGEST // 1_000_000} MB; split it")
        content = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"it cannot be read ({error.strerror or error})") from None
    if not content:
        raise DocumentError("the file is empty")
    return content


def decode(content: bytes) -> str:
    r"""The text in ``content`` (UTF-8, UTF-16 with its mark, or Windows-1252), lines ended ``\n``.

    Raises ``DocumentError`` if it is not a text but some binary format.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif _CONTROL.search(content[:_SAMPLE]):
        raise DocumentError("this is a binary file, not text")
    else:
        encoding = "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise DocumentError("this is a binary file, or its encoding is not known") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _title_from(path: Path) -> str:
    """A title made of the file's name, for a document that has none: ``first-steps.txt``."""
    words = re.sub(r"[-_\s]+", " ", path.stem).strip()
    return words[:1].upper() + words[1:]
