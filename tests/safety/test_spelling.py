"""Misspelt risk words are understood, and real words are never taken for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.safety import SafetyLayer
from bot.safety.spelling import Speller
from bot.safety.words import Lexicon

WORD_LISTS = [
    Path("/usr/share/dict", name) for name in ("british-english-large", "american-english-large")
]
SPELLER = Speller(
    ["strangulation", "strangled", "suicide", "stabbed", "raped", "kill"], ["husband", "hurry"]
)


@pytest.mark.parametrize(
    ("token", "meant"),
    [
        ("strangeld", "strangled"),
        ("strangledd", "strangled"),
        ("suicde", "suicide"),
        ("suiccide", "suicide"),
        ("raed", "raped"),
        ("klil", "kill"),
        ("husbnad", "husband"),
        ("strangualtoin", "strangulation"),
    ],
)
def test_a_slip_is_mended(token: str, meant: str) -> None:
    assert SPELLER.meant(token) == meant


@pytest.mark.parametrize(
    "token", ["kull", "killed", "xuicide", "sucyd", "hus", "suicidality", "überfall", "k" * 50, "k"]
)
def test_what_is_too_far_or_too_short_is_left_alone(token: str) -> None:
    assert SPELLER.meant(token) == ""


@given(st.text(max_size=60))
def test_any_token_can_be_asked_about(token: str) -> None:
    assert isinstance(SPELLER.meant(token), str)


def _taken_for(lexicon: Lexicon, words: set[str]) -> dict[str, str]:
    """Those of some words that are read as a risk word with another beginning."""
    risk = {lexicon.codes[word]: word for word in lexicon.disguised}
    read = {word: risk.get(lexicon.encode(word)[1:-1], word) for word in words}
    return {word: meant for word, meant in read.items() if word[:4] != meant[:4]}


@pytest.mark.parametrize(
    "word",
    "skilled drape grape draped scraped rapper therapist diet dyed dye kilt killjoy choko tackie "
    "stable stubbed hurdle hurried bashful bashed strange strangely suite suicides clacked clonked "
    "throe chucklesome punchy panache molecule murky threaded bruised brushes".split(),
)
def test_a_real_word_keeps_its_meaning(layer: SafetyLayer, word: str) -> None:
    assert _taken_for(layer._engine.lexicon, {word}) == {}


@pytest.mark.parametrize(
    "name",
    "Bradley Brett Kate Katie Kylie Killian Kelly Steve Stacey Stuart Hurley Bashir Beatty Raphael "
    "Rachel Dianne Diane Harris Harper Jacki Knox Kirsty Murdoch Molly Stephan Shane Sharon Slater "
    "Hitchens Huxley Pushpa Pinder Ripley Rafael Abbas Attila Burnley Choi Damien Deakin Deborah "
    "Nguyen Mohammed Priya Wei Aroha Jarrah Bindi Cooper Lachlan Hamish Angus Tegan".split(),
)
def test_a_name_is_no_risk_word(layer: SafetyLayer, name: str) -> None:
    assert _taken_for(layer._engine.lexicon, {name.lower()}) == {}


def test_no_word_of_the_dictionary_is_taken_for_a_risk_word(layer: SafetyLayer) -> None:
    lexicon = layer._engine.lexicon
    written = {code: word for word, code in lexicon.codes.items()}
    table = {word: points for word, points in lexicon._table.items() if word.isascii()}
    assert len(table) > 80_000
    meant = {lexicon.codes[word] for word in lexicon.disguised}
    alike = {
        word: written[points]
        for word, points in table.items()
        if points in meant and word not in lexicon.codes and word not in lexicon._spellings
    }
    # Only forms without their last g ("hittin", "dyin") stand for another word.
    assert {word for word, stands_for in alike.items() if f"{word}g" != stands_for} == set()


@pytest.mark.skipif(
    not all(path.exists() for path in WORD_LISTS), reason="Debian's word lists are not installed"
)
def test_no_word_of_a_large_word_list_is_taken_for_a_risk_word(layer: SafetyLayer) -> None:
    lexicon = layer._engine.lexicon
    words = {
        word.lower()
        for path in WORD_LISTS
        for word in path.read_text("utf-8").split()
        if word.isascii() and word.isalpha()
    }
    taken = _taken_for(lexicon, words - {*lexicon.codes})
    # "whipt" and "bitts" are all that is left; whoever adds risk words adds to ``real_words``.
    assert len(taken) <= 10, taken
