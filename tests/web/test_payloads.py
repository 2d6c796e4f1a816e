"""What a visitor types or a document holds shows as text and runs nothing, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from bot.knowledge.load import load
from bot.knowledge.passages import split
from bot.screening import Screened
from bot.types import Citation, Level, Passage, Reply, Scored
from tests.web.conftest import Open, Site, Visit, serving
from tests.web.payloads import payloads
from tests.web.scripted import ScriptedBot

# Fills the box and presses Enter as a visitor does, one message after the other, and waits for
# each to stand in the transcript; gives back what stands there.
TYPE_ALL = """
async (messages) => {
  const box = document.querySelector("#box textarea");
  const turns = document.querySelector("#transcript");
  const fill = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set;
  const shown = [];
  for (const message of messages) {
    const before = turns.childElementCount;
    fill.call(box, message);
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(done));
    box.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true }));
    while (turns.childElementCount === before || box.value !== "")
      await new Promise((done) => setTimeout(done, 5));
    shown.push(turns.lastElementChild.querySelector(".asked p").textContent);
  }
  return shown;
}
"""
BATCH = 80


def only_the_page_itself_was_asked(visitor: Visit, site: Site, since: int) -> bool:
    """Whether nothing but the chat's own events and parts went over the network."""
    own = urlsplit(site.url).netloc
    return all(
        urlsplit(url).netloc == own and urlsplit(url).path.startswith(("/gradio_api/", "/assets/"))
        for url in visitor.requests[since:]
    )


def test_every_payload_typed_as_a_message_shows_as_text_and_runs_nothing(
    visit: Open, site: Site
) -> None:
    messages = payloads()
    for start in range(0, len(messages), BATCH):
        visitor = visit("phone")
        loaded = len(visitor.requests)
        batch = messages[start : start + BATCH]
        shown = visitor.tab.evaluate(TYPE_ALL, batch)
        # A browser's HTML leaves out null characters.
        expected = [message.replace("\0", "").split() for message in batch]
        assert [text.split() for text in shown] == expected
        expect(visitor.tab.locator(".turn .waiting")).to_have_count(0)
        assert visitor.tab.locator(".asked p *").count() == 0
        assert visitor.errors == []
        assert only_the_page_itself_was_asked(visitor, site, loaded)
        visitor.tab.close()


@dataclass
class QuotingBot(ScriptedBot):
    """Answers each question with the next ten passages of a library, quoted and cited."""

    library: Sequence[Passage] = ()
    given: list[Passage] = field(default_factory=list)

    def answer(self, screened: Screened) -> Reply:
        at = len(self.given)
        found = self.library[at : at + 10]
        self.given += found
        citations = tuple(
            Citation(number, each.title, " > ".join(each.section), each.url, each.text, each.id)
            for number, each in enumerate(found, 1)
        )
        text = "\n".join(f"- {each.text} [{number}]" for number, each in enumerate(found, 1))
        shown = tuple(Scored(each, 0.9) for each in found)
        return Reply("answer", Level.NONE, (), None, text, citations, shown)


def documents(folder: Path) -> Iterator[Path]:
    """The payloads in documents: in titles, headings, paragraphs and lists; raw and escaped."""
    lines = [" ".join(payload.replace("\x00", " ").split()) for payload in payloads()]
    parts = [f"## Part {n} {line}\n\nThe text {n}: {line}" for n, line in enumerate(lines)]
    markdown = folder / "hostile.md"
    markdown.write_text(f"# {lines[0]}\n\n" + "\n\n".join(parts), encoding="utf-8")
    yield markdown
    plain = folder / "hostile.txt"
    plain.write_text(
        "\n\n".join(f"Paragraph {n}: {line}" for n, line in enumerate(lines)), encoding="utf-8"
    )
    yield plain
    web = folder / "hostile.html"
    items = "".join(f"<p>Item {n}: {escape(line)}</p>" for n, line in enumerate(lines))
    raw = "".join(f"<div><p>Raw {n}:</p> {line}</div>" for n, line in enumerate(lines[:1]))
    web.write_text(f"<html><body><h1>{escape(lines[0])}</h1>{items}{raw}", encoding="utf-8")
    yield web


@pytest.fixture(scope="module")
def quoting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    library = [
        passage
        for path in documents(tmp_path_factory.mktemp("corpus"))
        for passage in split(load(path, path.name))
    ]
    assert len(library) >= 2 * len(payloads())
    bot = QuotingBot(library=library)
    bot.loaded.set()
    with serving(bot) as running:
        yield running


def test_every_payload_in_a_document_shows_as_text_and_runs_nothing(
    visit: Open, quoting: Site
) -> None:
    bot = quoting.bot
    assert isinstance(bot, QuotingBot)
    turns_each = 20
    while len(bot.given) < len(bot.library):
        before = len(bot.given)
        visitor = visit("phone", url=quoting.url)
        loaded = len(visitor.requests)
        visitor.tab.evaluate(TYPE_ALL, [f"Question {number}" for number in range(turns_each)])
        expect(visitor.tab.locator(".turn .waiting")).to_have_count(0)
        visitor.tab.evaluate(
            "document.querySelectorAll('details').forEach(d => { d.open = true; })"
        )
        shown = visitor.tab.locator(".sources blockquote").evaluate_all(
            "all => all.map(each => each.textContent)"
        )
        # Answers come in any order; each passage stands there once, letter for letter.
        assert sorted(shown) == sorted(passage.text for passage in bot.given[before:])
        inside = visitor.tab.locator(".turn").evaluate_all(
            "all => [...new Set(all.flatMap(each => [...each.querySelectorAll('*')]"
            ".map(part => part.localName)))]"
        )
        assert set(inside) <= {
            *("div", "span", "p", "ul", "li", "ol", "button", "h2", "details", "summary"),
            *("blockquote", "mark", "cite", "strong", "a"),
        }
        assert visitor.errors == []
        assert only_the_page_itself_was_asked(visitor, quoting, loaded)
        visitor.tab.close()
