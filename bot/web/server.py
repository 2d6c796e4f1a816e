"""Serves the page: addresses, headers, start and stop."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import AsyncIterator
from ipaddress import ip_address
from typing import Any, cast

import gradio as gr
import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bot.collector import spare_what_is_here
from bot.errors import BotError
from bot.settings import split
from bot.web.gate import Gate
from bot.web.headers import Headers
from bot.web.health import health
from bot.web.page import FONTS, Page
from bot.web.render import SAFETY_PATH
from bot.web.shell import Shell

#: Bytes that a character of a conversation may take on its way, and room for the rest.
_BYTES_PER_CHARACTER = 4
_BYTES_BESIDE = 16_384
#: Seconds that questions on their way are given when the server is told to stop.
_LAST_ANSWERS = 20
#: Seconds that a quiet connection is kept: longer than nginx keeps it, so that neither closes it
#: just as the other uses it.
_QUIET = 75
#: Seconds a thread computes before another may: a card waits that long for each answer being made.
_TAKE_TURNS = 0.0005
#: Connections that may wait while the server starts.
_WAITING_LINE = 128


class ServeError(BotError):
    """The page cannot be served at the address asked for."""


class CompletedPage:
    """Completes Gradio's document at ``/`` with the page's own parts (see ``bot.web.shell``)."""

    def __init__(self, app: ASGIApp, shell: Shell) -> None:
        self._app = app
        self._shell = shell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; hold back, complete and send on a document."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        # Asked for as it is, so that the text can be read here.
        plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        start: Message = {}
        body = bytearray()

        async def hold(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            if message["type"] != "http.response.body":
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            document = bytes(body)
            if start["status"] == 200:
                document = self._shell.complete(document.decode("utf-8")).encode("utf-8")
            kept = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
            length = (b"content-length", str(len(document)).encode())
            await send({**start, "headers": [*kept, length]})
            await send({"type": "http.response.body", "body": document})

        await self._app({**scope, "headers": plain}, receive, hold)


def make_app(page: Page) -> ASGIApp:
    """The whole web application."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        page.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get(SAFETY_PATH)
    async def safety() -> Response:
        return HTMLResponse(page.shell.safety_page)

    app.include_router(health(page.bot, page.ready))
    gr.mount_gradio_app(
        app,
        page.blocks,
        path="/",
        theme=gr.themes.Base(font=FONTS, font_mono=FONTS),
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        mcp_server=False,
    )
    settings = page.settings
    body = settings.max_conversation * _BYTES_PER_CHARACTER + _BYTES_BESIDE
    guarded = Headers(
        Gate(CompletedPage(app, page.shell), page.blocks.fns, body), split(settings.frame_ancestors)
    )
    # Only the operator's own proxies are believed when they say for whom they ask.
    believing = ProxyHeadersMiddleware(
        cast(Any, guarded), trusted_hosts=list(split(settings.proxies))
    )
    return cast(ASGIApp, believing)


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address (port 0: any free one); ``ServeError`` if it cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise ServeError(
            f"The address {host!r} is not known on this machine ({error}). "
            "Use --host 127.0.0.1 for this machine only, or 0.0.0.0 for every address it has."
        ) from None
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        # From here on a browser that comes early waits in line, instead of being refused.
        bound.listen(_WAITING_LINE)
    except OSError as error:
        bound.close()
        reason = error.strerror or str(error)
        raise ServeError(
            f"Port {port} on {host} cannot be used: {reason}. "
            "Stop the other program, or choose another port with --port."
        ) from None
    return bound


def address_of(bound: socket.socket) -> str:
    """The address to open in a browser for a bound socket."""
    host, port = bound.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def make_server(page: Page) -> uvicorn.Server:
    """The server of the page, not yet running.

    It keeps no access log: addresses and times of visits are nobody's business. Told to stop, it
    takes no new connection and finishes the turns it has begun.
    """
    return uvicorn.Server(
        uvicorn.Config(
            make_app(page),
            log_config=None,  # its own would print errors with the words in them
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_QUIET,
            timeout_graceful_shutdown=_LAST_ANSWERS,
        )
    )


def serve(page: Page, host: str, port: int) -> None:
    """Serve the page until interrupted, telling where it is; ``ServeError`` if that is not free."""
    with listen(host, port) as bound:
        server = make_server(page)
        sys.setswitchinterval(_TAKE_TURNS)
        spare_what_is_here()
        print(f"The chat is at {address_of(bound)} (Ctrl+C stops it).", flush=True)
        server.run(sockets=[bound])
