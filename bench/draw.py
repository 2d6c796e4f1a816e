"""The plots of a run, from its rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.rows import Row

_OURS, _FLOOR, _MISSED = "#0f5f6d", "#9aa7a9", "#b3531f"


def draw(rows: Sequence[Row], caption: str, path: Path) -> None:
    """Four plots in one SVG file; the same rows give the same file."""
    mpl.rcParams.update({"svg.hashsalt": "speed", "font.size": 8, "axes.titlesize": 9})
    figure = Figure(figsize=(10, 8), layout="constrained")
    ratios, lengths, sizes, crowds = figure.subplots(2, 2).flat
    _ratios(ratios, [row for row in rows if row.bar is not None])
    _lengths(lengths, [row for row in rows if row.bench == "screen"])
    _libraries(sizes, [row for row in rows if row.bench == "growth"])
    _crowds(crowds, [row for row in rows if row.bench == "load"])
    figure.supxlabel(caption, fontsize=7, color="#555555")
    figure.savefig(path, metadata={"Date": None})


def _ratios(axes: Axes, rows: Sequence[Row]) -> None:
    """Each ratio as a share of its bar: left of the line is within it."""
    names, shares = [], []
    for row in reversed(rows):
        size = f" ({row.size:,})" if row.size else ""
        bar = row.bar or 1.0
        names.append(f"{row.bench}: {row.name}{size}")
        shares.append(bar / row.ratio if row.at_least else row.ratio / bar)
    colours = [_OURS if share <= 1 else _MISSED for share in shares]
    axes.barh(names, shares, color=colours, height=0.6)
    axes.axvline(1, color="#333333", linewidth=0.8)
    axes.set_title("Cost as a share of the bar (less is better)")
    axes.tick_params(axis="y", labelsize=6)


def _lengths(axes: Axes, rows: Sequence[Row]) -> None:
    scanned, tried = (_named(rows, f"harmless, {how}") for how in ("set scan", "re alternation"))
    _curve(axes, scanned, "rules and stances", ours=True)
    _curve(axes, scanned, "one RE2 set scan", ours=False)
    _curve(axes, tried, "one alternation in re", ours=False, dash="--")
    _finish(axes, "Screening a message", "characters", "microseconds")


def _libraries(axes: Axes, rows: Sequence[Row]) -> None:
    turns = _named(rows, "turn, beside encode and query")
    _curve(axes, turns, "a turn", ours=True)
    _curve(axes, turns, "encode and query", ours=False)
    _finish(axes, "An answer, by size of the library", "passages", "milliseconds")


def _crowds(axes: Axes, rows: Sequence[Row]) -> None:
    for name, dash in (("one process", "-"), ("two replicas", "--")):
        _curve(axes, _named(rows, f"card, {name}, 95 %"), f"chat, {name}", ours=True, dash=dash)
    _curve(axes, _named(rows, "card, one process, 95 %"), "bare echo", ours=False)
    _finish(axes, "A card under load, 95 % within", "conversations", "milliseconds")


def _named(rows: Sequence[Row], name: str) -> list[Row]:
    """The rows of one name, smallest first."""
    return sorted((row for row in rows if row.name == name), key=lambda row: row.size)


def _curve(axes: Axes, rows: Sequence[Row], label: str, *, ours: bool, dash: str = "-") -> None:
    """One line of figures by size; nothing where there are none."""
    if rows:
        x, y = [row.size for row in rows], [row.ours if ours else row.floor for row in rows]
        axes.plot(x, y, dash, color=_OURS if ours else _FLOOR, marker=".", label=label)


def _finish(axes: Axes, title: str, what: str, unit: str) -> None:
    """Title, names and logarithmic scales, from which a factor can be read anywhere."""
    axes.set(title=title, xlabel=what, ylabel=unit, xscale="log", yscale="log")
    axes.grid(visible=True, which="major", color="#eeeeee")
    if axes.lines:
        axes.legend(fontsize=7, frameon=False)
