"""One version of the index as a Chroma collection; the only module that imports ``chromadb``.

Chroma is imported when it is first used: it takes more than a second, which neither a
crisis card nor ``python -m bot check`` should wait for.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from bot.errors import BotError, IndexUnavailable
from bot.knowledge.index.contract import REMEDY, IndexDamaged
from bot.knowledge.vectors import Vectors
from bot.types import Passage, Scored

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.types import GetResult

logger = logging.getLogger(__name__)

#: Raised whenever what is stored for a passage changes; an older index is then built anew.
FORMAT = 1
_COUNT = "count"
_BATCH = 500
#: Passages read at once.
_PAGE = 2000
_GREETING_TIMEOUT = 3.0  # seconds a server has to say that it is there
_READING_TIMEOUT = 30.0  # seconds for one batch of a whole version
_SEARCH_TIMEOUT = 2.0  # seconds, since a visitor is waiting
#: Seconds for which the passages in memory are searched after Chroma failed to.
_LEFT_ALONE = 20.0


@contextlib.contextmanager
def told_plainly(place: str, kind: type[IndexUnavailable]) -> Iterator[None]:
    """Turn whatever Chroma raises into an error of ``kind`` that names the place."""
    try:
        yield
    except (BotError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # Chroma's, SQLite's, httpx's; a Rust panic is no Exception
        raise kind(
            f"The index at {place} cannot be used ({type(error).__name__}: "
            f"{' '.join(str(error).split())[:200]}). If it stays so, build it anew. {REMEDY}"
        ) from error


class ChromaIndex:
    """One version, whose passages are kept in memory; Chroma finds the nearest of them.

    Where Chroma has gone away meanwhile, they are searched in memory, so that a version once
    searched, or asked for its vectors, goes on answering.
    """

    def __init__(
        self,
        place: str,
        version: str,
        client: Client,
        name: str,
        current: Callable[[], str],
    ) -> None:
        """Read the collection ``name``; ``current`` tells which version the pointer names.

        The index owns ``client`` and closes it, also if it cannot be read.
        """
        self._place = place
        self._version = version
        self._client = client
        self._current = current
        self._left_alone_until = 0.0
        self._reading = threading.Lock()
        self._read_vectors: Vectors | None = None
        try:
            self._read(name)
        except BaseException:
            client.close()
            raise

    def _read(self, name: str) -> None:
        self._collection = self._client.get_collection(name, embedding_function=None)
        self._metadata = dict(self._collection.metadata or {})
        found = [
            _passage(id_, metadata)
            for page in self._pages("metadatas")
            for id_, metadata in zip(page["ids"], page["metadatas"] or [], strict=True)
        ]
        if len(found) != self._metadata.get(_COUNT):
            raise IndexDamaged(
                f"Version {self._version} of the index at {self._place} holds {len(found)} of its "
                f"{self._metadata.get(_COUNT, 'unknown number of')} passages. "
                f"Build it anew. {REMEDY}"
            )
        found.sort(key=lambda one: (one.source, one.order))
        self._passages = {one.id: one for one in found}
        _allow(self._client, _SEARCH_TIMEOUT)

    def _pages(self, what: Literal["metadatas", "embeddings"]) -> Iterator[GetResult]:
        """Everything of the collection, page by page.

        Each number of a vector comes as an object of Python's, so all at once would take many
        times the memory that they take in the end.
        """
        start = 0
        while start % _PAGE == 0:
            page = self._collection.get(include=[what], limit=_PAGE, offset=start)
            if not page["ids"]:
                break
            start += len(page["ids"])
            yield page

    @property
    def _vectors(self) -> Vectors:
        """Every passage's vector, in the order of ``passages``; read when first asked for."""
        with self._reading:
            if self._read_vectors is None:
                _allow(self._client, _READING_TIMEOUT)
                place = {id_: at for at, id_ in enumerate(self._passages)}
                order: list[int] = []
                parts: list[Vectors] = [np.zeros((0, 0), dtype=np.float32)]
                for page in self._pages("embeddings"):
                    order += [place[id_] for id_ in page["ids"]]
                    parts.append(np.asarray(page["embeddings"], dtype=np.float32))
                if len(order) != len(place):
                    raise IndexDamaged(
                        f"Version {self._version} of the index at {self._place} holds "
                        f"{len(order)} of its {len(place)} vectors. Build it anew. {REMEDY}"
                    )
                vectors: Vectors = np.concatenate(parts[1:] or parts)[np.argsort(order)]
                if len(vectors):  # Chroma reads its graph at the first question: better now
                    self._nearest(vectors[0], 1)
                _allow(self._client, _SEARCH_TIMEOUT)
                self._read_vectors = vectors
        return self._read_vectors

    @property
    def version(self) -> str:
        """The name of this version."""
        return self._version

    @property
    def identity(self) -> str:
        """The identity of the embedder that made the vectors."""
        return str(self._metadata.get("embedder", ""))

    @property
    def format(self) -> int:
        """The format the passages are stored in."""
        return int(str(self._metadata.get("format", 0)))

    def is_current(self) -> bool:
        """Whether the pointer still names this version: one small read."""
        return self._current() == self._version

    def search(self, vector: Vectors, k: int) -> list[Scored]:
        """The ``k`` nearest passages, best first, with their cosine similarity."""
        k = min(k, len(self._passages))
        if k < 1:
            return []
        with told_plainly(self._place, IndexUnavailable):
            vectors = self._vectors
        if time.monotonic() >= self._left_alone_until:
            try:
                with told_plainly(self._place, IndexUnavailable):
                    return self._nearest(vector, k)
            except IndexUnavailable as error:
                self._left_alone_until = time.monotonic() + _LEFT_ALONE
                logger.error("%s Until then the copy in memory is searched.", error)
        scores = vectors @ np.asarray(vector, dtype=np.float32)
        best = np.argsort(-scores, kind="stable")[:k]
        ids = list(self._passages)
        return [Scored(self._passages[ids[at]], float(scores[at])) for at in best]

    def _nearest(self, vector: Vectors, k: int) -> list[Scored]:
        """What Chroma finds."""
        found = self._collection.query(
            query_embeddings=np.asarray(vector, dtype=np.float32)[np.newaxis, :],
            n_results=k,
            include=["distances"],
        )
        distances = found["distances"] or [[]]
        return [
            Scored(self._passages[id_], 1.0 - float(distance))
            for id_, distance in zip(found["ids"][0], distances[0], strict=True)
        ]

    def passages(self) -> list[Passage]:
        """Every passage, ordered by source and place in it."""
        return list(self._passages.values())

    def embeddings(self) -> tuple[list[str], Vectors]:
        """Every passage's id and unit vector, in the order of ``passages``."""
        with told_plainly(self._place, IndexUnavailable):
            return list(self._passages), self._vectors.copy()

    def close(self) -> None:
        """Let go of the database."""
        self._client.close()


def open_folder(folder: Path) -> Client:
    """The Chroma database in ``folder``, made if there is none."""
    import chromadb  # noqa: PLC0415 - slow, see above

    try:
        return cast("Client", chromadb.PersistentClient(str(folder), settings=_settings()))
    except BaseException:
        # Chroma remembers a database it failed to open, and would never try it again.
        from chromadb.api.shared_system_client import SharedSystemClient  # noqa: PLC0415

        getattr(SharedSystemClient, "_identifier_to_system", {}).pop(str(folder), None)
        raise


def connect(host: str, port: int, *, ssl: bool, place: str) -> Client:
    """A connection to a Chroma server; ``IndexUnavailable`` if it does not answer in time."""
    import chromadb  # noqa: PLC0415 - slow, see above
    import httpx  # noqa: PLC0415

    try:
        # Chroma itself would wait for ever for a server that accepts and says nothing.
        httpx.get(f"{place}/api/v2/heartbeat", timeout=_GREETING_TIMEOUT).raise_for_status()
        client = cast(
            "Client", chromadb.HttpClient(host=host, port=port, ssl=ssl, settings=_settings())
        )
    except Exception as error:
        raise IndexUnavailable(
            f"There is no answer from a Chroma server at {place} ({type(error).__name__}). "
            "Start it (chroma run --path FOLDER), or unset BOT_CHROMA_URL."
        ) from error
    _allow(client, _READING_TIMEOUT)
    return client


def _allow(client: Client, seconds: float) -> None:
    """Let a request to a server take so long; Chroma has no setting for it, and no limit."""
    session = getattr(getattr(client, "_server", None), "_session", None)
    if session is not None:
        session.timeout = seconds


def _settings() -> Any:
    from chromadb.config import Settings  # noqa: PLC0415 - slow, see above

    return Settings(anonymized_telemetry=False)


def fill(
    client: Client, name: str, passages: Sequence[Passage], vectors: Vectors, identity: str
) -> None:
    """Make the collection ``name``; its count is noted last, as the sign that it is whole."""
    metadata: dict[str, Any] = {"embedder": identity, "format": FORMAT}
    collection = client.create_collection(
        name,
        metadata=metadata,
        configuration={"hnsw": {"space": "cosine", "ef_search": 200, "ef_construction": 200}},
        embedding_function=None,
    )
    for start in range(0, len(passages), _BATCH):
        part = passages[start : start + _BATCH]
        collection.add(
            ids=[passage.id for passage in part],
            embeddings=vectors[start : start + _BATCH],
            documents=[passage.text for passage in part],
            metadatas=[_metadata(passage) for passage in part],
        )
    collection.modify(metadata=metadata | {_COUNT: len(passages)})


def is_whole(metadata: Mapping[str, Any] | None) -> bool:
    """Whether a collection's metadata say that ``fill`` finished it."""
    return _COUNT in (metadata or {})


def collection_metadata(client: Client, name: str) -> Mapping[str, Any] | None:
    """The metadata of the collection ``name``, ``None`` if there is no such collection."""
    from chromadb.errors import NotFoundError  # noqa: PLC0415 - slow, see above

    try:
        return client.get_collection(name, embedding_function=None).metadata or {}
    except NotFoundError:
        return None


_FIELDS = tuple(field.name for field in fields(Passage) if field.name != "id")


def _metadata(passage: Passage) -> dict[str, Any]:
    """All of a passage but its id, as the flat values Chroma keeps."""
    values = asdict(passage)
    return {
        "order": passage.order,
        "source": passage.source,
        "passage": json.dumps({name: values[name] for name in _FIELDS}, ensure_ascii=False),
    }


def _passage(id_: str, metadata: Mapping[str, Any] | None) -> Passage:
    """The passage that ``_metadata`` took apart."""
    values = json.loads(str((metadata or {})["passage"]))
    values["section"] = tuple(values["section"])
    values["span"] = tuple(values["span"])
    return Passage(id=id_, **values)
