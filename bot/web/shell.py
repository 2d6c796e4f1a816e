"""The document around the chat: complete before any script runs, useful when none ever does.

Gradio draws its page with scripts only. The help line, the way out and what this page is must not
wait for that, so they are put into the HTML document itself, with the styles and the small script
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
from bot.web.render import standing_help
from bot.web.texts import PageTexts

_HERE = Path(__file__).parent
# Gradio's own title cards for social networks: advertising, and an address on another site.
_META = re.compile(r'<meta\s+(?:property|name)="(?:og|twitter):[^>]*?/?>\s*', re.DOTALL)
# Fetches a script by which a page around this one could reach into it.
_RESIZER = re.compile(r"document\.head\.appendChild\(script\);")
_MANIFEST = re.compile(r'<link rel="manifest"[^>]*>\s*')


class ShellError(BotError):
    """Gradio's page is not of the form that this version knows how to complete."""


class Shell:
    """Completes Gradio's document with everything that must not wait for a script."""

    def __init__(self, standing: Sequence[Resource], texts: PageTexts) -> None:
        styles = (_HERE / "styles.css").read_text(encoding="utf-8")
        turns = (_HERE / "turns.js").read_text(encoding="utf-8")
        script = (_HERE / "script.js").read_text(encoding="utf-8")
        words = json.dumps(
            {"tooLong": texts.waited_too_long, "notSent": texts.not_sent}, ensure_ascii=True
        ).replace("<", "\\u003c")
        self._head = (
            f"<title>{escape(texts.tab_title)}</title>"
            '<link rel="icon" type="image/svg+xml" href="/icon.svg">'
            # Before anything is drawn, so that nothing meant for blocked scripts flashes up.
            '<script>document.documentElement.classList.add("scripted")</script>'
            '<meta name="robots" content="noindex">'
            '<meta name="color-scheme" content="light dark">'
            f"<style>{styles}</style>"
        )
        heading = escape(texts.heading)
        self._body = (
            f'<header id="top"><div id="standing">{standing_help(standing, texts)}</div>'
            '<div id="pinned"></div></header>'
            f'<section id="page" aria-label="{heading}"><div id="intro"><h1>{heading}</h1>'
            f'<p class="what">{escape(texts.about)}</p>'
            f'<p class="start">{escape(texts.intro)}</p></div>'
            '<div id="transcript" role="log"></div>'
            '<p id="trouble" role="alert" hidden></p>'
            f'<button type="button" id="wipe">{escape(texts.clear)}</button>'
            f'<p id="loading">{escape(texts.loading)}</p>'
            f'<p class="no-script">{escape(texts.no_script)}</p></section>'
        )
        self._foot = (
            f'<footer id="foot"><p>{escape(texts.privacy)}</p></footer>'
            f'<script type="application/json" id="words">{words}</script>'
            f"<script>{turns}\nwindow.said = said;</script><script>{script}</script>"
        )

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
