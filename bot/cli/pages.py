"""Pages that are handed to people: one HTML file each, without scripts or anything fetched."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

from bot import __version__
from bot.errors import BotError

_STYLE = """
:root { color-scheme: light; --ink: #1d2433; --faint: #5b6472; --line: #d5dae1; --tint: #f4f6f8;
  --alarm: #a3162b; --signpost: #6a5acd; --good: #1d6b45; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  color: var(--ink); background: #fff; margin: 0 auto; padding: 2rem 1.25rem 4rem;
  max-width: 62rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.35rem; margin: 3rem 0 .75rem; padding-top: .75rem;
  border-top: 3px solid var(--ink); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .4rem; }
p, ul, ol { margin: .4rem 0 .8rem; }
a { color: #124f8c; }
code { font: .85em/1.45 ui-monospace, Consolas, "DejaVu Sans Mono", monospace;
  overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem;
  border-bottom: 1px solid var(--line); }
.fixed { table-layout: fixed; } .fixed td { overflow-wrap: anywhere; }
th { font-weight: 600; background: var(--tint); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.faint { color: var(--faint); font-size: .9rem; }
.wide { overflow-x: auto; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .75rem; }
@media print { body { max-width: none; padding: 0; font-size: 11pt; }
  h2 { break-after: avoid; } h3 { break-after: avoid; } tr, .keep { break-inside: avoid; } }
"""


def page(title: str, style: str, body: Iterable[str], day: str) -> str:
    """A whole page; ``body`` is markup, ``day`` the ISO date it was made on."""
    made = f"Made on {day} by article-support-chat {__version__}."
    return (
        '<!doctype html>\n<html lang="en-AU">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}{style}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + f'\n<footer class="faint">{made}</footer>\n</body>\n</html>\n'
    )


def write_page(path: Path, text: str) -> None:
    """Write a page; ``BotError`` if that cannot be done."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BotError(
            f"{path}: the page cannot be written ({error.strerror or error}). "
            "Give the name of a file in a folder that exists."
        ) from None


def table(heads: Iterable[str], rows: Iterable[Iterable[str]], widths: Iterable[int] = ()) -> str:
    """A table of markup cells; a head that ends in ``#`` is a column of numbers.

    ``widths`` are shares of the page in percent, for columns that should not follow their words.
    """
    columns = list(heads)
    kinds = [' class="number"' if head.endswith("#") else "" for head in columns]
    top = "".join(
        f'<th scope="col"{kind}>{escape(head.rstrip("#"))}</th>'
        for head, kind in zip(columns, kinds, strict=True)
    )
    lines = (
        "<tr>"
        + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, kinds, strict=True))
        + "</tr>"
        for row in rows
    )
    columns_wide = "".join(f'<col style="width: {width}%">' for width in widths)
    kind_of_table = ' class="fixed"' if columns_wide else ""
    return (
        f'<div class="wide"><table{kind_of_table}>{columns_wide}<thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def listed(items: Iterable[str]) -> str:
    """A list of texts, escaped."""
    found = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<ul>{found}</ul>" if found else ""
