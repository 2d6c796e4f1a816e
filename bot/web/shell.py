"""The document around the chat: complete before any script runs, useful when none ever does.

Gradio draws its page with scripts only. The help line, the way out and what this page is must not
wait for that, so they are put into the HTML document itself, with the styles and the small scripts
inline: one response is the whole of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from bot.errors import BotError
from bot.types import Resource
from bot.web.brand import Brand
from bot.web.render import safety_link, standing_help
from bot.web.safety_page import own_page, section_in_chat
from bot.web.texts import PageTexts

_HERE = Path(__file__).parent
# Gradio's own title cards for social networks: advertising, and an address on another site.
_META = re.compile(
    r'<meta\s+(?:(?:property|name)="(?:og|twitter):|name="viewport")[^>]*?/?>\s*', re.DOTALL
)
# Fetches a script by which a page around this one could reach into it.
_RESIZER = re.compile(r"document\.head\.appendChild\(script\);")
_MANIFEST = re.compile(r'<link rel="manifest"[^>]*>\s*')


class ShellError(BotError):
    """Gradio's page is not of the form that this version knows how to complete."""


def _source(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


class Shell:
    """Completes Gradio's document with everything that must not wait for a script.

    ``safety_page`` is a whole document of its own, with the same help line and way out.
    """

    def __init__(self, standing: Sequence[Resource], texts: PageTexts, brand: Brand) -> None:
        words = json.dumps(
            {"tooLong": texts.waited_too_long, "notSent": texts.not_sent}, ensure_ascii=True
        ).replace("<", "\\u003c")
        self._head = (
            f"<title>{escape(texts.tab_title)}</title>"
            f'<link rel="icon" href="{brand.icon}">'
            # The keyboard of a phone makes the page shorter, instead of pushing its top away.
            '<meta name="viewport" content="width=device-width, initial-scale=1, '
            'interactive-widget=resizes-content">'
            # Before anything is drawn, so that nothing meant for blocked scripts flashes up.
            '<script>document.documentElement.classList.add("scripted")</script>'
            '<meta name="robots" content="noindex">'
            '<meta name="color-scheme" content="light dark">'
            f"<style>{_source('styles.css')}{brand.styles}</style>"
            f"<script>{_source('leave.js')}</script>"
        )
        help_line = f'<div id="standing">{standing_help(standing, texts)}</div>'
        heading = escape(texts.heading)
        private = safety_link(texts)
        self._body = (
            f'<header id="top">{help_line}<div id="pinned"></div></header>'
            f'<section id="page" aria-label="{heading}">'
            f'<div id="intro">{brand.html}<h1>{heading}</h1>'
            f'<p class="what">{escape(texts.about)}</p>'
            f'<p class="start">{escape(texts.intro)}</p></div>'
            '<div id="transcript" role="log"></div>'
            '<p id="trouble" role="alert" hidden></p>'
            f'<p class="tools"><button type="button" id="wipe">{escape(texts.clear)}</button>'
            f"{private}</p>"
            f'<p id="loading">{escape(texts.loading)}</p>'
            f"</section>{section_in_chat(texts)}"
            f'<noscript><main class="no-script"><p>{escape(texts.no_script)}</p></main></noscript>'
        )
        self._foot = (
            f'<footer id="foot"><p>{escape(texts.privacy)}</p><p>{private}</p></footer>'
            f'<script type="application/json" id="words">{words}</script>'
            f"<script>{_source('turns.js')}</script><script>{_source('script.js')}</script>"
        )
        self.safety_page = own_page(self._head, f'<header id="top">{help_line}</header>', texts)

    def complete(self, document: str) -> str:
        """Gradio's document with the page's own parts put in; ``ShellError`` if they have no place.

        The help line comes first in the body, before everything of Gradio's.
        """
        document = _RESIZER.sub("", _MANIFEST.sub("", _META.sub("", document)))
        document = document.replace('lang="en"', 'lang="en-AU"', 1)
        for marker, pattern, addition in (
            ("</head>", r"(?=</head>)", self._head),
            ("<gradio-app>", r"(?=<gradio-app)", self._body),
            ("</gradio-app>", r"(?<=</gradio-app>)", self._foot),
        ):
            place = re.search(pattern, document)
            if place is None:
                raise ShellError(
                    f"Gradio's page has no place for the help line ({marker} not found). "
                    "Install the version of Gradio that pyproject.toml names."
                )
            document = document[: place.start()] + addition + document[place.start() :]
        return document
