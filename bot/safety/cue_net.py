"""The second net by words alone: what the examples' words say of what was written, at once."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

from bot.safety.cues import CueModel, Read
from bot.safety.memo import Memo
from bot.safety.net import Find, Reading, Thresholds
from bot.types import Category, Level

#: With fewer of its words known, a message may be in another language, or about what no example is.
_MOST_KNOWN = 0.8
#: Log odds from which a crisis is surely about a category, three to one, and to which it hardly is.
_SURE_KIND, _HARDLY_KIND = math.log(3), -1.0


class CueNet:
    """A fitted model of words, remembering the scores of what it has read. Safe for threads."""

    def __init__(self, model: CueModel) -> None:
        """Use a model; nothing has been read yet."""
        self.model = model
        self._scores: Memo[float | None] = Memo()

    def score(self, reading: Reading, read: Read) -> float | None:
        """The log odds of risk by the words of a reading; ``None`` if too few are known."""
        text = "\0".join((str(len(reading.turns)), *reading.turns))

        def work_out(_: Sequence[str]) -> Iterator[float | None]:
            seen = self.model.see(reading, read)
            yield None if seen is None else seen.score

        return self._scores.of([text], work_out)[0]

    def find(self, reading: Reading, read: Read, thresholds: Thresholds) -> Find | None:
        """What a reading resembles by its words alone; ``None`` if nothing."""
        score = self.score(reading, read)
        if score is None:
            return None
        level = thresholds.level(score, reading.support)
        seen = self.model.see(reading, read) if level > Level.NONE else None
        if seen is None:
            return None
        return Find(seen.categories, level, score, seen.span, seen.telling)

    def is_tame(self, reading: Reading, read: Read, thresholds: Thresholds) -> bool:
        """Whether the words of a reading are known, and say less than its support calls for."""
        words = [word for turn in reading.turns for word, _ in read(turn)]
        if sum(map(self.model.holds, words)) < _MOST_KNOWN * len(words):
            return False
        score = self.score(reading, read)
        return score is not None and thresholds.level(score, reading.support) < Level.CRISIS

    def kind(self, reading: Reading, known: Collection[Category], read: Read) -> Find | None:
        """What a crisis is surely about by its words, if it is hardly about what is ``known``.

        That it is now, is for rules to say. Where what is known is likely, most of what the
        words would add is wrong.
        """
        seen = self.model.see(reading, read)
        if seen is None:
            return None
        kinds = [pair for pair in seen.kinds if pair[1] is not Category.IMMEDIATE_DANGER]
        odds, category = kinds[0]
        if odds < _SURE_KIND or any(odds > _HARDLY_KIND for odds, each in kinds if each in known):
            return None
        return Find((category,), Level.CRISIS, odds, seen.span, seen.telling)
