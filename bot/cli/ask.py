"""``ask``: one question answered as the chat would, for people or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Sequence

from bot.build import build
from bot.cli.lines import Row, answer_lines
from bot.settings import Settings
from bot.types import Card, Reply


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "ask",
        help="answer a question as the chat would",
        description="Answer a question as the chat would; without a question, answer JSON lines "
        "on standard input, one JSON line out for each.",
    )
    parser.add_argument("question", nargs="*", help="the visitor's turns, oldest first")
    parser.add_argument("--json", action="store_true", help="print the whole reply as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Answer the question or the lines given; the exit code."""
    parts = build(settings)
    parts.safety.learn()
    bot = parts.bot
    if not options.question:
        return answer_lines(lambda turns: as_row(bot.reply(turns)), sys.stdin)
    reply = bot.reply(options.question)
    print(json.dumps(as_row(reply), indent=2) if options.json else describe(reply))
    return 1 if reply.kind == "error" else 0


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


def describe(reply: Reply) -> str:
    """A reply for people at a terminal: the card first, sources last."""
    parts: list[str] = []
    if reply.card:
        parts.append(_card_lines(reply.card))
    if reply.text:
        parts.append("\n".join(textwrap.fill(line, 88) for line in reply.text.split("\n")))
    if reply.note:
        parts.append(textwrap.fill(reply.note, 88))
    if reply.citations:
        parts.append("\n".join(_sources(reply)))
    return "\n\n".join(parts)


def _card_lines(card: Card) -> str:
    lines = [f"** {card.headline} **", *card.lines]
    for resource in card.resources:
        ways = [resource.phone, f"text {resource.sms}" if resource.sms else "", resource.chat]
        lines.append(f"  {resource.name}: {', '.join(filter(None, ways))}")
    return "\n".join(lines)


def _sources(reply: Reply) -> Sequence[str]:
    return [
        f"[{citation.number}] {citation.title}, {citation.section or 'introduction'}"
        f"{f' <{citation.url}>' if citation.url else ''}"
        for citation in reply.citations
    ]
