"""The path of a message: screening first, always, whatever else is broken."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bot.conversation import Bot, Draft
from bot.errors import IndexUnavailable
from bot.safety import SafetyLayer
from bot.screening import Known, Limits
from bot.types import Assessment, Card, Category, Citation, Hit, Level, Passage, Scored
from tests.fakes import DOUBTFUL, Doubting

ROOT = Path(__file__).resolve().parent.parent
PASSAGE = Passage(
    id="p",
    text="Silence hurts. It isolates.",
    section=("Abuse",),
    span=(0, 27),
    order=0,
    source="a.md",
    title="A",
)


class ScriptedAnswerer:
    """Says what it is told to, and remembers what it was asked."""

    def __init__(self, text: str = "Silence hurts. [1]", error: Exception | None = None) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.expected: list[tuple[str, ...]] = []
        self.may_use: Callable[[str], bool] = lambda _text: True
        self._text = text
        self._error = error

    def expect(self, turns: Sequence[str]) -> None:
        self.expected.append(tuple(turns))

    def draft(
        self,
        turns: Sequence[str],
        may_use: Callable[[str], bool],
        *,
        may_write: bool = False,
        guarded: bool = False,
    ) -> Draft:
        self.asked.append(tuple(turns))
        self.may_use = may_use
        if self._error:
            raise self._error
        citation = Citation(1, "A", "Abuse", "", "Silence hurts.", "p")
        return Draft(self._text, (citation,), (Scored(PASSAGE, 0.9),), found=True)


class BrokenSafety(SafetyLayer):
    """A safety layer whose screening fails."""

    def assess(self, turns: Sequence[str]) -> Assessment:
        raise RuntimeError("broken")


@pytest.fixture(scope="module")
def safety() -> SafetyLayer:
    return SafetyLayer.load(ROOT / "safety_rules.yaml")


def test_an_ordinary_question_is_answered_without_a_card(safety: SafetyLayer) -> None:
    reply = Bot(safety, ScriptedAnswerer()).reply(["Why do couples grow apart?"])
    assert (reply.kind, reply.level, reply.card) == ("answer", Level.NONE, None)
    assert reply.citations[0].quote in PASSAGE.text


def test_thoughts_of_suicide_get_the_card_and_nothing_else(safety: SafetyLayer) -> None:
    answerer = ScriptedAnswerer()
    reply = Bot(safety, answerer).reply(["I want to die"])
    assert (reply.kind, reply.text, answerer.asked) == ("safety", "", [])
    assert isinstance(reply.card, Card)


def test_a_later_ordinary_question_is_answered_with_the_card_kept(safety: SafetyLayer) -> None:
    screened = Bot(safety, ScriptedAnswerer()).screen(["I want to die", "What is stonewalling?"])
    assert not screened.fresh
    reply = Bot(safety, ScriptedAnswerer()).answer(screened)
    assert (reply.kind, reply.level) == ("answer", Level.CRISIS)
    assert reply.card is not None
    assert reply.card.again


def test_the_card_comes_when_screening_itself_fails(safety: SafetyLayer) -> None:
    reply = Bot(BrokenSafety(safety._engine), ScriptedAnswerer()).reply(["hello"])
    assert reply.kind == "safety"
    assert reply.card == safety.fallback_card()


@pytest.mark.parametrize("error", [IndexUnavailable("no index"), RuntimeError("bug")])
def test_a_fault_in_answering_becomes_a_plain_sentence(
    safety: SafetyLayer, error: Exception
) -> None:
    reply = Bot(safety, ScriptedAnswerer(error=error)).reply(["What is stonewalling?"])
    assert reply.kind == "error"
    assert "try again" in reply.text
    assert str(error) not in reply.text


@pytest.mark.parametrize("error", [IndexUnavailable("no index"), RuntimeError("bug")])
def test_a_fault_in_answering_never_takes_the_card_away(
    safety: SafetyLayer, error: Exception
) -> None:
    reply = Bot(safety, ScriptedAnswerer(error=error)).reply(["my husband hits me"])
    assert reply.card is not None
    assert reply.card.resources[0].id == "triple_zero"


@pytest.mark.parametrize("message", ["", "   ", "\n\n"])
def test_an_empty_message_is_told_kindly(safety: SafetyLayer, message: str) -> None:
    reply = Bot(safety, ScriptedAnswerer()).reply([message])
    assert (reply.kind, reply.card) == ("invalid", None)
    assert "nothing in that message" in reply.text


def test_a_message_too_long_is_told_kindly_and_still_screened(safety: SafetyLayer) -> None:
    bot = Bot(safety, ScriptedAnswerer(), Limits(message=200))
    assert "limit is 200" in bot.reply(["hello " * 100]).text
    crisis = bot.reply(["hello " * 100 + "my husband hits me"])
    assert (crisis.kind, crisis.level) == ("invalid", Level.CRISIS)
    assert crisis.card is not None


def test_the_answerer_is_told_what_to_expect_before_the_second_look(safety: SafetyLayer) -> None:
    answerer = ScriptedAnswerer()

    class Looking(SafetyLayer):
        def look_again(self, assessment: Assessment, turns: Sequence[str]) -> None:
            assert answerer.expected == [tuple(turns)]

    bot = Bot(Looking(safety._engine), answerer)
    assert bot.reply(["What is stonewalling?"]).kind == "answer"
    assert bot.reply(["I want to die"]).kind == "safety"
    assert answerer.expected == [("What is stonewalling?",)], "what has its card is not answered"


def test_an_answerer_that_cannot_expect_still_answers(safety: SafetyLayer) -> None:
    class Surprised(ScriptedAnswerer):
        def expect(self, turns: Sequence[str]) -> None:
            raise IndexUnavailable("no index yet")

    assert Bot(safety, Surprised()).reply(["What is stonewalling?"]).kind == "answer"


def test_what_the_output_rules_forbid_is_replaced(safety: SafetyLayer) -> None:
    reply = Bot(safety, ScriptedAnswerer("Call 1800 999 999 now. [1]")).reply(["Who helps?"])
    assert reply.kind == "no_answer"
    assert "1800 999 999" not in reply.text
    assert reply.citations == ()
    assert reply.trace["blocked_by"] == "unknown_phone_number"


def test_a_remark_stands_beside_a_passage_that_needs_one(safety: SafetyLayer) -> None:
    reply = Bot(safety, ScriptedAnswerer("Couples therapy may work. [1]")).reply(["Does it help?"])
    assert "not recommended where there is abuse" in reply.text


def test_passages_on_reconnecting_may_not_be_used_after_a_disclosure(safety: SafetyLayer) -> None:
    answerer = ScriptedAnswerer()
    bot = Bot(safety, answerer)
    bot.reply(["How do we get close again?"])
    assert answerer.may_use("How to Rebuild Love and Trust.\nRebuild intimacy.")
    bot.reply(["my husband hits me", "How do we get close again?"])
    assert not answerer.may_use("How to Rebuild Love and Trust.\nRebuild intimacy.")


COMFORT = "What You Can Do.\nAcknowledge the Abuse: Understand that it's not your fault."


def test_comfort_for_the_one_harmed_is_kept_from_the_one_who_harms(safety: SafetyLayer) -> None:
    answerer = ScriptedAnswerer()
    bot = Bot(safety, answerer)
    bot.reply(["my husband hits me", "is it my fault?"])
    assert answerer.may_use(COMFORT)
    bot.reply(["I hit my wife", "is it my fault?"])
    assert not answerer.may_use(COMFORT)
    assert not answerer.may_use("Consider Your Safety.\nIf you feel endangered, get help.")
    assert answerer.may_use("Abuse.\nAbuse erodes the sense of safety and trust between partners.")
    bot.reply(["we both hit each other", "is it my fault?"])
    assert not answerer.may_use(COMFORT)


def test_a_very_long_conversation_is_told_to_start_again_and_is_still_screened(
    safety: SafetyLayer,
) -> None:
    bot = Bot(safety, ScriptedAnswerer(), Limits(turns=10))
    assert "very long" in bot.reply(["hello"] * 11).text
    assert bot.reply(["I want to die", *["hello"] * 11]).level is Level.CRISIS


def test_no_words_of_the_visitor_are_in_the_trace(safety: SafetyLayer) -> None:
    reply = Bot(safety, ScriptedAnswerer()).reply(["my husband xylophone hits me"])
    assert "xylophone" not in json.dumps(reply.trace)
    assert "xylophone" not in json.dumps(reply.ms)


KNOWN = Known(Level.CRISIS, (Category.FAMILY_VIOLENCE,))


def test_what_was_found_before_raises_a_turn_that_shows_nothing(safety: SafetyLayer) -> None:
    bot = Bot(safety, ScriptedAnswerer())
    screened = bot.screen(["What is stonewalling?"], KNOWN)
    assert screened.assessment.level is Level.CRISIS
    assert screened.assessment.categories == (Category.FAMILY_VIOLENCE,)
    assert not screened.fresh
    reply = bot.answer(screened)
    assert reply.kind == "answer"
    assert reply.card is not None
    assert reply.card.again


@pytest.mark.parametrize("known", [Known(), Known(Level.SIGNPOST), KNOWN])
def test_what_was_found_before_lowers_nothing(safety: SafetyLayer, known: Known) -> None:
    screened = Bot(safety, ScriptedAnswerer()).screen(["I want to die"], known)
    assert screened.assessment.level >= Level.CRISIS
    assert Category.SUICIDE_SELF_HARM in screened.assessment.categories
    assert screened.fresh
    assert screened.final is not None


@pytest.mark.parametrize("turn", range(4))
def test_an_earlier_turn_has_the_card_that_it_brought_up_then(
    safety: SafetyLayer, turn: int
) -> None:
    bot = Bot(safety, ScriptedAnswerer())
    turns = ["I feel distant", "my husband hits me", "What is stonewalling?", "I want to die"]
    then = bot.screen(turns[: turn + 1])
    earlier = bot.earlier(bot.screen(turns), turn)
    assert (earlier.card, earlier.turns) == (then.card, then.turns)
    assert earlier.assessment.categories == then.assessment.categories


def test_an_earlier_card_that_cannot_be_had_leaves_the_one_there_is(safety: SafetyLayer) -> None:
    class NoCards(SafetyLayer):
        def card(self, assessment: Assessment, turns: Sequence[str], *, again: bool) -> Card:
            raise RuntimeError("broken")

    bot = Bot(safety, ScriptedAnswerer())
    screened = bot.screen(["my husband hits me", "What is stonewalling?"])
    bot.adopt(NoCards(safety._engine))
    assert screened.card is not None
    assert bot.earlier(screened, 0) == screened


def test_a_turn_screened_again_is_not_counted_again(safety: SafetyLayer) -> None:
    counted: list[str] = []
    bot = Bot(safety, ScriptedAnswerer(), counted=lambda level, _: counted.append(level))
    first = bot.screen(["I want to die"])
    second = bot.screen(["I want to die"], turn_id=first.turn_id)
    assert second.turn_id == first.turn_id
    assert counted == [first.assessment.level.label]


def test_a_conversation_of_too_many_characters_is_told_so_and_still_screened(
    safety: SafetyLayer,
) -> None:
    bot = Bot(safety, ScriptedAnswerer(), Limits(conversation=5000))
    assert bot.reply(["a " * 1900, "What is stonewalling?"]).kind == "answer"
    long = ["a " * 1900, "b " * 1900]
    assert bot.reply([*long, "What is stonewalling?"]).kind == "invalid"
    assert bot.reply([*long, "I want to die"]).kind == "safety"


@pytest.mark.parametrize("category", list(Category))
@pytest.mark.parametrize("level", [Level.CRISIS, Level.EMERGENCY])
def test_every_category_known_before_has_a_card_to_keep(
    safety: SafetyLayer, category: Category, level: Level
) -> None:
    screened = Bot(safety, ScriptedAnswerer()).screen(["Thank you"], Known(level, (category,)))
    assert screened.assessment.level is level
    assert screened.card is not None
    assert screened.card != safety.fallback_card()
    assert screened.card.resources[0].phone == "000"


class SecondLook(SafetyLayer):
    """The shipped rules, with a second look that finds what it is told to."""

    category = Category.FAMILY_VIOLENCE

    def look_again(self, assessment: Assessment, turns: Sequence[str]) -> Assessment | None:
        hit = Hit("net", self.category, Level.CRISIS, (0, 1), turns[-1][:1], len(turns) - 1)
        return Assessment(Level.CRISIS, (self.category,), (*assessment.hits, hit))


class Suicide(SecondLook):
    """The same, of another kind."""

    category = Category.SUICIDE_SELF_HARM


class NoSecondLook(SafetyLayer):
    """A second look that breaks."""

    def look_again(self, assessment: Assessment, turns: Sequence[str]) -> Assessment | None:
        raise RuntimeError("broken")


class Settling(Doubting):
    """The same; the second look finds as much as the rules."""

    def look_again(self, assessment: Assessment, turns: Sequence[str]) -> Assessment | None:
        return self.undoubted(assessment)


class Missing(Doubting):
    """The same without a second look."""

    def look_again(self, assessment: Assessment, turns: Sequence[str]) -> Assessment | None:
        return None


class Failing(Doubting):
    """The same with a second look that breaks."""

    def look_again(self, assessment: Assessment, turns: Sequence[str]) -> Assessment | None:
        raise RuntimeError("broken")


class TestTheSecondLook:
    TURNS = ("Why do couples grow apart?",)

    def test_it_raises_a_card_and_the_answer_still_comes(self, safety: SafetyLayer) -> None:
        bot = Bot(SecondLook(safety._engine), ScriptedAnswerer())
        screened = bot.screen(self.TURNS)
        assert screened.card is None
        looked = bot.look_again(screened)
        assert isinstance(looked.card, Card)
        assert looked.fresh
        reply = bot.answer(looked)
        assert (reply.kind, reply.level, reply.card) == ("answer", Level.CRISIS, looked.card)
        assert reply.trace["looked_again"] is True

    def test_thoughts_of_suicide_found_by_it_get_the_card_alone(self, safety: SafetyLayer) -> None:
        answerer = ScriptedAnswerer()
        reply = Bot(Suicide(safety._engine), answerer).reply(self.TURNS)
        assert (reply.kind, reply.text, answerer.asked) == ("safety", "", [])

    @pytest.mark.parametrize("kind", [SafetyLayer, NoSecondLook])
    def test_missing_or_broken_it_leaves_the_first_look(
        self, safety: SafetyLayer, kind: type[SafetyLayer]
    ) -> None:
        bot = Bot(kind(safety._engine), ScriptedAnswerer())
        screened = bot.screen(self.TURNS)
        assert bot.look_again(screened) == screened
        assert bot.reply(self.TURNS).trace["looked_again"] is False

    def test_what_was_found_and_is_in_doubt_gets_its_card_when_it_finds_as_much(
        self, safety: SafetyLayer
    ) -> None:
        bot = Bot(Settling(safety._engine), ScriptedAnswerer())
        screened = bot.screen(DOUBTFUL)
        assert (screened.card, screened.assessment.level) == (None, Level.SIGNPOST)
        assert screened.note
        looked = bot.look_again(screened)
        assert looked.fresh
        assert looked.card is not None
        assert bot.answer(looked).card == looked.card

    def test_it_gets_the_quiet_line_and_the_answer_when_it_finds_less(
        self, safety: SafetyLayer
    ) -> None:
        reply = Bot(Doubting(safety._engine), ScriptedAnswerer()).reply(DOUBTFUL)
        assert (reply.kind, reply.level, reply.card) == ("answer", Level.SIGNPOST, None)
        assert reply.note

    @pytest.mark.parametrize("kind", [Missing, Failing])
    def test_it_gets_its_card_when_there_is_no_second_look(
        self, safety: SafetyLayer, kind: type[SafetyLayer]
    ) -> None:
        counted: list[str] = []
        bot = Bot(
            kind(safety._engine), ScriptedAnswerer(), counted=lambda level, _: counted.append(level)
        )
        plain = Bot(safety, ScriptedAnswerer()).screen(DOUBTFUL)
        looked = bot.look_again(bot.screen(DOUBTFUL))
        assert plain.card is not None
        assert (looked.card, looked.assessment, looked.fresh) == (
            plain.card, plain.assessment, True,
        )  # fmt: skip
        assert counted == ["signpost", "crisis"]

    def test_nothing_is_in_doubt_where_risk_is_known_or_a_card_was_shown_or_nothing_follows(
        self, safety: SafetyLayer
    ) -> None:
        bot = Bot(Doubting(safety._engine), ScriptedAnswerer(), Limits(message=100))
        known = Known(Level.CRISIS, (Category.FAMILY_VIOLENCE,))
        for screened in (
            bot.screen(DOUBTFUL, known),
            bot.screen(DOUBTFUL, certain=True),
            bot.screen([f"{DOUBTFUL[0]}. {'So it goes. ' * 20}"]),
        ):
            assert screened.fresh
            assert screened.card is not None

    def test_a_whole_reply_is_not_looked_at_again(self, safety: SafetyLayer) -> None:
        bot = Bot(SecondLook(safety._engine), ScriptedAnswerer())
        screened = bot.screen(["I want to die"])
        assert bot.look_again(screened) is screened
