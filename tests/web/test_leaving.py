"""Leaving at once, from anywhere on the page, and what is left of the visit afterwards."""

from __future__ import annotations

import time
from collections.abc import Sized

import pytest
from playwright.sync_api import expect

from bot.web.texts import load_texts
from tests.web.conftest import Open, Site, Visit, in_view

TEXTS = load_texts()
AWAY = f"{TEXTS.leave_url}**"


def shrinks(sessions: Sized, before: int) -> bool:
    """Whether the server forgets a session within some seconds."""
    deadline = time.monotonic() + 5
    while len(sessions) >= before and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(sessions) < before


def talked(visit: Open, **options: object) -> Visit:
    """A visitor in the middle of a conversation."""
    visitor = visit("phone", **options)
    visitor.ends_at(TEXTS.leave_url)
    visitor.ask("I feel unsafe SECRET")
    expect(visitor.tab.locator(".sources")).to_be_visible()
    return visitor


@pytest.mark.parametrize("way", ["click", "escape", "three escapes", "enter"])
def test_leaving_forgets_and_back_shows_nothing(visit: Open, site: Site, way: str) -> None:
    visitor = talked(visit)
    assert any("SECRET" in repr(turn) for turn in site.bot.asked)
    sessions = site.page.blocks.state_holder.session_data
    before = len(sessions)
    box = visitor.tab.locator("#box textarea")
    if way == "click":
        visitor.tab.locator(".leave").click()
    elif way == "enter":
        visitor.tab.locator(".leave").press("Enter")
    else:
        box.press("Escape")
        assert visitor.tab.url == site.url, "one Esc does nothing"
        box.press("Escape")
        if way == "three escapes":
            visitor.tab.keyboard.press("Escape")
    visitor.tab.wait_for_url(AWAY)
    assert shrinks(sessions, before), "the server still has the conversation"
    visitor.tab.go_back()
    assert visitor.tab.url != site.url, "the chat is still in the tab's history"
    assert "SECRET" not in visitor.tab.content()
    visitor.tab.go_forward()
    assert "SECRET" not in visitor.tab.content()


def test_the_server_is_told_to_forget_before_the_page_goes(visit: Open, site: Site) -> None:
    visitor = talked(visit)
    visitor.tab.locator(".leave").click()
    visitor.tab.wait_for_url(AWAY)
    asked = visitor.requests
    assert asked.index(f"{site.url}forget") < asked.index(TEXTS.leave_url)


def test_a_single_escape_and_one_much_later_do_not_leave(visit: Open, site: Site) -> None:
    visitor = talked(visit)
    visitor.tab.keyboard.press("Escape")
    visitor.tab.wait_for_timeout(1700)
    visitor.tab.keyboard.press("Escape")
    visitor.tab.keyboard.press("a")
    visitor.tab.keyboard.press("Escape")
    visitor.tab.wait_for_timeout(200)
    assert visitor.tab.url == site.url
    expect(visitor.tab.locator(".turn")).to_have_count(1)


@pytest.mark.parametrize("way", ["click", "escape"])
def test_leaving_works_before_the_chat_has_loaded(visit: Open, site: Site, way: str) -> None:
    visitor = visit("phone", ready=False)
    visitor.ends_at(TEXTS.leave_url)
    visitor.tab.route("**/assets/**", lambda route: route.abort())
    visitor.tab.route("**/*.js", lambda route: route.abort())
    visitor.tab.reload(wait_until="commit")
    visitor.tab.locator(".leave").wait_for()
    if way == "click":
        visitor.tab.locator(".leave").click()
    else:
        visitor.tab.keyboard.press("Escape")
        visitor.tab.keyboard.press("Escape")
    visitor.tab.wait_for_url(AWAY)
    visitor.tab.go_back()
    assert visitor.tab.url != site.url


def test_with_scripts_blocked_leaving_is_a_plain_link(visit: Open) -> None:
    visitor = visit("phone", ready=False, java_script_enabled=False)
    visitor.ends_at(TEXTS.leave_url)
    visitor.tab.locator(".leave").click()
    visitor.tab.wait_for_url(AWAY)


def test_a_tap_leaves_while_the_box_has_the_keyboard_on_a_phone(visit: Open) -> None:
    visitor = talked(visit, has_touch=True, is_mobile=True)
    # What a phone's keyboard leaves of the window.
    visitor.tab.set_viewport_size({"width": 320, "height": 300})
    visitor.tab.locator("#box textarea").tap()
    expect(visitor.tab.locator("#box textarea")).to_be_focused()
    assert in_view(visitor, visitor.tab.locator(".leave"))
    assert in_view(visitor, visitor.tab.locator("#send"))
    assert in_view(visitor, visitor.tab.locator('#pinned a[href="tel:000"]'))
    visitor.shot("phone-keyboard")
    visitor.tab.locator(".leave").tap()
    visitor.tab.wait_for_url(AWAY)


def test_the_way_out_follows_where_a_keyboard_slides_the_page(visit: Open) -> None:
    visitor = talked(visit, has_touch=True)

    def slide(offset: int, scale: float) -> float:
        visitor.tab.evaluate(
            """(now) => {
              for (const [name, value] of Object.entries(now))
                Object.defineProperty(visualViewport, name, { value, configurable: true });
              visualViewport.dispatchEvent(new Event("scroll"));
            }""",
            {"offsetTop": offset, "scale": scale},
        )
        place = visitor.tab.locator("#top").bounding_box()
        assert place
        return place["y"]

    assert slide(120, 1) == 120
    assert slide(120, 2) == 0, "zooming in with two fingers moves nothing"
    assert slide(0, 1) == 0


def test_closing_the_tab_forgets_at_once(visit: Open, site: Site) -> None:
    visitor = talked(visit)
    sessions = site.page.blocks.state_holder.session_data
    before = len(sessions)
    visitor.tab.close(run_before_unload=True)
    assert shrinks(sessions, before)


def test_back_from_another_site_shows_an_empty_page(visit: Open, site: Site) -> None:
    visitor = talked(visit)
    visitor.tab.goto(TEXTS.leave_url)
    visitor.tab.go_back()
    visitor.tab.locator("#box textarea").wait_for()
    assert visitor.tab.url == site.url
    expect(visitor.tab.locator(".turn")).to_have_count(0)
    assert "SECRET" not in visitor.tab.content()
