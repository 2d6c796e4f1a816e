"""What browsers and website programs save an article as, turned into files that can be read.

A web page saved as one file (``.mhtml``), and the export of a WordPress site (``.xml``), become
ordinary HTML files, each with its own title, link and date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from html import escape
from pathlib import Path
from xml.etree import ElementTree as ET

from bot.errors import DocumentError

#: What can be put on the shelf besides the files that are read as they are.
SUFFIXES = (".mhtml", ".mht", ".xml")
_LARGEST = 200_000_000
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
#: WordPress writes its version of the export format into this name.
_WP = re.compile(r"\{http://wordpress\.org/export/[\d.]+/\}(.+)")
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"


@dataclass(frozen=True, slots=True)
class Exported:
    """One article of an export: a file name and the HTML to be written under it."""

    name: str
    html: bytes


def unpack(path: Path) -> list[Exported]:
    """The articles in a saved page or site export; ``DocumentError`` if there are none."""
    try:
        if path.stat().st_size > _LARGEST:
            raise DocumentError("it is larger than 200 MB")
        content = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"it cannot be read ({error.strerror or error})") from None
    if path.suffix.lower() == ".xml":
        found = list(_wordpress(content))
        if not found:
            raise DocumentError("there is no published post or page in it")
        return found
    return [_saved_page(path.stem, content)]


def _saved_page(name: str, content: bytes) -> Exported:
    message = message_from_bytes(content, policy=policy.default)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            html = _payload(part)
            address = part.get("Content-Location") or message.get("Snapshot-Content-Location")
            # Where the page itself names no address, this one is found by the reader of HTML.
            mark = f"<!-- saved from url={address} -->\n" if address else ""
            return Exported(f"{slug(name)}.html", mark.encode() + html)
    raise DocumentError("there is no web page in it")


def _payload(part: Message | EmailMessage) -> bytes:
    raw = part.get_payload(decode=True)
    html = raw if isinstance(raw, bytes) else b""
    charset = part.get_content_charset() or "utf-8"
    try:
        return html.decode(charset).encode()
    except (LookupError, UnicodeDecodeError):
        return html


def _wordpress(content: bytes) -> Iterator[Exported]:
    """The published posts and pages of a WordPress export."""
    try:
        root = ET.fromstring(content)  # noqa: S314 - the operator's own file; expat stops bombs
    except ET.ParseError as error:
        raise DocumentError(f"this is not XML ({error})") from None
    site = root.findtext("channel/title") or ""
    taken: set[str] = set()
    for item in root.iterfind("channel/item"):
        facts = {
            found[1]: (child.text or "").strip()
            for child in item
            if (found := _WP.fullmatch(child.tag))
        }
        body = item.findtext(_CONTENT) or ""
        kept = facts.get("status") == "publish" and facts.get("post_type") in {"post", "page"}
        if kept and body.strip():
            title = (item.findtext("title") or "").strip()
            name = slug(facts.get("post_name") or title or facts.get("post_id", ""))
            while name in taken:
                name += "-2"
            taken.add(name)
            yield Exported(f"{name}.html", _as_page(item, title, site, facts, body).encode())


def _as_page(item: ET.Element, title: str, site: str, facts: dict[str, str], body: str) -> str:
    metas = {
        "og:site_name": site,
        "author": item.findtext(_CREATOR) or "",
        "article:published_time": facts.get("post_date", ""),
    }
    head = "".join(
        f'<meta name="{name}" content="{escape(value)}">\n'
        for name, value in metas.items()
        if value
    )
    link = (item.findtext("link") or "").strip()
    if not re.search(r"<(?:p|div|ul|ol|h\d|table)\b", body, re.IGNORECASE):
        # The old editor of WordPress marks paragraphs by empty lines alone.
        body = "".join(f"<p>{part}</p>\n" for part in re.split(r"\n\s*\n", body.strip()))
    return (
        '<!doctype html>\n<meta charset="utf-8">\n'
        f'<title>{escape(title)}</title>\n<link rel="canonical" href="{escape(link)}">\n{head}'
        f"<article>\n<h1>{escape(title)}</h1>\n{body}\n</article>\n"
    )


def slug(text: str) -> str:
    """A file name made of a title: small letters, digits and dashes."""
    return "-".join(re.findall(r"\w+", text.lower()))[:80].strip("-") or "article"
