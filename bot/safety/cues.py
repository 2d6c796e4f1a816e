"""A second net under the rules: what labelled example messages have in common.

The rules find what can be spelt out. This net learns from the messages in ``safety_examples/``
which words and pairs of words speak for risk and which against it, and adds them up. It is a
plain linear model (logistic regression over tf-idf of words and word pairs), fitted to readable
data when the rules are loaded, so nothing opaque is shipped and an operator extends it by adding
messages. It can only raise what the rules say, and at most to ``crisis``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from bot.errors import Problem
from bot.safety.screen import collected
from bot.safety.words import Lexicon
from bot.types import Assessment, Category, Hit, Level

#: The id under which the net's finds are listed beside the rules.
NET = "similar_messages"
#: Longer messages are also read in windows of so many words, so that padding hides nothing.
_WINDOW = 80
_STEP = 40
#: Words that alone tell nothing; counted in, they make any request look like the examples.
_FUNCTION_WORDS = frozenset(
    "the a an of to be been being is are was were will would has have had do does did that this "
    "there then when where what which who how and or but if so as at by for from in into on onto "
    "with about it its am can could should please get got go going some any . ? 0".split()
)
#: With fewer words that the examples hold, a message tells the net nothing.
_LEAST_KNOWN = 3
#: So much larger is the share of harmless messages that may get the quiet line.
_QUIET_FACTOR = 4
#: The last turns of a conversation, read as one.
_TURNS_TOGETHER = 3
#: The bias of a category that all examples, or none, belong to.
_SURE = 1000.0
#: Folds of the cross-validation that sets the threshold.
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled message; ``categories`` is empty below ``crisis``."""

    turns: tuple[str, ...]
    level: Level
    categories: tuple[Category, ...]


@dataclass(frozen=True, slots=True)
class Cue:
    """What the net found: a category, and the words that spoke most for risk.

    ``span`` is the original range of the strongest of them in its turn.
    """

    category: Category
    level: Level
    score: float
    span: tuple[int, int]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CueModel:
    """Weights of words and word pairs.

    ``weights[term]`` holds the term's inverse document frequency, its weight for risk, and its
    weight for each category in the order of ``Category``. ``biases`` are the constants in the
    same order. A score above ``crisis`` is a crisis, above ``signpost`` worth the quiet line.
    """

    weights: Mapping[str, tuple[float, ...]]
    biases: tuple[float, ...]
    crisis: float
    signpost: float

    def find(self, words: Sequence[tuple[str, tuple[int, int]]]) -> Cue | None:
        """The cue in a message, given as words with their ranges; ``None`` if there is none."""
        best: Cue | None = None
        for window in _windows(words):
            cue = self._find(window)
            if cue and (best is None or cue.score > best.score):
                best = cue
        return best

    def _scored(self, words: Sequence[str]) -> tuple[float, dict[str, float]]:
        """The score, and the normalised tf-idf of each known term."""
        counts: dict[str, int] = {}
        for term in terms(words):
            if term in self.weights:
                counts[term] = counts.get(term, 0) + 1
        values = {
            term: (1 + math.log(count)) * self.weights[term][0] for term, count in counts.items()
        }
        norm = math.sqrt(sum(value * value for value in values.values())) or 1.0
        values = {term: value / norm for term, value in values.items()}
        total = self.biases[0]
        for term, value in values.items():
            total += value * self.weights[term][1]
        return total, values

    def _find(self, words: Sequence[tuple[str, tuple[int, int]]]) -> Cue | None:
        score, values = self._scored([word for word, _ in words])
        if score <= self.signpost or sum(word in self.weights for word, _ in words) < _LEAST_KNOWN:
            return None
        totals = list(self.biases[1:])
        for term, value in values.items():
            for rank, weight in enumerate(self.weights[term][2:]):
                totals[rank] += value * weight
        strongest = sorted(values, key=lambda term: -values[term] * self.weights[term][1])[:5]
        place = next(
            (span for word, span in words if word == strongest[0].partition(" ")[0]), (0, 0)
        )
        category = list(Category)[max(range(len(totals)), key=totals.__getitem__)]
        level = Level.CRISIS if score > self.crisis else Level.SIGNPOST
        return Cue(category, level, score, place, tuple(strongest))


def _windows(
    words: Sequence[tuple[str, tuple[int, int]]],
) -> Iterator[Sequence[tuple[str, tuple[int, int]]]]:
    yield words
    if len(words) > _WINDOW + _STEP:
        for start in range(0, len(words) - _STEP, _STEP):
            yield words[start : start + _WINDOW]


def terms(words: Sequence[str]) -> Iterator[str]:
    """The telling words of a message, and each two words that follow one another."""
    yield from (word for word in words if word not in _FUNCTION_WORDS)
    for first, second in pairwise(words):
        yield f"{first} {second}"


def raised(
    assessment: Assessment, model: CueModel, lexicon: Lexicon, turns: Sequence[str]
) -> Assessment:
    """The assessment with what the net finds added; nothing of it is ever taken away.

    Turns in which the rules found a crisis are not looked at again. The last turns are also
    read together, since people often say a thing over several messages.
    """
    told = {hit.turn for hit in assessment.hits if hit.level >= Level.CRISIS}
    words = [lexicon.read(turn) for turn in turns]
    hits = list(assessment.hits)
    for number, turn in enumerate(turns):
        if number in told:
            continue
        cue = model.find(words[number])
        first = max(0, number - _TURNS_TOGETHER + 1)
        if (
            (cue is None or cue.level < Level.CRISIS)
            and number > first
            and not told & set(range(first, number))
        ):
            together = [each for part in words[first:number] for each in part]
            joined = model.find([(word, (0, 0)) for word, _ in together] + words[number])
            cue = max(filter(None, (cue, joined)), key=lambda each: each.score, default=None)
        if cue is not None:
            start, end = cue.span
            hits.append(Hit(NET, cue.category, cue.level, cue.span, turn[start:end], number))
    return collected(hits, assessment.near)


def read_examples(folder: Path, problems: list[Problem]) -> list[Example]:
    """The examples of every ``*.jsonl`` file of a folder; bad lines are noted."""
    examples = []
    for path in sorted(folder.glob("*.jsonl")):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(path, 1, "file", f"it cannot be read ({error})", "Mend it."))
            continue
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    examples.append(_example(line))
                except (KeyError, ValueError, TypeError) as error:
                    what = f"the line is no example ({type(error).__name__}: {error})"
                    mend = 'Write {"text": "...", "level": "crisis", "category": "..."}.'
                    problems.append(Problem(path, number, "example", what, mend))
    return examples


def _example(line: str) -> Example:
    row = json.loads(line)
    turns = tuple(row["turns"]) if "turns" in row else (row["text"],)
    if not turns or not all(isinstance(turn, str) for turn in turns):
        raise ValueError("'text' is a string and 'turns' a list of strings")
    level = Level.parse(row["level"])
    names = [row["category"], *row.get("also", [])] if level >= Level.CRISIS else []
    return Example(turns, level, tuple(Category(name) for name in names if name != "none"))


def fit(examples: Sequence[Example], lexicon: Lexicon, false_alarms: float) -> CueModel | None:
    """The model of some examples, ``None`` if there are too few of either kind.

    The thresholds are set by cross-validation, so that of harmless messages the model has not
    seen a share of ``false_alarms`` would be taken for risk.
    """
    risky = [example.level >= Level.CRISIS for example in examples]
    if min(sum(risky), len(risky) - sum(risky)) < 10 * _FOLDS:
        return None
    # Imported here because it takes a second, and a fitted model is taken from the cache.
    import numpy as np  # noqa: PLC0415
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.model_selection import cross_val_predict  # noqa: PLC0415

    texts = [[word for turn in e.turns for word, _ in lexicon.read(turn)] for e in examples]
    vectorizer = TfidfVectorizer(analyzer=lambda ws: list(terms(ws)), sublinear_tf=True, min_df=2)
    matrix = vectorizer.fit_transform(texts)

    def learner() -> LogisticRegression:
        return LogisticRegression(C=10, class_weight="balanced", solver="liblinear")

    labels = np.array(risky)
    held_out = cross_val_predict(learner(), matrix, labels, cv=_FOLDS, method="decision_function")
    crisis, signpost = np.quantile(
        held_out[~labels], [1 - false_alarms, max(0.5, 1 - _QUIET_FACTOR * false_alarms)]
    )
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
        crisis=float(crisis),
        signpost=float(signpost),
    )


def _head(learner: Any, matrix: Any, labels: Any) -> tuple[Any, float]:
    """The weights and the bias that tell two labels apart; a sure bias where there is one only."""
    import numpy as np  # noqa: PLC0415

    if labels.all() or not labels.any():
        return np.zeros(matrix.shape[1]), _SURE if labels.all() else -_SURE
    learner.fit(matrix, labels)
    return learner.coef_[0], float(learner.intercept_[0])
