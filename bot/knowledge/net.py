"""A linear net over sentence vectors and words that tells subjects apart.

Sentence vectors generalise from a few examples; the words themselves, weighted by how rare they
are, keep apart subjects that a sentence model takes for one another. What it is worth to answers is
measured by ``bench answers``, on questions that no example was written from.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from bot.knowledge.lexical import words
from bot.knowledge.vectors import Vectors

#: The inverse strength of regularisation; from 10 to 50 nothing changes.
_STRENGTH = 20.0
_STEPS = 300
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class SubjectNet:
    """Weights of shape ``(subjects, dim + words)`` and a bias for each subject.

    ``places`` are the columns of the words and pairs of words known, behind the vector's, and
    ``rarity`` weighs each of them.
    """

    places: Mapping[str, int]
    rarity: Vectors
    weights: Vectors
    bias: Vectors

    def likely(self, text: str, vector: Vectors) -> Vectors:
        """The probability of every subject, ``(subjects,)``."""
        dim = len(vector)
        sums = self.weights[:, :dim] @ vector + self.bias
        columns, seen = self._seen(text)
        sums = sums + self.weights[:, dim + columns] @ seen
        raised = np.exp(sums - sums.max())
        return np.asarray(raised / raised.sum())

    def _seen(self, text: str) -> tuple[NDArray[np.intp], Vectors]:
        """The columns of the known words in ``text``, and how much each weighs.

        It is what the vectoriser of ``learn`` gives, which takes a millisecond to do it.
        """
        spoken = words(text)
        pairs = map(" ".join, pairwise(spoken))
        counts = Counter(one for one in (*spoken, *pairs) if one in self.places)
        columns = np.array([self.places[one] for one in counts], dtype=np.intp)
        seen = (1 + np.log(np.array(list(counts.values()), dtype=float))) * self.rarity[columns]
        return columns, seen / max(float(np.linalg.norm(seen)), _TINY)


def learn(
    texts: Sequence[str], vectors: Vectors, labels: Sequence[int], remember: Path | None
) -> SubjectNet:
    """Fit a net to ``texts`` with their unit ``vectors`` (n, dim) and subjects, 0 and up.

    Takes one to three seconds; with ``remember``, what was learnt is kept in that file and used
    again while texts, vectors and subjects stay as they are.
    """
    # Brings SciPy with it, which a crisis card must not wait for.
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

    vocabulary = TfidfVectorizer(
        tokenizer=words, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True
    )
    seen = vocabulary.fit_transform(texts)
    key = _key(texts, vectors, labels)
    kept = _read(remember, key) if remember else None
    if kept is None:
        from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

        # Balanced: a subject with many examples is not likelier than one with few.
        model = LogisticRegression(C=_STRENGTH, max_iter=_STEPS, class_weight="balanced", tol=1e-3)
        model.fit(hstack([csr_matrix(vectors), seen]).tocsr(), labels)
        weights, bias = model.coef_, model.intercept_
        if len(bias) == 1:  # of two subjects only the second has weights of its own
            weights, bias = np.vstack([-weights, weights]) / 2, np.array([-bias[0], bias[0]]) / 2
        kept = weights.astype(np.float32), bias.astype(np.float32)
        if remember:
            _write(remember, key, *kept)
    return SubjectNet(vocabulary.vocabulary_, vocabulary.idf_, *kept)


def _key(texts: Sequence[str], vectors: Vectors, labels: Sequence[int]) -> str:
    seen = hashlib.sha256("\x1f".join((str(_STRENGTH), *texts)).encode())
    seen.update(np.asarray(labels, dtype=np.int64).tobytes())
    seen.update(np.ascontiguousarray(vectors).tobytes())
    return seen.hexdigest()


def _read(file: Path, key: str) -> tuple[Vectors, Vectors] | None:
    """What was learnt before; ``None`` if it is not there, damaged, or was learnt elsewhere."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            if str(stored["key"]) != key:
                return None
            return stored["weights"], stored["bias"]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def _write(file: Path, key: str, weights: Vectors, bias: Vectors) -> None:
    """Keep what was learnt; a file that cannot be written costs the next start some seconds."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, suffix=".new")
        try:
            with os.fdopen(handle, "wb") as new:
                np.savez(new, key=np.array(key), weights=weights, bias=bias)
            Path(name).replace(file)
        finally:
            Path(name).unlink(missing_ok=True)
