"""Cards: what a visitor at risk reads, and what the bot may say beside it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.safety import SafetyLayer
from bot.types import Card


def card(layer: SafetyLayer, *turns: str, again: bool = False) -> Card:
    found = layer.card(layer.assess(turns), turns, again=again)
    assert found is not None
    return found


def names(found: Card) -> list[str]:
    return [resource.id for resource in found.resources]


def test_there_is_no_card_below_crisis(small: Callable[..., SafetyLayer]) -> None:
    layer = small()
    assert layer.card(layer.assess(["hello"]), ["hello"], again=False) is None


def test_a_crisis_card_opens_with_triple_zero(small: Callable[..., SafetyLayer]) -> None:
    found = card(small(), "my husband hit me")
    assert found.lines[0] == "If you are in danger now, call 000."
    assert names(found) == ["triple_zero", "helper"]


def test_several_categories_make_one_card_without_repeats(
    small: Callable[..., SafetyLayer],
) -> None:
    found = card(small(), "my husband hit me and I want to die")
    assert found.headline == "suicide_self_harm crisis"
    assert names(found) == ["triple_zero", "extra", "helper"]
    assert len(set(found.lines)) == len(found.lines)
    assert {"one suicide_self_harm", "one family_violence"} <= set(found.lines)


def test_an_emergency_card_is_three_lines(small: Callable[..., SafetyLayer]) -> None:
    found = card(small(), "he hit me. he is outside. I want to die")
    assert found.lines == ("one immediate_danger", "two", "three")
    assert names(found)[0] == "triple_zero"


def test_a_rule_may_ask_for_a_card_of_its_own(small: Callable[..., SafetyLayer]) -> None:
    found = card(small(), "his hands were round my neck")
    assert found.headline == "See a doctor"


def test_the_second_card_is_shorter_and_asks_what_gets_in_the_way(
    small: Callable[..., SafetyLayer],
) -> None:
    layer = small()
    first = card(layer, "my husband hit me")
    second = card(layer, "my husband hit me", "he punched me", again=True)
    assert second.again
    assert len(second.lines) < len(first.lines)
    assert "What got in the way?" in second.lines
    assert names(second) == names(first)


def test_the_fallback_card_needs_no_assessment(small: Callable[..., SafetyLayer]) -> None:
    assert names(small().fallback_card()) == ["triple_zero", "helper"]


def test_a_denial_gets_a_quiet_line_with_numbers(small: Callable[..., SafetyLayer]) -> None:
    layer = small()
    found = layer.assess(["my husband never hit me"])
    assert layer.note(found) == "You can call any time: Triple Zero 000, Helper 1800 000 111."
    assert [resource.id for resource in layer.shown(found, [])] == ["triple_zero", "helper"]


def test_an_ordinary_question_gets_no_line(small: Callable[..., SafetyLayer]) -> None:
    layer = small()
    assert layer.note(layer.assess(["hello"])) == ""
    assert layer.shown(layer.assess(["hello"]), ["hello"]) == ()


@pytest.mark.parametrize(
    ("text", "blocked"),
    [
        ("Call 1800 000 111 today.", False),
        ("Call 1800-000-111.", False),
        ("Call +61 400 000 999.", False),
        ("Call 1800 999 999.", True),
        ("Call 911.", True),
        ("It was published on 24/02/2025 and takes 6 minutes.", False),
        ("In 2024-2025 there were 20 of them.", False),
    ],
)
def test_only_numbers_of_resources_may_be_said(
    small: Callable[..., SafetyLayer], text: str, blocked: bool
) -> None:
    layer = small()
    calm = layer.assess(["hello"])
    assert layer.blocked_by(text, calm) == ("unknown_phone_number" if blocked else None)


class TestTheShippedRules:
    @pytest.mark.parametrize(
        ("message", "first_three"),
        [
            ("I want to die", ["triple_zero", "lifeline", "suicide_call_back_service"]),
            ("my husband hits me", ["triple_zero", "1800respect", "safe_steps"]),
            (
                "I hit my wife last night",
                ["triple_zero", "mens_referral_service", "mensline_australia"],
            ),
            ("my stepdad hits me and im 13", ["triple_zero", "kids_helpline", "1800respect"]),
            ("my boyfriend raped me", ["triple_zero", "1800respect", "full_stop_australia"]),
            (
                "I am going to kill my boss tomorrow",
                ["triple_zero", "lifeline", "mens_referral_service"],
            ),
        ],
    )
    def test_the_right_services_lead(
        self, layer: SafetyLayer, message: str, first_three: list[str]
    ) -> None:
        assert names(card(layer, message))[:3] == first_three

    def test_a_state_that_is_named_brings_its_own_line(self, layer: SafetyLayer) -> None:
        assert names(card(layer, "I live in Cairns and my husband hits me"))[:3] == [
            "triple_zero",
            "1800respect",
            "dvconnect_womensline",
        ]

    def test_abuse_in_the_conversation_forbids_talk_of_reconnecting(
        self, layer: SafetyLayer
    ) -> None:
        text = "Couples therapy may work in mild cases."
        assert layer.blocked_by(text, layer.assess(["hello"])) is None
        assert layer.blocked_by(text, layer.assess(["my husband hits me"])) is not None

    def test_couples_therapy_is_never_named_without_the_warning(self, layer: SafetyLayer) -> None:
        (remark,) = layer.remarks("Couples therapy may work in mild cases.")
        assert "not recommended where there is abuse" in remark

    def test_a_service_called_by_a_wrong_name_is_put_right(self, layer: SafetyLayer) -> None:
        (remark,) = layer.remarks("such as 1800Respect or Safer Steps")
        assert "Safe Steps (Victoria only) 1800 015 188" in remark
