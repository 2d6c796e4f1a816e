"""A conversation as it travels: with every request from the page, and back as HTML.

The server keeps nothing between two requests, so any replica can answer any turn, and a server
that stops takes no conversation with it. What a page sends is believed only upwards: its turns
are all screened anew, and what was found before can raise the level but never lower it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html import escape

from bot.screening import Known, Screened
from bot.types import Card, Category, Level, Reply, Resource
from bot.web.render import (
    pinned_html,
    reply_html,
    turn_card,
    turn_html,
    waiting_html,
)
from bot.web.texts import PageTexts

#: A page's own name for a conversation, told back so that it knows the answers to a cleared one.
_TOKEN = re.compile(r"[A-Za-z0-9-]{1,64}")
_MOST_NUMBER = 1_000_000
#: Halves of a character that stand alone; JSON can carry them, no encoding can.
_HALVES = re.compile("[\ud800-\udfff]")
_TURN_ID = re.compile(r"[0-9a-f]{12}")

#: ``bot.screening.Screener.earlier``.
Earlier = Callable[[Screened, int], Screened]

#: Revisions of a turn: asked, and answered. A page never lays an older one over a newer one.
ASKED, ANSWERED = 1, 2


@dataclass(frozen=True, slots=True)
class Sent:
    """What a page sends: a conversation up to one of its turns, oldest first.

    ``number`` is the page's own number for the last turn; ``known`` is what it had been told of
    this conversation before that turn. ``turn_id`` is the turn's name in the log, once it has one,
    and ``carded`` is true once the page has a card in view.
    """

    token: str
    number: int
    turns: tuple[str, ...]
    known: Known
    turn_id: str = ""
    carded: bool = False


def read(payload: object, max_turns: int) -> Sent | None:
    """What a page sent, ``None`` if there is no turn in it. Never raises, whatever came.

    Of more than ``max_turns`` turns and the last one, those in between are left out, never the
    early ones that may hold a disclosure; the bot then says that the conversation is too long.
    """
    if not isinstance(payload, dict):
        return None
    turns = payload.get("turns")
    if not isinstance(turns, list) or not turns:
        return None
    said = tuple(_HALVES.sub("\ufffd", turn) if isinstance(turn, str) else "" for turn in turns)
    if len(said) > max_turns + 1:
        said = (*said[:max_turns], said[-1])
    token, number, name = (payload.get(key) for key in ("token", "number", "id"))
    return Sent(
        token=token if isinstance(token, str) and _TOKEN.fullmatch(token) else "unnamed",
        number=number if type(number) is int and 0 < number < _MOST_NUMBER else len(said),
        turns=said,
        known=_known(payload.get("known")),
        turn_id=name if isinstance(name, str) and _TURN_ID.fullmatch(name) else "",
        carded=payload.get("carded") is True,
    )


def _known(value: object) -> Known:
    if not isinstance(value, dict):
        return Known()
    level, categories = Level.NONE, []
    with suppress(KeyError):
        level = Level.parse(str(value.get("level")))
    named = value.get("categories")
    for name in named[: len(Category)] if isinstance(named, list) else ():
        with suppress(ValueError):
            categories.append(Category(name))
    return Known(level, tuple(categories))


def pinned(earlier: Earlier, sent: Sent, screened: Screened) -> Card | None:
    """The card that stays in view: that of the latest turn that brought one up.

    The short card of a later, ordinary turn would say less than the one already in view.
    """
    risky = [hit.turn for hit in screened.assessment.hits if hit.level >= Level.CRISIS]
    if screened.fresh or not risky:
        return screened.card
    # As it was shown then: in full, unless an earlier turn had already brought one up.
    then = earlier(screened, max(risky))
    told_all = set(then.assessment.categories) >= set(sent.known.categories)
    whole = told_all and then.assessment.level >= screened.assessment.level
    return then.card if whole else screened.card


def feed(
    sent: Sent,
    screened: Screened,
    *,
    card: Card | None,
    reply: Reply | None,
    sign: str,
    standing: Sequence[Resource],
    texts: PageTexts,
) -> str:
    """One turn and the pinned card as HTML, with what the page has to know about them.

    ``reply`` is ``None`` while the answer is looked for, and ``sign`` says so. A turn that could
    not be taken (empty, too long) is marked as not kept, so that it is not sent again.
    """
    assessment = screened.assessment
    grave = assessment.level >= Level.CRISIS
    level = assessment.level.label if grave else Level.NONE.label
    categories = " ".join(assessment.categories) if grave else ""
    kept = "no" if reply and reply.kind == "invalid" else "yes"
    turn = turn_html(
        number=sent.number,
        revision=ANSWERED if reply else ASKED,
        asked=screened.turns[-1],
        card=turn_card(screened, texts),
        answer=reply_html(reply, texts) if reply else waiting_html(sign),
        texts=texts,
    )
    return (
        f'<div data-feed="{escape(sent.token)}" data-number="{sent.number}" '
        f'data-id="{screened.turn_id}" '
        f'data-level="{level}" data-categories="{categories}" data-kept="{kept}">'
        f"<div data-pinned>{pinned_html(card, standing, texts)}</div>"
        f"<div data-turns>{turn}</div></div>"
    )
