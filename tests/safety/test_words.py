"""From messages to known words, disguised ones included, and back to the message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.safety import SafetyLayer
from bot.safety.contractions import canonical
from bot.safety.words import Lexicon

WORDS = (
    "i am he is not do want to die kill killed strangled raped suicide myself my self me husband "
    "hit of the hurt she will would to for going knife kil help"
).split()
LEXICON = Lexicon(
    words=WORDS,
    prefixes=["suicid"],
    spellings={"hubby": "husband", "wanna": "want to"},
    risk_words={"die", "kill", "killed", "strangled", "raped", "suicide", "myself"},
)
NAMES = {code: word for word, code in LEXICON.codes.items()}


def read(message: str) -> str:
    """The message as the lexicon understands it."""
    return " ".join(NAMES.get(code, code) for code in LEXICON.encode(message)[1:-1])


@pytest.mark.parametrize(
    ("message", "understood"),
    [
        ("I want to die", "i want to die"),
        ("i wanna DIE", "i want to die"),
        ("I don't want to", "i do not want to"),
        ("i dont want to", "i do not want to"),
        ("he's my hubby's", "he is my husband x"),
        ("k1ll me", "kill me"),
        ("$uicide", "suicide"),
        ("su1c1de", "suicide"),
        ("kill-su!c!de", "kill suicide"),
        ("s.u.i.c.i.d.e", "suicide"),
        ("s u i c i d e", "suicide"),
        ("k i l l  m y s e l f", "kill myself"),
        ("k*ll", "kill"),
        ("r**ed me", "raped me"),
        ("killlll me", "kill me"),
        ("diiiie", "die"),
        ("strangeld me", "strangled me"),
        ("suiccide", "suicide"),
        ("suicidality", "suicid*"),
        ("killmyself", "kill myself"),
        ("iwanttodie", "i want to die"),
        ("ki\u200bll", "kill"),
        ("кill me", "kill me"),
        ("ｋｉｌｌ", "kill"),
        ("me. he", "me . he"),
        ("me... he", "me he"),
        ("me? he", "me ? he"),
        ("me, he", "me he"),
        ("me\nhe", "me . he"),
        ("12 of 3", "0 of 0"),
        ("don t do", "do not do"),
        ("i m not", "i am not"),
        ("don;t do", "do not do"),
        ("she ll kill me", "she will kill me"),
        ("my mum s husband", "my x x husband"),
        ("ill kill him", "i will kill x"),
        ("he is ill", "he is x"),
        ("hell kill me", "he will kill me"),
        ("shed kill me", "she would kill me"),
        ("theyll kill me", "x will kill me"),
        ("going 2 die", "going to die"),
        ("do it 4 me", "do x for me"),
        ("the 2 of me", "the 0 of me"),
        ("i do not want 4 knives", "i do not want 0 x"),
        ("goin to die", "going to die"),
        ("h17 me", "hit me"),
        ("it hur7", "x hurt"),
        ("@nd kn1fe's", "x knife x"),
        ("**kill**", "kill"),
        ("k**l", "kill"),
        ("b***h", "x x"),
        ("killlll", "kill"),
        ("heeelp meeee", "help me"),
        ("she s t r a n g l e d me", "she strangled me"),
        ("s*ісіde", "suicide"),
        ("won’t killl", "will not kill"),
    ],
)
def test_a_message_is_understood(message: str, understood: str) -> None:
    assert read(message) == understood


@pytest.mark.parametrize(
    "word",
    [
        "skilled",
        "grape",
        "drape",
        "draped",
        "scraped",
        "diet",
        "dyed",
        "kilt",
        "killer",
        "strangle",
    ],
)
def test_a_real_word_is_never_taken_for_a_misspelt_one(word: str) -> None:
    assert read(word) == "x"


@pytest.mark.parametrize("text", ["a b c d e", "f***ing hell", "win 10-9", "e.g. this", "m8 gr8"])
def test_harmless_signs_and_letters_are_left_alone(text: str) -> None:
    assert not {"kill", "die", "suicide", "raped"} & set(read(text).split())


@pytest.mark.parametrize(
    ("word", "opened"),
    [
        ("can't", "can not"),
        ("won't", "will not"),
        ("I'll".lower(), "i will"),
        ("he'd", "he would"),
        ("mum's", "mum 's"),
        ("that's", "that is"),
        ("hasnt", "has not"),
    ],
)
def test_contractions_are_opened(word: str, opened: str) -> None:
    assert canonical(word, {}) == opened


def test_spans_lead_back_to_the_words_of_the_message() -> None:
    message = "He’s  k i l l e d, &#109;e!"
    coded = LEXICON.encode_with_spans(message)
    spans = [message[start:end] for start, end in coded.spans[1:-2]]
    assert spans == ["He’s", "He’s", "k i l l e d", "&#109;e"]


@given(st.text(max_size=200))
def test_both_ways_of_encoding_agree_and_spans_are_in_order(message: str) -> None:
    coded = LEXICON.encode_with_spans(message)
    assert coded.codes == LEXICON.encode(message)
    assert len(coded.spans) == len(coded.codes)
    assert all(0 <= start <= end <= len(message) for start, end in coded.spans)
    starts = [start for start, _ in coded.spans]
    assert starts == sorted(starts)


@given(st.lists(st.sampled_from([*WORDS, "k1ll", "hello", ".", "?"]), max_size=30))
def test_words_are_read_one_by_one(words: list[str]) -> None:
    together = read(" ".join(words))
    assert [word for word in together.split() if word not in ".?"] == [
        part for word in words if word not in ".?" for part in read(word).split()
    ]


def test_masked_letters_that_fit_two_words_are_the_commoner_one(layer: SafetyLayer) -> None:
    encode = layer._engine.lexicon.encode
    assert encode("thr*w") == encode("throw") != encode("threw")
