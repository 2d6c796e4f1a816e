"""Phone, text and web links: pure functions from a record's words to safe ``href`` values."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import urlsplit

# The shapes of Australian help-line numbers as the rules file writes them: 000, 13 11 14,
# 1300 766 491, 1800 55 1800. Spaces may fall anywhere. Anything else stays plain text.
_NUMBER = re.compile(r"(?<![\w.])(?<!\d,)(?:1[38]00(?: ?\d){6}|13(?: ?\d){4}|000)(?![\w]|\.\d)")
_DIAL = re.compile(r"\+?\d{3,15}")


def dial(number: str) -> str:
    """Digits only (a leading ``+`` is kept); empty when ``number`` is not one that can be dialled.

    >>> dial("1800 737 732")
    '1800737732'
    """
    compact = re.sub(r"[\s()\-.]", "", number)
    return compact if _DIAL.fullmatch(compact) else ""


def web(address: str) -> str:
    """An address that is safe to follow, with ``https://`` added when left out; empty otherwise.

    Only ``https`` and ``http`` addresses with a host pass; ``javascript:`` and the like do not.
    """
    address = address.strip()
    if not address or any(ord(character) <= 32 or character == "\\" for character in address):
        return ""
    if "://" not in address:
        address = f"https://{address}"
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return ""
    safe = parts.scheme in {"https", "http"} and "." in host and "@" not in parts.netloc
    return address if safe else ""


def callable_numbers(text: str) -> str:
    """``text`` escaped as HTML, with each help-line number in it made a ``tel:`` link."""
    pieces: list[str] = []
    at = 0
    for match in _NUMBER.finditer(text):
        pieces.append(escape(text[at : match.start()]))
        number = match.group()
        pieces.append(f'<a class="number" href="tel:{dial(number)}">{escape(number)}</a>')
        at = match.end()
    pieces.append(escape(text[at:]))
    return "".join(pieces)
