"""The safety page: who could see this visit, what leaving does not do, and what spyware means.

It is shown in two ways from one text: inside the chat, where reading it loses nothing, and as a
page of its own, which needs no script.
"""

from __future__ import annotations

from html import escape

from bot.web.texts import PageTexts


def safety_html(texts: PageTexts, back: str) -> str:
    """The words of the page; ``back`` is the markup of the way back to the chat."""
    words = texts.safety
    sections = "".join(
        f"<h2>{escape(section.heading)}</h2><ul>"
        + "".join(f"<li>{escape(point)}</li>" for point in section.points)
        + "</ul>"
        for section in words.sections
    )
    return (
        f'<h1 tabindex="-1">{escape(words.title)}</h1><p>{escape(words.lead)}</p>{sections}'
        f'<p class="back">{back}</p>'
    )


def section_in_chat(texts: PageTexts) -> str:
    """The page inside the chat, hidden until its link is followed."""
    back = f'<button type="button" id="safety-back">{escape(texts.safety.back)}</button>'
    return (
        f'<section id="safety" hidden aria-label="{escape(texts.safety.title)}">'
        f"{safety_html(texts, back)}</section>"
    )


def own_page(head: str, header: str, texts: PageTexts) -> str:
    """The whole document: ``head`` and ``header`` (help line, way out) are those of the chat."""
    back = f'<a data-replaces href="/">{escape(texts.safety.back)}</a>'
    return (
        '<!doctype html><html lang="en-AU"><head><meta charset="utf-8">'
        f'{head}</head><body>{header}<main id="page"><section id="safety">'
        f"{safety_html(texts, back)}</section></main></body></html>"
    )
