"""What an index promises, whatever keeps it: Chroma in a folder, a server, or a test's memory.

An index is a series of versions. A version is complete before anybody can see it, and never
changes afterwards; publishing one moves a single pointer.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from bot.errors import IndexUnavailable
from bot.knowledge.vectors import Vectors
from bot.types import Passage, Scored

#: What to do about a missing or broken index; the end of many messages.
REMEDY = "Run: python ingest.py"


class IndexDamaged(IndexUnavailable):
    """There is an index, but it cannot be read; an ingest builds it anew."""


class Index(Protocol):
    """One version of the index, open for reading; safe to use from several threads."""

    @property
    def version(self) -> str:
        """The name of this version."""

    @property
    def identity(self) -> str:
        """The identity of the embedder that made its vectors."""

    @property
    def format(self) -> int:
        """The format its passages are stored in."""

    def is_current(self) -> bool:
        """Whether this is still the version that readers should use; quick to ask."""

    def search(self, vector: Vectors, k: int) -> list[Scored]:
        """The ``k`` passages nearest to a unit vector of shape ``(dim,)``, best first.

        Scores are cosine similarities. Fewer than ``k`` come back only if there are fewer.
        """

    def passages(self) -> list[Passage]:
        """Every passage, ordered by source and place in it."""

    def embeddings(self) -> tuple[list[str], Vectors]:
        """Every passage's id and unit vector ``(n, dim)``, in the order of ``passages``."""

    def close(self) -> None:
        """Let go of files and connections."""


class Store(Protocol):
    """Where the versions of an index live."""

    @property
    def place(self) -> str:
        """Folder or address, for messages."""

    def writing(self) -> AbstractContextManager[None]:
        """Hold the one right to publish; raises ``IngestBusy`` if another process has it."""

    def current(self) -> str:
        """The name of the current version, ``""`` if there is none."""

    def open(self) -> Index | None:
        """The current version, ``None`` if there is none; ``IndexDamaged`` if it is broken."""

    def publish(
        self,
        passages: Sequence[Passage],
        vectors: Vectors,
        identity: str,
        *,
        replaces: str,
    ) -> str:
        """Write a version, make it the current one, tidy up older ones; returns its name.

        Only to be called within ``writing``. ``replaces`` is what ``current`` said when the
        work began; ``IngestBusy`` if another version has been published since.
        """
