"""The index in a folder: every version a Chroma database of its own, a file naming the current.

A version is written whole from the passages and vectors at hand, and never changed
afterwards: to copy a database that others have open could tear it. Beside it stands a list of
its files with their hashes, which is checked before Chroma sees them: its search graph is read
by native code that does not survive a damaged file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.errors import IndexUnavailable
from bot.knowledge.index import chroma
from bot.knowledge.index.contract import REMEDY, Index, IndexDamaged
from bot.knowledge.index.versions import locked, new_version
from bot.knowledge.vectors import Vectors
from bot.types import Passage

_COLLECTION = "passages"
_DATABASE = "chroma.sqlite3"
_GRAPH = "index_metadata.pickle"
_FILES = "files.json"


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
            self._remove_all_but({self.current(), self._read_pointer().get("previous", "")})
            yield

    def current(self) -> str:
        """The version named by the pointer file; ``""`` if there is none.

        Where the file is lost, spoilt or names what is not there, it is the newest version that
        was written whole: what was once ingested is not given up for the sake of one small file.
        """
        named = self._read_pointer().get("version", "")
        if named and (self._versions / named / _DATABASE).is_file():
            return named
        whole = (path.parent.name for path in self._versions.glob(f"*/{_FILES}"))
        return max(whole, default=named)

    def open(self) -> Index | None:
        """The current version, or ``None`` if nothing was ever published here."""
        version = self.current()
        if not version and not self._pointer.exists():
            return None
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
            files = json.dumps(_hashes(folder), indent=1)
            (folder / _FILES).write_text(files + "\n", "utf-8")
            for path in (*folder.rglob("*"), folder, self._versions):
                _sync(path)
            draft = self._pointer.with_suffix(".new")
            draft.write_text(json.dumps({"version": version, "previous": replaces}) + "\n", "utf-8")
            _sync(draft)
            os.replace(draft, self._pointer)  # noqa: PTH105 - the step that makes it visible
            _sync(self._folder)
        except (OSError, IndexUnavailable) as error:
            if self.current() != version:  # half of it is of no use, and may fill the disk
                shutil.rmtree(folder, ignore_errors=True)
            why = str(getattr(error, "strerror", None) or error.__cause__ or error)
            raise IndexUnavailable(
                f"The index at {self.place} cannot be written ({' '.join(why.split())[:200]}); "
                "the one before stays in use. Make room on the disk if it is full, or set "
                f"BOT_INDEX to another folder. {REMEDY}"
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
        if not version or not (folder / _DATABASE).is_file():
            what = f"version {version}, which is not there" if version else "no version"
            raise IndexDamaged(f"{self._pointer} names {what}. Build the index anew. {REMEDY}")
        self._check(folder)
        with chroma.told_plainly(self.place, IndexDamaged):
            if os.access(folder, os.W_OK) and os.access(folder / _DATABASE, os.W_OK):
                return self._opened(version, folder)
            # Chroma writes into whatever it opens, so of what is write-protected it gets a copy,
            # all of which is read before it is removed again.
            with tempfile.TemporaryDirectory(prefix="index-") as copied:
                shutil.copytree(folder, copied, dirs_exist_ok=True, copy_function=shutil.copyfile)
                index = self._opened(version, Path(copied))
                try:
                    index.embeddings()
                except BaseException:
                    index.close()
                    raise
                return index

    def _opened(self, version: str, folder: Path) -> Index:
        return chroma.ChromaIndex(
            self.place, version, chroma.open_folder(folder), _COLLECTION, self.current
        )

    def _check(self, folder: Path) -> None:
        """Refuse a version whose files are not those that were written."""
        try:
            listed = json.loads((folder / _FILES).read_text("utf-8"))
            found = _hashes(folder)
        except (OSError, ValueError) as error:
            raise IndexDamaged(
                f"The list of files {folder / _FILES} cannot be read ({error}). "
                f"Build the index anew. {REMEDY}"
            ) from None
        if listed != found:
            noted = listed if isinstance(listed, dict) else {_FILES: ""}
            names = sorted({*noted, *found})
            wrong = next(name for name in names if noted.get(name) != found.get(name))
            raise IndexDamaged(
                f"The file {folder / wrong} is not as it was written. "
                f"Build the index anew. {REMEDY}"
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


def _hashes(folder: Path) -> dict[str, str]:
    """The sha256 of every file of a version's search graph.

    The database is changed by every reading of it and holds checks of its own; a graph without
    ``index_metadata.pickle`` is a draft that Chroma does not read.
    """
    hashes = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (path.parent / _GRAPH).is_file():
            with path.open("rb") as file:
                name = path.relative_to(folder).as_posix()
                hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes


def _sync(path: Path) -> None:
    """Have the system write ``path`` (a file or a folder) to the disk now."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
