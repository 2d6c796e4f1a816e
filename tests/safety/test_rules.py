"""A rules file: what is read, and how every mistake in it is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bot.errors import RulesError
from bot.safety import SafetyLayer
from bot.safety.consistency import unused
from bot.safety.rules import read_rules
from bot.types import Assessment, Category, Level

Mistakes = Callable[..., list[str]]


def test_the_small_file_of_these_tests_loads(small: Callable[..., SafetyLayer]) -> None:
    assert [rule.id for rule in small().book.rules] == ["hits_me", "hands", "outside", "die"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("id: die", "id: hits_me", "used twice"),
        ("why: Wants to die.", "wy: Wants to die.", "Did you mean 'why'"),
        ("    requires: [i]\n", "    requires: [i]\n    colour: red\n", "'colour' is not known"),
        ("category: suicide_self_harm\n", "category: suicide\n", "not a category"),
        ("    level: emergency\n    patterns", "    level: urgent\n    patterns", "not a level"),
        ("patterns: [want to die]", "patterns: ['want ( die']", "not closed"),
        ("patterns: [want to die]", "patterns: ['{stranger} die']", "'stranger' does not exist"),
        ("patterns: [want to die]", "patterns: ['{partner.past} die']", "not a list of verbs"),
        ("patterns: [want to die]", "patterns: []", "no usable pattern"),
        ("examples: [I want to die]", "examples: [I want cake]", "is not matched"),
        (
            "counter_examples: [plants want to die]",
            "counter_examples: [I want to die]",
            "is matched",
        ),
        ("counter_examples: [plants want to die]", "counter_examples: []", "no counter-example"),
        ("card: neck", "card: nick", "card 'nick' does not exist"),
        ("requires: [i]", "ignores: [joking]", "stance 'joking' does not exist"),
        ("requires: [i]", "unless_message: ['{joke} off']", "'joke' does not exist"),
        ("requires: [i]", "unless_message: [i]", "is not matched"),
        ("after_hit: [hands,", "after_hit: [hand,", "'hand' is no rule, answer or category"),
        ("after: [you ~ want to die]", "after: ['{you} die']", "'you' does not exist"),
        ("id: says_yes", "id: die", "a rule has the same id"),
        ('patterns: ["(yes|sometimes) [really]"]', "patterns: []", "no usable pattern"),
        ("[do you like it? // yes]", "[]", "no counter-example"),
        ("[do you like it? // yes]", "[do you want to die? // yes]", "is matched"),
        (
            "    after: [you ~ want to die]\n    after_hit: [hands, suicide_self_harm]\n",
            "",
            "says no question",
        ),
        (
            "standing: [triple_zero, helper]",
            "standing: [triple_zero, help]",
            "'help' does not exist",
        ),
        ("fallback: anyway", "fallback: never", "card 'never' does not exist"),
        ("review_days: 90", "review_days: often", "not a number of days"),
        ('phone: "000"', "phone: call us", "not a phone number"),
        ("sms: 0400 000 111", "chat: http://x", "secure web address"),
        ("verified_on: 2026-11-01", "verified_on: last week", "not a date"),
        ("confidence: low", "confidence: sure", "not known"),
        ("husband, wife, my other half", "husband, '{partner}'", "contains itself"),
        ("category: using_violence, level: crisis", "category: using_violence", "no card for"),
        ("resources: [triple_zero, extra]}", "resources: [extra]}", "does not open with"),
        ("signposts:\n  - {line", "signposts:\n  - {category: child_at_risk, line", "default one"),
        ("disguised: [partner, hurt_verbs]", "disguised: [partners]", "does not exist"),
        ("rules:\n", "rules: &r\n", None),
        ("spellings: {hubby: husband}", "spellings: [hubby]", "mapping is expected"),
        ("opening: If", "opening: !!python/object:os.system If", "tag"),
        ("disguised: [partner, hurt_verbs]", "disguised: [partner, [x]]", "text is expected"),
        ("rules:\n", "rules: [\n", "Check indentation"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_mend(
    small: Callable[..., SafetyLayer], mistakes: Mistakes, old: str, new: str, complaint: str | None
) -> None:
    if complaint is None:
        small((old, new))
        return
    told = mistakes((old, new))
    assert any(complaint in each for each in told), told
    assert all(re.match(r"^.+rules\.yaml:\d+: .+: .+\. ?.+", each) for each in told)


def test_the_line_told_is_the_line_of_the_mistake(mistakes: Mistakes, small_text: str) -> None:
    told = mistakes(("why: Wants to die.", "wy: Wants to die."))
    line = small_text.split("why: Wants to die.", maxsplit=1)[0].count("\n") + 1
    assert f"rules.yaml:{line}: " in told[-1] or f"rules.yaml:{line}: " in told[0]


def test_all_mistakes_are_told_at_once(mistakes: Mistakes) -> None:
    told = mistakes(("card: neck", "card: nick"), ("fallback: anyway", "fallback: never"))
    assert len(told) == 2


def test_an_alias_is_refused_so_no_yaml_bomb_can_grow(mistakes: Mistakes) -> None:
    told = mistakes(
        ("disguised: [partner, hurt_verbs]", "disguised: &a [partner]"),
        ("{hubby: husband}", "{hubby: husband, x: *a}"),
    )
    assert any("alias" in each for each in told)


def test_a_key_given_twice_is_refused(mistakes: Mistakes) -> None:
    told = mistakes(("review_days: 90", "review_days: 90\nreview_days: 30"))
    assert any("given twice" in each for each in told)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"- a\n- b\n", "mapping"),
        (b"a: [" * 2000, "YAML"),
    ],
)
def test_a_file_that_is_no_rules_file_is_told_plainly(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(content)
    with pytest.raises(RulesError, match=complaint):
        SafetyLayer.load(path)


def test_a_missing_file_is_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="cannot be read"):
        SafetyLayer.load(tmp_path / "nothing.yaml")


def test_rules_may_stand_in_several_files(tmp_path: Path, small_text: str) -> None:
    main, rules = small_text.split("rules:\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "rules.yaml").write_text("rules:\n" + rules)
    path = tmp_path / "rules.yaml"
    path.write_text("include: [more/rules.yaml]\n" + main)
    assert len(SafetyLayer.load(path).book.rules) == 4


def test_an_included_file_must_stand_beside_the_rules_file(mistakes: Mistakes) -> None:
    told = mistakes(("review_days: 90", "review_days: 90\ninclude: [../../etc/passwd]"))
    assert any("outside the folder" in each for each in told)


def test_a_service_past_its_review_is_reported(small: Callable[..., SafetyLayer]) -> None:
    layer = small()
    assert layer.stale(date(2026, 11, 30)) == []
    stale = layer.stale(date(2027, 3, 1))
    assert len(stale) == 4
    assert "last checked 120 days ago" in str(stale[0])


def test_what_nothing_uses_is_reported(small: Callable[..., SafetyLayer]) -> None:
    layer = small(("husband, wife, my other half]", "husband, wife]\n  spare: [thing]"))
    assert [problem.where for problem in unused(read_rules(layer.book.path))] == [
        "vocabulary: spare"
    ]


class TestTheShippedRules:
    def test_nothing_in_them_is_unused(self, layer: SafetyLayer) -> None:
        assert [str(problem) for problem in unused(read_rules(layer.book.path))] == []

    def test_every_card_opens_with_triple_zero(self, layer: SafetyLayer) -> None:
        assert {card.resources[0] for card in layer.book.cards.values()} == {"triple_zero"}

    def test_emergency_cards_are_three_lines(self, layer: SafetyLayer) -> None:
        urgent = [c for c in layer.book.cards.values() if c.level and c.level.label == "emergency"]
        assert {len(card.lines) for card in urgent} == {3}

    @pytest.mark.parametrize("wrong", ["1300 776 491", "1800 766 491", "0800 2000 247", "131 444"])
    def test_numbers_known_to_be_wrong_are_not_there(self, layer: SafetyLayer, wrong: str) -> None:
        digits = wrong.replace(" ", "")
        for resource in layer.book.resources.values():
            assert digits not in resource.phone.replace(" ", "")

    def test_no_card_text_holds_a_number_that_is_no_resource(self, layer: SafetyLayer) -> None:
        calm = layer.assess(["hello"])
        for card in layer.book.cards.values():
            for line in (card.headline, *card.lines, *card.again):
                assert layer.blocked_by(line, calm) is None, line

    def test_the_operators_mobile_is_on_no_card(self, layer: SafetyLayer) -> None:
        assert all(layer.book.contact not in c.resources for c in layer.book.cards.values())


OUTPUT = """\
output_rules:
  - id: comfort
    why: Not for everybody.
    when: WHEN
    patterns: [not your fault]
    examples: [It is not your fault.]
    counter_examples: [It is your tea.]
"""


@pytest.mark.parametrize(
    ("when", "forbidden_after"),
    [
        ("always", {None, Category.FAMILY_VIOLENCE, Category.USING_VIOLENCE}),
        ("abuse", {Category.FAMILY_VIOLENCE, Category.USING_VIOLENCE}),
        ("using_violence", {Category.USING_VIOLENCE}),
    ],
)
def test_an_output_rule_holds_when_it_says(
    small: Callable[..., SafetyLayer], when: str, forbidden_after: set[Category | None]
) -> None:
    layer = small(("answers:\n", f"{OUTPUT.replace('WHEN', when)}answers:\n"))
    for category in (None, Category.FAMILY_VIOLENCE, Category.USING_VIOLENCE):
        assessment = Assessment(Level.CRISIS, (category,) if category else ())
        blocked = layer.blocked_by("It is not your fault.", assessment)
        assert (blocked == "comfort") is (category in forbidden_after)


def test_an_output_rule_with_an_unknown_when_is_told_with_what_is_allowed(
    mistakes: Mistakes,
) -> None:
    (told,) = mistakes(("answers:\n", f"{OUTPUT.replace('WHEN', 'sometimes')}answers:\n"))
    assert "when 'sometimes' is not known" in told
    assert "using_violence" in told
