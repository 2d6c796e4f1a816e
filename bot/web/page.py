"""The chat as Gradio Blocks: the text box, the example questions, and the two events of a turn.

The first event screens a message and shows the card. It runs on the server's own loop, takes no
worker thread and waits for nothing, so that it is never queued behind answers. The second has the
turn finished in another process: the sentence model looks at the message again, which may raise a
card after all, and the answer is looked up. Neither goes through Gradio's queue, and neither leaves
anything behind: the conversation comes with each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import gradio as gr

from bot.screening import NOTHING_KNOWN, Known, Screened
from bot.settings import Settings
from bot.types import Reply, Resource
from bot.web.brand import load_brand
from bot.web.limits import RateLimit
from bot.web.shell import Shell
from bot.web.state import Sent, feed, pinned, read
from bot.web.texts import PageTexts

#: Answers made at the same time; further questions wait their turn, cards never do. Each computes,
#: and more of them at once would not come sooner (see docs/deploying.md, "Under load").
ANSWERS_AT_ONCE = 2
#: The same where a language model writes them: most of that time is spent waiting for its server.
WRITTEN_AT_ONCE = 8
#: Characters of a conversation up to which screening takes a few milliseconds, and so is done at
#: once; a longer one is screened in a thread, where nobody else waits for it.
SCREENED_AT_ONCE = 4000

#: The system's own fonts, so that no font is fetched from anywhere.
FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Arial", "sans-serif")


class SteppedBot(Protocol):
    """What the page asks of a bot (``bot.front.FrontBot``)."""

    def screen(
        self,
        turns: Sequence[str],
        known: Known = NOTHING_KNOWN,
        *,
        turn_id: str = "",
        certain: bool = False,
    ) -> Screened:
        """Screen a conversation; never raises, never waits."""

    def undoubted(self, screened: Screened) -> Screened:
        """A screened turn that will not be looked at again."""

    def earlier(self, screened: Screened, turn: int) -> Screened:
        """An earlier turn of a screened conversation, with the card that it brought up."""

    def finish(self, screened: Screened) -> tuple[Screened, Reply]:
        """The turn after a second look, and its answer; never raises, may wait."""


class Page:
    """The Blocks of the page, and what the server needs to know about them."""

    def __init__(
        self,
        bot: SteppedBot,
        standing: Sequence[Resource],
        texts: PageTexts,
        settings: Settings,
        ready: Callable[[], bool],
    ) -> None:
        self.bot = bot
        self.ready = ready
        self.settings = settings
        self.shell = Shell(standing, texts, load_brand(settings))
        self._texts = texts
        self._standing = tuple(standing)
        self._rate = RateLimit(settings.rate)
        at_once = WRITTEN_AT_ONCE if settings.llm else ANSWERS_AT_ONCE
        self._workers = ThreadPoolExecutor(at_once, thread_name_prefix="answer")
        # Turns that may yet bring up a card do not wait for the answers of others.
        self._first = ThreadPoolExecutor(at_once, thread_name_prefix="first")
        self._screeners = ThreadPoolExecutor(1, thread_name_prefix="screen")
        self.blocks = self._build()

    async def ask(self, payload: object) -> str:
        """Screen a new message: its turn, with the card.

        Everything goes through here: typed messages and example buttons alike.
        """
        sent = read(payload, self.settings.max_turns)
        if sent is None:
            return ""
        screened = await self._screened(sent)
        return self._html(sent, screened, screened.final)

    async def answer(self, payload: object, request: gr.Request) -> str:
        """Answer a turn, screened anew: the whole of it, with its card."""
        sent = read(payload, self.settings.max_turns)
        if sent is None:
            return ""
        screened = await self._screened(sent)
        if screened.final is not None:
            return self._html(sent, screened, screened.final)
        client = request.client.host if request.client else ""
        if not self._rate.allows(client):
            return self._refused(sent, screened, self._texts.too_fast)
        loop = asyncio.get_running_loop()
        workers = self._first if screened.assessment.in_doubt else self._workers
        try:
            async with asyncio.timeout(self.settings.answer_timeout):
                return await loop.run_in_executor(workers, self._answered, sent, screened)
        except TimeoutError:
            return self._refused(sent, screened, self._texts.too_busy)

    def _refused(self, sent: Sent, screened: Screened, text: str) -> str:
        """A turn that is not answered, and why."""
        screened = self.bot.undoubted(screened)
        return self._html(sent, screened, _told(screened, text))

    def _answered(self, sent: Sent, screened: Screened) -> str:
        return self._html(sent, *self.bot.finish(screened))

    async def _screened(self, sent: Sent) -> Screened:
        """A conversation screened, here and now unless it is a long one."""

        def screen() -> Screened:
            return self.bot.screen(
                sent.turns, sent.known, turn_id=sent.turn_id, certain=sent.carded
            )

        if sum(map(len, sent.turns)) <= SCREENED_AT_ONCE:
            return screen()
        return await asyncio.get_running_loop().run_in_executor(self._screeners, screen)

    def _html(self, sent: Sent, screened: Screened, reply: Reply | None) -> str:
        return feed(
            sent,
            screened,
            card=pinned(self.bot.earlier, sent, screened),
            reply=reply,
            sign=self._texts.waiting if self.ready() else self._texts.waiting_first,
            standing=self._standing,
            texts=self._texts,
        )

    def close(self) -> None:
        """Let the threads end; questions still waiting are dropped."""
        self._workers.shutdown(wait=False, cancel_futures=True)
        self._first.shutdown(wait=False, cancel_futures=True)
        self._screeners.shutdown(wait=False, cancel_futures=True)

    def _build(self) -> gr.Blocks:
        texts = self._texts
        blocks = gr.Blocks(analytics_enabled=False, title=texts.tab_title)
        with blocks:
            shown = gr.HTML("", elem_id="feed", js_on_load=None, apply_default_css=False)
            with gr.Row(elem_id="composer"):
                box = gr.Textbox(
                    label=texts.box_label,
                    placeholder=texts.box_hint,
                    lines=1,
                    max_lines=5,
                    elem_id="box",
                    html_attributes=gr.InputHTMLAttributes(
                        autocomplete="off",
                        autocorrect="off",
                        autocapitalize="sentences",
                        spellcheck=False,
                        enterkeyhint="send",
                    ),
                )
                send = gr.Button(texts.send, elem_id="send", variant="primary")
            with gr.Column(elem_id="examples"):
                examples = [gr.Button(question, size="lg") for question in texts.examples]
            # Pressed by the page's script when a turn waits for its answer.
            more = gr.Button("", elem_id="answer", visible="hidden")

            # Raw values, no queue: Gradio then takes no worker thread for an event. The script
            # puts the conversation in the place of the message.
            at_once: dict[str, Any] = {
                "queue": False,
                "preprocess": False,
                "postprocess": False,
                "show_progress": "hidden",
                "trigger_mode": "multiple",
                "api_visibility": "private",
            }
            ask = "(message) => window.said.ask(message)"
            gr.on([box.submit, send.click], self.ask, box, shown, js=ask, **at_once)
            for button in examples:
                button.click(self.ask, button, shown, js=ask, **at_once)
            answer = "() => window.said.answer()"
            more.click(self.answer, more, shown, js=answer, **at_once)
        return blocks


def _told(screened: Screened, text: str) -> Reply:
    """A reply that has one plain sentence instead of an answer, and the card all the same."""
    assessment = screened.assessment
    return Reply("error", assessment.level, assessment.categories, screened.card, text)


def build_page(
    bot: SteppedBot,
    standing: Sequence[Resource],
    texts: PageTexts,
    settings: Settings,
    *,
    ready: Callable[[], bool] = lambda: True,
) -> Page:
    """The page for a bot.

    ``standing`` are the services of the help line that is always in view; ``ready`` tells whether
    answers come at once, and only chooses the words of the waiting sign.
    """
    return Page(bot, standing, texts, settings, ready)
