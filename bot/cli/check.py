"""``check``: what the safety rules and the second net make of a message; needs no index."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rapidfuzz import fuzz, process

from bot import types
from bot.build import complete
from bot.cli.lines import Row, answer_lines
from bot.cli.program import DONE, Commands, add_command
from bot.cli.sources import Lines, read_lines
from bot.cli.terminal import Ink, waiting, wrapped
from bot.cli.words import CATEGORIES, MEANING, card_lines
from bot.safety import SafetyLayer, screen
from bot.safety.load import load_engine
from bot.safety.match import Engine
from bot.safety.net import NET
from bot.settings import Settings
from bot.types import Assessment, Hit, Level

#: Near misses, and examples much alike, that are shown to a person.
_MOST_NEAR = 6
_MOST_ALIKE = 3
_ALIKE = 60.0  # of 100, as rapidfuzz counts


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = add_command(
        commands,
        "check",
        "what the safety rules make of a message, and why",
        "What the safety rules make of a message, in words; or, without a message, of JSON lines "
        "on standard input, one JSON line out for each. Nothing is kept of it.",
        [
            'python -m bot check "I don\'t feel safe at home"',
            'python -m bot check "he put his hands" "round my neck"    two turns of one visitor',
            "python -m bot check < messages.jsonl",
        ],
    )
    parser.add_argument(
        "--rules-only",
        action="store_true",
        help="leave the second net out: quicker, and shows what the rules find by themselves",
    )
    parser.add_argument(
        "message", metavar="MESSAGE", nargs="*", help="the visitor's turns, oldest first"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Check the messages given; the exit code."""
    with waiting("Reading the rules ..."):
        engine = load_engine(settings.rules)
        layer = SafetyLayer(engine)
        if not options.rules_only:
            complete(layer, settings)
    if options.message:
        print(describe(Explainer(engine, layer), options.message, Ink(sys.stdout)))
        return DONE
    return answer_lines(lambda turns: as_row(layer, turns), sys.stdin)


def as_row(layer: SafetyLayer, turns: Sequence[str]) -> Row:
    """The outcome of a conversation for machines.

    A rule's span and text are of the turn it fired in; ``turn`` tells which, where there are
    several.
    """
    assessment = layer.assess_fully(turns)
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


class Explainer:
    """Tells why a message comes out as it does."""

    def __init__(self, engine: Engine, layer: SafetyLayer) -> None:
        """Explain what ``layer``, made of ``engine``, finds."""
        self.layer = layer
        self._rules = {rule.id: rule for rule in engine.book.rules}
        self._answers = {answer.id: answer for answer in engine.book.answers}
        self._stances = {each.stance.id: each.stance.why for each in engine.stances}
        self._folder = engine.book.path.resolve().parent

    def why(self, rule: str) -> str:
        """The idea of a rule."""
        if rule == NET:
            return "It resembles example messages of people at risk (docs/rules.md):"
        return (self._rules.get(rule) or self._answers[rule]).why

    def place(self, rule: str) -> str:
        """The name of a rule and where it is written."""
        if rule == NET:
            return f"Second net, {self.layer.book.examples_folder.name}/"
        known = self._rules.get(rule)
        place = known.place if known else self.layer.book.places[f"answers: {rule}"]
        path = place.path.resolve()
        inside = path.is_relative_to(self._folder)
        return f"Rule {rule}, {path.relative_to(self._folder) if inside else path}:{place.line}"

    def lowered(self, hit: Hit) -> str:
        """What took a hit's level down; empty if nothing did."""
        match hit.lowered_by:
            case "":
                return ""
            case screen.MAYBE:
                return "only the quiet line: these words as often mean no harm ('maybe')"
            case types.DOUBTED:
                return "only the quiet line: the whole is like the harmless examples ('doubted')"
            case "unless":
                return "left out by the rule's own 'unless'"
            case "requires":
                return "left out, because what the rule 'requires' besides was not said"
            case stance:
                to = "left out" if hit.level is Level.NONE else f"lowered to {hit.level.label}"
                return f"{to} by the stance '{stance}': {self._stances.get(stance, '')}"

    def alike(self, turns: Sequence[str]) -> list[tuple[str, str]]:
        """Examples of rules that are much like a message, each with its rule."""
        text = " ".join(turns).lower()
        known: Lines = read_lines(self.layer.book.path)
        examples = {
            line.text: rule for rule, lists in known.items() for line in lists.get("examples", ())
        }
        found = process.extract(
            text,
            examples.keys(),
            scorer=fuzz.token_set_ratio,
            processor=str.lower,
            limit=_MOST_ALIKE,
            score_cutoff=_ALIKE,
        )
        return [(example, examples[example]) for example, _, _ in found]


def describe(explainer: Explainer, turns: Sequence[str], ink: Ink) -> str:
    """The outcome of a conversation in words a support worker understands."""
    layer = explainer.layer
    assessment = layer.assess_fully(turns)
    label = assessment.level.label
    outcome = ink.good(label) if assessment.level < Level.CRISIS else ink.alarm(label)
    parts = [
        *(f"  {line}" for line in marked(turns, assessment.hits, ink)),
        "",
        f"{ink.strong('Level:')} {outcome}. {MEANING[assessment.level]}",
    ]
    if assessment.categories:
        about = ", ".join(CATEGORIES[category] for category in assessment.categories)
        parts.append(f"{ink.strong('About:')} {about}.")
    parts += _fired(explainer, assessment, ink)
    parts += _near(explainer, assessment, ink)
    card = layer.card(assessment, turns, again=False)
    if card:
        parts += ["", ink.strong("The card:"), *_indented(card_lines(card, ink))]
    note = layer.note(assessment)
    if note:
        parts += ["", ink.strong("Below the answer:"), wrapped(note, "  ")]
    if assessment.level < Level.CRISIS:
        parts += _not_found(explainer, turns, ink)
    return "\n".join(parts)


def marked(turns: Sequence[str], hits: Sequence[Hit], ink: Ink) -> list[str]:
    """The turns with everything that was found between «», and the numbers of the finds."""
    lines = []
    for number, turn in enumerate(turns):
        text, at = "", 0
        for start, end, names in _regions(number, hits):
            text += turn[at:start] + ink.alarm(f"«{turn[start:end]}»") + f"({names})"
            at = end
        lines.append(text + turn[at:])
    return lines


def _regions(turn: int, hits: Sequence[Hit]) -> list[tuple[int, int, str]]:
    """The ranges of a turn that hits cover, overlapping ones as one, with the hits' numbers."""
    spans = sorted(
        (*hit.span, number) for number, hit in enumerate(hits, 1) if hit.turn == turn and hit.text
    )
    regions: list[tuple[int, int, list[int]]] = []
    for start, end, number in spans:
        if regions and start < regions[-1][1]:
            first, last, numbers = regions[-1]
            regions[-1] = (first, max(last, end), [*numbers, number])
        else:
            regions.append((start, end, [number]))
    return [(start, end, ",".join(map(str, sorted(numbers)))) for start, end, numbers in regions]


def _fired(explainer: Explainer, assessment: Assessment, ink: Ink) -> list[str]:
    lines = ["", ink.strong("What was found:")] if assessment.hits else []
    for number, hit in enumerate(assessment.hits, 1):
        about = CATEGORIES[hit.category]
        lines.append(f"  {number}  “{hit.text}” - {about}, {hit.level.label}")
        lines.append(wrapped(explainer.why(hit.rule), "     "))
        lines += [wrapped(f"like “{reason}”", "       ", "     - ") for reason in hit.because]
        lowered = explainer.lowered(hit)
        if lowered:
            lines.append(wrapped(f"{lowered[:1].upper()}{lowered[1:]}", "     "))
        lines.append(ink.faint(f"     {explainer.place(hit.rule)}"))
    return lines


def _near(explainer: Explainer, assessment: Assessment, ink: Ink) -> list[str]:
    lines = ["", ink.strong("What nearly was:")] if assessment.near else []
    for hit in assessment.near[:_MOST_NEAR]:
        lines.append(wrapped(f"“{hit.text}” - {explainer.lowered(hit)}", "     ", "  -  "))
        lines.append(ink.faint(f"     {explainer.place(hit.rule)}"))
    more = len(assessment.near) - _MOST_NEAR
    return [*lines, f"  and {more} more"] if more > 0 else lines


def _not_found(explainer: Explainer, turns: Sequence[str], ink: Ink) -> list[str]:
    """Where to begin when a card should have come up."""
    alike = explainer.alike(turns)
    lines = ["", ink.strong("If a card should have come up:")]
    lines += [f"  like “{text}”, an example of rule {rule}" for text, rule in alike]
    advice = "Add the message to the examples of the rule that should find it, then a pattern; "
    return [*lines, wrapped(f"{advice}see docs/rules.md.", "  ")]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for text in lines for line in text.split("\n")]
