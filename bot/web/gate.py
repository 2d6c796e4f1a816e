"""What may reach the page at all: the few addresses it needs, and requests of the form it sends.

Gradio brings some eighty addresses (files, uploads, proxying, logins, histories). The page needs
six of them. Everything else is answered here with 404 and never reaches Gradio.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.logs import fault

logger = logging.getLogger(__name__)

#: The address of every event of the page.
EVENTS = "/gradio_api/run/predict"
#: What may be asked for, and how. Queries are dropped: no address here has a use for one.
_READABLE = re.compile(
    r"/|/safety|/theme\.css|/assets/[\w-]+(?:\.[\w-]+)*\.(?:js|css|woff2?|svg)"
    r"|/health/(?:live|cards|answers)",
    re.ASCII,
)
#: Seconds within which the whole of a request must have arrived.
BODY_SECONDS = 20.0
#: Headers by which a proxy tells of the request it got; believed or not before the gate.
_FORWARDED = (b"x-forwarded-", b"forwarded", b"x-real-ip", b"x-original-", b"x-gradio-")

_REASONS = {
    400: "The request could not be read.",
    403: "Requests to this chat can only come from its own page.",
    404: "There is nothing at this address.",
    405: "This address cannot be used in this way.",
    408: "The request took too long to arrive.",
    413: "The request is too long.",
}
_FAULT = "Something went wrong on the server."


class Refused(Exception):
    """A request that goes no further, with the status of the answer."""

    def __init__(self, status: int) -> None:
        self.status = status


class Gate:
    """Lets in what the page needs; every refusal and every fault is one fixed plain sentence."""

    def __init__(self, app: ASGIApp, events: Collection[int], max_body: int) -> None:
        """``events`` are the numbers of the page's events, ``max_body`` is in bytes."""
        self._app = app
        self._events = frozenset(events)
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request, pass on what is left of it, and keep faults from being told."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # Nothing here speaks over a web socket; this refuses it before it is opened.
            await send({"type": "websocket.close", "code": 1000})
            return
        begun = replaced = False

        async def send_without_faults(message: Message) -> None:
            nonlocal begun, replaced
            if message["type"] == "http.response.start":
                begun = True
                # 503 is what the health addresses say, and nothing else here.
                if message["status"] >= 400 and message["status"] != 503:
                    replaced = True
                    await _refuse(scope, send, message["status"])
            if not replaced:
                await send(message)

        try:
            passed, receive = await self._checked(scope, receive)
            await self._app(passed, receive, send_without_faults)
        except Refused as refusal:
            await _refuse(scope, send, refusal.status)
        except Exception as error:  # told to nobody but the operator, and without its words
            logger.error("A request failed: %s", fault(error))
            if not begun:
                await _refuse(scope, send, 500)

    async def _checked(self, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
        """The request without what it has no use for; ``Refused`` if it may not pass."""
        path, method = scope["path"], scope["method"]
        headers = [
            (name, value)
            for name, value in scope["headers"]
            if not name.lower().startswith(_FORWARDED)
        ]
        passed = {**scope, "headers": headers, "query_string": b""}
        if path == EVENTS:
            if method != "POST":
                raise Refused(405)
            _check_origin(scope)
            body = self._event(await self._body(scope, receive))
            passed["headers"] = [
                *(pair for pair in headers if pair[0] not in (b"content-length", b"content-type")),
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
            ]
            return passed, _replay(body, receive)
        if not _READABLE.fullmatch(path):
            raise Refused(404)
        if method not in ("GET", "HEAD"):
            raise Refused(405)
        return passed, receive

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body, within its limits of size and time."""
        told = _header(scope, b"content-length")
        if told.isdigit() and int(told) > self._max_body:
            raise Refused(413)
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Refused(400)
                    body += message.get("body", b"")
                    if len(body) > self._max_body:
                        raise Refused(413)
                    if not message.get("more_body"):
                        return bytes(body)
        except TimeoutError:
            raise Refused(408) from None

    def _event(self, body: bytes) -> bytes:
        """The event in a body, with nothing else of it.

        Without a session's name Gradio keeps nothing of an event once it is over.
        """
        try:
            event = json.loads(body, object_hook=_without_file)
        except (ValueError, RecursionError):
            raise Refused(400) from None
        if not isinstance(event, dict):
            raise Refused(400)
        number, data = event.get("fn_index"), event.get("data")
        if type(number) is not int or number not in self._events:
            raise Refused(404)
        if not isinstance(data, list) or len(data) != 1:
            raise Refused(400)
        try:
            return json.dumps({"fn_index": number, "data": data}).encode()
        except (ValueError, RecursionError):
            raise Refused(400) from None


def _without_file(value: dict[str, object]) -> dict[str, object]:
    """Nothing in place of an object that names a file: Gradio would copy that file."""
    return {} if "path" in value else value


def _check_origin(scope: Scope) -> None:
    """Refuse a request that another site's page sent; browsers say where they are coming from."""
    origin = _header(scope, b"origin")
    own = f"{scope['scheme']}://{_header(scope, b'host')}"
    if origin:
        if origin.lower() == own.lower():
            return
        if origin.lower().partition("://")[2] == own.lower().partition("://")[2]:
            logger.error(
                "A message was refused: its page is at %s, and this server was asked as %s. If a "
                "proxy in front of the chat speaks https, name its address in BOT_PROXIES.",
                origin[:100],
                own[:100],
            )
        raise Refused(403)
    if _header(scope, b"sec-fetch-site") not in ("", "same-origin"):
        raise Refused(403)


def _header(scope: Scope, wanted: bytes) -> str:
    values = [value for name, value in scope["headers"] if name.lower() == wanted]
    # Said twice means that two readers may believe two different things.
    return values[0].decode("latin-1") if len(values) == 1 else ("" if not values else "?")


def _replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives a body already read, then whatever comes after it."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


async def _refuse(scope: Scope, send: Send, status: int) -> None:
    """Answer with a status and its one sentence."""
    body = json.dumps({"detail": _REASONS.get(status, _FAULT)}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    if status in (408, 413):
        headers.append((b"connection", b"close"))  # what is left of the request is not read
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
