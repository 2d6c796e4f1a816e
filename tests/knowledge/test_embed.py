"""The sentence model: its identity without loading it, its vectors, and plain refusals."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.errors import EmbedderUnavailable
from bot.knowledge import embed, transformer
from bot.knowledge.embed import SentenceEmbedder, make_embedder
from bot.knowledge.transformer import Transformer
from bot.knowledge.vectors import Vectors
from bot.settings import Settings

ROOT = Path(__file__).parents[2]


def test_the_identity_is_had_without_importing_torch() -> None:
    code = (
        "import sys; from bot.knowledge.embed import make_embedder;"
        "from bot.settings import Settings; print(make_embedder(Settings()).identity);"
        "print('torch' in sys.modules)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=ROOT
    ).stdout.split()
    assert out[0].startswith("all-MiniLM-L6-v2@53aa5117")
    assert out[1] == "False"


def test_other_weights_have_another_identity(tmp_path: Path) -> None:
    identities = set()
    for content in (b"a", b"b"):
        (tmp_path / "model.safetensors").write_bytes(content)
        identities.add(SentenceEmbedder(tmp_path).identity)
    assert len(identities) == 2
    assert all(one.startswith(f"{tmp_path.name}@") for one in identities)


def test_weights_that_are_not_the_tested_ones_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"tampered")
    sha256 = {"model.safetensors": embed.PACKAGE_SHA256["model.safetensors"]}
    embedder = SentenceEmbedder(tmp_path, sha256=sha256)
    with pytest.raises(EmbedderUnavailable, match="not the one this program was tested with"):
        embedder.encode(["x"])


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmbedderUnavailable, match=r"no \.safetensors"):
        _ = make_embedder(Settings(embedder=str(tmp_path))).identity
    with pytest.raises(EmbedderUnavailable, match="BOT_EMBEDDER"):
        make_embedder(Settings(embedder=str(tmp_path / "missing")))


def test_a_missing_package_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embed, "PACKAGE", "no_such_package_here")
    with pytest.raises(EmbedderUnavailable, match="pip install no-such-package-here"):
        make_embedder(Settings())


def test_a_folder_that_is_no_model_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(EmbedderUnavailable, match="cannot be loaded") as caught:
        SentenceEmbedder(tmp_path).encode(["x"])
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def real() -> SentenceEmbedder:
    return make_embedder(Settings())


def alike(some: Vectors, others: Vectors) -> bool:
    """Whether unit vectors are the same but for rounding, which is another in another batch."""
    return bool((np.sum(some * others, axis=-1) > 0.999).all())


@pytest.mark.parametrize(
    ("able", "chosen"),
    [({}, "float32"), ({"avx512_bf16": False}, "float32"), ({"avx512_bf16": True}, "bfloat16")],
)
def test_the_model_is_half_as_wide_only_where_the_processor_can(
    monkeypatch: pytest.MonkeyPatch, able: dict[str, bool], chosen: str
) -> None:
    import torch

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert transformer.precision() is getattr(torch, chosen)


def test_half_as_wide_it_reads_the_same(
    real: SentenceEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    texts = ["He won't talk to me for days.", "Does the price depend on my income?", "ok"]
    for width in (torch.float32, torch.bfloat16):
        monkeypatch.setattr(transformer, "precision", lambda width=width: width)
        other = make_embedder(Settings())
        assert alike(other.encode(texts), real.encode(texts))
        assert np.allclose(other.encode_layers(texts), real.encode_layers(texts), atol=0.1)


def test_vectors_are_unit_length_float32_and_in_order(real: SentenceEmbedder) -> None:
    texts = ["silent treatment", "the weather in Perth", "a longer sentence about silence " * 9]
    vectors = real.encode(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        assert alike(real.encode([text])[0], vector)


def test_meaning_counts_and_not_only_words(real: SentenceEmbedder) -> None:
    question, near, far = real.encode(
        ["My husband won't talk to me for days", "stonewalling or silent treatment", "moving house"]
    )
    assert question @ near > question @ far


def test_no_texts_give_no_vectors_of_the_right_width(real: SentenceEmbedder) -> None:
    assert real.encode([]).shape == (0, 384)


def test_layers_keep_the_order_of_texts_and_end_with_the_sentence_vector(
    real: SentenceEmbedder,
) -> None:
    texts = ["He keeps my bank card and counts the money.", "Rain.", "What is that?"] * 30
    layers = real.encode_layers(texts)
    assert layers.shape == (90, 6, 384)
    assert layers.dtype == np.float32
    last = layers[:, -1] / np.linalg.norm(layers[:, -1], axis=1, keepdims=True)
    assert alike(last, real.encode(texts))
    assert real.encode_layers([]).size == 0


def test_a_vector_computed_with_the_layers_is_the_same_and_computed_once(
    real: SentenceEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn asks for layers of the folded text, then for the vector of the text as written."""
    bare = real.encode(["What is stonewalling?"])
    real.encode_layers(["what is stonewalling?", "and another turn"])
    with monkeypatch.context() as without:
        without.setattr(Transformer, "read", lambda *_: pytest.fail("it was computed again"))
        kept = real.encode(["What is stonewalling?"])
        with pytest.raises(pytest.fail.Exception):
            real.encode(["What is stonewalling?"])  # it was let go when it was asked for
    assert alike(kept, bare)


def test_expected_texts_are_read_along_if_they_are_of_a_length(
    real: SentenceEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far = (
        "what is gaslighting?",
        "and " * 50 + "why do couples who once were so close grow apart?",
    )
    bare = real.encode([near])
    real.expect([near, far])
    assert len(real.encode_layers(["wat is gaslihgting?"])) == 1
    assert not real._expected
    with monkeypatch.context() as without:
        without.setattr(Transformer, "read", lambda *_: pytest.fail("it was computed again"))
        assert alike(real.encode([near]), bare)
        with pytest.raises(pytest.fail.Exception):
            real.encode([far])


def test_what_was_expected_is_let_go_with_the_next_vectors(real: SentenceEmbedder) -> None:
    real.expect(["my husband is silent"])
    real.encode(["what helps?"])
    assert not real._expected


def test_kept_vectors_find_their_own_texts_among_new_ones(real: SentenceEmbedder) -> None:
    texts = ["What helps?", "Why do we fight?", "What helps?"]
    bare = real.encode(texts)
    real.encode_layers(["why do we fight?"])
    assert alike(real.encode(texts), bare)


def test_only_a_few_vectors_are_kept(real: SentenceEmbedder) -> None:
    for number in range(embed._KEPT + 5):
        real.encode_layers([f"turn {number}"])
    assert len(real._kept) == embed._KEPT
    real.encode_layers([f"text {number}" for number in range(embed._FEW + 1)])
    assert len(real._kept) == embed._KEPT  # those of many texts are nobody's turn


def test_a_model_without_layers_has_its_sentence_vector_for_one(
    real: SentenceEmbedder, tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    words = StaticEmbedding(real._loaded()._model.tokenizer, embedding_dim=16)
    SentenceTransformer(modules=[words]).save(str(tmp_path))
    embedder = make_embedder(Settings(embedder=str(tmp_path)))
    layers = embedder.encode_layers(["one text", "another"])
    assert layers.shape == (2, 1, 16)
