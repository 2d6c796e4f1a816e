"""The plots of a run, from its rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.rows import Row

_OURS, _FLOOR, _MISSED = "#0f5f6d", "#9aa7a9", "#b3531f"
_DASHES = ("-", "--", ":")


def draw(rows: Sequence[Row], caption: str, path: Path) -> None:
    """Four plots in one SVG file; the same rows give the same file."""
    mpl.rcParams.update({"svg.hashsalt": "speed", "font.size": 8, "axes.titlesize": 9})
    figure = Figure(figsize=(10, 8), layout="constrained")
    ratios, lengths, sizes, crowds = figure.subplots(2, 2).flat
    _ratios(ratios, [row for row in rows if row.bar is not None])
    _lines(lengths, _of(rows, "screen", "harmless"), "Screening a message", "characters")
    _lines(sizes, _of(rows, "growth", "turn, beside encode"), "An answer by library", "passages")
    _lines(crowds, _of(rows, "load", "card, "), "A card under load", "conversations")
    figure.supxlabel(caption, fontsize=7, color="#555555")
    figure.savefig(path, metadata={"Date": None})


def _of(rows: Sequence[Row], bench: str, name: str) -> list[Row]:
    return [row for row in rows if row.bench == bench and row.name.startswith(name)]


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


def _lines(axes: Axes, rows: Sequence[Row], title: str, what: str) -> None:
    """Ours and the floor by size, both on logarithmic scales."""
    unit = rows[0].unit if rows else ""
    for dash, name in zip(
        _DASHES * len(rows), dict.fromkeys(row.name for row in rows), strict=False
    ):
        of = sorted((row for row in rows if row.name == name), key=lambda row: row.size)
        x = [row.size for row in of]
        axes.plot(x, [r.ours for r in of], dash, color=_OURS, marker=".", label=name)
        axes.plot(x, [r.floor for r in of], dash, color=_FLOOR, marker=".", label="its floor")
    axes.set_title(title)
    axes.set_xlabel(what)
    axes.set_ylabel(unit)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(visible=True, which="major", color="#eeeeee")
    if rows:
        axes.legend(fontsize=6, frameon=False)
