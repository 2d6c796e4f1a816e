"""What a turn costs more for its second look, beside the embedding that retrieval does anyway.

    python3 run.py bench second_look

Inside the real program, every question is asked twice, in two wordings: looked at again and then
answered, and answered only. The second look costs what it takes itself, and what the sentence
model takes more, or less, in the answer that follows: vectors that both need are computed once.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.program import make_index
from bench.rows import Row, middle, milliseconds, print_alone
from bench.turn import both, questions
from bot.build import Parts
from bot.knowledge.embed import SentenceEmbedder
from bot.knowledge.vectors import Vectors

_BEFORE = ("Why do couples grow apart?", "What is stonewalling?", "Is that abuse?")


class Timed:
    """Counts the milliseconds that an embedder's ``encode`` takes."""

    def __init__(self, embedder: SentenceEmbedder) -> None:
        """Stand between ``embedder`` and whoever asks it, from now on."""
        self._encode = embedder.encode
        self.ms = 0.0
        embedder.encode = self.encode  # type: ignore[method-assign]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As the embedder does."""
        vectors: list[Vectors] = []
        self.ms += milliseconds(lambda: vectors.append(self._encode(texts)))
        return vectors[0]


def costs(parts: Parts, timed: Timed, turns: Sequence[str]) -> tuple[float, float]:
    """Milliseconds that the second look adds to a turn, and of the embedding without it."""
    screened = parts.bot.screen(turns)
    look = milliseconds(lambda: parts.bot.look_again(screened))
    timed.ms = 0.0
    parts.bot.answer(screened)
    after = timed.ms
    twin = parts.bot.screen([*turns[:-1], f"{turns[-1]} please"])
    timed.ms = 0.0
    parts.bot.answer(twin)
    return look + after - timed.ms, timed.ms


def measure(*, full: bool) -> list[Row]:
    """A first question, and one later in a conversation."""
    parts = both(make_index()).parts
    embedder = parts.library.embedder
    assert isinstance(embedder, SentenceEmbedder)
    timed = Timed(embedder)
    asked = questions()[: 200 if full else 60]
    found: list[Row] = []
    half = len(asked) // 2
    kinds = {"a first question": (asked[:half], ()), "a fourth question": (asked[half:], _BEFORE)}
    for name, (texts, before) in kinds.items():
        parts.bot.look_again(parts.bot.screen(before or ("Hello.",)))
        times = [costs(parts, timed, (*before, text)) for text in texts]
        times = [each for each in times if each[1]]  # small talk is not looked up
        look, embedding = (middle(column) for column in zip(*times, strict=True))
        found.append(Row("second_look", name, look, embedding, "ms", bar=1.2))
    return found


def main() -> None:
    """Print the table."""
    print_alone(measure, __doc__)


if __name__ == "__main__":
    main()
