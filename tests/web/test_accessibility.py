"""Every state of the page, for whoever uses a keyboard, a screen reader, large letters or paper."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from bot.web.texts import load_texts
from tests.web.conftest import Open, Site, Visit, help_in_view, in_view

TEXTS = load_texts()
AXE = Axe()
OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Part of WCAG 2.2 AA, but off in axe unless asked for.
    "rules": {"target-size": {"enabled": True}},
}
#: A phone by day and night, and a browser window of 1280 pixels zoomed to 200 %.
VIEWS = {
    "phone-light": ((320, 568), "light"),
    "phone-dark": ((320, 568), "dark"),
    "zoom-200": ((640, 400), "light"),
}
# With the bars unstuck nothing lies over anything, so that axe looks at all of it.
UNSTUCK = "#top, gradio-app { position: static !important; }"


def violations(visitor: Visit) -> list[tuple[str, list[str]]]:
    visitor.tab.add_style_tag(content=UNSTUCK)
    visitor.tab.wait_for_timeout(100)
    found = AXE.run(visitor.tab, options=OPTIONS).response["violations"]
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]


def answered(visitor: Visit) -> None:
    expect(visitor.tab.locator(".turn .waiting")).to_have_count(0)


def says(message: str) -> Callable[[Visit, Site], None]:
    def act(visitor: Visit, site: Site) -> None:
        visitor.ask(message)
        expect(visitor.tab.locator(".turn")).not_to_have_count(0)
        answered(visitor)

    return act


def opens_a_source(visitor: Visit, site: Site) -> None:
    says("What is stonewalling?")(visitor, site)
    visitor.tab.locator("button.mark").first.click()


def discloses_twice(visitor: Visit, site: Site) -> None:
    says("I feel unsafe")(visitor, site)
    visitor.ask("I feel unsafe again")
    expect(visitor.tab.locator(".card.again")).to_be_visible()
    answered(visitor)


def loses_the_connection(visitor: Visit, site: Site) -> None:
    visitor.tab.route("**/gradio_api/**", lambda route: route.abort())
    visitor.ask("Can you hear me?")
    expect(visitor.tab.locator("#trouble")).to_be_visible()


def cannot_talk(visitor: Visit, site: Site) -> None:
    visitor.tab.locator(".other-ways summary").click()


def reads_the_safety_page(visitor: Visit, site: Site) -> None:
    visitor.tab.locator("[data-safety]:visible").first.click()


def waits(visitor: Visit, site: Site) -> None:
    site.bot.loaded.clear()
    visitor.ask("What is stonewalling?")
    expect(visitor.tab.locator(".waiting")).to_be_visible()


STATES: dict[str, Callable[[Visit, Site], None]] = {
    "empty": lambda visitor, site: None,
    "waiting": waits,
    "answer": opens_a_source,
    "signpost": says("I am sad"),
    "crisis": says("I feel unsafe"),
    "crisis again": discloses_twice,
    "someone who used violence": says("I hurt her"),
    "emergency": says("he is choking me"),
    "empty message": says("   "),
    "fault": says("a fault please"),
    "no connection": loses_the_connection,
    "cannot talk": cannot_talk,
    "safety page": reads_the_safety_page,
}


def sideways(visitor: Visit) -> bool:
    return bool(visitor.tab.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@pytest.mark.parametrize("view", VIEWS)
def test_no_state_of_the_page_has_an_accessibility_violation(
    visit: Open, site: Site, view: str
) -> None:
    size, scheme = VIEWS[view]
    for state, act in STATES.items():
        visitor = visit(size, color_scheme=scheme)
        try:
            act(visitor, site)
            visitor.shot(f"{state.replace(' ', '-')}-{view}")
            assert not sideways(visitor), f"{state}: has to be scrolled sideways"
            assert violations(visitor) == [], state
        finally:
            site.bot.loaded.set()
            visitor.tab.close()


def test_at_400_percent_the_help_and_the_words_still_have_room(visit: Open) -> None:
    visitor = visit((320, 256))
    visitor.ask("he is choking me")
    call = visitor.tab.locator(".card .call")
    expect(call).to_be_visible()
    help_in_view(visitor)
    assert in_view(visitor, call)
    assert not sideways(visitor)
    visitor.shot("zoom-400")


@pytest.mark.parametrize("path", ["", "safety"])
def test_pages_without_scripts_have_no_accessibility_violation(
    visit: Open, site: Site, path: str
) -> None:
    # axe is a script itself: it looks at a copy of what a browser without scripts has drawn.
    bare = visit("phone", ready=False, url=site.url + path, java_script_enabled=False)
    bare.shot(f"no-scripts-{path or 'chat'}")
    drawn = re.sub(r"<script.*?</script>|</?noscript>", "", bare.tab.content(), flags=re.DOTALL)
    copy = visit("phone", ready=False, url=f"{site.url}safety")
    copy.tab.set_content(drawn)
    expect(copy.tab.locator(".leave")).to_be_visible()
    assert violations(copy) == []


def test_the_safety_page_on_its_own_has_no_accessibility_violation(visit: Open, site: Site) -> None:
    for scheme in ("light", "dark"):
        visitor = visit("phone", ready=False, url=f"{site.url}safety", color_scheme=scheme)
        assert violations(visitor) == []


def test_letters_twice_as_large_still_fit(visit: Open, site: Site) -> None:
    visitor = visit((640, 800))
    says("I feel unsafe")(visitor, site)
    visitor.tab.evaluate("document.documentElement.style.fontSize = '200%'")
    visitor.shot("large-letters")
    assert not sideways(visitor)
    assert in_view(visitor, visitor.tab.locator(".leave"))
    assert violations(visitor) == []


def focused(visitor: Visit) -> Locator:
    return visitor.tab.locator("*:focus")


def name(part: Locator) -> str:
    return str(
        part.evaluate("part => part.getAttribute('aria-label') || part.innerText || part.localName")
    )


def stops(visitor: Visit, until: str, key: str = "Tab") -> list[str]:
    """The names of what is focused on the way to ``until``, each one checked to be seen."""
    names: list[str] = []
    for _ in range(60):
        visitor.tab.keyboard.press(key)
        part = focused(visitor)
        if not part.count():
            continue
        names.append(name(part))
        assert in_view(visitor, part), f"{names[-1]} is out of view or covered"
        ring = part.evaluate("part => parseFloat(getComputedStyle(part).outlineWidth)")
        assert ring >= 3, f"{names[-1]} does not show that it is focused"
        if until in names[-1]:
            return names
    raise AssertionError(f"never reached {until}: {names}")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_everything_can_be_done_by_keyboard_alone(visit: Open, site: Site, size: str) -> None:
    visitor = visit(size)
    visitor.ends_at(TEXTS.leave_url)
    first = stops(visitor, TEXTS.safety.title)
    assert first[0] == TEXTS.leave
    assert first[1] == TEXTS.other_ways
    for words in ("000", "1800RESPECT", "Lifeline", TEXTS.send, *TEXTS.examples):
        assert any(words in stop for stop in first), words
    visitor.tab.keyboard.press("Enter")
    expect(visitor.tab.locator("#safety h1")).to_be_focused()
    stops(visitor, TEXTS.safety.back)
    visitor.tab.keyboard.press("Enter")
    expect(visitor.tab.locator("#foot [data-safety]")).to_be_focused()
    visitor.tab.locator("#box textarea").focus()
    visitor.tab.keyboard.type("I feel unsafe. What is stonewalling?")
    visitor.tab.keyboard.press("Enter")
    expect(visitor.tab.locator(".sources")).to_be_visible()
    expect(visitor.tab.locator("#box textarea")).to_be_focused()
    back = stops(visitor, TEXTS.leave, "Shift+Tab")
    for words in (TEXTS.clear, "Source 1", "Lifeline, 13 11 14", f"{TEXTS.call} 1800RESPECT"):
        assert any(words in stop for stop in back), words
    stops(visitor, "Source 1")
    visitor.tab.keyboard.press("Enter")
    expect(visitor.tab.locator("blockquote")).to_be_visible()
    assert focused(visitor).evaluate("part => part.localName") == "summary"
    visitor.tab.keyboard.press("Enter")
    expect(visitor.tab.locator("blockquote")).to_be_hidden()
    stops(visitor, TEXTS.clear)
    visitor.tab.keyboard.press("Enter")
    expect(visitor.tab.locator(".turn")).to_have_count(0)
    visitor.tab.keyboard.press("Escape")
    visitor.tab.keyboard.press("Escape")
    visitor.tab.wait_for_url(f"{TEXTS.leave_url}**")


def test_the_other_ways_to_reach_help_open_without_hiding_the_numbers(visit: Open) -> None:
    visitor = visit("phone")
    visitor.tab.locator(".other-ways summary").click()
    for link in visitor.tab.locator(".other-ways .way").all():
        assert in_view(visitor, link)
        place = link.bounding_box()
        assert place
        assert place["height"] >= 44
    help_in_view(visitor)


def test_a_card_is_announced_once(visit: Open, site: Site) -> None:
    site.bot.loaded.clear()
    visitor = visit("phone")
    visitor.ask("I feel unsafe at home")
    card = visitor.tab.locator(".turn .card")
    expect(card).to_be_visible()
    card.evaluate("card => { card.same = true; }")
    site.bot.loaded.set()
    expect(visitor.tab.locator(".sources")).to_be_visible()
    assert card.evaluate("card => card.same"), "the answer made the card anew: it is read twice"
    live = visitor.tab.locator("[role=log], [role=alert], [role=status], [aria-live]").filter(
        has_text="You deserve to be safe."
    )
    expect(live).to_have_count(1)


def test_nothing_moves_for_whoever_asked_for_less_motion(visit: Open, site: Site) -> None:
    site.bot.loaded.clear()
    visitor = visit("phone", reduced_motion="reduce")
    visitor.ask("What is stonewalling?")
    sign = visitor.tab.locator(".waiting")
    expect(sign).to_be_visible()
    moving = sign.evaluate("sign => getComputedStyle(sign, '::before').animationName")
    site.bot.loaded.set()
    assert moving == "none"


def test_on_paper_are_the_conversation_and_the_numbers_and_nothing_to_click(
    visit: Open, site: Site
) -> None:
    visitor = visit("desktop", color_scheme="dark")
    says("I feel unsafe at home")(visitor, site)
    visitor.tab.emulate_media(media="print")
    visitor.shot("print")
    for part in (".leave", "#composer", ".tools", ".other-ways"):
        expect(visitor.tab.locator(part).first).to_be_hidden()
    call = visitor.tab.locator(".card .call").first
    assert call.evaluate("call => getComputedStyle(call).color") == "rgb(0, 0, 0)"
    paper = pypdf.PdfReader(io.BytesIO(visitor.tab.pdf()))
    text = " ".join("".join(page.extract_text() for page in paper.pages).split())
    for words in (
        "I feel unsafe at home",
        "You deserve to be safe",
        "1800 737 732",
        "stonewalling",
    ):
        assert words in text
    for words in (TEXTS.leave, TEXTS.send, TEXTS.clear, TEXTS.box_hint):
        assert words not in text
