"""``diff-rules``: what a change to the safety rules changes, before it goes live."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.cli.program import ATTENTION, DONE, Commands, add_command
from bot.cli.terminal import Ink, progress, wrapped
from bot.cli.words import ways
from bot.errors import BotError
from bot.safety import SafetyLayer
from bot.safety.rulebook import RuleBook
from bot.safety.rules import read_rules
from bot.settings import PROJECT, Settings
from bot.types import Level

#: Labelled messages of a checkout that rules may be written from.
_CASES = PROJECT / "tests" / "cases" / "safety" / "tune"
_NAME = "safety_rules.yaml"
#: Messages between two signs of progress.
_STEP = 200

Turns = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a visitor sees for a message."""

    level: Level
    categories: tuple[str, ...]
    services: tuple[str, ...]
    card: str

    def __str__(self) -> str:
        about = f" ({', '.join(self.categories)})" if self.categories else ""
        return f"{self.level.label}{about}"


@dataclass(frozen=True, slots=True)
class Change:
    """A message that comes out otherwise; ``label`` is what it should be, where that is known."""

    turns: Turns
    label: str
    old: Outcome
    new: Outcome

    @property
    def kind(self) -> str:
        """The heading it is told under."""
        if self.old.level >= Level.CRISIS > self.new.level:
            return "No longer brings up a card"
        if self.new.level >= Level.CRISIS > self.old.level:
            return "Now brings up a card"
        if self.new.level < self.old.level:
            return "Less urgent"
        if self.new.level > self.old.level:
            return "More urgent"
        if self.old.categories != self.new.categories:
            return "About something else"
        if self.old.services != self.new.services:
            return "Other services"
        return "Another card"


#: The order in which changes are told, the ones that take help away first.
KINDS = (
    "No longer brings up a card",
    "Less urgent",
    "Now brings up a card",
    "More urgent",
    "About something else",
    "Other services",
    "Another card",
)


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = add_command(
        commands,
        "diff-rules",
        "every message whose outcome a change to the rules changes",
        "Every example and labelled message whose outcome differs between two versions of the "
        "safety rules, and what else a visitor will read otherwise. Exit code 1 if anything does.",
        [
            "python -m bot diff-rules old/safety_rules.yaml safety_rules.yaml",
            "python -m bot diff-rules HEAD safety_rules.yaml    against the last commit (git)",
        ],
    )
    what = "a rules file, a folder with safety_rules.yaml in it, or a version known to git"
    parser.add_argument("old", metavar="OLD", help=what)
    parser.add_argument("new", metavar="NEW", help="the same")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _settings: Settings) -> int:
    """Compare two versions; 1 if a visitor would see any difference."""
    ink = Ink(sys.stdout)
    with ExitStack() as stack:
        on_progress = stack.enter_context(progress())
        paths = [stack.enter_context(_version(name)) for name in (options.old, options.new)]
        layers = []
        for number, path in enumerate(paths):
            on_progress("Reading the rules", number, len(paths))
            layers.append(SafetyLayer.load(path))
            layers[-1].learn()
        on_progress("Reading the rules", len(paths), len(paths))
        before, after = layers
        old, new = (read_rules(path) for path in paths)
        cases = gathered(old, new)
        changes = list(
            compared(
                before,
                after,
                cases,
                lambda done: on_progress("Comparing messages", done, len(cases)),
            )
        )
    print("\n".join(told(old, new, changes, len(cases), ink)))
    return ATTENTION if changes or wording(old, new) else DONE


@contextmanager
def _version(name: str) -> Iterator[Path]:
    """The rules file that ``name`` stands for; one that git has to get lasts as long as this."""
    path = Path(name)
    if path.is_dir():
        path = path / _NAME
    if path.exists():
        yield path
        return
    with TemporaryDirectory(prefix="rules-") as folder:
        _from_git(name, Path(folder))
        yield Path(folder) / _NAME


def _from_git(revision: str, folder: Path) -> None:
    failed = BotError(
        f"{revision}: there is no such file or folder, and git knows no version of this name "
        f"with a {_NAME}. Give the old and the new rules file."
    )
    if revision.startswith("-"):
        raise failed
    wanted = [_NAME, "safety_rules", "safety_examples"]
    try:
        done = subprocess.run(
            ["git", "archive", "--format=tar", revision, "--", *wanted],  # noqa: S607
            cwd=PROJECT,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        raise failed from None
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def gathered(old: RuleBook, new: RuleBook) -> dict[Turns, str]:
    """Every message to compare, with its label where it has one: ``crisis family_violence``."""
    cases: dict[Turns, str] = {}
    for book in (old, new):
        for rule in book.rules:
            for example in (*rule.examples, *rule.counter_examples):
                cases.setdefault(example.turns, "")
        for overlay in book.overlays:
            for example in (*overlay.examples, *overlay.counter_examples):
                cases.setdefault(example.turns, "")
    for folder in (old.examples_folder, new.examples_folder, _CASES):
        for path in sorted(folder.glob("*.jsonl")):
            for row in _rows(path):
                turns = tuple(row.get("turns") or [row["text"]])
                label = f"{row['level']} {row['category']}".removesuffix(" none")
                cases[turns] = label
    return cases


def _rows(path: Path) -> Iterator[dict[str, str]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict) or not _is_labelled(row):
                raise BotError(
                    f"{path}:{number}: the line is no labelled message. "
                    "python -m bot check-rules says more."
                )
            yield row


def _is_labelled(row: dict[str, str]) -> bool:
    return {"level", "category"} <= row.keys() and bool({"text", "turns"} & row.keys())


def compared(
    old: SafetyLayer,
    new: SafetyLayer,
    cases: dict[Turns, str],
    on_progress: Callable[[int], None] = lambda _done: None,
) -> Iterator[Change]:
    """The messages that come out otherwise, in the order of ``cases``."""
    for done, (turns, label) in enumerate(cases.items()):
        if done % _STEP == 0:
            on_progress(done)
        before, after = _outcome(old, turns), _outcome(new, turns)
        if before != after:
            yield Change(turns, label, before, after)
    on_progress(len(cases))


def _outcome(layer: SafetyLayer, turns: Turns) -> Outcome:
    assessment = layer.undoubted(layer.assess(turns))
    card = layer.card(assessment, turns, again=False)
    texts = layer.book.cards.values()
    return Outcome(
        assessment.level,
        tuple(map(str, assessment.categories)),
        tuple(resource.id for resource in layer.shown(assessment, turns)),
        next((one.id for one in texts if card and one.headline == card.headline), ""),
    )


def wording(old: RuleBook, new: RuleBook) -> list[str]:
    """What a visitor reads otherwise whatever they write: services, cards, quiet lines."""
    lines: list[str] = []
    for kind, before, after in (
        ("service", _services(old), _services(new)),
        ("card", _cards(old), _cards(new)),
        ("line", _lines(old), _lines(new)),
    ):
        lines += [f"{kind} {name}: removed" for name in before if name not in after]
        lines += [f"{kind} {name}: new" for name in after if name not in before]
        for name in before:
            if name in after and before[name] != after[name]:
                lines.append(f"{kind} {name}:\n  - {before[name]}\n  + {after[name]}")
    return lines


def _services(book: RuleBook) -> dict[str, str]:
    return {
        one.id: "; ".join((one.name, ways(one), one.hours, one.audience, one.region))
        for one in book.resources.values()
    }


def _cards(book: RuleBook) -> dict[str, str]:
    return {
        card.id: " / ".join((card.headline, *card.lines, *card.again, *card.resources))
        for card in book.cards.values()
    }


def _lines(book: RuleBook) -> dict[str, str]:
    signposts = {
        f"signpost {one.category or 'default'}": f"{one.line} {', '.join(one.resources)}"
        for one in book.signposts
    }
    remarks = {f"remark {one.id}": one.line for one in book.remarks}
    return {
        "opening": book.opening,
        "standing": ", ".join(book.standing),
        **signposts,
        **remarks,
    }


def told(
    old: RuleBook, new: RuleBook, changes: Sequence[Change], cases: int, ink: Ink
) -> Iterator[str]:
    """The differences for people, the ones that take help away first."""
    before, after = ({rule.id for rule in book.rules} for book in (old, new))
    for title, names in (("Rules removed", before - after), ("Rules added", after - before)):
        if names:
            yield wrapped(f"{ink.strong(f'{title}:')} {', '.join(sorted(names))}", "  ", "")
    words = wording(old, new)
    if words:
        yield ink.strong(f"Words and services that change ({len(words)})")
        yield from (f"  {line}" for text in words for line in text.split("\n"))
    for kind in KINDS:
        found = [change for change in changes if change.kind == kind]
        if found:
            worse = kind in KINDS[:2]
            title = f"{kind} ({len(found)})"
            yield ink.alarm(title) if worse else ink.strong(title)
            yield from (_told(change, ink) for change in found)
    yield f"{len(changes)} of {cases} messages come out otherwise."


def _told(change: Change, ink: Ink) -> str:
    label = ink.faint(f"  (labelled {change.label})") if change.label else ""
    lines = [wrapped(f"“{' // '.join(change.turns)}”", "    ", "  ") + label]
    if str(change.old) != str(change.new):
        lines.append(f"    {change.old} -> {change.new}")
    if change.kind == "Other services":
        gone = [name for name in change.old.services if name not in change.new.services]
        fresh = [name for name in change.new.services if name not in change.old.services]
        moved = "" if gone or fresh else "in another order: " + ", ".join(change.new.services)
        more = [*(f"without {name}" for name in gone), *(f"with {name}" for name in fresh), moved]
        lines.append(f"    {', '.join(filter(None, more))}")
    if change.kind == "Another card":
        lines.append(f"    {change.old.card} -> {change.new.card}")
    return "\n".join(lines)
