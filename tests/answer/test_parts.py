"""The parts of answering by themselves: sentences, spelling, BM25, lists, excerpts, evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer.compose import Sheet, excerpt, quoted
from bot.answer.outline import listings
from bot.answer.scope import weigh
from bot.errors import SettingsError
from bot.knowledge.documents import Block, Document, Facts
from bot.knowledge.lexical import LexicalIndex, terms
from bot.knowledge.lexical import words as words_of
from bot.knowledge.passages import split
from bot.knowledge.remember import RememberingEmbedder
from bot.knowledge.retrieve import Found, Look, Taken
from bot.knowledge.sentences import sentence_spans
from bot.knowledge.spelling import Speller
from bot.knowledge.subjects import Nearness, Outside, Subjects, read_subjects
from bot.knowledge.vectors import Vectors
from bot.types import Passage
from tests.fakes import HashingEmbedder, make_passage


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def test_a_quotation_within_a_sentence_does_not_end_it() -> None:
    text = 'Thoughts like, "What if I lose them?" or "Why?" can loom. Then it ends.'
    assert sentences(text) == [
        'Thoughts like, "What if I lose them?" or "Why?" can loom.',
        "Then it ends.",
    ]


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    assert sentences("Ask Dr. Smith about it. He knows.") == [
        "Ask Dr. Smith about it.",
        "He knows.",
    ]


@given(st.text(max_size=300))
def test_sentences_hold_every_visible_character_in_order(text: str) -> None:
    spans = sentence_spans(text)
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
    assert all(a < b for a, b in spans)


SPELLER = Speller(
    frozenset({"what", "is", "the", "does", "jealous", "every", "down"}),
    ["gaslighting makes you question", "jealousy and affection every day", "emotional abuse"],
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("wat is gaslihgting", "what is gaslighting"),
        ("emotinal abuse", "emotional abuse"),
        ("no afection at all", "no affection at all"),
        ("he dont care", "he dont care"),
        ("the jealous one", "the jealous one"),
        ("Zyxwvut", "Zyxwvut"),
        ("gasliteing", "gaslighting"),
        ("afektion", "afektion"),
        ("is gas lighting the", "is gaslighting the"),
        ("every down", "every down"),
    ],
)
def test_slips_are_mended_and_what_is_right_is_left_alone(written: str, read: str) -> None:
    assert SPELLER.correct(written) == read


def test_without_a_vocabulary_nothing_is_taken_for_a_slip() -> None:
    assert Speller(frozenset(), ["gaslighting"]).correct("gaslihgting") == "gaslihgting"


def test_bm25_finds_the_text_with_the_rare_word_whatever_its_ending() -> None:
    index = LexicalIndex(["a partner who insults you", "a partner who is kind", "phones"])
    scores = index.scores("He insulted me")
    assert scores.argmax() == 0
    assert scores[2] == 0
    assert not index.scores("zebra").any()
    assert not index.scores("").any()


def test_bm25_of_no_texts_or_of_texts_without_words_scores_nothing() -> None:
    assert LexicalIndex([]).scores("anything").shape == (0,)
    assert not LexicalIndex(["the", "—"]).scores("the").any()


def test_letters_between_full_stops_are_one_word() -> None:
    assert words_of("Heavy M.E.T.A.L. at 5 p.m. or e.g. METAL.")[1] == "metal"
    assert terms("M.E.T.A.L") == terms("metal")


def test_terms_leave_out_the_words_of_asking() -> None:
    assert terms("What does it say about phones?") == terms("phone")


def passage(text: str) -> Passage:
    return make_passage(text)


LONG = (
    "Jealousy is common. It can become control. Tracking somebody's phone is control. "
    "Here are some signs:"
)


def test_an_excerpt_is_the_best_run_and_never_ends_in_an_opening() -> None:
    found = Found(passage(LONG), 1.0, 0.5, (0.1, 0.2, 0.9, 0.3))
    assert excerpt(found, "phone", 8) == "Tracking somebody's phone is control."
    assert excerpt(found, "phone", 100) == LONG.removesuffix(" Here are some signs:")
    assert excerpt(found, "phone", 2) == ""


def test_without_sentence_vectors_shared_words_choose_the_excerpt() -> None:
    found = Found(passage(LONG), 1.0, 0.5)
    assert "phone" in excerpt(found, "is it control to track a phone?", 8)


def test_citations_are_numbered_once_each_and_must_be_verbatim() -> None:
    sheet, one, two = Sheet(), passage("First."), passage("Second.")
    assert [sheet.cite(one, "First."), sheet.cite(two, "Second."), sheet.cite(one, "First.")] == [
        "[1]",
        "[2]",
        "[1]",
    ]
    assert [each.number for each in sheet.citations] == [1, 2]
    with pytest.raises(ValueError, match="not verbatim"):
        sheet.cite(one, "Firstly.")


def test_passages_far_behind_the_best_are_not_quoted() -> None:
    found = [Found(passage("Near."), 1.0, 0.9), Found(passage("Far."), 0.3, 0.1)]
    assert quoted(Sheet(), found, "near", 100) == ["Near. [1]"]


def test_a_passage_that_is_almost_half_as_near_is_quoted_beside_the_best() -> None:
    found = [Found(passage("Near."), 1.0, 0.9), Found(passage("Next."), 0.45, 0.8)]
    assert quoted(Sheet(), found, "near", 100) == ["Near. [1]", "Next. [2]"]


def document(*blocks: tuple[str, str, int]) -> Document:
    text, made = "", []
    for kind, words, level in blocks:
        start = len(text)
        text += words + "\n\n"
        made.append(Block(kind, start, start + len(words), level))  # type: ignore[arg-type]
    return Document("d.md", text, tuple(made), Facts(title="A title"))


def test_bullets_and_series_of_sections_are_lists_with_their_openings() -> None:
    found = listings(
        split(
            document(
                ("heading", "Causes", 1),
                ("paragraph", "It is not sudden. Here are some:", 0),
                ("heading", "1. Work", 2),
                ("paragraph", "Long hours.", 0),
                ("heading", "2. Money", 2),
                ("paragraph", "Bills.", 0),
                ("heading", "What You Can Do", 1),
                ("paragraph", "Steps you can take:", 0),
                ("item", "Set Boundaries: Say no.", 1),
                ("item", "Rest.", 1),
            )
        )
    )
    sections = next(one for one in found if one.sections)
    assert [item.label for item in sections.items] == ["Work", "Money"]
    assert sections.lead_in == "Here are some:"
    assert sections.ordered
    assert not sections.advice
    bullets = next(one for one in found if not one.sections)
    assert [item.label for item in bullets.items] == ["Set Boundaries", ""]
    assert bullets.advice


def _vector(*values: float) -> Vectors:
    return np.array(values, dtype=np.float32)


def look(question: str, subject: float, outside: float) -> Look:
    near = Nearness(_vector(subject), _vector(outside))
    return Look(question, (), near, 0.0, subject, Taken(subject, _vector(0.0), 1.0), _vector(0.0))


PRICE = Subjects(outside=(Outside(topic="the price", says=("cost",), unless=("fee",)),))


def test_a_question_near_an_outside_subject_is_less_likely_covered() -> None:
    found = [Found(passage("About programs."), 1.0, 0.5)]
    sure = weigh([look("cost of programs", 0.8, 0.1)], found, PRICE, lambda _: True)
    unsure = weigh([look("cost of programs", 0.3, 0.6)], found, PRICE, lambda _: True)
    assert sure.confidence > 0.5 > unsure.confidence
    assert unsure.topic == PRICE.outside[0]


def test_an_outside_subject_counts_no_more_once_a_passage_speaks_of_it() -> None:
    found = [Found(passage("The fee is fifty dollars."), 1.0, 0.5)]
    evidence = weigh([look("programs", 0.8, 0.9)], found, PRICE, lambda _: True)
    assert evidence.topic is None
    assert evidence.confidence > 0.5


def test_a_name_the_library_does_not_know_counts_against_a_question() -> None:
    found = [Found(passage("About programs."), 1.0, 0.5)]
    known = weigh([look("did Gottman say so", 0.6, 0.2)], found, PRICE, lambda _: True)
    unknown = weigh([look("did Gottman say so", 0.6, 0.2)], found, PRICE, lambda _: False)
    assert (known.foreign, unknown.foreign) == (0.0, 1.0)
    assert unknown.confidence < known.confidence


def test_nothing_found_is_no_confidence() -> None:
    assert weigh([look("x", 1.0, 0.0)], [], PRICE, lambda _: True).confidence == 0.0


def test_the_subjects_file_is_sound_and_says_nothing_twice() -> None:
    subjects = read_subjects()
    says = [each for one in subjects.covered for each in one.says]
    says += [each for one in subjects.outside for each in one.says]
    assert len(says) == len(set(says))
    assert len(says) > 500


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("covered: [{about: x}]", "covered.0.about"),
        ("covered: [{about: long enough, says: [a], extra: 1}]", "extra"),
        ("covered: [", "not valid YAML"),
    ],
)
def test_a_bad_subjects_file_is_told_plainly(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "subjects.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=said):
        read_subjects(path)


def test_remembered_vectors_are_not_embedded_again(tmp_path: Path) -> None:
    file, model = tmp_path / "deep" / "vectors.npz", HashingEmbedder()
    first = RememberingEmbedder(model, file).encode(["one", "two"])
    again = RememberingEmbedder(model, file).encode(["two", "three"])
    assert model.seen == ["one", "two", "three"]
    assert (again[0] == first[1]).all()


@pytest.mark.parametrize("content", [b"", b"rubbish", b"PK\x03\x04 cut short"])
def test_a_damaged_memory_is_the_same_as_none(tmp_path: Path, content: bytes) -> None:
    file, model = tmp_path / "vectors.npz", HashingEmbedder()
    file.write_bytes(content)
    assert RememberingEmbedder(model, file).encode(["one"]).shape == (1, model.dimensions)


def test_vectors_of_another_model_are_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "vectors.npz"
    RememberingEmbedder(HashingEmbedder("a@1"), file).encode(["one"])
    other = HashingEmbedder("b@1")
    RememberingEmbedder(other, file).encode(["one"])
    assert other.seen == ["one"]
