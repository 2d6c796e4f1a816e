"""What labelled example messages mean, as the sentence model understands them.

The words of a message (``cues``) and what the model makes of it are judged apart, the latter by
kernel ridge regression over the examples, and the two scores are weighed into one. All layers of
the model are looked at: its last one, made for finding texts on the same subject, has forgotten
much of who does what to whom. On 2,192 deliberately hard messages by new authors, at 3 % false
alarms, all layers together found 48 % where the last alone found 39 %, a linear head 38 % and
whitened vectors 46 %. It is fitted to the installed sentence model and the readable examples; no
weights are shipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.safety.cue_net import CueNet
from bot.safety.cues import CueModel, Read
from bot.safety.fold import fold
from bot.safety.labelled import Example
from bot.safety.memo import Memo
from bot.safety.net import TOGETHER, Find, Reading, Thresholds, passed_by, windows
from bot.safety.rulebook import Shares
from bot.safety.words import Lexicon
from bot.types import Level

Vectors = NDArray[np.float32]

_WORD = re.compile(r"\S+")
#: Windows of one reading that are looked at, from its start: each costs an encoding.
_MOST_WINDOWS = 30
#: Directions of what the layers say that are kept: those in which the examples differ most.
_KEPT = 512
#: Width of the Gaussian kernel, and how little a single example is trusted.
_GAMMA = 1.0
_RIDGE = 0.2
#: Parts of the cross-validation that tells the thresholds.
_PARTS = 5
#: The equations are solved when this little of a target is left, or after so many steps.
_SOLVED, _MOST_STEPS = 1e-6, 500
_TINY = np.finfo(np.float32).tiny
#: Examples named as the reason of a find.
_NAMED = 3
#: The share of harmless messages that count as saying a little: of 111 disclosures in several turns
#: all have a turn that does, even at a share of 0.16.
_TELLING = 0.25


class Encoder(Protocol):
    """What the net asks of a sentence model (``bot.knowledge.embed.Embedder``)."""

    @property
    def identity(self) -> str:
        """Name and fingerprint of the weights."""

    def encode_layers(self, texts: Sequence[str]) -> Vectors:
        """What each layer makes of each text: float32, ``(len(texts), layers, dimensions)``."""


@dataclass(frozen=True, slots=True)
class View:
    """What the layers of a model say of a text, as one unit vector.

    ``centre``, shape ``(layers, dimensions)``, is what they say of any text, and
    ``directions``, shape ``(layers * dimensions, kept)``, is where texts differ most.
    """

    centre: Vectors
    directions: Vectors

    @classmethod
    def of(cls, layers: Vectors) -> View:
        """The view in which some texts, shape ``(n, layers, dimensions)``, differ most."""
        from sklearn.utils.extmath import randomized_svd  # noqa: PLC0415 - takes a second

        centre = layers.mean(0)
        apart = _unit(layers - centre).reshape(len(layers), -1)
        _, _, directions = randomized_svd(apart, min(_KEPT, *apart.shape), n_iter=2, random_state=0)
        return cls(centre, np.ascontiguousarray(directions.T, dtype=np.float32))

    def __call__(self, layers: Vectors) -> Vectors:
        """Unit vectors of texts, shape ``(n, kept)``."""
        apart = _unit(layers - self.centre).reshape(len(layers), -1)
        return _unit(apart @ self.directions)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return np.asarray(vectors / lengths, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class MeaningModel:
    """The examples, with their weights.

    ``examples`` are unit vectors in ``view``, shape ``(n, kept)``; ``weights``, ``held_out``
    and ``labels`` have shape ``(n,)``. The score of a vector is its kernel-weighted sum;
    ``held_out`` are the scores that the examples have by models that have not seen them,
    ``labels`` tell the risky ones, and ``texts`` are the texts of these, of which the nearest
    are named.
    """

    view: View
    examples: Vectors
    weights: Vectors
    held_out: Vectors
    labels: NDArray[np.bool_]
    texts: tuple[str, ...]

    def judge(self, vectors: Vectors) -> list[tuple[float, tuple[str, ...]]]:
        """How much each unit vector lies with the risky examples, and the nearest of these."""
        near = _kernel(vectors, self.examples)
        return [
            (float(score), tuple(self.texts[place] for place in _largest(row[self.labels])))
            for score, row in zip(near @ self.weights, near, strict=True)
        ]


def _largest(values: Vectors) -> list[int]:
    """The places of the few largest values, the largest first."""
    few = np.argpartition(-values, min(_NAMED, len(values) - 1))[:_NAMED]
    return sorted(map(int, few), key=lambda place: (-values[place], place))


class MeaningNet:
    """A fitted model with the sentence model it was fitted to. Safe to use from several threads."""

    def __init__(
        self,
        model: MeaningModel,
        cues: CueNet,
        lexicon: Lexicon,
        encoder: Encoder,
        shares: Shares,
    ) -> None:
        """Use a model with thresholds that ``shares`` of harmless messages pass."""
        self._model = model
        self._mix = _weighed(cues.model, model)
        self._thresholds = Thresholds.passed_by(shares, self._mix.harmless)
        self._telling = passed_by(_TELLING, self._mix.harmless)
        self._telling_words = passed_by(_TELLING, cues.model.harmless)
        self._cues = cues
        self._lexicon = lexicon
        self._encoder = encoder
        # Earlier turns are not encoded again.
        self._judgements: Memo[tuple[float, tuple[str, ...]]] = Memo()

    def at(self, shares: Shares) -> MeaningNet:
        """The same net with other thresholds."""
        other = copy(self)
        other._thresholds = Thresholds.passed_by(shares, self._mix.harmless)
        return other

    def find(self, readings: Sequence[Reading]) -> list[Find | None]:
        """What each reading resembles by words and meaning; the new ones in an encoding or two.

        Turns are read together only if one of them, or their words together, says a little by
        itself: several turns are long to encode, and plain questions tell nothing more in a row.
        """
        read = cache(self._lexicon.read)
        words = {reading: self._cues.score(reading, read) for reading in readings}
        alone = [reading for reading in readings if len(reading.turns) == 1]
        together = [each for each in readings if len(each.turns) > 1 and words[each] is not None]
        at_once = [each for each in together if (words[each] or 0.0) > self._telling_words]
        judged = dict(zip(alone + at_once, self._meanings(alone + at_once), strict=True))
        telling = {
            reading.turns[0]
            for reading in alone
            if self._score(words[reading], judged[reading][0]) > self._telling
        }
        later = [
            each for each in together if each not in judged and not telling.isdisjoint(each.turns)
        ]
        judged |= zip(later, self._meanings(later), strict=True)
        return [
            self._found(reading, words[reading], *judged[reading], read)
            if reading in judged
            else None
            for reading in readings
        ]

    def _found(
        self,
        reading: Reading,
        words: float | None,
        meaning: float,
        alike: tuple[str, ...],
        read: Read,
    ) -> Find | None:
        score = self._score(words, meaning)
        level = self._thresholds.level(score, reading.support)
        seen = self._cues.model.see(reading, read) if level > Level.NONE else None
        if seen is None:  # with too few words known, nothing tells what it is about
            return None
        return Find(seen.categories, level, score, (0, len(reading.turns[-1])), alike)

    def _score(self, words: float | None, meaning: float) -> float:
        """The log odds of risk; even odds by the words where too few of them are known."""
        mix = self._mix
        return mix.words * (words or 0.0) + mix.meaning * meaning + mix.constant

    def _meanings(self, readings: Sequence[Reading]) -> list[tuple[float, tuple[str, ...]]]:
        return self._judgements.of([_text(reading.turns) for reading in readings], self._judged)

    def _judged(self, texts: Sequence[str]) -> Iterator[tuple[float, tuple[str, ...]]]:
        views = [list(_windows(text)) for text in texts]
        layers = self._encoder.encode_layers([view for each in views for view in each])
        judged = iter(self._model.judge(self._model.view(layers)))
        for each in views:
            yield max(islice(judged, len(each)))


def _text(turns: Sequence[str]) -> str:
    """What is read of turns: one whole; of several the last words."""
    text = "\n".join(turns)
    starts = [word.start() for word in _WORD.finditer(text)]
    return text[starts[-TOGETHER] :] if len(turns) > 1 and len(starts) > TOGETHER else text


def _windows(text: str) -> Iterator[str]:
    """A text as the model reads it: folded, whole, and in windows if it is long."""
    text = fold(text)
    yield text
    yield from map(" ".join, islice(windows(text.split()), 1, _MOST_WINDOWS))


@dataclass(frozen=True, slots=True)
class _Mix:
    """How words and meaning are weighed: the sum is in log odds.

    ``harmless`` are the sums of the harmless examples by models that have not seen them,
    ascending.
    """

    words: float
    meaning: float
    constant: float
    harmless: tuple[float, ...]


def _weighed(words: CueModel, meaning: MeaningModel) -> _Mix:
    """The weights by the scores that the examples have by models that have not seen them."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - takes a second

    both = np.column_stack([words.held_out, meaning.held_out])
    mixer = LogisticRegression().fit(both, meaning.labels)
    harmless = mixer.decision_function(both[~meaning.labels])
    words_weight, meaning_weight = map(float, mixer.coef_[0])
    constant = float(mixer.intercept_[0])
    return _Mix(words_weight, meaning_weight, constant, tuple(sorted(map(float, harmless))))


def fit(examples: Sequence[Example], encoder: Encoder) -> MeaningModel:
    """The model of some examples; takes up to a minute. Deterministic."""
    labels = np.array([example.level >= Level.CRISIS for example in examples])
    layers = encoder.encode_layers([fold("\n".join(example.turns)) for example in examples])
    view = View.of(layers)
    vectors = view(layers)
    weights, held_out = _ridge_regression(vectors, labels)
    risky = (example for example, label in zip(examples, labels, strict=True) if label)
    texts = tuple(" // ".join(example.turns) for example in risky)
    return MeaningModel(view, vectors, weights, held_out, labels, texts)


def _ridge_regression(vectors: Vectors, labels: NDArray[np.bool_]) -> tuple[Vectors, Vectors]:
    """The weights of the examples, and the score that each has by those of other parts.

    Solved by conjugate gradients (Hestenes and Stiefel 1952) for all examples, and for all but
    each part of them, at once: the kernel, hundreds of megabytes, is what takes the time.
    """
    targets = np.where(labels, 1, -1).astype(np.float32)
    part = np.random.default_rng(0).permutation(len(targets)) % _PARTS
    # The first column has all examples, the others lack a part.
    used = np.column_stack([part >= 0, *(part != each for each in range(_PARTS))])
    kernel = _kernel(vectors, vectors)
    weights = np.zeros(used.shape, dtype=np.float32)
    rest = used * targets[:, None]
    step, size = rest.copy(), np.square(rest).sum(0)
    for _ in range(_MOST_STEPS):
        change = used * (kernel @ step) + _RIDGE * step
        length = size / np.maximum((step * change).sum(0), _TINY)
        weights += length * step
        rest -= length * change
        size, before = np.square(rest).sum(0), size
        if (size < _SOLVED * len(targets)).all():
            break
        step = rest + size / np.maximum(before, _TINY) * step
    scores = kernel @ weights[:, 1:]
    return weights[:, 0], np.take_along_axis(scores, part[:, None], 1)[:, 0]


def _kernel(some: Vectors, others: Vectors) -> Vectors:
    """The Gaussian kernel of unit vectors, shape ``(len(some), len(others))``."""
    kernel = np.asarray(some @ others.T, dtype=np.float32)
    kernel -= 1
    kernel *= 2 * _GAMMA
    return np.exp(kernel, out=kernel)
