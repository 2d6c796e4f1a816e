"""Telling subjects apart by examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.knowledge import net
from bot.knowledge.lexical import words
from bot.knowledge.net import learn

TEXTS = ["he checks my phone", "she reads my texts", "what does it cost", "is there a fee", "rain"]
LABELS = [0, 0, 1, 1, 2]
VECTORS = np.eye(5, dtype=np.float32)


def test_an_example_is_taken_for_its_own_subject() -> None:
    made = learn(TEXTS, VECTORS, LABELS, None)
    for text, vector, label in zip(TEXTS, VECTORS, LABELS, strict=True):
        likely = made.likely(text, vector)
        assert likely.sum() == pytest.approx(1)
        assert likely.argmax() == label


def test_words_decide_where_the_vector_says_nothing() -> None:
    made = learn(TEXTS, VECTORS, LABELS, None)
    assert made.likely("the fee", np.zeros(5, dtype=np.float32)).argmax() == 1
    assert made.likely("my phone", np.zeros(5, dtype=np.float32)).argmax() == 0


def test_two_subjects_have_weights_each() -> None:
    made = learn(TEXTS[:4], VECTORS[:4], LABELS[:4], None)
    assert made.likely("", VECTORS[0]).argmax() == 0
    assert made.likely("", VECTORS[3]).argmax() == 1


def test_what_was_learnt_is_kept_until_the_examples_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "new" / "subjects.npz"
    first = learn(TEXTS, VECTORS, LABELS, file)
    monkeypatch.setattr(net, "_write", lambda *_: pytest.fail("it was learnt again"))
    again = learn(TEXTS, VECTORS, LABELS, file)
    assert np.array_equal(first.weights, again.weights)
    with pytest.raises(pytest.fail.Exception):
        learn(TEXTS, VECTORS, [0, 0, 1, 1, 0], file)


@pytest.mark.parametrize(
    "text", ["is there a fee", "He checks, he checks my phone phone", "zebra", "", "the my fee"]
)
def test_words_weigh_as_they_did_when_they_were_learnt(text: str) -> None:
    vectoriser = TfidfVectorizer(
        tokenizer=words, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True
    )
    vectoriser.fit(TEXTS)
    columns, seen = learn(TEXTS, VECTORS, LABELS, None)._seen(text)
    weighed = np.zeros(len(vectoriser.vocabulary_))
    weighed[columns] = seen
    assert np.allclose(weighed, vectoriser.transform([text]).toarray()[0])


@pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x03\x04"])
def test_a_damaged_file_is_the_same_as_none(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "subjects.npz"
    file.write_bytes(damage)
    assert learn(TEXTS, VECTORS, LABELS, file).likely("", VECTORS[4]).argmax() == 2


def test_a_place_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    made = learn(TEXTS, VECTORS, LABELS, tmp_path / "file" / "subjects.npz")
    assert made.likely("", VECTORS[4]).argmax() == 2
