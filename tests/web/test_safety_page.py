"""The safety page, inside the chat and on its own, and the question before a card's detail."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from bot.web.render import turn_card
from bot.web.safety_page import safety_html
from bot.web.texts import load_texts
from tests.web.conftest import Open, Site, help_in_view, in_view
from tests.web.scripted import ScriptedBot
from tests.web.test_render import Reader

TEXTS = load_texts()
AWAY = f"{TEXTS.leave_url}**"


def test_the_page_says_how_to_erase_the_visit_and_what_spyware_means() -> None:
    text = Reader(safety_html(TEXTS, "")).text.lower()
    for word in ("history", "private window", "spyware", "does not erase", "1800respect"):
        assert word in text


def test_no_word_of_the_page_can_become_markup() -> None:
    section = TEXTS.safety.sections[0].model_copy(update={"points": ["<b>x</b>"]})
    hostile = TEXTS.safety.model_copy(update={"title": "<i>", "lead": "<s>", "sections": [section]})
    html = safety_html(TEXTS.model_copy(update={"safety": hostile}), "")
    assert set(Reader(html).tags) == {"h1", "p", "h2", "ul", "li"}


def test_reading_it_in_the_chat_loses_nothing_and_adds_no_history(visit: Open, site: Site) -> None:
    visitor = visit("phone")
    visitor.ask("I feel unsafe at home")
    expect(visitor.tab.locator(".sources")).to_be_visible()
    entries = visitor.tab.evaluate("history.length")
    link = visitor.tab.locator(".card [data-safety]")
    link.click()
    page = visitor.tab.locator("#safety")
    expect(page.get_by_role("heading", name=TEXTS.safety.title)).to_be_focused()
    expect(visitor.tab.locator("#transcript")).to_be_hidden()
    help_in_view(visitor)
    visitor.shot("safety-in-chat")
    page.get_by_role("button", name=TEXTS.safety.back).click()
    expect(page).to_be_hidden()
    expect(link).to_be_focused()
    expect(visitor.tab.locator(".sources")).to_be_visible()
    assert visitor.tab.evaluate("history.length") == entries
    assert visitor.tab.url == site.url


@pytest.mark.parametrize("scripts", [True, False])
def test_on_its_own_it_has_the_help_line_and_the_way_out(
    visit: Open, site: Site, scripts: bool
) -> None:
    visitor = visit("phone", ready=False, url=f"{site.url}safety", java_script_enabled=scripts)
    visitor.ends_at(TEXTS.leave_url)
    assert visitor.tab.title() == TEXTS.tab_title
    expect(visitor.tab.get_by_role("heading", name=TEXTS.safety.title)).to_be_visible()
    help_in_view(visitor)
    visitor.shot(f"safety-alone-{'with' if scripts else 'without'}-scripts")
    assert visitor.strangers(site.url) == []
    visitor.tab.mouse.wheel(0, 600)
    help_in_view(visitor)
    if scripts:
        visitor.tab.keyboard.press("Escape")
        visitor.tab.keyboard.press("Escape")
    else:
        visitor.tab.locator(".leave").click()
    visitor.tab.wait_for_url(AWAY)
    if scripts:
        visitor.tab.go_back()
        assert not visitor.tab.url.startswith(site.url)


def test_with_scripts_blocked_its_link_leads_there_and_back(visit: Open, site: Site) -> None:
    visitor = visit("phone", ready=False, java_script_enabled=False)
    visitor.tab.get_by_role("link", name=TEXTS.safety.title).click()
    visitor.tab.wait_for_url(f"{site.url}safety")
    visitor.tab.get_by_role("link", name=TEXTS.safety.back).click()
    visitor.tab.wait_for_url(site.url)


def test_going_back_to_the_chat_leaves_no_second_entry_for_the_back_button(
    visit: Open, site: Site
) -> None:
    visitor = visit("phone", ready=False, url=f"{site.url}safety")
    entries = visitor.tab.evaluate("history.length")
    visitor.tab.get_by_role("link", name=TEXTS.safety.back).click()
    visitor.tab.wait_for_url(site.url)
    assert visitor.tab.evaluate("history.length") == entries


def test_the_page_is_sent_like_every_other(site: Site) -> None:
    answer = httpx.get(f"{site.url}safety")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


def card(*turns: str) -> str:
    return turn_card(ScriptedBot().screen(turns), TEXTS)


def test_a_card_about_family_violence_first_asks_whether_it_is_safe_to_read_here() -> None:
    html = card("I feel unsafe")
    assert html.index("<h2>") < html.index(TEXTS.safe_to_read) < html.index('class="lines"')


@pytest.mark.parametrize(
    "turns",
    [
        ("I feel unsafe", "I feel unsafe again"),
        ("I hurt her",),
        ("he is choking me",),
    ],
    ids=["a second time", "someone who used violence", "an emergency"],
)
def test_no_other_card_asks_it(turns: tuple[str, ...]) -> None:
    html = card(*turns)
    assert "card" in html
    assert TEXTS.safe_to_read not in html


def test_it_is_asked_when_violence_comes_up_after_another_crisis() -> None:
    assert TEXTS.safe_to_read in card("I hurt her", "I feel unsafe")


def test_a_turn_that_raised_nothing_has_no_card() -> None:
    assert card("I feel unsafe", "What is stonewalling?") == ""


def test_asking_hides_neither_the_numbers_nor_anything_else(visit: Open) -> None:
    visitor = visit("phone")
    visitor.ask("I feel unsafe at home")
    shown = visitor.tab.locator(".card")
    assert in_view(visitor, shown.get_by_text(TEXTS.safe_to_read))
    help_in_view(visitor)
    for link in shown.locator("a").all():
        expect(link).to_be_visible()
