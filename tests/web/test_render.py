"""Replies and cards as HTML: what a visitor sees, and that nothing in it can run."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from bot.types import Card, Citation, Level, Reply, Scored
from bot.web.render import (
    answer_html,
    card_html,
    pinned_html,
    reply_html,
    standing_help,
    turn_html,
)
from bot.web.texts import load_texts
from tests.web.payloads import payloads
from tests.web.scripted import (
    LIFELINE,
    MENS_REFERRAL,
    PASSAGE,
    QUOTE,
    RESPECT,
    STANDING,
    TRIPLE_ZERO,
    resource,
)

TEXTS = load_texts()
CITATION = Citation(1, PASSAGE.title, "Forms it takes", PASSAGE.url, QUOTE, PASSAGE.id)

ALLOWED = {"a", "article", "b", "blockquote", "button", "cite", "details", "div", "h2", "li"} | {
    "mark",
    "nav",
    "ol",
    "p",
    "section",
    "span",
    "strong",
    "summary",
    "ul",
}


class Reader(HTMLParser):
    """Collects the tags, links and text of a piece of HTML, and whether its tags are balanced."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open.append(tag)
        for name, value in attrs:
            self.attributes.append(name)
            if name == "href":
                self.links.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def card(*resources: object, **changes: object) -> Card:
    base = Card("You deserve to be safe.", ("If in danger, call 000.",), tuple(resources))  # type: ignore[arg-type]
    return replace(base, **changes)  # type: ignore[arg-type]


def reply(text: str = "It is stonewalling [1].", **changes: object) -> Reply:
    base = Reply("answer", Level.NONE, (), None, text, (CITATION,), (Scored(PASSAGE, 0.6),))
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_crisis_card_offers_every_way_to_reach_every_service_in_order() -> None:
    html = card_html(card(TRIPLE_ZERO, RESPECT, MENS_REFERRAL), Level.CRISIS, TEXTS)
    assert Reader(html).links == [
        "tel:000",
        "tel:000",
        "tel:1800737732",
        "sms:0458737732",
        "https://www.1800respect.org.au/",
        "tel:1300766491",
        "https://ntv.org.au/get-help",
    ]
    assert "24 hours, every day" in html


def test_an_emergency_card_is_one_call_and_three_lines() -> None:
    lines = ("One.", "Two.", "Three.", "Four.")
    full = card(TRIPLE_ZERO, RESPECT, headline="Call 000 now", lines=lines)
    read = Reader(card_html(full, Level.EMERGENCY, TEXTS))
    assert read.links == ["tel:000"]
    assert "Three." in read.text
    assert "Four." not in read.text
    assert "1800RESPECT" not in read.text


def test_in_an_emergency_the_number_comes_before_the_words() -> None:
    html = card_html(card(TRIPLE_ZERO, lines=("Ask for police.",)), Level.EMERGENCY, TEXTS)
    assert html.index("tel:000") < html.index("Ask for police.")


def test_a_service_without_a_number_is_still_named() -> None:
    html = card_html(card(resource("x", "Chat only", "", chat="example.org")), Level.CRISIS, TEXTS)
    assert Reader(html).links == ["tel:000", "https://example.org"]
    assert "Chat only" in html


def test_a_service_of_one_state_says_so_and_a_national_one_does_not() -> None:
    state = resource("x", "Safe Steps", "1800 015 188", region="Victoria", hours="24 hours")
    nation = replace(RESPECT, region="Australia")
    html = card_html(card(state, nation), Level.CRISIS, TEXTS)
    assert "Victoria · 24 hours" in html
    assert "Australia" not in html


def test_the_pinned_card_begins_with_its_own_services_and_keeps_the_standing_ones() -> None:
    read = Reader(pinned_html(card(TRIPLE_ZERO, MENS_REFERRAL, RESPECT), STANDING, TEXTS))
    assert read.links == ["tel:000", "tel:1300766491", "tel:1800737732", "tel:131114"]
    assert "You deserve to be safe." in read.text


def test_without_a_card_nothing_is_pinned() -> None:
    assert pinned_html(None, STANDING, TEXTS) == ""


def test_the_help_line_has_calls_texts_chats_and_the_way_out() -> None:
    links = Reader(standing_help(STANDING, TEXTS)).links
    assert links[0] == TEXTS.leave_url
    assert {"tel:000", "tel:1800737732", "tel:131114", "sms:0458737732", "sms:0477131114"} <= set(
        links
    )
    assert "https://lifeline.org.au/crisis-chat" in links


def test_marks_open_their_source_and_unknown_marks_stay_text() -> None:
    html = answer_html("So [1], not [7].", (CITATION,), TEXTS)
    assert 'data-opens="1"' in html
    assert "[7]" in html
    assert 'data-opens="7"' not in html


def test_lists_and_paragraphs_become_markup() -> None:
    html = answer_html("Two things:\n- one [1]\n- two\n\n1. first\n2. second\nEnd.", (), TEXTS)
    assert html == (
        "<p>Two things:</p><ul><li>one [1]</li><li>two</li></ul>"
        "<ol><li>first</li><li>second</li></ol><p>End.</p>"
    )


def test_a_source_shows_the_quote_marked_in_its_passage_with_section_and_link() -> None:
    html = reply_html(reply(), TEXTS)
    assert f"<mark>{QUOTE}</mark> It leaves the other person alone" in html
    assert PASSAGE.lead_in in html
    read = Reader(html)
    assert "Forms it takes" in read.text
    assert read.links == [PASSAGE.url]
    assert "open" not in read.attributes, "sources begin closed"


def test_a_quote_that_is_not_in_its_passage_is_never_marked() -> None:
    wrong = replace(CITATION, quote="Something else")
    html = reply_html(reply(citations=(wrong,)), TEXTS)
    assert "<mark>" not in html
    assert QUOTE in html


def test_a_source_without_its_passage_shows_the_quote_alone() -> None:
    assert f"<mark>{QUOTE}</mark>" in reply_html(reply(passages=()), TEXTS)


def test_the_quiet_note_comes_last_with_its_number_callable() -> None:
    html = reply_html(reply(note="Lifeline 13 11 14, any time."), TEXTS)
    assert html.index("sources") < html.index('class="note"')
    assert 'href="tel:131114"' in html


def test_the_card_stands_above_the_answer_in_its_turn() -> None:
    html = turn_html(
        number=1, revision=1, asked="Q", card="<b>CARD</b>", answer="<p>A</p>", texts=TEXTS
    )
    assert html.index("CARD") < html.index("<p>A</p>")


def everything(text: str) -> str:
    """``text`` in every place that a visitor, the article or the rules file can fill."""
    service = resource("x", text, "000", hours=text, audience=text, region=text, chat=text)
    bad_card = Card(text, (text, text), (service, replace(service, phone=text, sms=text)))
    citation = Citation(1, text, text, text, text, "p")
    scored = Scored(replace(PASSAGE, id="p", text=f"a {text} b", lead_in=text), 0.5)
    quoted = replace(citation, number=2, quote=QUOTE, passage_id="q")
    around = Scored(replace(PASSAGE, id="q", text=f"{text}{QUOTE}{text}"), 0.5)
    bad_reply = reply(text, citations=(citation, quoted), passages=(scored, around), note=text)
    return turn_html(
        number=1,
        revision=1,
        asked=text,
        card=card_html(bad_card, Level.CRISIS, TEXTS)
        + pinned_html(bad_card, (service,), TEXTS)
        + standing_help((service, LIFELINE), TEXTS),
        answer=reply_html(bad_reply, TEXTS),
        texts=TEXTS,
    )


def test_no_payload_becomes_markup_anywhere() -> None:
    for payload in payloads():
        read = Reader(everything(payload))
        assert set(read.tags) <= ALLOWED, payload
        assert not [name for name in read.attributes if name.startswith("on")], payload
        assert all(
            link.startswith(("https://", "http://", "tel:", "sms:")) for link in read.links
        ), payload


@pytest.mark.parametrize("text", ["", "\n\n", "\u0000", "\u202e abc", "a" * 5000, "- ", "1. "])
def test_odd_answers_are_still_well_formed(text: str) -> None:
    Reader(answer_html(text, (), TEXTS))
