"""The headers that every response carries: nothing kept, nothing told to others, no frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: What the page never asks a browser for, so nothing running in it may either.
_REFUSED = (
    "accelerometer",
    "autoplay",
    "bluetooth",
    "browsing-topics",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "gamepad",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "web-share",
    "xr-spatial-tracking",
)
#: Headers of the parts below that this program never wants to send.
_DROPPED = (b"access-control-", b"server", b"x-powered-by", b"set-cookie")


def headers_for(frame_ancestors: Sequence[str]) -> tuple[tuple[bytes, bytes], ...]:
    """The headers, given the origins that may show the page in a frame (none: nobody may).

    Gradio builds its page with inline scripts and styles and compiles templates at run time, so
    these three exceptions stay; everything else may come from this server only.
    """
    framers = " ".join(frame_ancestors) or "'none'"
    policy = (
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        f"frame-ancestors {framers}",
    )
    refused = ", ".join(f"{name}=()" for name in _REFUSED)
    headers = [
        ("cache-control", "no-store"),
        ("content-security-policy", "; ".join(policy)),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", refused),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-permitted-cross-domain-policies", "none"),
        ("x-robots-tag", "noindex"),
    ]
    if not frame_ancestors:
        headers.append(("x-frame-options", "DENY"))  # for browsers older than frame-ancestors
    return tuple((name.encode(), value.encode()) for name, value in headers)


class Headers:
    """Puts the same headers on every response, whoever made it."""

    def __init__(self, app: ASGIApp, frame_ancestors: Sequence[str] = ()) -> None:
        self._app = app
        self._headers = headers_for(frame_ancestors)
        self._replaced = frozenset(name for name, _ in self._headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its response back with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = self._kept(message.get("headers", ()))
                message = {**message, "headers": [*kept, *self._headers]}
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _kept(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        return [
            (name, value)
            for name, value in headers
            if name.lower() not in self._replaced and not name.lower().startswith(_DROPPED)
        ]
