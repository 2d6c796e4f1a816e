"""A whole answer turn in one process, beside bare ``model.encode`` and a bare Chroma query.

    python3 run.py bench turn

A turn is what ``python -m bot ask`` does with a question: it is screened, looked at again by the
sentence model, looked up and answered. The floor is the same question encoded once by the same
model, and one query for its vector in the same collection. No question is asked twice.

The first questions after a start stand apart: every rule is compiled when it is first needed.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from bench.answers import rows as cases
from bench.program import make_index
from bench.rows import Row, middle, milliseconds, print_alone
from bot.build import Parts, build
from bot.knowledge.embed import make_embedder
from bot.knowledge.index import chroma
from bot.knowledge.index.folder import _COLLECTION, FolderStore
from bot.settings import load_settings

_NEAREST = 8
_SOON = 40


@dataclass(frozen=True, slots=True)
class Both:
    """The joined program, and its bare parts over the same index.

    ``encode`` is the sentence model's own, ``query`` encodes and asks Chroma.
    """

    parts: Parts
    encode: Callable[[str], object]
    query: Callable[[str], object]


def both(index: Path) -> Both:
    """The program ready to answer from ``index``, and the bare parts beside it."""
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - takes seconds

    logging.disable(logging.CRITICAL)
    settings = load_settings().model_copy(update={"index": index})
    parts = build(settings)
    parts.prepare()
    model = SentenceTransformer(str(make_embedder(settings).folder), device="cpu")
    collection = chroma.open_folder(
        index / "versions" / FolderStore(index).current()
    ).get_collection(_COLLECTION, embedding_function=None)

    def query(question: str) -> object:
        vector = np.asarray(model.encode(question), dtype=np.float32)
        return collection.query(query_embeddings=vector[np.newaxis, :], n_results=_NEAREST)

    return Both(parts, model.encode, query)


def questions() -> list[str]:
    """Questions to the article in an order of no kind, none of the scored half."""
    asked = [row["question"] for row in cases("covered", "tune")]
    random.Random(0).shuffle(asked)
    return asked


def paired(
    ours: Callable[[str], object], floor: Callable[[str], object], texts: Sequence[str]
) -> tuple[float, float]:
    """The median times in milliseconds of both; they take turns, to meet the same machine."""
    times = [(milliseconds(partial(ours, one)), milliseconds(partial(floor, one))) for one in texts]
    return middle([time for time, _ in times]), middle([time for _, time in times])


def measure(*, full: bool) -> list[Row]:
    """A first question soon after a start, one later on, and one later in a conversation."""
    each = both(make_index())
    asked = questions()
    size = 100 if full else 60
    reply = each.parts.bot.reply
    reply([asked.pop()])
    each.query(asked.pop())
    start = paired(lambda text: reply([text]), each.query, asked[:_SOON])
    asked = asked[_SOON:]
    first = paired(lambda text: reply([text]), each.query, asked[:size])
    before = ["Why do couples grow apart?", "What is stonewalling?", "Is that abuse?"]
    later = paired(lambda text: reply([*before, text]), each.query, asked[size : 2 * size])
    return [
        Row("turn", f"among the first {_SOON} questions after a start", *start, "ms"),
        Row("turn", "a first question, answered", *first, "ms", bar=1.25),
        Row("turn", "a fourth question, answered", *later, "ms", bar=1.25),
    ]


def main() -> None:
    """Print the table."""
    print_alone(measure, __doc__)


if __name__ == "__main__":
    main()
