"""Replies and cards as HTML: pure functions, and the only place where markup is made.

Whatever comes from a visitor, the article or the rules file is escaped here, every time. The
markup carries no ``id`` and no inline style or script, so a piece of it may stand anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from html import escape

from bot.screening import Screened
from bot.types import Card, Category, Citation, Level, Reply, Resource, Scored
from bot.web.links import callable_numbers, dial, web
from bot.web.texts import PageTexts

_MARK = re.compile(r"\[(\d{1,3})\]")
_STRONG = re.compile(r"\*\*(?=\S)([^*]{1,300}?)(?<=\S)\*\*")
_BULLET = re.compile(r"^\s*[-•*]\s+(.*)$")
_NUMBERED = re.compile(r"^\s*\d{1,3}[.)]\s+(.*)$")

#: Where the safety page is served (see ``bot.web.safety_page``).
SAFETY_PATH = "/safety"
#: How many of its services the short, pinned form of a card begins with.
PINNED_SERVICES = 2
#: The region of a service that is not named with it.
WHOLE_COUNTRY = "Australia"
#: How many lines an emergency card has below its call button.
EMERGENCY_LINES = 3


def call_chip(resource: Resource, texts: PageTexts) -> str:
    """One service as a single tap target, its number large; empty without a number to dial."""
    digits = dial(resource.phone)
    if not digits:
        return ""
    label = f"{texts.call} {resource.name}, {resource.phone}"
    return (
        f'<a class="chip" href="tel:{digits}" data-service="{escape(resource.id)}" '
        f'aria-label="{escape(label)}"><b>{escape(resource.phone)}</b>'
        f"<span>{escape(resource.name)}</span></a>"
    )


def written_ways(resource: Resource, texts: PageTexts) -> str:
    """Links to text or chat with a service, for whoever cannot speak; empty if it has neither."""
    links: list[str] = []
    if digits := dial(resource.sms):
        links.append(
            f'<a class="way" href="sms:{digits}">{escape(texts.text)} {escape(resource.sms)}'
            f'<span class="only-heard">, {escape(resource.name)}</span></a>'
        )
    if address := web(resource.chat):
        links.append(
            f'<a class="way" href="{escape(address)}" target="_blank" rel="noopener noreferrer">'
            f'{escape(texts.chat)}<span class="only-heard">, {escape(resource.name)}, '
            f"{escape(texts.opens_elsewhere)}</span></a>"
        )
    return "".join(links)


def standing_help(resources: Sequence[Resource], texts: PageTexts) -> str:
    """The help line at the top of the page, with the link that leaves it."""
    chips = "".join(call_chip(resource, texts) for resource in resources)
    ways = "".join(
        f"<li><b>{escape(resource.name)}</b>{links}</li>"
        for resource in resources
        if (links := written_ways(resource, texts))
    )
    other = (
        f'<details class="other-ways"><summary>{escape(texts.other_ways)}</summary>'
        f"<div><p>{escape(texts.other_ways_title)}</p><ul>{ways}</ul></div></details>"
        if ways
        else ""
    )
    return (
        f'<p class="help-label">{escape(texts.help_label)}</p>'
        f'<a class="leave" data-leave href="{escape(texts.leave_url)}" rel="noopener noreferrer" '
        f'title="{escape(texts.leave_hint)}">{escape(texts.leave)}</a>'
        f'{other}<nav class="chips" aria-label="{escape(texts.help_label)}">{chips}</nav>'
    )


def _call(resource: Resource, texts: PageTexts) -> str:
    digits = dial(resource.phone)
    if not digits:
        return ""
    label = escape(f"{texts.call} {resource.name}, {resource.phone}")
    return (
        f'<a class="call" href="tel:{digits}" aria-label="{label}">'
        f"{escape(texts.call)} <b>{escape(resource.phone)}</b></a>"
    )


def _only_call(resource: Resource, texts: PageTexts) -> str:
    return (
        f'<li data-service="{escape(resource.id)}"><div class="ways">{_call(resource, texts)}'
        "</div></li>"
    )


def _service(resource: Resource, texts: PageTexts) -> str:
    # That a service is for the whole country goes without saying; "Victoria" does not.
    where = "" if resource.region == WHOLE_COUNTRY else resource.region
    lines = (resource.audience, " · ".join(part for part in (where, resource.hours) if part))
    about = "".join(f'<span class="about">{escape(line)}</span>' for line in lines if line)
    return (
        f'<li data-service="{escape(resource.id)}"><p><b>{escape(resource.name)}</b>{about}</p>'
        f'<div class="ways">{_call(resource, texts)}{written_ways(resource, texts)}</div></li>'
    )


def safety_link(texts: PageTexts) -> str:
    """The link to the safety page: shown in place by the script, a page of its own without it."""
    return f'<a data-safety href="{SAFETY_PATH}">{escape(texts.safety.title)}</a>'


def _safe_to_read(texts: PageTexts) -> str:
    """The question whether this can be read here. It hides nothing: all of the card follows."""
    return f'<p class="check">{escape(texts.safe_to_read)} {safety_link(texts)}</p>'


def turn_card(screened: Screened, texts: PageTexts) -> str:
    """The card of a screened turn; empty if this turn did not bring one up.

    The first time that a conversation tells of family violence, its card asks whether it is
    safe to read here.
    """
    if screened.card is None or not screened.fresh:
        return ""
    told = [
        hit.turn
        for hit in screened.assessment.hits
        if hit.category is Category.FAMILY_VIOLENCE and hit.level >= Level.CRISIS
    ]
    first = bool(told) and min(told) == len(screened.turns) - 1
    return card_html(screened.card, screened.assessment.level, texts, asks_whether_safe=first)


def card_html(
    card: Card, level: Level, texts: PageTexts, *, asks_whether_safe: bool = False
) -> str:
    """A card as it stands in the conversation.

    At level ``emergency`` it is one call button and at most three short lines, nothing else.
    """
    kind = "emergency" if level is Level.EMERGENCY else "crisis"
    lines = card.lines[:EMERGENCY_LINES] if kind == "emergency" else card.lines
    services = card.resources[:1] if kind == "emergency" else card.resources
    service = _only_call if kind == "emergency" else _service
    items = "".join(service(resource, texts) for resource in services)
    words = "".join(f"<p>{callable_numbers(line)}</p>" for line in lines)
    # In an emergency the number comes before the words; otherwise a sentence leads to the numbers.
    numbers = f'<ul class="services">{items}</ul>' if items else ""
    words = f'<div class="lines">{words}</div>' if words else ""
    check = _safe_to_read(texts) if asks_whether_safe else ""
    body = numbers + words if kind == "emergency" else check + words + numbers
    again = " again" if card.again else ""
    return (
        f'<section class="card {kind}{again}" aria-label="{escape(card.headline)}">'
        f"<h2>{escape(card.headline)}</h2>{body}</section>"
    )


def pinned_html(card: Card | None, standing: Sequence[Resource], texts: PageTexts) -> str:
    """The short form of the conversation's card that stays in view; empty without a card.

    It stands in the place of the help line's numbers, so it also carries those of them that the
    card does not begin with: nothing is shown twice and nothing goes missing.
    """
    if card is None:
        return ""
    services = {resource.id: resource for resource in card.resources[:PINNED_SERVICES]}
    for resource in standing:
        services.setdefault(resource.id, resource)
    chips = "".join(call_chip(resource, texts) for resource in services.values())
    return (
        f'<section class="pinned" aria-label="{escape(texts.pinned_label)}">'
        f'<p>{escape(card.headline)}</p><div class="chips">{chips}</div></section>'
    )


def _inline(text: str, known: frozenset[int], texts: PageTexts) -> str:
    """Escape one line, make its ``[n]`` marks buttons that open source n and ``**x**`` strong."""

    def mark(match: re.Match[str]) -> str:
        number = int(match.group(1))
        if number not in known:
            return match.group()
        label = escape(f"{texts.source} {number}")
        return (
            f'<button type="button" class="mark" data-opens="{number}" aria-label="{label}">'
            f"{number}</button>"
        )

    return _STRONG.sub(r"<strong>\1</strong>", _MARK.sub(mark, escape(text)))


def answer_html(text: str, citations: Sequence[Citation], texts: PageTexts) -> str:
    """Plain answer text as paragraphs and lists; every character of it escaped."""
    known = frozenset(citation.number for citation in citations)
    blocks: list[str] = []
    items: list[str] = []
    kind = ""

    def close() -> None:
        if items:
            blocks.append(f"<{kind}>{''.join(items)}</{kind}>")
            items.clear()

    for line in text.splitlines():
        bullet, numbered = _BULLET.match(line), _NUMBERED.match(line)
        if match := bullet or numbered:
            tag = "ul" if bullet else "ol"
            if tag != kind:
                close()
                kind = tag
            items.append(f"<li>{_inline(match.group(1), known, texts)}</li>")
        else:
            close()
            if line.strip():
                blocks.append(f"<p>{_inline(line.strip(), known, texts)}</p>")
    close()
    return "".join(blocks)


def _day(published: str) -> str:
    """The day an article is from, as people write it; nothing if it is not known."""
    try:
        day = date.fromisoformat(published)
    except ValueError:
        return ""
    return f', <time datetime="{day.isoformat()}">{day.day} {day:%B %Y}</time>'


def _passage(citation: Citation, scored: Scored | None) -> str:
    """The cited passage with the quote marked in it, or the quote alone without a passage."""
    quote = citation.quote
    whole = scored.passage.text if scored else quote
    before, found, after = whole.partition(quote) if quote else (whole, "", "")
    if not found:
        # A quote that is not in its passage would be a fault upstream; never mark a wrong place.
        return escape(whole)
    return f"{escape(before)}<mark>{escape(found)}</mark>{escape(after)}"


def sources_html(reply: Reply, texts: PageTexts) -> str:
    """The passages an answer is made of, each one closed until the visitor opens it."""
    if not reply.citations:
        return ""
    passages = {scored.passage.id: scored for scored in reply.passages}
    items: list[str] = []
    for citation in reply.citations:
        scored = passages.get(citation.passage_id)
        lead_in = scored.passage.lead_in if scored else ""
        lead_in = f'<p class="lead-in">{escape(lead_in)}</p>' if lead_in else ""
        address = web(citation.url)
        link = (
            f'<p><a href="{escape(address)}" target="_blank" rel="noopener noreferrer">'
            f'{escape(texts.read_article)}<span class="only-heard"> '
            f"({escape(texts.opens_elsewhere)})</span></a></p>"
            if address
            else ""
        )
        items.append(
            f'<li><details data-source="{citation.number}"><summary>'
            f'<span class="mark">{citation.number}</span><span class="where">'
            f'<span class="about">{escape(citation.section)}</span>'
            f'<span class="begins">{escape(citation.quote)}</span></span></summary>'
            f"{lead_in}<blockquote>{_passage(citation, scored)}</blockquote>"
            f"<p><cite>{escape(citation.title)}</cite>{_day(citation.published)}</p>"
            f"{link}</details></li>"
        )
    return f'<div class="sources"><h2>{escape(texts.sources)}</h2><ul>{"".join(items)}</ul></div>'


def reply_html(reply: Reply, texts: PageTexts) -> str:
    """What stands below the card in a turn: answer, sources and the quiet line of who to call."""
    note = f'<p class="note">{callable_numbers(reply.note)}</p>' if reply.note else ""
    body = answer_html(reply.text, reply.citations, texts)
    return f"{body}{sources_html(reply, texts)}{note}"


def waiting_html(sign: str) -> str:
    """The sign shown while an answer is looked for."""
    return f'<p class="waiting">{escape(sign)}</p>'


def turn_html(
    *, number: int, revision: int, asked: str, card: str, answer: str, texts: PageTexts
) -> str:
    """One turn. ``asked`` is the visitor's own text; ``card`` and ``answer`` are HTML from here."""
    speaker = f'<span class="only-heard">{escape(texts.you)}: </span>'
    return (
        f'<article class="turn" data-turn="{number}" data-revision="{revision}">'
        f'<div class="asked" data-part="asked">{speaker}<p>{escape(asked)}</p></div>'
        f'<div data-part="card">{card}</div>'
        f'<div class="answer" data-part="answer">{answer}</div></article>'
    )
