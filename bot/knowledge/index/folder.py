"""The index in a folder: every version a Chroma database of its own, a file naming the current.

A version is written whole from the passages and vectors at hand, and never changed
afterwards: to copy a database that others have open could tear it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.errors import IndexUnavailable
from bot.knowledge.embed import Vectors
from bot.knowledge.index import chroma
from bot.knowledge.index.contract import REMEDY, Index, IndexDamaged
from bot.knowledge.index.versions import locked, new_version
from bot.types import Passage

_COLLECTION = "passages"


class FolderStore:
    """Versions in a folder of this machine: ``versions/<name>/`` and the pointer ``CURRENT``."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``; it is made by the first ingest."""
        self._folder = folder
        self._versions = folder / "versions"
        self._pointer = folder / "CURRENT"
        self.place = str(folder)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock on the folder, and clear away what a killed ingest left unfinished."""
        with locked(self._folder, "ingest.lock", self.place):
            named = self._read_pointer()
            self._remove_all_but({named.get("version", ""), named.get("previous", "")})
            yield

    def current(self) -> str:
        """The version named by the pointer file; ``""`` if it is missing or unreadable."""
        return self._read_pointer().get("version", "")

    def open(self) -> Index | None:
        """The current version, or ``None`` if nothing was ever published here."""
        if not self._pointer.exists():
            return None
        version = self.current()
        while True:
            try:
                return self._open(version)
            except IndexDamaged:
                # Two ingests may have finished while this one was opening: then its version
                # is gone, and the newer one is to be had.
                newer = self.current()
                if newer == version:
                    raise
                version = newer

    def publish(
        self, passages: Sequence[Passage], vectors: Vectors, identity: str, *, replaces: str
    ) -> str:
        """Write a version beside the current one, then swap the pointer file."""
        version = new_version()
        folder = self._versions / version
        try:
            folder.mkdir(parents=True)
            with chroma.told_plainly(self.place, IndexUnavailable):
                client = chroma.open_folder(folder)
                try:
                    chroma.fill(client, _COLLECTION, passages, vectors, identity)
                finally:
                    client.close()
            for path in (*folder.rglob("*"), folder, self._versions):
                _sync(path)
            draft = self._pointer.with_suffix(".new")
            draft.write_text(json.dumps({"version": version, "previous": replaces}) + "\n", "utf-8")
            _sync(draft)
            os.replace(draft, self._pointer)  # noqa: PTH105 - the step that makes it visible
            _sync(self._folder)
        except OSError as error:
            raise IndexUnavailable(
                f"The index at {self.place} cannot be written ({error.strerror or error}); "
                "the one before stays in use. Make room or set BOT_INDEX to another folder."
            ) from error
        self._remove_all_but({version, replaces})
        return version

    def _read_pointer(self) -> dict[str, str]:
        try:
            named = json.loads(self._pointer.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(k): str(v) for k, v in named.items()} if isinstance(named, dict) else {}

    def _open(self, version: str) -> Index:
        folder = self._versions / version
        if not version or not (folder / "chroma.sqlite3").is_file():
            what = f"version {version}, which is not there" if version else "no version"
            raise IndexDamaged(f"{self._pointer} names {what}. Build the index anew. {REMEDY}")
        with chroma.told_plainly(self.place, IndexDamaged):
            return chroma.ChromaIndex(
                self.place, version, chroma.open_folder(folder), _COLLECTION, self.current
            )

    def _remove_all_but(self, keep: set[str]) -> None:
        """Remove versions that are replaced or unfinished; the one before the current stays.

        Readers that opened it go on undisturbed until they notice the newer one.
        """
        if not self._versions.is_dir():
            return
        for folder in self._versions.iterdir():
            if folder.name not in keep:
                shutil.rmtree(folder, ignore_errors=True)


def _sync(path: Path) -> None:
    """Have the system write ``path`` (a file or a folder) to the disk now."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
