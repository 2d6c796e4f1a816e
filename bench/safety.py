"""Recall and false alarms of the safety layer, by set, category and level.

Each line gives the rules alone; the rules with the words of the second net (what is found at once,
less what is in doubt until the second look); and the rules with all of it, words and meaning.

    python -m bench.safety            the tables
    python -m bench.safety --tuned    and those of what rules and net were made from: some minutes
    python -m bench.safety --rules    and what each rule earned there
    python -m bench.safety --misses   and which of these are missed or falsely alarmed
                                      (the scored half is never listed)

The last tables show what other settings of ``false_alarms`` and ``doubted`` would bring. Intervals
are Wilson's at 95 %.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import sqrt

from bench.cases import Case, own_cases, shared_cases
from bot.build import complete
from bot.safety import SafetyLayer
from bot.settings import load_settings
from bot.types import Assessment, Level

#: A case, and what is made of it by the rules alone, with the words, and with the meaning.
Judged = tuple[Case, Assessment, Assessment, Assessment]
#: Settings of the second net that are compared.
_FALSE_ALARMS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
_DOUBTED = (0.0, 0.4, 0.5, 0.55, 0.6, 0.7)


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
    """Each case with its assessments."""
    return [_judged(layer, case) for case in cases]


def _judged(layer: SafetyLayer, case: Case) -> Judged:
    found = layer.assess(case.turns)
    again = layer.look_again(found, case.turns) or layer.undoubted(found)
    return case, layer.assess_by_rules(case.turns), found, again


def is_found(assessment: Assessment) -> bool:
    """Whether a card comes up."""
    return assessment.level >= Level.CRISIS


def _line(label: str, judged: Sequence[Judged], test: Callable[[Case, Assessment], bool]) -> None:
    cells = []
    for column in (1, 2, 3):
        hits = sum(test(one[0], one[column]) for one in judged)  # type: ignore[arg-type]
        low, high = wilson(hits, len(judged))
        share = hits / len(judged)
        cells.append(f"{hits:>4}/{len(judged):<4} {share:6.1%} [{low:4.0%}, {high:4.0%}]")
    print(f"  {label:<38} {'   '.join(cells)}")


def is_right(case: Case, assessment: Assessment) -> bool:
    """Whether a category of the case is among those returned."""
    return bool({case.category, *case.also} & set(assessment.categories))


def report(title: str, judged: Sequence[Judged]) -> None:
    """Print recall and false alarms of one set: rules alone, with the words, with the whole net."""
    print(f"\n{title}: {len(judged)} messages")
    crisis = [one for one in judged if one[0].is_crisis]
    harmless = [one for one in judged if not one[0].is_crisis]
    if crisis:
        _line("recall, all", crisis, lambda _, a: is_found(a))
        groups: dict[str, list[Judged]] = defaultdict(list)
        for one in crisis:
            groups[one[0].category].append(one)
            groups[f"level {one[0].level.label}"].append(one)
        for name in sorted(groups):
            _line(f"recall, {name}", groups[name], lambda _, a: is_found(a))
        _line("found with the right category", crisis, is_right)
        urgent = [one for one in crisis if one[0].level is Level.EMERGENCY]
        if urgent:
            _line("emergencies at emergency", urgent, lambda _, a: a.level is Level.EMERGENCY)
    if harmless:
        _line("false cards, all harmless", harmless, lambda _, a: is_found(a))
        for level in (Level.NONE, Level.SIGNPOST):
            of_level = [one for one in harmless if one[0].level is level]
            if of_level:
                label = f"false cards, labelled {level.label}"
                _line(label, of_level, lambda _, a: is_found(a))


def report_settings(layer: SafetyLayer, judged: Mapping[str, Sequence[Judged]]) -> None:
    """Print cards on crisis messages and on harmless ones at other settings of the second net."""
    now = layer.shares
    _table(
        f"false_alarms (now {now.false_alarms})",
        {share: layer.at(replace(now, false_alarms=share)) for share in _FALSE_ALARMS},
        judged,
    )
    _table(
        f"doubted (now {now.doubted})",
        {share: layer.at(replace(now, doubted=share)) for share in _DOUBTED},
        judged,
    )


def _table(
    title: str, layers: Mapping[float, SafetyLayer], judged: Mapping[str, Sequence[Judged]]
) -> None:
    print(f"\n{title}: cards on crisis messages, on harmless ones")
    print(f"  {'':<38} {'   '.join(f'{share:^17}' for share in layers)}")
    for name, cases in judged.items():
        cells = []
        for other in layers.values():
            counts = Counter(
                one[0].is_crisis for one in cases if is_found(other.assess_fully(one[0].turns))
            )
            crisis = sum(one[0].is_crisis for one in cases)
            cells.append(
                f"{counts[True]:>4}/{crisis:<4}{counts[False]:>3}/{len(cases) - crisis:<4}"
            )
        print(f"  {name:<38} {'   '.join(f'{cell:^17}' for cell in cells)}")


def report_rules(layer: SafetyLayer, judged: Sequence[Judged]) -> None:
    """Print, for each rule, how often it brought up a card rightly, wrongly and alone."""
    rightly: Counter[str] = Counter()
    wrongly: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for case, assessment, *_ in judged:
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
    for case, *_, assessment in judged:
        if case.is_crisis is not is_found(assessment):
            kind = "MISS " if case.is_crisis else "ALARM"
            rules = ",".join(hit.rule for hit in assessment.hits)
            text = " // ".join(case.turns)
            print(f"{kind} {case.id} {case.category}/{case.group} [{rules}] {text}")


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tuned", action="store_true", help="what rules and net were made from")
    parser.add_argument("--rules", action="store_true", help="what each rule earned")
    parser.add_argument("--misses", action="store_true", help="wrong outcomes of the tuned half")
    options = parser.parse_args()
    settings = load_settings()
    layer = SafetyLayer.load(settings.rules)
    complete(layer, settings)
    sets = {
        "scored half (never tuned on)": own_cases("score"),
        "disclosures and near copies of them": own_cases("near_copies"),
    }
    for case in shared_cases():
        sets.setdefault(f"shared: {case.origin}", []).append(case)
    judged = {title: judge(layer, cases) for title, cases in sets.items()}
    for title, cases in judged.items():
        report(title, cases)
    report_settings(layer, judged)
    if not (options.tuned or options.rules or options.misses):
        return
    tuned = judge(layer, own_cases("tune"))
    report("tuned half, and the examples that the net was fitted to", tuned)
    if options.rules:
        report_rules(layer, tuned)
    if options.misses:
        report_misses(tuned)


if __name__ == "__main__":
    main()
