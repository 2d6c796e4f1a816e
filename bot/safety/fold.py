"""Folding: the many ways of writing one letter become one, before any word is looked at.

Case, width, accents, look-alike letters of other scripts, invisible characters, curly
apostrophes and HTML entities are folded here, one character at a time, so that every folded
character knows which original character it came from. What is done to whole words (leetspeak,
stretched or spaced letters, misspellings) is the business of ``bot.safety.words``.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import overload

import re2

# Letters of other scripts that look like Latin ones. Only applied where a word mixes scripts, or
# where (in ``bot.safety.words``) it turns a whole word into a known one, so that Greek stays Greek.
LOOK_ALIKES = str.maketrans(
    "аеорсухівкмнтґԁɡӏјѕһԛԝοινκραετυχωɩɑʀɴʜʟᴋɪʏᴇᴅᴛᴜᴀꜱоıł",
    "aeopcyxibkmhtrdgljshqwoivkpaetuxwiarnhlkiyedtuasoil",
)

_PUNCTUATION = {
    **dict.fromkeys("’‘‛ʼʹ`´＇′", "'"),
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("。．।॥", "."),
    **dict.fromkeys("؟？", "?"),
    "！": "!",
    "…": "...",
    "，": ",",
    "、": ",",
    "،": ",",
    "đ": "d",
    "ø": "o",
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    # Arabic letter forms that are written interchangeably.
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "ى": "ي",
    "ة": "ه",
    "ـ": "",
    # Devanagari and Gurmukhi signs that are left out or interchanged in everyday writing:
    # the dot below, the nasal signs, the doubling sign, short and long i and u.
    "\u093c": "",
    "\u0a3c": "",
    "\u0901": "\u0902",
    "\u0a01": "\u0a02",
    "\u0a70": "\u0a02",
    "\u0a71": "",
    "\u0940": "\u093f",
    "\u0942": "\u0941",
    "\u0a40": "\u0a3f",
    "\u0a42": "\u0a41",
}
#: Typographic signs that fold to a single ASCII one: phones put them into most messages.
_TYPOGRAPHIC = {
    ord(sign): folded
    for sign, folded in _PUNCTUATION.items()
    if folded.isascii() and len(folded) == 1
} | {0xA0: " "}
#: What even in ASCII needs a second look: entities, backticks, control characters but not "\n".
_ODD = re.compile(r"[&`\x00-\x09\x0b-\x1f\x7f]")
#: Words in which a Latin letter stands beside another script's, signs between them included.
_MIXED = re.compile(r"[^\s\x00-\x7f]\S*[a-z]\S*|[a-z]\S*[^\s\x00-\x7f]\S*")
#: The cheap question whether an apostrophe may have come out as a blank or the key beside it.
_SPLIT = re2.compile(r"[a-z][ ;,\"](?:t|s|m|d|ll|ve|re)(?:[^a-z']|$)")
_SPLIT_CONTRACTION = re.compile(
    r"\b(?:((?:do|does|did|is|are|was|were|has|have|had|wo|ca|would|could|should|must|need|ai)n)"
    r"[ ;,\"](t)|(i)[ ;,\"](m|ll|ve)|(he|she|it|they|we|you|who|that|there)[ ;,\"](s|ll|re|ve|d)"
    r"|([a-z]{3,})[ ;\"](s))\b(?!['*]|(?:[\s.\-_*~/]{1,3}[a-z](?![a-z])){2})"
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    """What one character folds to: usually one character, sometimes none or several."""
    if character in _PUNCTUATION:
        return _PUNCTUATION[character]
    if character in "\n\r\v\f\x85\u2028\u2029":
        return "\n"
    category = unicodedata.category(character)
    if category in {"Cf", "Cc", "Cs", "Co", "Cn"}:
        return " " if character == "\t" else ""
    if category == "Zs":
        return " "
    folded = []
    for part in unicodedata.normalize("NFKD", character):
        if "\u0300" <= part <= "\u036f" or "\u064b" <= part <= "\u065f" or part == "\u0670":
            continue
        if "\ufe00" <= part <= "\ufe0f" or "\u20d0" <= part <= "\u20ff":
            continue
        lowered = _PUNCTUATION.get(part, part).casefold()
        folded.append("".join(_PUNCTUATION.get(each, each) for each in lowered))
    return "".join(folded)


def _pieces(text: str) -> list[tuple[str, int, int]]:
    """``(folded, start, end)`` for each original character or HTML entity."""
    pieces = []
    position = 0
    for entity in _ENTITY.finditer(text):
        for index in range(position, entity.start()):
            pieces.append((_fold_character(text[index]), index, index + 1))
        position = entity.end()
        folded = "".join(map(_fold_character, html.unescape(entity.group())))
        pieces.append((folded, entity.start(), position))
    for index in range(position, len(text)):
        pieces.append((_fold_character(text[index]), index, index + 1))
    return pieces


def fold(text: str) -> str:
    """The folded text; text without anything odd takes a short cut."""
    plain = _plain(text)
    if plain is not None:
        return _mended(plain)
    if "&" not in text:
        return _mended("".join(map(_fold_character, text)))
    return _mended("".join(piece[0] for piece in _pieces(text)))


def fold_with_origins(text: str) -> tuple[str, Sequence[tuple[int, int]]]:
    """The folded text, and for each of its characters the half-open original range it is from."""
    plain = _plain(text)
    if plain is not None:
        return _mended(plain), _Unchanged(len(plain))
    pieces = _pieces(text)
    origins = [(start, end) for folded, start, end in pieces for _ in folded]
    return _mended("".join(piece[0] for piece in pieces)), origins


def _mended(folded: str) -> str:
    """Folded text of the same length with what takes more than one letter to see.

    Look-alike letters inside Latin words, and apostrophes that came out as another sign
    ("don t", "don;t", "my mum s boyfriend").
    """
    if not folded.isascii():
        folded = _MIXED.sub(lambda found: _latin(found[0]), folded)
    if _SPLIT.search(folded):
        folded = _SPLIT_CONTRACTION.sub(
            lambda found: "'".join(part for part in found.groups() if part), folded
        )
    return folded


def _latin(word: str) -> str:
    """A word of mixed scripts in Latin letters, if every other letter in it looks like one."""
    alike = word.translate(LOOK_ALIKES)
    return alike if not any(sign.isalpha() and not sign.isascii() for sign in alike) else word


def _plain(text: str) -> str | None:
    """The folded text where every character folds to one, as in nearly every message."""
    if not text.isascii():
        text = text.translate(_TYPOGRAPHIC)
    if text.isascii() and not _ODD.search(text):
        return text.lower()
    return None


class _Unchanged(Sequence[tuple[int, int]]):
    """The origins of a text in which nothing has moved."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> tuple[int, int]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[int, int]]: ...
    def __getitem__(self, index: int | slice) -> tuple[int, int] | Sequence[tuple[int, int]]:
        """The range of one character, or those of several."""
        if isinstance(index, slice):
            return [(at, at + 1) for at in range(*index.indices(self._length))]
        at = range(self._length)[index]
        return at, at + 1
