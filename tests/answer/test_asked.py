"""What a message calls for, by its words alone."""

from __future__ import annotations

import pytest

from bot.answer import asked
from bot.answer.phrases import chat, fact, without_greeting


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hi", "greeting"),
        ("G’day mate!", "greeting"),
        ("Good morning.", "greeting"),
        ("thanks so much, that helped", "thanks"),
        ("Thank you!!", "thanks"),
        ("bye", "farewell"),
        ("Who are you?", "who"),
        ("are you a real person?", "who"),
        ("are you a human or a bot?", "who"),
        ("what can you do?", "abilities"),
        ("help", "abilities"),
        ("is this chat private?", "privacy"),
        ("how are you today?", "how_are_you"),
        ("ok", "acknowledged"),
    ],
)
def test_small_talk_is_known_for_what_it_is(text: str, kind: str) -> None:
    assert chat(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "hi my partner ignores me, is that abuse?",
        "who are you supposed to call for help with abuse?",
        "help me understand why we drift apart",
        "thanks but what about jealousy?",
        "no he never hits me",
    ],
)
def test_a_question_is_never_taken_for_small_talk(text: str) -> None:
    assert chat(text) is None


def test_a_greeting_before_a_question_is_set_aside() -> None:
    assert without_greeting("Hi there, what is stonewalling?") == "what is stonewalling?"
    assert without_greeting("hello") == "hello"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Who wrote this?", "author"),
        ("who is the author", "author"),
        ("When was this article published?", "published"),
        ("and how long does it take to read?", "reading_time"),
        ("reading time", "reading_time"),
        ("what is the title of this article", "title"),
        ("which organisation published this?", "organisation"),
        ("how long does it take to get through the whole page?", "reading_time"),
        ("Which categories is the article filed under?", "topics"),
        ("what is this post tagged with?", "topics"),
        ("How many page views does it have?", "views"),
        ("how often has this been read?", "views"),
        ("have lots of people read this article?", "views"),
        ("where can I read the full article?", "link"),
    ],
)
def test_questions_about_the_document_itself_are_recognised(text: str, kind: str) -> None:
    assert fact(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "when does individual therapy become necessary?",
        "how long does the program take?",
        "who founded the program?",
        "what is the silent treatment called?",
        "what category of abuse is it?",
        "how many readers feel lonely?",
        "how often has he read it?",
    ],
)
def test_questions_about_its_subject_are_not_about_the_document(text: str) -> None:
    assert fact(text) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("What is gaslighting?", ["What is gaslighting?"]),
        (
            "What is gaslighting, and what should I do about it?",
            ["What is gaslighting", "what should I do about it?"],
        ),
        ("Why us? What about phones?", ["Why us? What about phones?"]),
        (
            "Does stress matter? What about phones?",
            ["Does stress matter?", "What about phones?"],
        ),
        (
            "He decides what I spend and which friends I see, is that abuse?",
            ["He decides what I spend and which friends I see, is that abuse?"],
        ),
        ("We moved house. Is that why?", ["We moved house. Is that why?"]),
        ("no question at all", ["no question at all"]),
    ],
)
def test_questions_are_taken_apart_and_stories_are_not(text: str, parts: list[str]) -> None:
    assert asked.questions(text) == parts


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("tell me more about the second one", 1),
        ("what does number 4 mean?", 3),
        ("what is the third step?", 2),
        ("the last one is me", -1),
        ("what about the first?", 0),
        ("what do I do first of all", None),
        ("my second husband is jealous", None),
    ],
)
def test_ordinals_point_to_items(text: str, place: int | None) -> None:
    assert asked.ordinal(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "and what can I do about it?",
        "why?",
        "what about the other?",
        "what becomes of the couple then?",
        "how exactly?",
        "can my family help too?",
        "mine is severe",
    ],
)
def test_follow_ups_lean_on_what_was_said(text: str) -> None:
    assert asked.leans(text)


def test_a_question_that_stands_alone_does_not_lean() -> None:
    assert not asked.leans("What does excessive jealousy look like in a marriage?")


def test_context_goes_back_to_a_question_that_stands_alone_and_skips_small_talk() -> None:
    turns = ["What is stonewalling?", "thanks", "why?", "and then?"]
    assert asked.context(turns) == "What is stonewalling? why?"


@pytest.mark.parametrize(
    "text", ["List the signs of abuse", "what are the four steps?", "what can I do about it?"]
)
def test_wishes_for_a_list_are_recognised(text: str) -> None:
    assert asked.wants_list(text)


def test_a_long_story_is_looked_up_in_pieces_too_and_a_short_one_is_not() -> None:
    story = (
        "We were happy once. Then he started a new job and moved us away from everyone. "
        "Now he never talks to me at all. Is that normal?"
    )
    assert "Now he never talks to me at all." in " ".join(asked.pieces(story))
    assert asked.pieces("He never talks to me.") == []


def test_the_programs_contact_is_only_for_the_programs() -> None:
    assert asked.about_contact("how do I sign up for the program?")
    assert not asked.about_contact("who can I call if I am in danger?")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("What does the article say about couples therapy?", "couples therapy?"),
        ("according to the article, is arguing normal?", "is arguing normal?"),
        ("Does the article mention jealousy", "jealousy"),
        ("is arguing normal according to the article?", "is arguing normal?"),
        ("What does the article say?", "What does the article say?"),
        ("what is gaslighting?", "what is gaslighting?"),
    ],
)
def test_words_that_only_say_the_article_is_asked_are_set_aside(text: str, rest: str) -> None:
    assert asked.without_frame(text) == rest
