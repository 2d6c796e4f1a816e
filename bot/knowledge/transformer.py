"""A loaded sentence-transformers model: the only module that imports that library and PyTorch.

They are imported when a model is loaded: it takes seconds, which no card should wait for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.knowledge.vectors import Vectors

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DO_NOT_TRACK": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}


class Transformer:
    """The model in a folder; not safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Load it; nothing is fetched from a network. Almost any exception tells a bad folder."""
        os.environ.update(_OFFLINE)
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415
        from threadpoolctl import threadpool_limits  # noqa: PLC0415
        from transformers.utils import logging  # noqa: PLC0415

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        self._model: Any = SentenceTransformer(
            str(folder), device="cpu", model_kwargs={"torch_dtype": precision()}
        )
        self._model[0].register_forward_hook(_widened)
        # NumPy's threads go on spinning for a while after each small product, and take the cores
        # from the model's own: with them a turn takes two to four times as long.
        threadpool_limits(1, user_api="blas")

    @property
    def dimensions(self) -> int:
        """The length of its vectors."""
        return int(self._model.get_embedding_dimension())

    def entries(self) -> list[str]:
        """What it reads whole: words, and pieces of words."""
        return list(map(str, self._model.tokenizer.get_vocab()))

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """The numbers of the pieces that it reads of each text."""
        if callable(self._model.tokenizer):
            return list(self._model.tokenizer(list(texts))["input_ids"])
        # The model's own way in, ten times as slow.
        return [self._model.preprocess([text])["input_ids"] for text in texts]

    def encode(self, texts: Sequence[str], batch_size: int) -> Vectors:
        """Unit vectors of many texts, as the library computes them."""
        vectors = self._model.encode(
            list(texts),
            batch_size=batch_size,
            convert_to_numpy=True,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)

    def read(self, texts: Sequence[str]) -> tuple[Vectors, Vectors]:
        """What each layer makes of the texts of one batch, and their unit vectors.

        The first is averaged over the tokens of a text, shape ``(len(texts), layers,
        dimensions)``, lowest layer first; a model without layers has its vector as the only one.
        """
        import torch  # noqa: PLC0415

        transformer = self._model[0]
        config = getattr(getattr(transformer, "model", None), "config", None)
        if config is None:
            vectors = self.encode(texts, len(texts))
            return vectors[:, None, :], vectors
        config.output_hidden_states = True
        with torch.inference_mode():
            features = transformer(self._model.preprocess(list(texts)))
            # The first are the words themselves, before any layer.
            every = torch.stack(features["all_layer_embeddings"][1:], 1)
            mask = features["attention_mask"][:, None, :, None].float()
            layers = (every * mask).sum(2) / mask.sum(2)
            for module in list(self._model.children())[1:]:
                features = module(features)
            sentences = torch.nn.functional.normalize(features["sentence_embedding"], dim=1)
            return np.asarray(layers.numpy(), np.float32), np.asarray(sentences.numpy(), np.float32)


def precision() -> Any:
    """The number type to compute in: half as wide where the processor multiplies it by itself.

    A short text costs what it takes to read the weights; half as wide, about half. Elsewhere
    bfloat16 is emulated, and slower than float32. The vectors are the same but for rounding
    (``docs/decisions.md``).
    """
    import torch  # noqa: PLC0415

    able = torch.cpu.get_capabilities()
    native = able.get("avx512_bf16") or able.get("amx_bf16")
    return torch.bfloat16 if native else torch.float32


def _widened(_module: object, _given: object, features: dict[str, Any]) -> dict[str, Any]:
    """What is summed over tokens and made a unit vector is float32 whatever the layers are."""
    names = features.keys() & {"token_embeddings", "sentence_embedding"}
    return features | {name: features[name].float() for name in names}
