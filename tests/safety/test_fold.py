"""Folding: many ways of writing one letter, and the way back to the original."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.safety.fold import fold, fold_with_origins


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Kill ME", "kill me"),
        ("don’t", "don't"),
        ("ｋｉｌｌ", "kill"),
        ("𝓀𝒾𝓁𝓁", "kill"),
        ("k\u0301i\u0308ll", "kill"),
        ("ki\u200bll\u00ad", "kill"),
        ("k\u202eill", "kill"),
        ("&#107;ill &amp; run", "kill & run"),
        ("chết đi", "chet di"),
        ("¿por qué?", "¿por que?"),
        ("أريد أن أموت؟", "اريد ان اموت?"),
        ("我想死。", "我想死."),
        ("मैं मरना", "मैं मरना"),
        ("don t; it s; my dad s car", "don't; it's; my dad's car"),
        ('don;t, isn"t', "don't, isn't"),
        ("vitamin d or e", "vitamin d or e"),
        ("s*ісіde", "s*icide"),
        ("wоn't", "won't"),
        ("привет, а", "привет, а"),
        ("one\r\ntwo\u2028three", "one\n\ntwo\nthree"),
    ],
)
def test_variants_fold_to_one_spelling(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_an_entity_counts_as_one_character_of_the_original() -> None:
    folded, origins = fold_with_origins("a&#107;b")
    assert folded == "akb"
    assert origins == [(0, 1), (1, 7), (7, 8)]


@given(st.text())
def test_every_folded_character_has_an_origin_in_order(text: str) -> None:
    folded, origins = fold_with_origins(text)
    assert folded == fold(text)
    assert len(origins) == len(folded)
    assert all(0 <= start < end <= len(text) for start, end in origins)
    assert list(origins) == sorted(origins)


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"])))
def test_the_short_cut_for_ascii_gives_what_the_long_way_gives(text: str) -> None:
    assert fold(text) == fold_with_origins(text)[0]
