"""Bringing the index up to date with a library of documents.

The index describes exactly the library it was last given. Only passages whose embedded text
is new are embedded; the rest keep their vectors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from bot.errors import DocumentError, IndexUnavailable
from bot.knowledge.embed import BATCH, Embedder
from bot.knowledge.index import FORMAT, Index, IndexDamaged, Store, open_store
from bot.knowledge.library import Library, read_library
from bot.knowledge.passages import embedding_text, split
from bot.knowledge.vectors import Vectors
from bot.types import Passage

if TYPE_CHECKING:
    from bot.settings import Settings

Stage = Literal["reading", "embedding", "writing"]
#: Called with the stage, how much of it is done, and how much there is.
OnProgress = Callable[[Stage, int, int], None]


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """What an ingest did. ``added``, ``unchanged`` and ``removed`` count passages.

    ``embedded`` counts the passages the sentence model had to read; ``problems`` holds one
    line for each path that could not be used; ``version`` names what readers now see.
    """

    documents: int
    added: int
    unchanged: int
    removed: int
    embedded: int
    seconds: float
    index: str
    version: str
    problems: tuple[str, ...]


class NothingToIngest(DocumentError):
    """Not one document could be read; ``problems`` says why, a line for each path."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Say that nothing was read, and keep the reasons."""
        self.problems = problems
        super().__init__("Nothing could be read, so the index was left as it was.")


@dataclass(frozen=True, slots=True)
class _Before:
    """The index as it was, open while this is in use; none where its vectors cannot be used."""

    version: str
    passages: tuple[Passage, ...] = ()
    index: Index | None = None

    def vectors(self) -> dict[str, Vectors]:
        """The vectors that can be used again, by the text that they stand for."""
        if self.index is None:
            return {}
        try:
            _, vectors = self.index.embeddings()
        except IndexUnavailable:  # what cannot be read is embedded anew
            return {}
        texts = map(embedding_text, self.passages)
        return dict(zip(texts, vectors, strict=True))


def ingest(
    paths: Sequence[Path],
    settings: Settings,
    embedder: Embedder,
    on_progress: OnProgress = lambda _stage, _done, _total: None,
) -> IngestSummary:
    """Make the index of ``settings`` describe the documents in ``paths``, and nothing else.

    Readers see the old index until the new one is complete. With nothing changed, nothing is
    written and the sentence model is not loaded. A file that is there but cannot be used is
    reported, and what an earlier ingest made of it stays.

    Raises ``NothingToIngest`` if no document could be read, ``IngestBusy`` if another ingest
    is at work, ``EmbedderUnavailable`` or ``IndexUnavailable`` if those parts fail.
    """
    return ingest_into(open_store(settings), paths, embedder, on_progress)


def ingest_into(
    store: Store,
    paths: Sequence[Path],
    embedder: Embedder,
    on_progress: OnProgress = lambda _stage, _done, _total: None,
) -> IngestSummary:
    """``ingest`` into a given store."""
    started = time.perf_counter()
    with store.writing():
        library = read_library(paths, lambda done, total: on_progress("reading", done, total))
        if not library.documents:
            raise NothingToIngest(library.problems)
        with _as_it_was(store, embedder.identity) as before:
            passages = _passages(library, before)
            changed = before.index is None or passages != before.passages
            known = before.vectors() if changed else {}
        version, embedded = before.version, 0
        if changed:
            vectors, embedded = _vectors(passages, known, embedder, on_progress)
            on_progress("writing", 0, 1)
            version = store.publish(passages, vectors, embedder.identity, replaces=before.version)
            on_progress("writing", 1, 1)
    old, new = {one.id for one in before.passages}, {one.id for one in passages}
    return IngestSummary(
        documents=len({one.source for one in passages}),
        added=len(new - old),
        unchanged=len(new & old),
        removed=len(old - new),
        embedded=embedded,
        seconds=time.perf_counter() - started,
        index=store.place,
        version=version,
        problems=library.problems,
    )


@contextmanager
def _as_it_was(store: Store, identity: str) -> Iterator[_Before]:
    """The current version, closed again in the end."""
    version = store.current()
    try:
        index = store.open()
    except IndexDamaged:
        index = None
    if index is None:
        yield _Before(version)
        return
    try:
        usable = index.format == FORMAT and index.identity == identity
        yield _Before(version, tuple(index.passages()), index if usable else None)
    finally:
        index.close()


def _passages(library: Library, before: _Before) -> tuple[Passage, ...]:
    """What the index shall hold, in the order an index gives it back."""
    kept = [one for one in before.passages if one.source in library.broken]
    fresh = [one for document in library.documents for one in split(document)]
    return tuple(sorted(kept + fresh, key=lambda one: (one.source, one.order)))


def _vectors(
    passages: Sequence[Passage],
    known: dict[str, Vectors],
    embedder: Embedder,
    on_progress: OnProgress,
) -> tuple[Vectors, int]:
    """The vectors of ``passages`` in order, and how many of the texts had to be embedded."""
    texts = [embedding_text(one) for one in passages]
    # Texts of one batch are filled up to the longest of them, so alike ones go together; the
    # longest come first, as memory that will not do should show at once.
    missing = sorted({text for text in texts if text not in known}, key=_longest_first)
    found = dict(known)
    on_progress("embedding", 0, len(missing))
    for start in range(0, len(missing), BATCH):
        part = missing[start : start + BATCH]
        found.update(zip(part, embedder.encode(part), strict=True))
        on_progress("embedding", start + len(part), len(missing))
    return np.stack([found[text] for text in texts]), len(missing)


def _longest_first(text: str) -> tuple[int, str]:
    return -len(text), text
