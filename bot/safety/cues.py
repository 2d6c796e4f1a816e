"""What the words of labelled example messages have in common.

This model learns from the messages in ``safety_examples/`` which words and pairs of words speak
for risk and which against it, and adds them up: logistic regression over tf-idf of words, word
pairs, and words by the people spoken of, which find 1 to 2 in 100 more among the messages of new
authors. It is fitted to readable data, so nothing opaque is shipped and an operator extends it by
adding messages.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from bot.safety.labelled import Example
from bot.safety.net import TOGETHER, Reading, windows
from bot.safety.words import Lexicon
from bot.types import Category, Level

#: Words that alone tell nothing; counted in, they make any request look like the examples.
_FUNCTION_WORDS = frozenset(
    "the a an of to be been being is are was were will would has have had do does did that this "
    "there then when where what which who how and or but if so as at by for from in into on onto "
    "with about it its am can could should please get got go going some any . ? 0".split()
)
#: The same word tells something else of oneself than of others, or of whoever is asked.
_PEOPLE = {
    "i": frozenset("i me my mine myself".split()),
    "they": frozenset("he him his himself she her hers herself".split()),
    "you": frozenset(["you"]),
}
#: Shorter words are not told apart by whom they are about.
_SHORT = 2
#: With fewer words that the examples hold, a message tells the net nothing.
_LEAST_KNOWN = 3
#: A second category is named where it is at least so likely.
_SECOND_CATEGORY = 0.3
#: The bias of a category that all examples, or none, belong to.
_SURE = 1000.0
#: Parts of the cross-validation that tells the thresholds; shuffled, since files are of one kind.
_FOLDS = 3

Words = Sequence[tuple[str, tuple[int, int]]]
#: ``Lexicon.read``, or the same remembering what it has read.
Read = Callable[[str], Words]


@dataclass(frozen=True)
class Seen:
    """What the words of a reading say; all but the score is worked out when it is asked for.

    ``score`` is the log odds of risk. ``words`` are those of the last turn or, of a long one, of
    its most telling window; ``values[term]`` is the weight of a term in it, of all together 1.
    """

    score: float
    words: Words
    values: Mapping[str, float]
    model: CueModel = field(repr=False)

    @cached_property
    def kinds(self) -> tuple[tuple[float, Category], ...]:
        """The log odds of each category, were it a risk, likeliest first."""
        _, *totals = self.model.biases
        for term, value in self.values.items():
            for rank, weight in enumerate(self.model.weights[term][2:]):
                totals[rank] += value * weight
        return tuple(sorted(zip(totals, Category, strict=True), key=lambda pair: -pair[0]))

    @property
    def categories(self) -> tuple[Category, ...]:
        """The likeliest category, and the next where it is likely as well."""
        least = math.log(_SECOND_CATEGORY / (1 - _SECOND_CATEGORY))
        (_, first), *others = self.kinds
        return (first, *(category for odds, category in others[:1] if odds > least))

    @cached_property
    def telling(self) -> tuple[str, ...]:
        """The terms that told most."""
        weights = self.model.weights
        told = sorted(self.values, key=lambda term: -self.values[term] * weights[term][1])
        plain = dict.fromkeys(filter(None, (term.partition("(")[0].strip() for term in told)))
        return tuple(plain)[:5]

    @property
    def span(self) -> tuple[int, int]:
        """The range of the most telling word in the last turn."""
        first = next(iter(self.telling), "").partition(" ")[0]
        return next((span for word, span in self.words if word == first), (0, 0))


@dataclass(frozen=True, slots=True)
class CueModel:
    """Weights of words, word pairs, and words by the people spoken of.

    ``weights[term]`` holds the term's inverse document frequency, its weight for risk, and its
    weight for each category in the order of ``Category``. ``biases`` are the constants in the
    same order. ``held_out[i]`` is the score of example ``i`` by a model that has not seen it,
    ``harmless`` are those of the harmless ones, ascending.
    """

    weights: Mapping[str, tuple[float, ...]]
    biases: tuple[float, ...]
    held_out: tuple[float, ...]
    harmless: tuple[float, ...]

    def holds(self, word: str) -> bool:
        """Whether a word is in the examples, or tells nothing anywhere."""
        return word in self.weights or word in _FUNCTION_WORDS

    def see(self, reading: Reading, read: Read) -> Seen | None:
        """What the words of a reading say; ``None`` if too few of them are known."""
        *before, last = reading.turns
        words = [(word, (0, 0)) for turn in before for word, _ in read(turn)]
        words += read(last)
        if before:
            words = words[-TOGETHER:]
        known = filter(self._knows, windows(words))
        return max(map(self._see, known), key=lambda each: each.score, default=None)

    def _knows(self, words: Words) -> bool:
        return sum(word in self.weights for word, _ in words) >= _LEAST_KNOWN

    def _see(self, words: Words) -> Seen:
        counts: dict[str, int] = {}
        for term in terms([word for word, _ in words]):
            if term in self.weights:
                counts[term] = counts.get(term, 0) + 1
        values = {
            term: (1 + math.log(count)) * self.weights[term][0] for term, count in counts.items()
        }
        norm = math.sqrt(sum(value * value for value in values.values())) or 1.0
        values = {term: value / norm for term, value in values.items()}
        risk = sum(value * self.weights[term][1] for term, value in values.items())
        return Seen(self.biases[0] + risk, words, values, self)


def terms(words: Sequence[str]) -> Iterator[str]:
    """The telling words of a message, alone, in pairs that follow one another, and by people.

    The last kind is a word with the people that the message speaks of: ``slept (i they)``.
    """
    yield from (word for word in words if word not in _FUNCTION_WORDS)
    for first, second in pairwise(words):
        yield f"{first} {second}"
    said = sorted(set(words))
    people = " ".join(name for name, names in _PEOPLE.items() if not names.isdisjoint(said))
    yield f"({people})"
    yield from (f"{word} ({people})" for word in said if len(word) > _SHORT)


def fit(examples: Sequence[Example], lexicon: Lexicon) -> CueModel | None:
    """The model of some examples, ``None`` if there are too few of either kind. Deterministic."""
    risky = [example.level >= Level.CRISIS for example in examples]
    if min(sum(risky), len(risky) - sum(risky)) < 10 * _FOLDS:
        return None
    # Imported here because it takes a second, and a fitted model is taken from the cache.
    import numpy as np  # noqa: PLC0415
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.model_selection import StratifiedKFold, cross_val_predict  # noqa: PLC0415

    texts = [[word for turn in e.turns for word, _ in lexicon.read(turn)] for e in examples]
    vectorizer = TfidfVectorizer(analyzer=lambda ws: list(terms(ws)), sublinear_tf=True, min_df=2)
    matrix = vectorizer.fit_transform(texts)

    def learner() -> LogisticRegression:
        return LogisticRegression(C=10, class_weight="balanced", solver="liblinear")

    labels = np.array(risky)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    held_out = cross_val_predict(learner(), matrix, labels, cv=folds, method="decision_function")
    heads = [_head(learner(), matrix, labels)]
    for category in Category:
        inside = np.array([category in example.categories for example in examples])
        heads.append(_head(learner(), matrix[labels], inside[labels]))
    columns = [vectorizer.idf_, *(weights for weights, _ in heads)]
    table = np.column_stack(columns)
    names = vectorizer.get_feature_names_out()
    return CueModel(
        weights={name: tuple(map(float, row)) for name, row in zip(names, table, strict=True)},
        biases=tuple(bias for _, bias in heads),
        held_out=tuple(map(float, held_out)),
        harmless=tuple(sorted(map(float, held_out[~labels]))),
    )


def _head(learner: Any, matrix: Any, labels: Any) -> tuple[Any, float]:
    """The weights and the bias that tell two labels apart; a sure bias where there is one only."""
    import numpy as np  # noqa: PLC0415

    if labels.all() or not labels.any():
        return np.zeros(matrix.shape[1]), _SURE if labels.all() else -_SURE
    learner.fit(matrix, labels)
    return learner.coef_[0], float(learner.intercept_[0])
