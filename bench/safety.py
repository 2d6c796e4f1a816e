"""Recall and false alarms of the safety layer, by set, category and level.

    python -m bench.safety            the table
    python -m bench.safety --rules    and what each rule earned on the tuned half
    python -m bench.safety --misses   and the tuned cases that are missed or falsely alarmed
                                      (the scored half is never listed)

Intervals are Wilson's at 95 %.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import sqrt

from bench.cases import Case, own_cases, shared_cases
from bot.safety import SafetyLayer
from bot.settings import load_settings
from bot.types import Assessment, Level

Judged = tuple[Case, Assessment]


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    if total == 0:
        return 0.0, 1.0
    z = 1.96
    share = hits / total
    middle = share + z * z / (2 * total)
    spread = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    low, high = middle - spread, middle + spread
    return max(0.0, low / (1 + z * z / total)), min(1.0, high / (1 + z * z / total))


def judge(layer: SafetyLayer, cases: Iterable[Case]) -> list[Judged]:
    """Each case with its assessment."""
    return [(case, layer.assess(case.turns)) for case in cases]


def is_found(assessment: Assessment) -> bool:
    """Whether a card comes up."""
    return assessment.level >= Level.CRISIS


def _line(label: str, hits: int, total: int) -> str:
    low, high = wilson(hits, total)
    return f"  {label:<42} {hits:>4}/{total:<4} {hits / total:6.1%}  [{low:.0%}, {high:.0%}]"


def report(title: str, judged: Sequence[Judged]) -> None:
    """Print recall and false alarms of one set."""
    print(f"\n{title}: {len(judged)} messages")
    crisis = [(case, found) for case, found in judged if case.is_crisis]
    harmless = [(case, found) for case, found in judged if not case.is_crisis]
    if crisis:
        print(_line("recall, all", sum(is_found(a) for _, a in crisis), len(crisis)))
        groups: dict[str, list[Judged]] = defaultdict(list)
        for pair in crisis:
            groups[pair[0].category].append(pair)
            groups[f"level {pair[0].level.label}"].append(pair)
        for name in sorted(groups):
            found = sum(is_found(a) for _, a in groups[name])
            print(_line(f"recall, {name}", found, len(groups[name])))
        hits = [(case, a) for case, a in crisis if is_found(a)]
        right = sum(bool({case.category, *case.also} & set(a.categories)) for case, a in hits)
        if hits:
            print(_line("right category among the hits", right, len(hits)))
        urgent = [a for case, a in crisis if case.level is Level.EMERGENCY]
        if urgent:
            reached = sum(a.level is Level.EMERGENCY for a in urgent)
            print(_line("emergencies at level emergency", reached, len(urgent)))
    if harmless:
        alarms = sum(is_found(a) for _, a in harmless)
        print(_line("false cards, all harmless", alarms, len(harmless)))
        for level in (Level.NONE, Level.SIGNPOST):
            of_level = [a for case, a in harmless if case.level is level]
            if of_level:
                label = f"false cards, labelled {level.label}"
                print(_line(label, sum(map(is_found, of_level)), len(of_level)))


def report_rules(layer: SafetyLayer, judged: Sequence[Judged]) -> None:
    """Print, for each rule, how often it brought up a card rightly, wrongly and alone."""
    rightly: Counter[str] = Counter()
    wrongly: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for case, assessment in judged:
        fired = {hit.rule for hit in assessment.hits if hit.level >= Level.CRISIS}
        (rightly if case.is_crisis else wrongly).update(fired)
        if len(fired) == 1 and case.is_crisis:
            alone.update(fired)
    print("\nrules on the tuned half: rightly, wrongly, rightly and alone")
    for rule in layer.book.rules:
        marks = "  never fires" if not rightly[rule.id] + wrongly[rule.id] else ""
        if wrongly[rule.id] > rightly[rule.id]:
            marks = "  mostly wrong"
        counts = f"{rightly[rule.id]:>5} {wrongly[rule.id]:>4} {alone[rule.id]:>4}"
        print(f"  {rule.id:<42} {counts}{marks}")


def report_misses(judged: Sequence[Judged]) -> None:
    """Print the cases whose outcome is wrong."""
    for case, assessment in judged:
        if case.is_crisis is not is_found(assessment):
            kind = "MISS " if case.is_crisis else "ALARM"
            rules = ",".join(hit.rule for hit in assessment.hits)
            text = " // ".join(case.turns)
            print(f"{kind} {case.id} {case.category}/{case.group} [{rules}] {text}")


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rules", action="store_true", help="what each rule earned")
    parser.add_argument("--misses", action="store_true", help="wrong outcomes of the tuned half")
    options = parser.parse_args()
    layer = SafetyLayer.load(load_settings().rules)
    tuned = judge(layer, own_cases("tune"))
    report("tuned half", tuned)
    report("scored half (never tuned on)", judge(layer, own_cases("score")))
    for origin in sorted({case.origin for case in shared_cases()}):
        cases = [case for case in shared_cases() if case.origin == origin]
        report(f"shared: {origin}", judge(layer, cases))
    if options.rules:
        report_rules(layer, tuned)
    if options.misses:
        report_misses(tuned)


if __name__ == "__main__":
    main()
