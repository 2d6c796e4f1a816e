"""The words in which levels, categories and cards are told to people."""

from __future__ import annotations

from bot.cli.terminal import Ink, wrapped
from bot.types import Card, Category, Level, Resource

#: What a visitor sees at each level.
MEANING = {
    Level.NONE: "Nothing was found: no card comes up, and the question is answered.",
    Level.SIGNPOST: "The question is answered, with one quiet line of who to call below.",
    Level.CRISIS: "A card with who to call comes up before anything else.",
    Level.EMERGENCY: "A card with Triple Zero comes up, and nothing else is said.",
}

CATEGORIES = {
    Category.IMMEDIATE_DANGER: "danger now",
    Category.CHILD_AT_RISK: "a child at risk",
    Category.SUICIDE_SELF_HARM: "suicide or self-harm",
    Category.SEXUAL_ASSAULT: "sexual assault",
    Category.FAMILY_VIOLENCE: "family violence",
    Category.HARM_TO_OTHERS: "harm to others",
    Category.USING_VIOLENCE: "the writer uses violence",
}


def ways(resource: Resource) -> str:
    """How to reach a service, in one line."""
    text = f"text {resource.sms}" if resource.sms else ""
    return ", ".join(filter(None, (resource.phone, text, resource.chat)))


def card_lines(card: Card, ink: Ink) -> list[str]:
    """A card as a visitor reads it."""
    lines = [ink.alarm(card.headline), *(wrapped(line) for line in card.lines)]
    width = max((len(each.name) for each in card.resources), default=0)
    for each in card.resources:
        hours = ink.faint(f"  {each.hours}") if each.hours else ""
        lines.append(f"  {each.name:<{width}}  {ways(each)}{hours}")
    return lines
