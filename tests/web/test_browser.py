"""The page in a real browser, as visitors use it."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Route, expect

from bot.web.texts import load_texts
from tests.web.conftest import SIZES, Open, Site, Visit, help_in_view, in_view, serving
from tests.web.scripted import QUOTE, ScriptedBot

TEXTS = load_texts()


def overflows(visit: Visit) -> bool:
    return bool(visit.tab.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def test_a_question_is_answered_and_its_passage_can_be_opened(visit: Open) -> None:
    visitor = visit("phone")
    visitor.ask("My partner says nothing to me for days. What is that?")
    turn = visitor.tab.locator(".turn")
    expect(turn.locator(".answer")).to_contain_text("stonewalling")
    passage = turn.locator("blockquote")
    expect(passage).to_be_hidden()
    turn.locator("button.mark").first.click()
    expect(passage).to_be_visible()
    expect(passage.locator("mark")).to_have_text(QUOTE)
    expect(turn.locator("summary")).to_contain_text("Forms it takes")
    expect(turn.locator("details a")).to_have_attribute("href", "https://example.org/article")
    visitor.shot("answer-source-open")


def test_an_example_button_asks_like_a_typed_message(visit: Open, site: Site) -> None:
    visitor = visit("phone")
    visitor.tab.get_by_role("button", name=TEXTS.examples[0]).click()
    expect(visitor.tab.locator(".asked p")).to_have_text(TEXTS.examples[0])
    expect(visitor.tab.locator(".answer")).to_contain_text("stonewalling")
    assert site.bot.asked[-1] == (TEXTS.examples[0],)
    expect(visitor.tab.locator("#examples")).to_be_hidden()


def test_a_card_that_came_up_is_not_in_doubt_when_the_answer_comes(visit: Open, site: Site) -> None:
    visitor = visit("phone")
    site.bot.certain.clear()
    visitor.ask("What is stonewalling?")
    expect(visitor.tab.locator(".sources")).to_have_count(1)
    assert True not in site.bot.certain
    visitor.ask("I feel unsafe at home")
    expect(visitor.tab.locator(".sources")).to_have_count(2)
    assert True in site.bot.certain


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_help_line_and_card_are_in_view_at_every_size(visit: Open, size: str, scheme: str) -> None:
    visitor = visit(size, color_scheme=scheme)
    help_in_view(visitor)
    assert in_view(visitor, visitor.tab.locator("#box textarea"))
    visitor.shot(f"empty-{size}-{scheme}")
    visitor.ask("What is stonewalling?")
    expect(visitor.tab.locator(".sources")).to_be_visible()
    visitor.shot(f"answer-{size}-{scheme}")
    visitor.ask("I feel unsafe at home")
    expect(visitor.tab.locator(".sources")).to_have_count(2)
    card = visitor.tab.locator(".turn .card")
    help_in_view(visitor)
    assert in_view(visitor, card.locator("h2"))
    assert in_view(visitor, card.locator(".call").first)
    # On a small phone the card says its headline itself, for as long as it is the latest turn.
    assert in_view(visitor, visitor.tab.locator("#pinned p")) == (size != "phone")
    assert not overflows(visitor)
    visitor.shot(f"crisis-{size}-{scheme}")
    visitor.ask("he is choking me")
    emergency = visitor.tab.locator(".card.emergency")
    expect(emergency).to_be_visible()
    for part in [emergency.locator(".call"), *emergency.locator(".lines p").all()]:
        assert in_view(visitor, part)
    visitor.shot(f"emergency-{size}-{scheme}")
    assert visitor.errors == []


def test_a_disclosure_brings_the_card_above_the_answer_with_numbers_to_tap(visit: Open) -> None:
    visitor = visit("phone")
    visitor.ask("I feel unsafe at home")
    card, answer = visitor.tab.locator(".card"), visitor.tab.locator(".sources")
    expect(answer).to_be_visible()
    above, below = card.bounding_box(), answer.bounding_box()
    assert above
    assert below
    assert above["y"] + above["height"] <= below["y"]
    links = card.locator(".ways a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    assert {"tel:000", "tel:1800737732", "sms:0458737732", "tel:131114"} <= set(links)
    for link in visitor.tab.locator("#top a:visible, .card .ways a").all():
        place = link.bounding_box()
        assert place
        assert place["height"] >= 44, link.inner_text()
        assert place["width"] >= 44, link.inner_text()


def test_the_card_stays_pinned_through_ordinary_questions(visit: Open) -> None:
    visitor = visit("phone")
    visitor.ask("I hurt her last night")
    expect(visitor.tab.locator(".sources")).to_have_count(1)
    for number in range(2, 8):
        visitor.ask(f"And what is stonewalling? {number}")
        expect(visitor.tab.locator(".sources")).to_have_count(number)
    expect(visitor.tab.locator(".turn .card")).to_have_count(1)
    help_in_view(visitor)
    assert in_view(visitor, visitor.tab.locator('#pinned a[href="tel:1300766491"]'))
    assert in_view(visitor, visitor.tab.locator("#pinned p"))
    visitor.shot("pinned-later")


def test_the_card_does_not_wait_while_the_model_is_loading(visit: Open, site: Site) -> None:
    site.bot.loaded.clear()
    try:
        visitor = visit("phone")
        # More questions than there are threads to answer them.
        for number in range(10):
            visitor.ask(f"Question {number}")
            expect(visitor.tab.locator(".turn")).to_have_count(number + 1)
        sign = visitor.tab.locator(".waiting")
        expect(sign).to_have_count(10)
        expect(sign.last).to_have_text(TEXTS.waiting_first)
        visitor.shot("waiting")
        visitor.ask("I feel unsafe")
        expect(visitor.tab.locator(".turn .card")).to_be_visible()
        assert in_view(visitor, visitor.tab.locator(".card h2"))
        expect(sign).to_have_count(11)
    finally:
        site.bot.loaded.set()
    expect(sign).to_have_count(0, timeout=20000)
    expect(visitor.tab.locator(".turn .card")).to_have_count(1)
    expect(visitor.tab.locator(".sources")).to_have_count(11)


def test_a_card_found_by_the_second_look_comes_with_the_answer_and_is_pinned(visit: Open) -> None:
    visitor = visit("phone")
    visitor.ask("I gave my fishing gear away")
    expect(visitor.tab.locator(".sources")).to_be_visible()
    expect(visitor.tab.locator(".turn .card")).to_have_count(1)
    assert visitor.tab.locator("#pinned p").count() == 1


def test_a_quiet_note_stands_below_the_answer(visit: Open) -> None:
    visitor = visit("phone")
    visitor.ask("I am sad")
    expect(visitor.tab.locator(".note a")).to_have_attribute("href", "tel:131114")
    expect(visitor.tab.locator(".card")).to_have_count(0)


def test_enter_sends_and_shift_enter_breaks_and_focus_returns(visit: Open, site: Site) -> None:
    visitor = visit("desktop")
    box = visitor.tab.locator("#box textarea")
    box.click()
    visitor.tab.keyboard.type("one")
    visitor.tab.keyboard.press("Shift+Enter")
    visitor.tab.keyboard.type("two")
    visitor.tab.keyboard.press("Enter")
    expect(visitor.tab.locator(".sources")).to_be_visible()
    assert site.bot.asked[-1] == ("one\ntwo",)
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    visitor.tab.keyboard.type("three")
    visitor.tab.get_by_role("button", name=TEXTS.send).click()
    expect(visitor.tab.locator(".turn")).to_have_count(2)
    expect(box).to_be_focused()


def test_the_box_keeps_and_sends_away_nothing_by_itself(visit: Open) -> None:
    box = visit("phone").tab.locator("#box textarea")
    expect(box).to_have_attribute("autocomplete", "off")
    expect(box).to_have_attribute("autocorrect", "off")
    expect(box).to_have_attribute("spellcheck", "false")


def test_an_empty_message_and_a_fault_are_answered_in_the_conversation(visit: Open) -> None:
    visitor = visit("phone")
    visitor.ask("   ")
    expect(visitor.tab.locator(".answer").first).to_contain_text("nothing in that message")
    visitor.ask("a fault please")
    expect(visitor.tab.locator(".answer").last).to_contain_text("can't look things up")


def test_a_message_that_is_too_long_stays_in_the_box_and_the_answer_is_in_view(
    visit: Open,
) -> None:
    visitor = visit("phone")
    message = "too long " * 200
    visitor.ask(message)
    answer = visitor.tab.locator(".answer p")
    expect(answer).to_contain_text("too long to read")
    expect(visitor.tab.locator("#box textarea")).to_have_value(message)
    visitor.shot("too-long")
    assert in_view(visitor, answer)
    assert in_view(visitor, visitor.tab.locator("#send"))


def test_what_is_written_while_a_message_is_on_its_way_stays_in_the_box(visit: Open) -> None:
    visitor = visit("phone")
    box = visitor.tab.locator("#box textarea")
    held: list[Route] = []
    visitor.tab.route("**/run/predict", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    with visitor.tab.expect_request("**/run/predict"):
        visitor.ask("What is stonewalling?")
    box.fill("And why")
    held[0].continue_()
    visitor.tab.unroute("**/run/predict")
    expect(visitor.tab.locator(".answer").first).to_contain_text("stonewalling")
    expect(box).to_have_value("And why")
    box.press("Enter")
    expect(visitor.tab.locator(".asked").last).to_contain_text("And why")
    expect(box).to_have_value("")


def test_answers_that_nobody_waits_for_any_more_hold_no_card_up(visit: Open) -> None:
    """Each takes one of the six connections that a browser opens to a server."""
    bot = ScriptedBot()
    with serving(bot) as site:
        visitor = visit("phone", url=site.url)
        for _ in range(4):
            for count in (1, 2):
                visitor.ask("What is stonewalling?")
                expect(visitor.tab.locator(".turn")).to_have_count(count)
            visitor.tab.locator("#wipe").click()
            expect(visitor.tab.locator(".turn")).to_have_count(0)
        visitor.ask("I feel unsafe")
        expect(visitor.tab.locator(".card")).to_be_visible()
        assert not bot.loaded.is_set(), "the answers were waited for"


def test_a_lost_connection_is_told_in_the_conversation(visit: Open) -> None:
    visitor = visit("phone")
    visitor.tab.route("**/gradio_api/**", lambda route: route.abort())
    visitor.ask("Can you hear me?")
    trouble = visitor.tab.locator("#trouble")
    expect(trouble).to_have_text(TEXTS.not_sent)
    assert in_view(visitor, trouble)
    expect(visitor.tab.locator("#box textarea")).to_have_value("Can you hear me?")
    help_in_view(visitor)
    visitor.shot("not-sent")


def test_nothing_is_stored_and_nobody_else_is_asked(visit: Open, site: Site) -> None:
    visitor = visit("phone")
    visitor.ask("What is stonewalling?")
    expect(visitor.tab.locator(".sources")).to_be_visible()
    visitor.tab.locator("button.mark").first.click()
    visitor.ask("I feel unsafe")
    visitor.tab.locator(".card [data-safety]").click()
    visitor.tab.locator("#safety-back").click()
    expect(visitor.tab.locator(".sources")).to_have_count(2)
    stored = visitor.tab.evaluate(
        """async () => JSON.stringify([
            Object.entries(localStorage), Object.entries(sessionStorage), document.cookie,
            (await indexedDB.databases()).map(d => d.name), await caches.keys(),
            (await navigator.serviceWorker.getRegistrations()).length])"""
    )
    assert json.loads(stored) == [[], [], "", [], [], 0]
    assert visitor.tab.context.cookies() == []
    assert visitor.tab.context.storage_state() == {"cookies": [], "origins": []}
    assert visitor.strangers(site.url) == []
    assert len(visitor.requests) > 5


def test_with_scripts_blocked_the_help_line_and_the_way_out_still_work(visit: Open) -> None:
    visitor = visit("phone", ready=False, java_script_enabled=False)
    help_in_view(visitor)
    expect(visitor.tab.locator(".no-script")).to_be_visible()
    assert visitor.tab.locator(".no-script").text_content() == TEXTS.no_script
    expect(visitor.tab.get_by_text(TEXTS.about)).to_be_visible()
    expect(visitor.tab.locator(".leave")).to_have_attribute("href", TEXTS.leave_url)
    visitor.shot("scripts-blocked")


def test_the_server_keeps_nothing_of_a_conversation(visit: Open, site: Site) -> None:
    visitor = visit("phone")
    visitor.ask("Remember me")
    expect(visitor.tab.locator(".sources")).to_be_visible()
    assert len(site.page.blocks.state_holder.session_data) == 0


def test_clearing_empties_the_page_and_the_conversation(visit: Open, site: Site) -> None:
    visitor = visit("phone")
    visitor.ask("I feel unsafe SECRET")
    expect(visitor.tab.locator(".sources")).to_be_visible()
    visitor.tab.get_by_role("button", name=TEXTS.clear).click()
    expect(visitor.tab.locator(".turn")).to_have_count(0)
    expect(visitor.tab.locator("#pinned")).to_be_empty()
    assert "SECRET" not in visitor.tab.content()
    help_in_view(visitor)
    visitor.ask("What is stonewalling?")
    expect(visitor.tab.locator(".turn")).to_have_count(1)
    assert site.bot.asked[-1] == ("What is stonewalling?",)


def test_two_visitors_never_see_each_other(visit: Open) -> None:
    first, second = visit("phone"), visit("desktop")
    first.ask("I feel unsafe FIRST")
    expect(first.tab.locator(".sources")).to_be_visible()
    second.ask("What is it? SECOND")
    expect(second.tab.locator(".sources")).to_be_visible()
    assert "FIRST" not in second.tab.content()
    expect(second.tab.locator("#pinned")).to_be_empty()
    assert "SECOND" not in first.tab.content()


def test_an_opened_source_stays_open_when_the_next_answer_comes(visit: Open) -> None:
    visitor = visit("phone")
    visitor.ask("one")
    visitor.tab.locator("button.mark").first.click()
    visitor.ask("two")
    expect(visitor.tab.locator(".sources")).to_have_count(2)
    expect(visitor.tab.locator("blockquote").first).to_be_visible()


def test_the_tab_says_nothing_to_a_passer_by(visit: Open) -> None:
    title = visit("phone").tab.title()
    assert title == TEXTS.tab_title
    assert not re.search(r"abuse|violence|help|crisis|safe|gradio", title, re.IGNORECASE)
