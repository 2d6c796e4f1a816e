"""Vectors of fixed texts kept in a file, so that a second start need not embed them again.

Only what the program and the library say is kept here, never what a visitor writes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from bot.knowledge.embed import Embedder
from bot.knowledge.vectors import Vectors


class RememberingEmbedder:
    """An embedder that asks another one only for texts it has not met.

    The file is a help and no more: one that is damaged, made by another sentence model or
    impossible to write is the same as none.
    """

    def __init__(self, embedder: Embedder, file: Path) -> None:
        """Remember in ``file`` what ``embedder`` says."""
        self._embedder = embedder
        self._file = file
        self._known = _read(file, embedder.identity)

    @property
    def identity(self) -> str:
        """The identity of the embedder asked."""
        return self._embedder.identity

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of ``texts`` in order; new ones are written to the file."""
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        asked = dict(zip(keys, texts, strict=True))
        missing = {key: text for key, text in asked.items() if key not in self._known}
        if missing or not texts:
            rows = self._embedder.encode(list(missing.values()))
            if not texts:
                return rows
            self._known = self._known | dict(zip(missing, rows, strict=True))
            self._write()
        return np.stack([self._known[key] for key in keys])

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._file.parent, suffix=".new")
            try:
                with os.fdopen(handle, "wb") as file:
                    np.savez(
                        file,
                        identity=np.array(self.identity),
                        keys=np.array(list(self._known)),
                        vectors=np.stack(list(self._known.values())),
                    )
                Path(name).replace(self._file)
            finally:
                Path(name).unlink(missing_ok=True)


def _read(file: Path, identity: str) -> dict[str, Vectors]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            if str(stored["identity"]) != identity:
                return {}
            return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return {}
