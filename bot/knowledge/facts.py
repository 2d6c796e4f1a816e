"""Recognising what a text says about itself: a date, a reading time, topics, a byline.

These are general habits of published pages ("3 March 2024 · 4 min read", "By Jo Smith"),
not knowledge of any one page. What a text says of itself in YAML, at its top or in a file
beside it, is read here too.
"""

from __future__ import annotations

import re
from datetime import date, datetime

import yaml

from bot.errors import DocumentError
from bot.knowledge.documents import Block, Facts

#: Levels of nesting that a description of a document may need.
_DEEPEST = 5
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_YEAR}-(?P<number>\d\d)-(?P<day>\d\d)",
        rf"\b{_DAY}\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}\b",
        rf"\b{_MONTH}\s+{_DAY},?\s+{_YEAR}\b",
        rf"\b(?P<day>\d{{1,2}})/(?P<number>\d{{1,2}})/{_YEAR}\b",  # day first, as in Australia
    )
)
_READING_TIME = re.compile(
    r"\breading\s+time:?\s*(?P<a>\d{1,3})\s*(?:min(?:ute)?s?)\b"
    r"|\b(?P<b>\d{1,3})[\s-]*min(?:ute)?s?\s+(?:to\s+)?read\b",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"(?:written\s+by|author:?|by)\s+(?P<name>\w[^,.|·•\d]{1,60}?)\s*(?:[,.|·•]|$)", re.IGNORECASE
)
_SOME_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")
_PUBLISHED_WORDS = re.compile(r"\b(?:published|posted|updated|on)\b:?|[|·•,.]", re.IGNORECASE)
_PHONE = re.compile(r"(?:\+?\d[\s()-]*){8,}|\b13(?:\s*\d){4}\b")
_VIEWS = re.compile(r"\b(?P<views>\d[\d,.]*k?)\s+(?:page\s+)?views?\b", re.IGNORECASE)
#: Two names or more with commas between, each of a few words and with a capital.
_TOPICS = re.compile(r"[A-Z][\w&'’-]*(?: [\w&'’-]+){0,3}(?:, [A-Z][\w&'’-]*(?: [\w&'’-]+){0,3})+")
_LONGEST_META_LINE = 250
_LONGEST_LEFTOVER = 20  # characters a date line may have beside its date
#: How many blocks at the top of a page may be about the page and not part of its text.
PREAMBLE_BLOCKS = 8


def find_date(text: str) -> str:
    """The first date in ``text`` as ISO ``YYYY-MM-DD``, or an empty string."""
    if not _SOME_YEAR.search(text):
        return ""
    found: list[tuple[int, str]] = []
    for pattern in _DATES:
        for match in pattern.finditer(text):
            groups = match.groupdict()
            if "number" in groups:
                month = int(groups["number"])
            else:
                month = 1 + _MONTHS.index(groups["month"].lower()[:3])
            try:
                day = date(int(groups["year"]), month, int(groups["day"]))
            except ValueError:
                continue
            found.append((match.start(), day.isoformat()))
            break
    return min(found)[1] if found else ""


def find_reading_time(text: str) -> str:
    """The reading time that ``text`` states, as ``"6 minutes"``, or an empty string."""
    match = _READING_TIME.search(text)
    if match is None:
        return ""
    minutes = int(match["a"] or match["b"])
    return f"{minutes} minute" if minutes == 1 else f"{minutes} minutes"


def _find_topics(line: str) -> str:
    """What a line with a date or reading time says the page is filed under, or an empty string."""
    for pattern in (*_DATES, _READING_TIME, _VIEWS):
        line = pattern.sub(" . ", line)
    found = [match.group() for part in re.split(r"[.|·•]", line) if (match := _TOPICS.search(part))]
    return found[0] if found else ""


def meta_line(text: str) -> Facts | None:
    """The facts in a line that is about the page (date, reading time and so on), or ``None``.

    A sentence of the text that happens to hold a date is not such a line: beside a date
    alone there may be only a word or two, such as a place or a day of the week.
    """
    text = " ".join(text.split())
    if not text or len(text) > _LONGEST_META_LINE:
        return None
    byline = _BYLINE.match(text)
    author = byline["name"].strip() if byline and byline["name"][0].isupper() else ""
    published, reading_time = find_date(text), find_reading_time(text)
    if not reading_time:
        if not published:
            whole = byline is not None and byline.end() == len(text)
            return Facts(author=author) if whole and author.istitle() else None
        rest = text
        for pattern in _DATES:
            rest = pattern.sub("", rest)
        rest = _PUBLISHED_WORDS.sub("", _BYLINE.sub("", rest)).strip()
        if len(rest) > _LONGEST_LEFTOVER or any(word[0].islower() for word in rest.split()):
            return None
    views = _VIEWS.search(text)
    return Facts(
        published=published,
        reading_time=reading_time,
        author=author,
        topics=_find_topics(text) if reading_time else "",
        views=views["views"] if views else "",
    )


def is_contact_line(text: str) -> bool:
    """Whether a short line is a way to reach somebody, such as ``Call us: 03 9000 0000``."""
    return len(text) <= 60 and _PHONE.search(text) is not None


def take_meta_lines(text: str, blocks: tuple[Block, ...]) -> tuple[tuple[Block, ...], Facts]:
    """Take the lines about the page out of the top of ``blocks``; the rest, and the facts."""
    facts = Facts()
    kept: list[Block] = []
    for position, block in enumerate(blocks):
        found = None
        if position < PREAMBLE_BLOCKS and block.kind == "paragraph":
            found = meta_line(text[block.start : block.end])
        if found is None:
            kept.append(block)
        else:
            facts = facts.or_else(found)
    return tuple(kept), facts


def read_facts(text: str, where: str, *, first_line: int = 1) -> Facts | None:
    """The facts in YAML: title, url, published (or date), review_by, author and so on.

    ``None`` if it is no mapping. Keys that mean nothing here are left alone: other programs put
    their own beside them. ``where`` and ``first_line`` are for the ``DocumentError`` that a
    mistake raises.
    """
    try:
        _refuse_bombs(text, where)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f" at line {mark.line + first_line}" if mark is not None else ""
        raise DocumentError(
            f"{where} is not valid YAML{at}; "
            'put quotation marks around values that hold a colon, for example title: "A: B"'
        ) from None
    if not isinstance(values, dict):
        return None
    known = {str(key).lower(): _plain(value) for key, value in values.items()}
    published = known.get("published") or known.get("date", "")
    return Facts(
        title=known.get("title", ""),
        url=known.get("url", ""),
        published=_published(published),
        reading_time=known.get("reading_time", ""),
        author=known.get("author", ""),
        organisation=known.get("organisation") or known.get("organization", ""),
        review_by=review_date(known.get("review_by", "")),
        topics=known.get("topics") or known.get("tags") or known.get("categories", ""),
        views=known.get("views", ""),
    )


def _refuse_bombs(text: str, where: str) -> None:
    """Refuse what a few lines can blow up to gigabytes, before any of it is built."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise DocumentError(f"{where} uses an alias (*name); write the value out")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise DocumentError(f"{where} is nested too deeply; check its brackets")


def review_date(text: str) -> str:
    """``text`` as an ISO date, ``""`` if there is none; ``DocumentError`` if it is no date."""
    found = find_date(text)
    if text and not found:
        raise DocumentError(f"review_by '{text}' is not a date; write it like 2026-11-23")
    return found


def _published(text: str) -> str:
    """``text`` as an ISO date, or as it is where it holds a year only; otherwise it is no date."""
    if text and not _SOME_YEAR.search(text):
        raise DocumentError(f"published '{text}' is not a date; write it like 2026-11-23")
    return find_date(text) or text


def _plain(value: object) -> str:
    """A YAML value as one line of text."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    return " ".join(str(value).split())
