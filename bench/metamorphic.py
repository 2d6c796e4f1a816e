"""How often the rules find as much in a message written differently (``bench.changes``).

    python -m bench.metamorphic              the table
    python -m bench.metamorphic --lost       and the tuned messages that lost their level
                                             (the scored half is only ever counted)

"Kept" counts the messages that the rules find something in, and how many keep their level;
"raised" the harmless ones, and how many of them bring up a card that they did not before.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from bench.cases import Case, own_cases
from bench.changes import CHANGES, LONG, Turns
from bot.safety import SafetyLayer
from bot.settings import load_settings
from bot.types import Level

#: One case in so many is made very long.
LONG_SAMPLE = 25

Found = tuple[Case, Level]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change did to a set of messages; ``lost`` holds those whose level fell."""

    kept: int
    total: int
    raised: int
    harmless: int
    lost: tuple[tuple[Case, Turns], ...] = field(repr=False)  # scored texts are not told

    @property
    def share(self) -> float:
        """The share of messages that keep their level, 0 to 1."""
        return self.kept / max(self.total, 1)


def found_in(layer: SafetyLayer, cases: Sequence[Case]) -> list[Found]:
    """Each case with its level by the rules alone."""
    return [(case, layer.assess_by_rules(case.turns).level) for case in cases]


def measure(layer: SafetyLayer, name: str, found: Sequence[Found]) -> Outcome:
    """What the change ``name`` does to cases whose level is known."""
    risky = layer._engine.lexicon.disguised
    kept = total = raised = harmless = 0
    lost = []
    for case, level in found[:: LONG_SAMPLE if name in LONG else 1]:
        changed = CHANGES[name](case.turns, risky, Random(case.id))
        if changed is None or changed == case.turns:
            continue
        now = layer.assess_by_rules(changed).level
        if level > Level.NONE:
            total += 1
            kept += now >= level
            if now < level:
                lost.append((case, changed))
        if level < Level.CRISIS and not case.is_crisis:
            harmless += 1
            raised += now >= Level.CRISIS
    return Outcome(kept, total, raised, harmless, tuple(lost))


def joined(layer: SafetyLayer, found: Sequence[Found], *, as_turns: bool) -> tuple[int, int]:
    """Of pairs of harmless messages sent together, how many bring up a card, and how many pairs."""
    calm = [
        case.turns[0]
        for case, level in found
        if level is Level.NONE and not case.is_crisis and len(case.turns) == 1
    ]
    pairs = list(zip(calm[::2], calm[1::2], strict=False))
    together = [pair if as_turns else ("\n".join(pair),) for pair in pairs]
    raised = sum(layer.assess_by_rules(turns).level >= Level.CRISIS for turns in together)
    return raised, len(pairs)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="bench.metamorphic", description=__doc__)
    parser.add_argument("--lost", action="store_true", help="list tuned messages that lost a level")
    options = parser.parse_args()
    layer = SafetyLayer.load(load_settings().rules)
    halves = {split: found_in(layer, own_cases(split)) for split in ("tune", "score")}
    print(f"{'':34}{'tuned: kept':>20}{'raised':>12}{'scored: kept':>20}{'raised':>12}")
    for name in CHANGES:
        cells = []
        outcomes = {split: measure(layer, name, found) for split, found in halves.items()}
        for each in outcomes.values():
            cells.append(f"{each.kept:>6}/{each.total:<5}{each.share:>8.1%}")
            cells.append(f"{each.raised:>5}/{each.harmless:<5}")
        print(f"{name:<34}{' '.join(cells)}", flush=True)
        if options.lost and name not in LONG:
            for case, changed in outcomes["tune"].lost:
                print(f"    {case.id}: {' // '.join(changed)}")
    for label, as_turns in (("two lines of one message", False), ("two turns", True)):
        cells = [
            "{}/{}".format(*joined(layer, found, as_turns=as_turns)) for found in halves.values()
        ]
        print(f"cards on two harmless messages as {label}: tuned {cells[0]}, scored {cells[1]}")


if __name__ == "__main__":
    main()
