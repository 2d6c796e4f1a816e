"""The second net: fitted to readable examples, cached, and quiet when it knows too little."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bot.errors import Problem, RulesError
from bot.safety import SafetyLayer
from bot.safety.cue_net import CueNet
from bot.safety.cues import CueModel, fit
from bot.safety.labelled import Example, read_examples
from bot.safety.load import load_cues, load_engine
from bot.safety.net import Find, Reading, Support, Thresholds
from bot.safety.rulebook import Shares
from bot.safety.words import Lexicon
from bot.types import Category, Level

RISK = ["he hits me at night", "she punches me and I am scared", "my husband chokes me again"]
CALM = ["he cooks dinner at night", "she paints me and I am happy", "my husband sings again"]


def examples(times: int) -> list[Example]:
    return [
        Example((f"{text} {number}",), level, categories)
        for number in range(times)
        for texts, level, categories in (
            (RISK, Level.CRISIS, (Category.FAMILY_VIOLENCE,)),
            (CALM, Level.NONE, ()),
        )
        for text in texts
    ]


@pytest.fixture(scope="module")
def lexicon(layer: SafetyLayer) -> Lexicon:
    return layer._engine.lexicon


@pytest.fixture(scope="module")
def model(lexicon: Lexicon) -> CueModel:
    fitted = fit(examples(30), lexicon)
    assert fitted is not None
    return fitted


def find(
    model: CueModel, lexicon: Lexicon, *turns: str, support: Support = Support.NONE
) -> Find | None:
    thresholds = Thresholds.passed_by(Shares(0.05, 0.5), model.harmless)
    return CueNet(model).find(Reading(turns, support), lexicon.read, thresholds)


def test_it_tells_risk_from_calm_in_the_same_voice(model: CueModel, lexicon: Lexicon) -> None:
    found = find(model, lexicon, "last week he hits me and chokes me")
    assert found is not None
    assert (found.categories, found.level) == ((Category.FAMILY_VIOLENCE,), Level.CRISIS)
    assert find(model, lexicon, "he cooks dinner and sings") is None


def test_it_names_the_words_that_told_and_where_they_stand(
    model: CueModel, lexicon: Lexicon
) -> None:
    turns = ("he sings at night", "my husband chokes me again")
    found = find(model, lexicon, *turns)
    assert found is not None
    start, end = found.span
    assert turns[1][start:end] in {word.split()[0] for word in found.because}


def test_a_message_of_unknown_words_tells_it_nothing(model: CueModel, lexicon: Lexicon) -> None:
    assert find(model, lexicon, "quark gluon chokes") is None


def test_of_several_turns_only_the_last_words_are_read(model: CueModel, lexicon: Lexicon) -> None:
    padding = "he cooks dinner at night and sings and paints again " * 30
    assert find(model, lexicon, "he hits me and chokes me at night") is not None
    assert find(model, lexicon, "he hits me and chokes me at night", "he sings") is not None
    assert find(model, lexicon, "he hits me and chokes me at night", padding) is None
    assert find(model, lexicon, padding, "he hits me and chokes me at night") is not None


def test_risk_among_much_harmless_text_is_found(model: CueModel, lexicon: Lexicon) -> None:
    padding = "he cooks dinner at night and sings and paints again " * 30
    found = find(model, lexicon, f"{padding} he hits me and chokes me at night {padding}")
    assert found is not None
    assert found.level is Level.CRISIS


def of_kinds(**kinds: str) -> list[Example]:
    """Examples of some categories, and calm ones."""
    told = [
        Example((f"{text} {number}",), Level.CRISIS, (Category(kind),))
        for kind, text in kinds.items()
        for number in range(30)
    ]
    return told + [each for each in examples(30) if not each.categories]


def test_it_is_sure_what_a_crisis_is_about_only_where_examples_agree(lexicon: Lexicon) -> None:
    model = fit(
        of_kinds(
            sexual_assault="he touches me at night", using_violence="I punch the kitchen wall"
        ),
        lexicon,
    )
    assert model is not None

    def kind(text: str, *known: Category) -> tuple[Category, ...]:
        found = CueNet(model).kind(Reading((text,)), known, lexicon.read)
        return found.categories if found else ()

    assert kind("he touches me each night") == (Category.SEXUAL_ASSAULT,)
    assert kind("I punch a wall in the kitchen") == (Category.USING_VIOLENCE,)
    assert kind("he touches me at night and I punch the kitchen wall") == ()
    assert kind("quark gluon") == ()
    assert kind("I punch a wall in the kitchen", Category.SEXUAL_ASSAULT) != (), "it hardly is"
    assert kind("I punch a wall in the kitchen", Category.USING_VIOLENCE) == (), "it is"


def test_danger_now_is_never_told_by_words_alone(lexicon: Lexicon) -> None:
    kinds = {"immediate_danger": "he breaks the door now", "family_violence": "he hides my money"}
    model = fit(of_kinds(**kinds), lexicon)
    assert model is not None
    assert CueNet(model).kind(Reading(("he breaks the door now",)), (), lexicon.read) is None


def test_the_same_words_tell_otherwise_of_oneself_and_of_others(lexicon: Lexicon) -> None:
    kinds = {
        "using_violence": "I slapped her at dinner",
        "family_violence": "she slapped him twice",
    }
    model = fit(of_kinds(**kinds), lexicon)
    assert model is not None
    assert {"slapped (i they)", "slapped (they)"} <= set(model.weights)
    found = find(model, lexicon, "I slapped her at dinner")
    assert found is not None
    assert not any("(" in word for word in found.because), "people are not shown as words"


def test_too_few_examples_make_no_net(lexicon: Lexicon) -> None:
    assert fit(examples(5), lexicon) is None


def test_fitting_twice_gives_the_same_weights(lexicon: Lexicon) -> None:
    assert fit(examples(20), lexicon) == fit(examples(20), lexicon)


@pytest.mark.parametrize(
    "line",
    ["nope", "{}", '{"text": 1, "level": "none", "category": "none"}',
     '{"text": "a", "level": "urgent", "category": "none"}',
     '{"text": "a", "level": "crisis", "category": "sadness"}',
     '{"turns": [], "level": "none", "category": "none"}'],
)  # fmt: skip
def test_a_bad_example_is_told_with_its_line(tmp_path: Path, line: str) -> None:
    good = json.dumps({"text": "a", "level": "none", "category": "none"})
    (tmp_path / "some.jsonl").write_text(f"{good}\n\n{line}\n")
    problems: list[Problem] = []
    assert len(read_examples(tmp_path, problems)) == 1
    assert [problem.line for problem in problems] == [3]


class TestTheCache:
    @pytest.fixture(autouse=True)
    def home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr("bot.safety.load.user_cache_path", lambda _name: tmp_path / "cache")
        return tmp_path / "cache"

    @pytest.fixture
    def rules(self, tmp_path: Path, small_text: str) -> Path:
        path = tmp_path / "rules.yaml"
        path.write_text(small_text)
        return path

    def test_compiled_rules_are_taken_from_it_while_nothing_changes(
        self, rules: Path, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load_engine(rules)
        assert len(list(home.glob("rules-*.pickle"))) == 1

        def unread(_path: Path) -> None:
            raise AssertionError("the rules were read again")

        monkeypatch.setattr("bot.safety.load.read_rules", unread)
        assert load_engine(rules).book.rules[0].id == "hits_me"

    def test_what_is_in_use_outlasts_many_others(self, rules: Path, home: Path) -> None:
        load_engine(rules)
        (kept,) = home.glob("rules-*.pickle")
        for number in range(6):
            os.utime(kept, (0, 0))
            assert load_engine(rules)
            other = rules.with_name(f"{number}.yaml")
            other.write_text(rules.read_text())
            load_engine(other)
        assert kept.exists()
        assert len(list(home.glob("rules-*.pickle"))) == 4

    def test_a_changed_file_is_read_anew(self, rules: Path) -> None:
        load_engine(rules)
        rules.write_text(rules.read_text().replace("id: hits_me", "id: blows"))
        assert load_engine(rules).book.rules[0].id == "blows"

    def test_a_bad_file_is_never_cached(self, rules: Path, home: Path) -> None:
        rules.write_text(rules.read_text().replace("fallback: anyway", "fallback: never"))
        for _ in range(2):
            with pytest.raises(RulesError):
                load_engine(rules)
        assert not home.exists()

    @pytest.mark.parametrize("damage", [b"", b"not a pickle", b"\x80\x04."])
    def test_a_damaged_cache_is_no_obstacle(self, rules: Path, home: Path, damage: bytes) -> None:
        load_engine(rules)
        next(home.glob("rules-*.pickle")).write_bytes(damage)
        assert load_engine(rules).book.rules[0].id == "hits_me"

    def test_a_cache_that_others_may_write_is_not_trusted(self, rules: Path, home: Path) -> None:
        load_engine(rules)
        file = next(home.glob("rules-*.pickle"))
        file.chmod(0o666)
        file.write_bytes(b"c__builtin__\nexit\n(S'owned'\ntR.")
        assert load_engine(rules).book.rules[0].id == "hits_me"

    def test_without_examples_there_is_no_net_and_no_error(self, rules: Path) -> None:
        assert load_cues(load_engine(rules), fitting=True) is None


def test_what_the_rules_found_stands_when_the_net_fails(
    layer: SafetyLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(CueNet, "find", fail)
    model = CueModel({}, (0.0,) * 8, (), (0.0,))
    turns = ["hello there", "I want to die"]
    assert SafetyLayer(layer._engine, model).assess(turns) == layer.assess_by_rules(turns)


def test_bad_examples_turn_the_net_off_and_leave_the_rules(
    tmp_path: Path, small_text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "rules.yaml").write_text(small_text)
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "some.jsonl").write_text("nope\n")
    layer = SafetyLayer.load(tmp_path / "rules.yaml")
    layer.learn()
    assert "The second net is off" in caplog.text
    assert "some.jsonl:1" in caplog.text
    assert layer.assess(["my husband hit me"]).level is Level.CRISIS
