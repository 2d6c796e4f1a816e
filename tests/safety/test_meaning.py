"""The second net with a sentence model: fitted to it, cached, quick, and never in the way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bot.errors import EmbedderUnavailable
from bot.knowledge.vectors import Vectors
from bot.safety import SafetyLayer
from bot.safety.net import NET
from bot.types import Category, Level
from tests.fakes import HashingEmbedder

# No rule says anything of these.
RISK = [
    "he keeps my bank card again",
    "she reads my letters each day",
    "my husband counts my steps",
]
CALM = ["he keeps bees and sheep again", "she reads books each day", "my husband counts the birds"]


@pytest.fixture
def rules(tmp_path: Path, small_text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small rules with examples beside them, and a cache of their own."""
    monkeypatch.setattr("bot.safety.load.user_cache_path", lambda _name: tmp_path / "cache")
    (tmp_path / "rules.yaml").write_text(small_text)
    (tmp_path / "examples").mkdir()
    rows = [
        {"text": f"{text} {number}", "level": level, "category": category}
        for number in range(30)
        for texts, level, category in ((RISK, "crisis", "family_violence"), (CALM, "none", "none"))
        for text in texts
    ]
    lines = "\n".join(map(json.dumps, rows))
    (tmp_path / "examples" / "some.jsonl").write_text(lines)
    return tmp_path / "rules.yaml"


class Broken(HashingEmbedder):
    """A sentence model that fails."""

    def encode_layers(self, texts: Sequence[str]) -> Vectors:
        raise EmbedderUnavailable("broken")


def test_a_message_that_means_risk_is_raised_with_the_examples_like_it(rules: Path) -> None:
    layer = SafetyLayer.load(rules)
    turns = ["she reads my letters, my husband counts my steps"]
    found = layer.assess(turns)
    assert layer.look_again(found, turns) is None, "not ready, and says so"
    assert layer.understand(HashingEmbedder())
    looked = layer.look_again(found, turns)
    assert looked is not None
    assert (looked.level, looked.categories) == (Level.CRISIS, (Category.FAMILY_VIOLENCE,))
    (hit,) = [each for each in looked.hits if each.rule == NET]
    assert hit.text == turns[0]
    assert {reason.rstrip("0123456789 ") for reason in hit.because} <= set(RISK)


def test_calm_messages_and_unknown_words_stay_as_they_are(rules: Path) -> None:
    layer = SafetyLayer.load(rules)
    layer.understand(HashingEmbedder())
    for text in ("he keeps sheep and reads books", "quark gluon steps", "", "🙂"):
        found = layer.assess([text])
        assert layer.look_again(found, [text]) == found


def test_only_new_readings_are_encoded(rules: Path) -> None:
    embedder = HashingEmbedder()
    layer = SafetyLayer.load(rules)
    layer.understand(embedder)
    embedder.seen.clear()
    for turns in (
        ["he reads"],
        ["he reads", "she reads books each day"],
        ["he reads", "she reads books each day"],
    ):
        layer.assess_fully(turns)
    assert embedder.seen == [
        "he reads",
        "she reads books each day",
        "he reads\nshe reads books each day",
    ]


def test_it_sees_the_folded_text(rules: Path) -> None:
    embedder = HashingEmbedder()
    layer = SafetyLayer.load(rules)
    layer.understand(embedder)
    embedder.seen.clear()
    layer.assess_fully(["HE\u200b RÉADS"])
    assert embedder.seen == ["he reads"]


def test_a_fitted_model_is_taken_from_the_cache_of_its_sentence_model(rules: Path) -> None:
    assert not SafetyLayer.load(rules).understand(HashingEmbedder(), fitting=False)
    assert SafetyLayer.load(rules).understand(HashingEmbedder())
    again = HashingEmbedder()
    assert SafetyLayer.load(rules).understand(again, fitting=False)
    assert again.seen == []
    assert not SafetyLayer.load(rules).understand(HashingEmbedder("another@1"), fitting=False)


def test_changed_examples_are_fitted_anew(rules: Path) -> None:
    SafetyLayer.load(rules).understand(HashingEmbedder())
    with (rules.parent / "examples" / "some.jsonl").open("a") as file:
        file.write('\n{"text": "a new one", "level": "none", "category": "none"}')
    assert not SafetyLayer.load(rules).understand(HashingEmbedder(), fitting=False)


def test_a_broken_sentence_model_leaves_rules_and_words(
    rules: Path, caplog: pytest.LogCaptureFixture
) -> None:
    layer = SafetyLayer.load(rules)
    layer.learn()
    assert not layer.understand(Broken())
    assert "only rules and words" in caplog.text
    assert layer.assess_fully(["my husband counts my steps"]).level is Level.CRISIS


def test_a_sentence_model_that_breaks_later_leaves_the_first_look(
    rules: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    embedder = HashingEmbedder()
    layer = SafetyLayer.load(rules)
    layer.understand(embedder)
    monkeypatch.setattr(embedder, "encode_layers", Broken().encode_layers)
    found = layer.assess(["he reads a stew"])
    assert layer.look_again(found, ["he reads a stew"]) is None
    assert "stew" not in caplog.text


def test_fitting_twice_gives_the_same_scores(rules: Path, tmp_path: Path) -> None:
    scores = []
    for _ in range(2):
        layer = SafetyLayer.load(rules)
        layer.understand(HashingEmbedder())
        assert layer._meaning is not None
        model = layer._meaning._model
        judged = model.judge(model.view(HashingEmbedder().encode_layers(RISK + CALM)))
        scores.append(np.array([score for score, _ in judged]))
        for file in (tmp_path / "cache").glob("meaning-*"):
            file.unlink()
    assert np.array_equal(scores[0], scores[1])
    assert (scores[0][:3] > scores[0][3:]).all()


def test_a_long_turn_is_read_in_windows_and_the_turns_after_it_cost_little(rules: Path) -> None:
    layer, model = SafetyLayer.load(rules), HashingEmbedder()
    layer.understand(model)
    long = "we drove along the coast to a small town. " * 70
    turns = [long, "he keeps bees and sheep", "and home again"]
    for count, texts in ((1, range(10, 40)), (2, [2]), (3, [2])):
        model.seen.clear()
        layer.look_again(layer.assess(turns[:count]), turns[:count])
        assert len(model.seen) in texts
    assert model.seen[0] == "and home again"
    assert model.seen[1].endswith("he keeps bees and sheep\nand home again")


@pytest.mark.parametrize(
    ("before", "read_together"),
    [("he keeps bees and sheep again", False), ("we drove along the coast", True)],
)
def test_turns_are_read_together_unless_each_of_them_is_plainly_calm(
    rules: Path, before: str, read_together: bool
) -> None:
    layer, model = SafetyLayer.load(rules), HashingEmbedder()
    layer.understand(model)
    turns = [before, "she reads books each day"]
    layer.look_again(layer.assess(turns), turns)
    assert ("\n".join(turns) in model.seen) is read_together
