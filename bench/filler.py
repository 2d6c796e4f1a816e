"""Documents made of word lists, for libraries of any size; the same each time.

They speak of towns, gardens and weather, so that no question to the article is answered by them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

_PLACES = """harbour orchard bakery library lighthouse meadow quarry railway market museum garden
foundry ferry vineyard workshop theatre reservoir brewery observatory cannery mill bridge""".split()
_PEOPLE = """baker gardener captain printer farmer painter teacher carpenter tailor beekeeper
librarian potter surveyor weaver brewer miller geologist cooper mason glazier""".split()
_THINGS = """barrel ladder map lantern kettle wheel rope basket engine barometer fence telescope
cabinet canvas shovel clock ledger anchor pump statue boiler trellis compass loom""".split()
_KINDS = """old copper northern narrow wooden quiet green heavy famous crooked bright early rusty
painted granite hollow seasonal polished coastal ancient""".split()
_DEEDS = """repaired measured carried sketched planted painted catalogued weighed stored polished
described moved sold bought numbered drained lifted lowered cleaned mended""".split()
_TIMES = """before the winter|after the long rain|in the third week of spring|every second
Tuesday|while the tide was out|during the dry months|at the end of the harvest|on the first cold
morning|between two storms|with the help of a neighbour""".replace("\n", " ").split("|")


def documents(count: int, passages: int, seed: int = 7) -> Iterator[str]:
    """``count`` Markdown documents of so many ``passages`` each."""
    chance = random.Random(seed)
    for number in range(count):
        place = chance.choice(_PLACES)
        title = f"The {chance.choice(_KINDS)} {place}, part {number + 1}"
        yield f"# {title}\n\n" + "\n\n".join(_section(chance, at) for at in range(passages)) + "\n"


def _section(chance: random.Random, at: int) -> str:
    """A paragraph; every tenth stands below a heading."""
    said = " ".join(_sentence(chance) for _ in range(2))
    heading = f"## On the {chance.choice(_KINDS)} {chance.choice(_THINGS)}\n\n"
    return said if at % 10 else heading + said


def _sentence(chance: random.Random) -> str:
    return (
        f"The {chance.choice(_PEOPLE)} of the {chance.choice(_PLACES)} {chance.choice(_DEEDS)} "
        f"the {chance.choice(_KINDS)} {chance.choice(_THINGS)} {chance.choice(_TIMES)}."
    )


def write(folder: Path, count: int, passages: int) -> None:
    """Write the documents as files of a corpus folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(documents(count, passages)):
        (folder / f"filler-{number:05}.md").write_text(text, encoding="utf-8")
