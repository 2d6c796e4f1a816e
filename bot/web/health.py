"""What a load balancer or a watchman asks: is it alive, do cards come, do answers come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from bot.screening import Screened
from bot.types import Level

#: A disclosure that any rules file worth starting on answers with a card.
PROBE = "I feel unsafe at home"
#: A turn with an id is neither logged nor counted: nobody said this.
_PROBE_ID = "health-probe"


class Screens(Protocol):
    """What is asked of a bot here."""

    def screen(self, turns: Sequence[str], *, turn_id: str = "") -> Screened:
        """Screen a conversation; never raises, never waits."""


def health(bot: Screens, answers_ready: Callable[[], bool]) -> APIRouter:
    """Three addresses, each 200 or 503: ``/health/live``, ``/health/cards``, ``/health/answers``.

    Cards are tried, not assumed: a disclosure is screened. They come from the first moment on,
    long before answers, which need the sentence model and the index.
    """
    router = APIRouter()

    @router.get("/health/live")
    async def live() -> JSONResponse:
        return _told(True)

    @router.get("/health/cards")
    async def cards() -> JSONResponse:
        found = bot.screen((PROBE,), turn_id=_PROBE_ID)
        # Without categories it is the card of last resort: screening itself is broken.
        whole = found.assessment.level >= Level.CRISIS and bool(found.assessment.categories)
        return _told(whole and found.card is not None)

    @router.get("/health/answers")
    async def answers() -> JSONResponse:
        return _told(answers_ready())

    return router


def _told(ready: bool) -> JSONResponse:
    return JSONResponse({"ready": ready}, 200 if ready else 503)
