"""A conversation that travels: what is read from a page, and what is told back to it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.screening import Known
from bot.types import Category, Level, Reply
from bot.web.state import ANSWERED, ASKED, Sent, feed, pinned, read
from bot.web.texts import load_texts
from tests.web.scripted import STANDING, ScriptedBot

TEXTS = load_texts()
KNOWN_CRISIS = Known(Level.CRISIS, (Category.USING_VIOLENCE,))

json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def payload(*turns: object, **more: object) -> dict[str, object]:
    return {"token": "t-1", "number": len(turns), "turns": list(turns), **more}


def told(*turns: str, known: Known | None = None, answered: bool = False) -> str:
    """The feed that a replica which never saw this conversation gives for it."""
    bot = ScriptedBot()
    bot.loaded.set()
    sent = Sent("t-1", len(turns), turns, known or Known())
    screened = bot.screen(sent.turns, sent.known)
    return feed(
        sent,
        screened,
        card=pinned(bot.earlier, sent, screened),
        reply=bot.answer(screened) if answered else screened.final,
        sign="Looking...",
        standing=STANDING,
        texts=TEXTS,
    )


def test_a_conversation_is_read_as_it_was_sent() -> None:
    sent = read(
        payload("one", "two", known={"level": "crisis", "categories": ["child_at_risk"]}), 9
    )
    assert sent == Sent("t-1", 2, ("one", "two"), Known(Level.CRISIS, (Category.CHILD_AT_RISK,)))


@pytest.mark.parametrize("nothing", [None, "text", [], {}, {"turns": []}, {"turns": "text"}, 7])
def test_without_a_turn_there_is_nothing_to_do(nothing: object) -> None:
    assert read(nothing, 9) is None


@given(json_like)
def test_whatever_a_page_sends_is_read_without_a_fault(value: object) -> None:
    read(value, 9)
    sent = read({"turns": [value], "token": value, "number": value, "known": value}, 9)
    assert sent is not None
    assert len(sent.turns) == 1
    nested = read(payload("x", known={"level": value, "categories": [value]}), 9)
    assert nested is not None


def test_halves_of_characters_do_not_break_the_answer() -> None:
    sent = read(payload("unsafe \ud83d"), 9)
    assert sent is not None
    sent.turns[0].encode()


@pytest.mark.parametrize("token", ["", "a b", '"><script>', "x" * 65, 5, None])
def test_a_name_that_no_page_gives_is_not_told_back(token: object) -> None:
    sent = read(payload("x") | {"token": token}, 9)
    assert sent is not None
    assert sent.token == "unnamed"


@pytest.mark.parametrize("name", ["", "x", "0" * 13, "ABCDEF012345", "{}\nlog line", 5, None])
def test_an_id_that_no_server_gives_is_not_believed(name: object) -> None:
    sent = read(payload("x") | {"id": name}, 9)
    assert sent is not None
    assert sent.turn_id == ""


@pytest.mark.parametrize("carded", [1, "true", None, []])
def test_only_a_plain_yes_says_that_a_card_is_in_view(carded: object) -> None:
    for value, is_carded in ((carded, False), (True, True)):
        sent = read(payload("x") | {"carded": value}, 9)
        assert sent is not None
        assert sent.carded is is_carded


@pytest.mark.parametrize("number", [0, -1, 10**9, True, "2", 1.5, None])
def test_a_number_that_no_page_gives_is_counted_instead(number: object) -> None:
    sent = read(payload("x", "y", "z") | {"number": number}, 9)
    assert sent is not None
    assert sent.number == 3


def test_past_the_limit_the_first_turns_and_the_newest_are_kept() -> None:
    sent = read(payload(*"0123456"), 3)
    assert sent is not None
    assert sent.turns == ("0", "1", "2", "6")


def test_a_question_waits_visibly_until_it_is_answered() -> None:
    assert "Looking..." in told("Why?")
    assert f'data-revision="{ASKED}"' in told("Why?")
    assert "Looking..." not in told("Why?", answered=True)
    assert f'data-revision="{ANSWERED}"' in told("Why?", answered=True)


def test_the_card_is_there_before_the_answer_and_after_it() -> None:
    assert 'class="card crisis"' in told("I feel unsafe")
    assert 'class="card crisis"' in told("I feel unsafe", answered=True)


def test_a_reply_that_is_complete_at_once_leaves_nothing_to_wait_for() -> None:
    assert "Looking..." not in told("he is choking me")
    assert f'data-revision="{ANSWERED}"' in told("he is choking me")


def test_a_server_that_never_saw_the_conversation_keeps_its_card_in_view() -> None:
    html = told("I hurt her", "What is stonewalling?", known=KNOWN_CRISIS)
    assert html.count('class="pinned"') == 1
    assert 'href="tel:1300766491"' in html.split("data-turns")[0]
    assert 'class="card' not in html


def test_the_level_that_a_page_knows_of_stays_even_without_the_turn_that_raised_it() -> None:
    html = told("What is stonewalling?", known=KNOWN_CRISIS)
    assert 'data-level="crisis"' in html
    assert 'data-categories="using_violence"' in html
    assert html.count('class="pinned"') == 1


def test_a_page_that_claims_less_than_its_turns_say_is_not_believed() -> None:
    sent = read(payload("I feel unsafe", known={"level": "none", "categories": []}), 9)
    assert sent is not None
    assert ScriptedBot().screen(sent.turns, sent.known).assessment.level is Level.CRISIS


def test_a_turn_that_could_not_be_taken_is_not_to_be_sent_again() -> None:
    assert 'data-kept="no"' in told("")
    assert 'data-kept="yes"' in told("Why?")
    assert 'data-kept="yes"' in told("he is choking me")


def test_what_is_told_back_is_escaped() -> None:
    sent = Sent("t", 1, ("<img src=x onerror=alert(1)>",), Known())
    screened = ScriptedBot().screen(sent.turns)
    html = feed(
        sent,
        screened,
        card=None,
        reply=Reply("error", Level.NONE, (), None, "<b>x</b>"),
        sign="",
        standing=STANDING,
        texts=TEXTS,
    )
    assert not re.search(r"<img|<b>x", html)
