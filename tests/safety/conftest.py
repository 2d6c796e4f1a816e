"""The shipped safety layer, loaded once, and a way to try small rules files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import RulesError
from bot.safety import SafetyLayer

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def layer() -> SafetyLayer:
    return SafetyLayer.load(ROOT / "safety_rules.yaml")


SMALL = """\
review_days: 90
standing: [triple_zero, helper]
contact: operator
opening: If you are in danger now, call 000.
fallback: anyway
example_messages: examples
false_alarms: 0.01
doubted: 0
resources:
  - id: triple_zero
    name: Triple Zero
    phone: "000"
    source: here
    verified_on: 2026-11-01
    confidence: high
  - id: helper
    name: Helper
    phone: 1800 000 111
    sms: 0400 000 111
    source: here
    verified_on: 2026-11-01
    confidence: high
  - id: extra
    name: Extra
    phone: 13 00 00
    source: here
    verified_on: 2026-11-01
    confidence: low
  - id: operator
    name: Operator
    phone: 0400 000 999
    source: here
    verified_on: 2026-11-01
    confidence: high
cards:
  - {id: anyway, headline: Call someone, lines: [Any time.], resources: [triple_zero, helper]}
CARDS
signposts:
  - {line: "You can call any time:", resources: [triple_zero, helper]}
vocabulary:
  partner: [husband, wife, my other half]
verbs:
  hurt_verbs: [hit|hit, punch, choke, beat|beat|beaten up]
disguised: [partner, hurt_verbs]
spellings: {hubby: husband}
stances:
  - {id: denied, why: Denied., level: signpost, before: ["(not|never) [ever]"], inside: [never]}
  - {id: game, why: A game., level: none, sentence: [chess]}
rules:
  - id: hits_me
    why: A partner hurts the writer.
    category: family_violence
    level: crisis
    patterns: ["{partner} ~ {hurt_verbs} me", "he {hurt_verbs} me"]
    unless: ["{hurt_verbs} me up"]
    examples: [my husband hit me, he punches me]
    counter_examples: [he hit me up for money, my husband hit the road]
  - id: hands
    why: Hands round the neck, also over several messages.
    category: family_violence
    level: crisis
    card: neck
    patterns: ["hands ~ (neck|throat)"]
    examples: [his hands were round my neck, he used his hands // round my neck]
    counter_examples: [my hands are cold]
  - id: outside
    why: He is near.
    category: immediate_danger
    level: emergency
    patterns: [he is outside]
    requires_category: [family_violence]
    examples: [he hit me and he is outside]
    counter_examples: [he is outside]
  - id: die
    why: Wants to die.
    category: suicide_self_harm
    level: crisis
    patterns: [want to die]
    requires: [i]
    examples: [I want to die]
    counter_examples: [plants want to die]
answers:
  - id: says_yes
    why: A yes to a question about it.
    category: suicide_self_harm
    level: crisis
    patterns: ["(yes|sometimes) [really]"]
    after: [you ~ want to die]
    after_hit: [hands, suicide_self_harm]
    examples: [do you want to die? // yes]
    counter_examples: [do you like it? // yes]
"""


@pytest.fixture(scope="session")
def small_text() -> str:
    """A whole small rules file; a card for every category and level."""
    categories = (
        "immediate_danger child_at_risk suicide_self_harm sexual_assault family_violence "
        "harm_to_others using_violence"
    ).split()
    service = {each: "helper" if each == "family_violence" else "extra" for each in categories}
    cards = [
        f"  - {{id: {category}_{level}, category: {category}, level: {level}, "
        f"headline: {category} {level}, lines: [one {category}, two, three, four], "
        f"again: [What got in the way?], resources: [triple_zero, {service[category]}]}}"
        for category in categories
        for level in ("crisis", "emergency")
    ]
    neck = (
        "  - {id: neck, headline: See a doctor, lines: [Today.], resources: [triple_zero, helper]}"
    )
    return SMALL.replace("CARDS", "\n".join([neck, *cards]))


@pytest.fixture
def small(
    tmp_path: Path, small_text: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., SafetyLayer]:
    """Load the small rules file with some of its text replaced."""
    # What is kept of many small files would drive the shipped ones out.
    monkeypatch.setattr("bot.safety.load.user_cache_path", lambda _name: tmp_path / "cache")

    def load(*changes: tuple[str, str]) -> SafetyLayer:
        text = small_text
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path = tmp_path / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        return SafetyLayer.load(path)

    return load


@pytest.fixture
def mistakes(small: Callable[..., SafetyLayer]) -> Callable[..., list[str]]:
    """The mistakes told of the small rules file with some of its text replaced."""

    def find(*changes: tuple[str, str]) -> list[str]:
        with pytest.raises(RulesError) as caught:
            small(*changes)
        return [str(problem) for problem in caught.value.problems]

    return find
