"""``check``: what the safety rules make of a message; needs no model and no index."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from bot.cli.lines import Row, answer_lines
from bot.safety import SafetyLayer
from bot.safety.cues import NET
from bot.settings import Settings
from bot.types import Assessment, Hit

if TYPE_CHECKING:
    from collections.abc import Sequence


#: Near misses shown to a person.
_MOST_NEAR = 6


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "check",
        help="what the safety rules make of a message",
        description="What the safety rules make of a message, in words; or, without a message, "
        "of JSON lines on standard input, one JSON line out for each.",
    )
    parser.add_argument("message", nargs="*", help="the visitor's turns, oldest first")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Check the messages given; the exit code."""
    layer = SafetyLayer.load(settings.rules)
    layer.learn()
    if options.message:
        print(describe(layer, options.message))
        return 0
    return answer_lines(lambda turns: as_row(layer, turns), sys.stdin)


def as_row(layer: SafetyLayer, turns: Sequence[str]) -> Row:
    """The outcome of a conversation for machines.

    A rule's span and text are of the turn it fired in; ``turn`` tells which, where there are
    several.
    """
    assessment = layer.assess(turns)
    several = len(turns) > 1
    return {
        "level": assessment.level.label,
        "categories": [str(category) for category in assessment.categories],
        "rules": [
            {
                "id": hit.rule,
                "category": str(hit.category),
                "span": list(hit.span),
                "text": hit.text,
                **({"turn": hit.turn} if several else {}),
            }
            for hit in assessment.hits
        ],
        "resources": [resource.id for resource in layer.shown(assessment, turns)],
    }


def describe(layer: SafetyLayer, turns: Sequence[str]) -> str:
    """The outcome of a conversation in words a support worker understands."""
    assessment = layer.assess(turns)
    lines = [f"Level: {assessment.level.label}"]
    if assessment.categories:
        lines.append(f"About: {', '.join(assessment.categories)}")
    lines += _fired(layer, assessment)
    card = layer.card(assessment, turns, again=False)
    if card:
        lines += ["", f"The card: {card.headline}", *(f"  {line}" for line in card.lines)]
        lines += [f"  - {each.name}: {each.phone or each.chat}" for each in card.resources]
    note = layer.note(assessment)
    if note:
        lines += ["", f"Below the answer: {note}"]
    if assessment.near:
        lines += ["", "Nearly matched:"]
        near = assessment.near[:_MOST_NEAR]
        lines += [f"  {hit.rule}: “{hit.text}” {_lowered(hit)}" for hit in near]
    return "\n".join(lines)


def _fired(layer: SafetyLayer, assessment: Assessment) -> list[str]:
    if not assessment.hits:
        return ["No rule matches."]
    why = {rule.id: rule.why for rule in layer.book.rules}
    why |= {answer.id: answer.why for answer in layer.book.answers}
    why[NET] = "It resembles the example messages of people at risk."
    lines = ["", "What matched:"]
    for hit in assessment.hits:
        lowered = f" {_lowered(hit)}" if hit.lowered_by else ""
        lines.append(f"  “{hit.text}” ({hit.category}, {hit.level.label}){lowered}")
        lines.append(f"    {hit.rule}: {why[hit.rule]}")
    return lines


def _lowered(hit: Hit) -> str:
    match hit.lowered_by:
        case "unless":
            return "- left out by the rule's own 'unless'"
        case "requires":
            return "- what the rule 'requires' besides is not there"
        case stance:
            return f"- lowered by the stance '{stance}'"
