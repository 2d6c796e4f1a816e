"""``ask``: one question answered as the chat would, for people or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date

from bot.build import build
from bot.cli.lines import Row, answer_lines
from bot.cli.program import ATTENTION, DONE, Commands, add_command
from bot.cli.terminal import Ink, waiting, wrapped
from bot.cli.words import card_lines
from bot.settings import Settings
from bot.types import Card, Citation, Reply

_LOADING = "Loading the model and the index ..."


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = add_command(
        commands,
        "ask",
        "answer a question as the chat would, with its sources",
        "Answer a question as the chat would; without a question, answer JSON lines on standard "
        "input, one JSON line out for each.",
        [
            'python -m bot ask "What is stonewalling?"',
            'python -m bot ask "What is stonewalling?" "And how long is the program?"',
            'python -m bot ask --json "What is stonewalling?"',
            "python -m bot ask < questions.jsonl",
        ],
    )
    parser.add_argument(
        "question", metavar="QUESTION", nargs="*", help="the visitor's turns, oldest first"
    )
    parser.add_argument("--json", action="store_true", help="print the whole reply as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Answer the question or the lines given; the exit code."""
    with waiting("Reading the rules ..."):
        parts = build(settings)
    bot = parts.bot
    if not options.question:
        with waiting(_LOADING):
            parts.prepare()
        return answer_lines(lambda turns: as_row(bot.reply(turns)), sys.stdin)
    screened = bot.screen(options.question)
    if screened.final is None:
        with waiting(_LOADING):
            parts.prepare()
            screened = bot.look_again(screened)
    reply = bot.answer(screened)
    ink = Ink(sys.stdout)
    print(json.dumps(as_row(reply), indent=2) if options.json else describe(reply, ink))
    return ATTENTION if reply.kind == "error" else DONE


def as_row(reply: Reply) -> Row:
    """A reply for machines; the keys are a stable interface."""
    return {
        "kind": reply.kind,
        "level": reply.level.label,
        "categories": [str(category) for category in reply.categories],
        "card": _card(reply.card),
        "text": reply.text,
        "note": reply.note,
        "citations": [
            {
                "number": citation.number,
                "title": citation.title,
                "section": citation.section,
                "url": citation.url,
                "published": citation.published,
                "quote": citation.quote,
            }
            for citation in reply.citations
        ],
        "passages": [
            {
                "id": scored.passage.id,
                "section": " > ".join(scored.passage.section),
                "text": scored.passage.text,
                "score": round(scored.score, 4),
            }
            for scored in reply.passages
        ],
        "ms": reply.ms,
    }


def _card(card: Card | None) -> Row | None:
    if card is None:
        return None
    return {
        "headline": card.headline,
        "lines": list(card.lines),
        "resources": [
            {
                "id": resource.id,
                "name": resource.name,
                "phone": resource.phone,
                "sms": resource.sms,
                "chat": resource.chat,
                "hours": resource.hours,
                "audience": resource.audience,
                "region": resource.region,
            }
            for resource in card.resources
        ],
    }


def describe(reply: Reply, ink: Ink) -> str:
    """A reply for people at a terminal: the card first, sources last."""
    parts = ["\n".join(card_lines(reply.card, ink))] if reply.card else []
    return "\n\n".join([*parts, *answer_parts(reply, ink)])


def answer_parts(reply: Reply, ink: Ink) -> list[str]:
    """Everything of a reply but its card: the answer, the quiet line, the sources."""
    parts = []
    if reply.text:
        parts.append(wrapped(reply.text))
    if reply.note:
        parts.append(ink.faint(wrapped(reply.note)))
    if reply.citations:
        parts.append("\n".join([ink.strong("Sources"), *_sources(reply.citations, ink)]))
    return parts


def _sources(citations: Sequence[Citation], ink: Ink) -> list[str]:
    lines = []
    for one in citations:
        facts = [one.title, one.section or "introduction", spoken(one.published)]
        lines.append(wrapped(", ".join(filter(None, facts)), "    ", f"[{one.number}] "))
        if one.url:
            lines.append(ink.faint(f"    {one.url}"))
        lines.append(wrapped(f"“{' '.join(one.quote.split())}”", "    "))
    return lines


def spoken(day: str) -> str:
    """An ISO date as people say it: ``24 February 2025``; anything else as it is."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return day
    return f"{found.day} {found:%B %Y}"
