"""The index on a Chroma server: every version a collection, a small one naming the current."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.errors import IndexUnavailable, IngestBusy, SettingsError
from bot.knowledge.index import chroma
from bot.knowledge.index.contract import Index, IndexDamaged
from bot.knowledge.index.versions import locked, new_version, stamp
from bot.knowledge.vectors import Vectors
from bot.types import Passage

if TYPE_CHECKING:
    from chromadb.api.client import Client

_POINTER = "support-current"
_PREFIX = "support-version-"
#: An unfinished version may belong to an ingest on another machine; not after this time.
_ABANDONED = timedelta(hours=2)


class ServerStore:
    """Versions on a Chroma server, which several machines may read.

    Ingests on two machines cannot spoil each other's versions: each writes its own, and
    ``publish`` gives up if the pointer has moved since the work began.
    """

    def __init__(self, url: str, lock_folder: Path) -> None:
        """Use the server at ``url``; the lock between ingests of this machine is a file."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
            raise SettingsError(
                "BOT_CHROMA_URL is not an address such as http://127.0.0.1:8000 "
                f"(it is {url!r}). Mend it, or unset it to keep the index in a folder."
            )
        self._ssl = parts.scheme == "https"
        self._host = parts.hostname
        self._port = port or (443 if self._ssl else 8000)
        self._lock_folder = lock_folder
        self._client: Client | None = None
        self.place = f"{parts.scheme}://{self._host}:{self._port}"

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock of this machine for that server."""
        name = re.sub(r"\W+", "-", self.place)
        with locked(self._lock_folder, f"ingest-{name}.lock", self.place):
            yield

    def current(self) -> str:
        """The version that the pointer collection names, ``""`` if there is none."""
        with chroma.told_plainly(self.place, IndexUnavailable):
            noted = chroma.collection_metadata(self._shared(), _POINTER)
        return str((noted or {}).get("version", ""))

    def open(self) -> Index | None:
        """The current version, or ``None`` if nothing was ever published there."""
        version = self.current()
        while version:
            try:
                with chroma.told_plainly(self.place, IndexDamaged):
                    return chroma.ChromaIndex(
                        self.place, version, self._connect(), _PREFIX + version, self.current
                    )
            except IndexDamaged:
                newer = self.current()  # as in a folder: it may have been replaced meanwhile
                if newer == version:
                    raise
                version = newer
        return None

    def publish(
        self, passages: Sequence[Passage], vectors: Vectors, identity: str, *, replaces: str
    ) -> str:
        """Write a new collection, then point at it."""
        version = new_version()
        with chroma.told_plainly(self.place, IndexUnavailable):
            client = self._shared()
            self._tidy(client, {replaces, self.current()})
            chroma.fill(client, _PREFIX + version, passages, vectors, identity)
            if self.current() != replaces:
                client.delete_collection(_PREFIX + version)
                raise IngestBusy(
                    f"Another ingest has just changed the index at {self.place}. "
                    "Run this one again."
                )
            pointer = client.get_or_create_collection(_POINTER, embedding_function=None)
            pointer.modify(metadata={"version": version, "previous": replaces})
            self._tidy(client, {version, replaces})
        return version

    def _shared(self) -> Client:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> Client:
        return chroma.connect(self._host, self._port, ssl=self._ssl, place=self.place)

    def _tidy(self, client: Client, keep: set[str]) -> None:
        """Delete replaced versions, and unfinished ones old enough to be abandoned."""
        abandoned = stamp(datetime.now(UTC) - _ABANDONED)
        for collection in client.list_collections():
            version = collection.name.removeprefix(_PREFIX)
            if version == collection.name or version in keep:
                continue
            replaced = version < max(keep) and chroma.is_whole(collection.metadata)
            if replaced or version < abandoned:
                client.delete_collection(collection.name)
