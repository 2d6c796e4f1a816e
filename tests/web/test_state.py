"""A conversation in memory: overlapping turns, clearing, and being forgotten."""

from __future__ import annotations

import copy
import re
import threading

from bot.web.state import RESENT_TURNS, Conversation, Conversations
from bot.web.texts import load_texts
from tests.web.scripted import STANDING, ScriptedBot

TEXTS = load_texts()


def bot() -> ScriptedBot:
    ready = ScriptedBot()
    ready.loaded.set()
    return ready


def ask(conversation: Conversation, message: str) -> None:
    conversation.add(bot().screen(conversation.said(message, 50)), "Looking...")


def answer(conversation: Conversation) -> bool:
    turn = conversation.claim()
    if turn is None:
        return False
    conversation.complete(turn, bot().answer(turn.screened))
    return True


def feed(conversation: Conversation) -> str:
    return conversation.feed(STANDING, TEXTS)


def numbers(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-turn="(\d+)"', html)]


def revision(html: str) -> int:
    match = re.search(r'data-feed="[^"]+" data-revision="(\d+)"', html)
    assert match
    return int(match.group(1))


def test_a_question_waits_visibly_until_it_is_answered() -> None:
    conversation = Conversation()
    ask(conversation, "Why?")
    assert "Looking..." in feed(conversation)
    answer(conversation)
    assert "Looking..." not in feed(conversation)
    assert "stonewalling" in feed(conversation)


def test_the_card_is_there_before_the_answer_and_after_it() -> None:
    conversation = Conversation()
    ask(conversation, "I feel unsafe")
    assert 'class="card crisis"' in feed(conversation)
    answer(conversation)
    assert 'class="card crisis"' in feed(conversation)


def test_a_reply_that_is_complete_at_once_leaves_nothing_to_answer() -> None:
    conversation = Conversation()
    ask(conversation, "he is choking me")
    assert conversation.claim() is None
    assert "Looking..." not in feed(conversation)


def test_a_later_question_keeps_the_services_of_the_first_card_in_view() -> None:
    conversation = Conversation()
    ask(conversation, "I hurt her")
    ask(conversation, "What is stonewalling?")
    assert 'href="tel:1300766491"' in feed(conversation).split("data-turns")[0]


def test_a_later_question_keeps_the_pinned_card_without_a_second_one() -> None:
    conversation = Conversation()
    ask(conversation, "I feel unsafe")
    ask(conversation, "What is stonewalling?")
    html = feed(conversation)
    assert html.count('class="pinned"') == 1
    assert html.count('class="card') == 1


def test_overlapping_questions_each_get_their_own_answer_once() -> None:
    conversation = Conversation()
    ask(conversation, "first")
    ask(conversation, "second")
    first, second = conversation.claim(), conversation.claim()
    assert first
    assert second
    assert conversation.claim() is None
    assert (first.screened.turns[-1], second.screened.turns[-1]) == ("first", "second")
    conversation.complete(second, bot().answer(second.screened))
    assert feed(conversation).count("Looking...") == 1


def test_an_old_open_turn_is_kept_and_sent_when_its_answer_comes_late() -> None:
    conversation = Conversation()
    ask(conversation, "slow")
    slow = conversation.claim()
    assert slow
    for number in range(10):
        ask(conversation, f"quick {number}")
        answer(conversation)
    assert 1 in numbers(feed(conversation))
    conversation.complete(slow, bot().answer(slow.screened))
    assert 1 in numbers(feed(conversation))
    ask(conversation, "next")
    assert len(numbers(feed(conversation))) <= RESENT_TURNS + 1


def test_revisions_only_rise() -> None:
    conversation = Conversation()
    seen = [revision(feed(conversation))]
    for step in (
        lambda: ask(conversation, "a"),
        lambda: answer(conversation),
        conversation.clear,
        lambda: ask(conversation, "b"),
    ):
        step()
        seen.append(revision(feed(conversation)))
    assert seen == sorted(set(seen))


def test_clearing_forgets_words_card_and_answers_still_on_their_way() -> None:
    conversation = Conversation()
    ask(conversation, "I feel unsafe SECRET")
    turn = conversation.claim()
    assert turn
    conversation.clear()
    conversation.complete(turn, bot().answer(turn.screened))
    html = feed(conversation)
    assert "SECRET" not in html
    assert "pinned" not in html.replace("data-pinned", "")
    assert 'data-first="2"' in html
    assert conversation.said("next", 50) == ("next",)


def test_past_the_limit_the_first_turns_and_the_newest_are_kept() -> None:
    conversation = Conversation()
    for number in range(5):
        kept = conversation.said(str(number), 3)
    assert kept == ("0", "1", "2", "4")


def test_every_visitor_gets_a_conversation_of_their_own() -> None:
    first = Conversation()
    ask(first, "mine")
    second = copy.deepcopy(first)
    assert second.token != first.token
    assert "mine" not in feed(second)


def test_forgetting_needs_the_right_token() -> None:
    conversations, conversation = Conversations(), Conversation()
    conversations.remember(conversation, "session")
    ask(conversation, "SECRET")
    assert conversations.forget("guess") == ""
    assert "SECRET" in feed(conversation)
    assert conversations.forget(conversation.token) == "session"
    assert "SECRET" not in feed(conversation)


def test_many_threads_lose_no_turn() -> None:
    conversation = Conversation()

    def turn() -> None:
        ask(conversation, "x")
        answer(conversation)

    threads = [threading.Thread(target=turn) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(conversation.said("last", 100)) == 41
    assert not answer(conversation)
    assert revision(feed(conversation)) == 80
