"""What visitors ask about, in their own words: reads ``subjects.yaml`` and learns from it.

The examples in that file teach a multinomial logistic regression over sentence vectors and words
which subject a question is about. Whatever is decided this way can be explained by naming the
subject it was taken for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import SettingsError
from bot.knowledge.embed import Embedder
from bot.knowledge.net import learn
from bot.knowledge.vectors import Vectors

SUBJECTS = Path(__file__).with_name("subjects.yaml")


class Covered(BaseModel):
    """A subject an article may cover: what such a passage says, and how people ask for it.

    ``guarded`` marks abuse, safety and taking responsibility: all that is quoted to somebody
    who has told of violence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: str = Field(min_length=10)
    guarded: bool = False
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
    """How likely a question is about each subject, ``(n,)`` each, and about the library's own.

    All of these together sum to 1.
    """

    covered: Vectors
    outside: Vectors
    own: float = 0.0


class SubjectTable:
    """What tells subjects apart: learnt from the examples of all of them."""

    def __init__(
        self,
        subjects: Subjects,
        own: Sequence[Sequence[str]],
        embedder: Embedder,
        remember: Path | None,
    ) -> None:
        """Embed and learn every example once; with ``remember``, what was learnt is kept there.

        ``own`` has the examples of each of the library's own subjects.
        """
        self.subjects = subjects
        self._sizes = len(subjects.covered), len(subjects.outside)
        says = [one.says for one in subjects.covered] + [one.says for one in subjects.outside]
        says += [tuple(each) for each in own]
        texts = [text for each in says for text in each]
        labels = [label for label, each in enumerate(says) for _ in each]
        enough = len(says) > 1  # between fewer there is nothing to tell apart
        vectors = embedder.encode(texts)
        self._net = learn(texts, vectors, labels, remember) if enough else None

    def near(self, question: str, vector: Vectors) -> Nearness:
        """How likely a question with the unit vector ``vector``, ``(dim,)``, is about each."""
        covered, outside = self._sizes
        if self._net is None:
            return Nearness(np.zeros(covered, np.float32), np.zeros(outside, np.float32))
        likely = self._net.likely(question, vector)
        own = float(likely[covered + outside :].sum())
        return Nearness(likely[:covered], likely[covered : covered + outside], own)
