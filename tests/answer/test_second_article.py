"""An article that nobody wrote examples for is answered from, and leaves the first one be."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bot.answer.answerer import Answerer
from bot.answer.phrases import which_article
from bot.knowledge.load import load
from bot.knowledge.own import own_subjects
from bot.knowledge.passages import embedding_text, split
from bot.knowledge.retrieve import HybridRetriever
from tests.answer.conftest import CONTACT, OWN, ROOT, CountingEmbedder, anything
from tests.fakes import MemoryIndex

OTHERS = ROOT / "tests" / "cases" / "answers" / "others"
SECOND = OTHERS / "arguing-fairly.md"


@pytest.fixture(scope="module")
def library(embedder: CountingEmbedder) -> HybridRetriever:
    paths = (OWN, SECOND, OTHERS / "group-nights.md")
    passages = [one for path in paths for one in split(load(path, path.name))]
    vectors = embedder.encode([embedding_text(one) for one in passages])
    rows = tuple(zip(passages, vectors, strict=True))
    return HybridRetriever(MemoryIndex("v1", embedder.identity, rows), embedder)


@pytest.fixture(scope="module")
def both(library: HybridRetriever) -> Answerer:
    return Answerer(library, CONTACT)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is the twenty minute rule?", "at least twenty minutes"),
        ("How long does it take to calm down?", "at least twenty minutes"),
        ("What should I do during a break?", "walk around the block"),
        ("who has to come back after the break", "also the one who comes back"),
        ("What are the ground rules?", "Repeat before you reply"),
        ("How do I apologise properly?", "An apology has three parts"),
        ("Is bedtime a good time to argue?", "Bedtime is the worst moment"),
        ("Is it okay to argue in front of the kids?", "Not in front of the children"),
        ("What does no exits as weapons mean?", "Never threaten to leave"),
        ("how many of our arguments will never get solved?", "two thirds"),
        ("my heart pounds and I can't hear what she says any more", "heart is pounding"),
        ("When is it not an argument any more?", "then it is not an argument"),
    ],
)
def test_it_is_answered_from_with_its_own_link_and_date(
    both: Answerer, question: str, said: str
) -> None:
    draft = both.draft([question], anything)
    cited = [one for one in draft.citations if said in one.quote]
    assert cited, draft.text
    assert cited[0].title == "Arguing Fairly: How to Disagree Without Doing Damage"
    assert cited[0].url == "https://www.example.org/arguing-fairly"
    assert cited[0].published == "2026-03-02"


@pytest.mark.parametrize(
    "question",
    [
        "What is gaslighting?",
        "What are the five causes of disconnection?",
        "he's on his phone all night, does that matter?",
        "What does the masterclass focus on?",
        "Why do I feel so lonely next to my husband?",
    ],
)
def test_the_first_article_is_still_answered_from(both: Answerer, question: str) -> None:
    draft = both.draft([question], anything)
    assert draft.citations, draft.text
    assert draft.citations[0].url == "https://heavymetalgroup.com.au/"


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "How do I fix a leaking tap?",
        "How do I grow tomatoes on a balcony?",
        "How much does a mediator cost?",
    ],
)
def test_what_neither_covers_is_declined(both: Answerer, question: str) -> None:
    assert not both.draft([question], anything).found


def test_an_article_that_answers_what_is_usually_outside_is_answered_from(both: Answerer) -> None:
    draft = both.draft(["How much does the group cost?"], anything)
    assert "25 dollars a night" in draft.text


def test_after_violence_nothing_is_quoted_that_no_subject_is_about(
    library: HybridRetriever,
) -> None:
    sources = {one.source for one in library.passages if library.guarded(one)}
    assert sources == {OWN.name}


def test_the_first_article_has_nothing_that_no_subject_is_about(library: HybridRetriever) -> None:
    marked = zip(library.passages, library._own.places, strict=True)
    assert {one.source for one, is_own in marked if is_own} == {SECOND.name, "group-nights.md"}


def test_only_what_no_subject_is_near_becomes_a_subject(library: HybridRetriever) -> None:
    nearest = np.array([0.9, 0.4], dtype=np.float32)
    own = own_subjects(library.passages[:2], nearest, learn=True)
    assert own.places.tolist() == [False, True]
    assert len(own.examples) == 1
    assert own.likely(0.8, 0.2) > 0.5 > own.likely(0.2, 0.0)


def test_what_is_not_learnt_goes_by_the_cosine_alone(library: HybridRetriever) -> None:
    nearest = np.array([0.9, 0.4], dtype=np.float32)
    own = own_subjects(library.passages[:2], nearest, learn=False)
    assert own.examples == ()
    assert own.likely(0.7, 0.0) == 1.0
    assert own.likely(0.2, 0.9) == 0.0


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Who wrote the article about arguing?", "Jo Marsh"),
        ("When was the article about arguing fairly published?", "2 March 2026"),
        ("who wrote Arguing Fairly", "Jo Marsh"),
        ("When was the article on feeling disconnected written?", "24 February 2025"),
    ],
)
def test_a_fact_is_told_of_the_article_that_is_named(
    both: Answerer, question: str, said: str
) -> None:
    assert said in both.draft([question], anything).text


def test_without_a_name_it_is_asked_which_article_is_meant(both: Answerer) -> None:
    text = both.draft(["Who wrote the article?"], anything).text
    assert "Arguing Fairly" in text
    assert "Feeling Disconnected" in text


@pytest.mark.parametrize(
    ("text", "rest", "named"),
    [
        ("who wrote the article about arguing?", "who wrote the article?", "arguing"),
        ("when was the page on rows published?", "when was the page published?", "rows"),
        ("who wrote the article?", "who wrote the article?", ""),
    ],
)
def test_the_article_named_is_taken_out_of_the_question(text: str, rest: str, named: str) -> None:
    assert which_article(text) == (rest, named)


def test_every_question_on_further_articles_names_one_that_is_there() -> None:
    lines = (OTHERS / "questions.jsonl").read_text("utf-8").splitlines()
    for row in map(json.loads, lines):
        text = (OTHERS / row["article"]).read_text("utf-8")
        assert all(answer in text for answer in row.get("answer", ())), row
