"""The page of the daily counts: charts drawn in the page itself, and the tables behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

from bot.cli.pages import page, table
from bot.cli.words import CATEGORIES
from bot.types import Category, Level

_STYLE = """
svg { width: 100%; height: auto; display: block; margin: .5rem 0; }
svg text { font: 12px system-ui, sans-serif; fill: var(--faint); }
.none { fill: #9aa7b6; } .signpost { fill: #7b74c9; } .crisis { fill: #d1603d; }
.emergency { fill: #8f1027; } .plain { fill: #3b6ea5; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin: 0 .3em 0 1em; }
.key.none { background: #9aa7b6; } .key.signpost { background: #7b74c9; }
.key.crisis { background: #d1603d; } .key.emergency { background: #8f1027; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1rem 0; }
.figures div { min-width: 7rem; } .figures strong { display: block; font-size: 1.9rem; }
"""
#: Up to so many days are drawn one by one, more of them week by week.
_MOST_DAYS = 62
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 900, 240, 44, 24
_ROW, _LABEL = 26, 210


@dataclass(frozen=True, slots=True)
class _Bar:
    """One bar of the chart over time: a day, or the week that begins on it."""

    start: date
    counts: Mapping[str, int]


def report_page(days: Mapping[date, Mapping[str, int]], made_on: str) -> str:
    """The page; ``days`` in order, each with its counts, ``made_on`` an ISO date."""
    return page("What the support chat was asked", _STYLE, _sections(days), made_on)


def _sections(days: Mapping[date, Mapping[str, int]]) -> Iterator[str]:
    yield "<h1>What the support chat was asked</h1>"
    if not days:
        yield "<p>There are no counts for these days.</p>"
        return
    first, last = min(days), max(days)
    sums = _summed(days.values())
    yield f"<p>{_spoken(first)} to {_spoken(last)}, {len(days)} days with counts.</p>"
    yield (
        '<p class="faint">Counted are messages, not people: one person may write many. The rules '
        "miss some risk and find some where there is none. No message was kept to make this, and "
        "small numbers are held back, so that nobody can be found in them.</p>"
    )
    levels = {level: sums.get(f"level:{level.label}", 0) for level in Level}
    cards = levels[Level.CRISIS] + levels[Level.EMERGENCY]
    figures = [
        (sum(levels.values()), "messages"),
        (cards, "with a crisis card"),
        (levels[Level.EMERGENCY], "of these emergencies"),
    ]
    yield '<div class="figures">'
    yield from (f"<div><strong>{number:,}</strong>{name}</div>" for number, name in figures)
    yield "</div>"
    bars, unit = _bars(days)
    yield f"<h2>Messages by {unit}</h2>"
    keys = "".join(f'<span class="key {one.label}"></span>{one.label}' for one in Level)
    yield f"<p>{keys}</p>"
    yield _over_time(bars, unit)
    topics = [(CATEGORIES[one], sums.get(f"category:{one}", 0)) for one in Category]
    yield "<h2>What cards were about</h2>"
    yield '<p class="faint">A message can be about several of these.</p>'
    yield _across(topics)
    other = [
        (name.replace("_", " ").replace(":", ": "), number)
        for name, number in sorted(sums.items())
        if name.partition(":")[0] not in {"level", "category"}
    ]
    if other:
        yield "<h2>Also counted</h2>"
        yield _across(other)
    yield f"<h2>The numbers by {unit}</h2>"
    yield table(
        [f"{unit} from" if unit == "week" else unit, *(f"{one.label}#" for one in Level)],
        [
            [_spoken(bar.start), *(f"{bar.counts.get(f'level:{o.label}', 0):,}" for o in Level)]
            for bar in bars
        ],
    )


def _summed(several: Iterable[Mapping[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for each in several:
        for name, number in each.items():
            sums[name] = sums.get(name, 0) + number
    return sums


def _bars(days: Mapping[date, Mapping[str, int]]) -> tuple[list[_Bar], str]:
    """The days, those without counts included; or the weeks, from Mondays, if there are many."""
    first, last = min(days), max(days)
    length = (last - first).days + 1
    if length <= _MOST_DAYS:
        every = [first + timedelta(days=number) for number in range(length)]
        return [_Bar(day, days.get(day, {})) for day in every], "day"
    monday = first - timedelta(days=first.weekday())
    weeks = [monday + timedelta(weeks=n) for n in range((last - monday).days // 7 + 1)]
    inside: dict[date, list[Mapping[str, int]]] = {week: [] for week in weeks}
    for day, counts in days.items():
        inside[day - timedelta(days=day.weekday())].append(counts)
    return [_Bar(week, _summed(inside[week])) for week in weeks], "week"


def _over_time(bars: Sequence[_Bar], unit: str) -> str:
    """Stacked columns, the most urgent level at the foot."""
    totals = [sum(bar.counts.get(f"level:{one.label}", 0) for one in Level) for bar in bars]
    top = _round_up(max(totals))
    plot, step = _HEIGHT - _BOTTOM - 10, (_WIDTH - _LEFT) / len(bars)
    marks = []
    for share in (0, 0.5, 1):
        y = 10 + plot * (1 - share)
        marks.append(f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y}" y2="{y}" stroke="#d5dae1"/>')
        value = top * share
        if value == int(value):
            marks.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{value:,.0f}</text>')
    every = -(-len(bars) // 9)
    for number, bar in enumerate(bars):
        x, y = _LEFT + number * step, 10.0 + plot
        for level in reversed(Level):
            count = bar.counts.get(f"level:{level.label}", 0)
            height = plot * count / top
            y -= height
            if count:
                marks.append(
                    f'<rect class="{level.label}" x="{x + step * 0.1:.1f}" y="{y:.1f}" '
                    f'width="{step * 0.8:.1f}" height="{height:.1f}"><title>'
                    f"{_spoken(bar.start)}: {count} {level.label}</title></rect>"
                )
        if number % every == 0:
            marks.append(
                f'<text x="{x:.1f}" y="{_HEIGHT - 6}">{bar.start.day} {bar.start:%b}</text>'
            )
    label = f"Messages by {unit} and level; the table below has the same numbers"
    return _svg(_HEIGHT, label, marks)


def _across(rows: Sequence[tuple[str, int]]) -> str:
    """One bar for each row, its number behind it."""
    most = max((number for _, number in rows), default=0) or 1
    room = _WIDTH - _LABEL - 60
    marks = []
    for place, (name, number) in enumerate(rows):
        y = place * _ROW
        width = room * number / most
        marks.append(f'<text x="{_LABEL - 8}" y="{y + 17}" text-anchor="end">{escape(name)}</text>')
        marks.append(
            f'<rect class="plain" x="{_LABEL}" y="{y + 4}" width="{width:.1f}" height="18"/>'
        )
        marks.append(f'<text x="{_LABEL + width + 6:.1f}" y="{y + 17}">{number:,}</text>')
    told = ", ".join(f"{name} {number}" for name, number in rows)
    return _svg(len(rows) * _ROW + 4, told, marks)


def _svg(height: int, label: str, marks: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(label)}">'
        f"{''.join(marks)}</svg>"
    )


def _round_up(number: int) -> int:
    """The next number that is good to read on an axis."""
    size = 1
    while True:
        for step in (2, 4, 6, 10):
            if step * size >= number:
                return step * size
        size *= 10


def _spoken(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
