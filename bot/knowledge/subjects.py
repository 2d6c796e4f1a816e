"""What visitors ask about, in their own words: reads ``subjects.yaml`` and finds the nearest.

A question is compared with the examples in that file by their sentence vectors. Whatever is
decided this way can be explained by naming the subject it was nearest to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import SettingsError
from bot.knowledge.embed import Embedder, Vectors

SUBJECTS = Path(__file__).with_name("subjects.yaml")


class Covered(BaseModel):
    """A subject an article may cover: what such a passage says, and how people ask for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: str = Field(min_length=10)
    says: tuple[str, ...] = Field(min_length=1)


class Outside(BaseModel):
    """A subject left out, unless a passage found holds one of the words in ``unless``.

    ``programs`` marks questions about the operator's programs, which its contact can answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str = Field(min_length=3)
    says: tuple[str, ...] = Field(min_length=1)
    unless: tuple[str, ...] = ()
    programs: bool = False


class Subjects(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    covered: tuple[Covered, ...] = ()
    outside: tuple[Outside, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything written in the file, for a vocabulary."""
        return tuple(
            [text for one in self.covered for text in (one.about, *one.says)]
            + [text for other in self.outside for text in other.says]
        )


def read_subjects(path: Path = SUBJECTS) -> Subjects:
    """Read and check the file; ``SettingsError`` names every entry that cannot be used."""
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
        return Subjects.model_validate(found or {})
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror or error}).") from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{path} is not valid YAML: {error}") from None
    except ValidationError as error:
        lines = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()
        )
        raise SettingsError(f"{path} has entries that cannot be used: {lines}") from None


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near a question is to each subject: the best cosine of its examples, ``(n,)`` each."""

    covered: Vectors
    outside: Vectors


class SubjectTable:
    """The subjects with the vectors of their examples."""

    def __init__(self, subjects: Subjects, embedder: Embedder) -> None:
        """Embed every example once."""
        self.subjects = subjects
        self._covered = _Group([one.says for one in subjects.covered], embedder)
        self._outside = _Group([one.says for one in subjects.outside], embedder)
        self.about: Vectors = embedder.encode([one.about for one in subjects.covered])

    def near(self, vector: Vectors) -> Nearness:
        """How near a unit vector of shape ``(dim,)`` is to every subject."""
        return Nearness(self._covered.near(vector), self._outside.near(vector))


class _Group:
    def __init__(self, says: Sequence[Sequence[str]], embedder: Embedder) -> None:
        self._vectors = embedder.encode([text for each in says for text in each])
        lengths = [len(each) for each in says]
        self._starts = np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(int)
        self._size = len(lengths)

    def near(self, vector: Vectors) -> Vectors:
        if not self._size:
            return np.zeros(0, dtype=np.float32)
        return np.asarray(np.maximum.reduceat(self._vectors @ vector, self._starts))
