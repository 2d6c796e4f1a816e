"""One visitor's conversation, in the server's memory only, and how it is forgotten."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from weakref import WeakValueDictionary

from bot.conversation import Screened
from bot.types import Card, Reply, Resource
from bot.web.render import (
    pinned_html,
    reply_html,
    turn_card,
    turn_html,
    waiting_html,
)
from bot.web.texts import PageTexts

#: Turns sent with every update, so that one lost on a bad connection is made good by the next:
#: the latest to change, and any still open. Of older turns only the visitor's words are kept,
#: which every screening needs.
RESENT_TURNS = 4


@dataclass(slots=True)
class Turn:
    """A turn on its way: asked, perhaps being answered, perhaps answered."""

    number: int
    screened: Screened
    sign: str
    revision: int
    claimed: bool = False
    reply: Reply | None = None

    def html(self, texts: PageTexts) -> str:
        """The turn as it stands now."""
        answer = reply_html(self.reply, texts) if self.reply else waiting_html(self.sign)
        return turn_html(
            number=self.number,
            revision=self.revision,
            asked=self.screened.turns[-1],
            card=turn_card(self.screened, texts),
            answer=answer,
            texts=texts,
        )


class Conversation:
    """What one visitor has said and been told. Safe to use from several events at once.

    Gradio hands every event of a session the same object. Two messages may overlap (an answer is
    waited for while the next message is screened), so nothing is ever replaced as a whole: turns
    are added and completed in place, under a lock.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(16)
        self.session = ""
        self._lock = threading.Lock()
        self._wipe(first=1)
        self._next = 1
        self._revision = 0

    def __deepcopy__(self, memo: dict[int, object]) -> Conversation:
        """A new, empty conversation: Gradio copies the initial value once for every visitor."""
        return Conversation()

    def _wipe(self, first: int) -> None:
        self._said: list[str] = []
        self._turns: list[Turn] = []
        self._card: Card | None = None
        self._first = first

    def said(self, message: str, limit: int) -> tuple[str, ...]:
        """The first ``limit`` visitor turns and ``message``.

        Past the limit the bot answers that the conversation is too long; what is dropped then
        are the turns in between, never the early ones that may hold a disclosure.
        """
        with self._lock:
            self._said = [*self._said[:limit], message]
            return tuple(self._said)

    def add(self, screened: Screened, sign: str) -> None:
        """Take in a screened turn; without anything left to answer it is complete at once."""
        with self._lock:
            self._revision += 1
            final = screened.final
            turn = Turn(self._next, screened, sign, self._revision, final is not None, final)
            self._next += 1
            latest = sorted((kept.revision for kept in self._turns), reverse=True)
            since = latest[RESENT_TURNS - 2] if len(latest) >= RESENT_TURNS - 1 else 0
            self._turns = [
                *(kept for kept in self._turns if kept.reply is None or kept.revision >= since),
                turn,
            ]
            # The short card of a later, ordinary turn says less than the one already in view.
            if screened.fresh or self._card is None:
                self._card = screened.card

    def claim(self) -> Turn | None:
        """The oldest turn that nobody is answering yet, now taken; ``None`` if there is none."""
        with self._lock:
            for turn in self._turns:
                if not turn.claimed:
                    turn.claimed = True
                    return turn
            return None

    def complete(self, turn: Turn, reply: Reply) -> None:
        """Record the reply to a claimed turn; one cleared meanwhile is never sent again."""
        with self._lock:
            self._revision += 1
            turn.revision = self._revision
            turn.reply = reply

    def clear(self) -> None:
        """Forget everything that was said."""
        with self._lock:
            self._revision += 1
            self._wipe(first=self._next)

    def feed(self, standing: Sequence[Resource], texts: PageTexts) -> str:
        """The latest turns and the pinned card as HTML, numbered so that order cannot be lost.

        ``data-revision`` rises with every change, ``data-first`` is the first turn that has not
        been cleared; the page's script lays the turns into the transcript by these.
        """
        with self._lock:
            pinned = pinned_html(self._card, standing, texts)
            turns = "".join(turn.html(texts) for turn in self._turns)
            return (
                f'<div data-feed="{escape(self.token)}" data-revision="{self._revision}" '
                f'data-first="{self._first}"><div data-pinned>{pinned}</div>'
                f"<div data-turns>{turns}</div></div>"
            )


class Conversations:
    """Finds a conversation by its token, so that a closing tab can have it forgotten at once."""

    def __init__(self) -> None:
        self._open: WeakValueDictionary[str, Conversation] = WeakValueDictionary()

    def remember(self, conversation: Conversation, session: str) -> None:
        """Make a conversation findable for as long as it lives elsewhere."""
        conversation.session = session
        self._open[conversation.token] = conversation

    def forget(self, token: str) -> str:
        """Clear the conversation with this token; its Gradio session, or ``""`` if unknown."""
        conversation = self._open.pop(token, None)
        if conversation is None:
            return ""
        conversation.clear()
        return conversation.session
