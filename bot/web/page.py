"""The chat as Gradio Blocks: the text box, the example questions, and the two events of a turn.

The first event screens a message and shows the card. It runs on the server's own loop, takes no
worker thread and waits for nothing, so that it is never queued behind answers. The second looks
the answer up in threads of its own, which may wait for the sentence model to load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import gradio as gr

from bot.conversation import Screened
from bot.settings import Settings
from bot.types import Reply, Resource
from bot.web.brand import load_brand
from bot.web.shell import Shell
from bot.web.state import Conversation, Conversations
from bot.web.texts import PageTexts

#: Seconds after which a conversation that has gone quiet is dropped from memory.
QUIET_SECONDS = 6 * 3600
#: Answers looked up at the same time; further questions wait their turn, cards never do.
ANSWERS_AT_ONCE = 8

#: The system's own fonts, so that no font is fetched from anywhere.
FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Arial", "sans-serif")


class TwoStepBot(Protocol):
    """What the page asks of a bot (``bot.conversation.Bot``)."""

    def screen(self, turns: Sequence[str]) -> Screened:
        """Screen a conversation; never raises, never waits."""

    def answer(self, screened: Screened) -> Reply:
        """Finish a screened turn; never raises, may wait."""


class Page:
    """The Blocks of the page, and what the server needs to know about them."""

    def __init__(
        self,
        bot: TwoStepBot,
        standing: Sequence[Resource],
        texts: PageTexts,
        settings: Settings,
        ready: Callable[[], bool],
    ) -> None:
        self.texts = texts
        self.shell = Shell(standing, texts, load_brand(settings))
        self.conversations = Conversations()
        self._bot = bot
        self._standing = tuple(standing)
        self._ready = ready
        self._max_turns = settings.max_turns
        self._workers = ThreadPoolExecutor(ANSWERS_AT_ONCE, thread_name_prefix="answer")
        self.blocks = self._build()

    async def ask(
        self, message: object, conversation: Conversation, request: gr.Request
    ) -> tuple[str, str, Conversation]:
        """Screen one message: the updated feed, the text box, the conversation.

        Everything goes through here: typed messages and example buttons alike. The box is empty
        afterwards, unless the message could not be taken: then it stands there to be shortened.
        """
        text = message if isinstance(message, str) else ""
        self.conversations.remember(conversation, request.session_hash or "")
        screened = self._bot.screen(conversation.said(text, self._max_turns))
        sign = self.texts.waiting if self._ready() else self.texts.waiting_first
        conversation.add(screened, sign)
        refused = screened.final is not None and screened.final.kind == "invalid"
        kept = text if refused else ""
        return conversation.feed(self._standing, self.texts), kept, conversation

    async def answer(self, conversation: Conversation) -> str:
        """Answer the oldest open turn of a conversation: the updated feed."""
        turn = conversation.claim()
        if turn is not None:
            loop = asyncio.get_running_loop()
            reply = await loop.run_in_executor(self._workers, self._bot.answer, turn.screened)
            conversation.complete(turn, reply)
        return conversation.feed(self._standing, self.texts)

    async def clear(self, conversation: Conversation) -> tuple[str, str]:
        """Forget what was said: an empty feed and an empty text box."""
        conversation.clear()
        return conversation.feed(self._standing, self.texts), ""

    def forget(self, token: str) -> None:
        """Drop a closed tab's conversation, with all that Gradio keeps of its session."""
        session = self.conversations.forget(token)
        holder = getattr(self.blocks, "state_holder", None)
        if session and holder is not None:
            holder.session_data.pop(session, None)
            holder.time_last_used.pop(session, None)

    def close(self) -> None:
        """Let the answering threads end; questions still waiting are dropped."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _build(self) -> gr.Blocks:
        texts = self.texts
        blocks = gr.Blocks(analytics_enabled=False, title=texts.tab_title)
        with blocks:
            conversation = gr.State(
                Conversation(),
                time_to_live=QUIET_SECONDS,
                delete_callback=lambda quiet: self.forget(quiet.token),
            )
            feed = gr.HTML("", elem_id="feed", js_on_load=None, apply_default_css=False)
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
            clear = gr.Button(texts.clear, elem_id="clear", variant="secondary", size="sm")

            triggers: list[tuple[Any, Any]] = [(box.submit, box), (send.click, box)]
            triggers += [(button.click, button) for button in examples]
            # Raw values, no queue: Gradio then takes no worker thread for this event.
            at_once: dict[str, Any] = {
                "queue": False,
                "preprocess": False,
                "postprocess": False,
                "show_progress": "hidden",
                "api_visibility": "private",
            }
            for trigger, source in triggers:
                trigger(
                    self.ask,
                    inputs=[source, conversation],
                    outputs=[feed, box, conversation],
                    trigger_mode="multiple",
                    **at_once,
                ).then(
                    self.answer,
                    inputs=conversation,
                    outputs=feed,
                    trigger_mode="multiple",
                    preprocess=False,
                    postprocess=False,
                    show_progress="hidden",
                    api_visibility="private",
                    concurrency_limit=None,
                )
            clear.click(self.clear, inputs=conversation, outputs=[feed, box], **at_once)
        return blocks


def build_page(
    bot: TwoStepBot,
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
