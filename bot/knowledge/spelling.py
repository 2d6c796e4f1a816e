"""Reading misspelt questions: unknown words are taken for the nearest word of the library."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from bot.knowledge.lexical import STOPWORDS, words

_SHORTEST = 4
#: Words of at least this many letters may have two slips ("gasliteing", "stonwaling").
_SHORTEST_TWICE = 9
#: A word written as two is joined if both together have at least this many letters.
_SHORTEST_JOINED = 8
_MOST_TARGETS = 20_000
_ENDINGS = ("ing", "ed", "er", "ers", "es", "s", "y", "ly", "less", "ful", "ness", "able")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_PAIR = re.compile(r"(?<![\w'’])([^\W\d_]{3,}) (?=([^\W\d_]{3,})(?![\w'’]))")
#: Shorthand that no spelling distance would find.
_SHORTHAND = {
    "wat": "what",
    "wot": "what",
    "wats": "what's",
    "wen": "when",
    "u": "you",
    "ur": "your",
    "r": "are",
    "y": "why",
    "n": "and",
    "bc": "because",
    "cos": "because",
    "coz": "because",
    "cuz": "because",
    "pls": "please",
    "plz": "please",
    "thx": "thanks",
    "dosent": "doesn't",
    "dosnt": "doesn't",
    "rship": "relationship",
    "hubby": "husband",
    "bf": "boyfriend",
    "gf": "girlfriend",
    "convo": "conversation",
    "insta": "instagram",
}


@runtime_checkable
class KnowsWords(Protocol):
    """An embedder that can say which words it reads whole."""

    def vocabulary(self) -> frozenset[str]:
        """Every whole word of its vocabulary, in lower case."""


class Speller:
    """Corrects words that are one slip away from a word of the library; long ones, two.

    A slip is a letter too many, too few, another or two changed about. Words that anybody
    knows (``known``) are never touched, so that a correct question stays as it is.
    """

    def __init__(self, known: frozenset[str], texts: Iterable[str]) -> None:
        """``texts`` give the words a misspelling may be taken for; nothing known, nothing done."""
        counts = Counter(word for text in texts for word in words(text))
        self._counts = counts
        spoken = {word.replace("'", "") for word in STOPWORDS}  # "dont" is no slip of "down"
        self._known = frozenset(known) | set(counts) | spoken if known else frozenset()
        self._near: dict[str, list[str]] = {}
        self._long: dict[str, list[str]] = {}  # by their first two letters
        for word, _ in counts.most_common(_MOST_TARGETS):
            if len(word) >= _SHORTEST and word.isalpha():
                for form in _shorter(word):
                    self._near.setdefault(form, []).append(word)
            if len(word) >= _SHORTEST_TWICE and word.isalpha():
                self._long.setdefault(word[:2], []).append(word)

    def correct(self, text: str) -> str:
        """``text`` with its misspellings mended and its shorthand written out."""
        return _TOKEN.sub(lambda match: self._word(match.group()), _PAIR.sub(self._pair, text))

    def _pair(self, match: re.Match[str]) -> str:
        """The first of two words, joined to the second if only that makes a word ("stone wall")."""
        low = (match[1] + match[2]).lower()
        if len(low) < _SHORTEST_JOINED or not self._known:
            return match.group()
        odd = not {match[1].lower(), match[2].lower()} <= self._known
        whole = low in self._counts or (odd and self._slips(low))
        return match[1] if whole else match.group()

    def _slips(self, low: str) -> set[str]:
        """The words of the library that ``low`` is one slip away from."""
        return {other for form in _shorter(low) for other in self._near.get(form, ())}

    def _two_slips(self, low: str) -> set[str]:
        """The long words that begin as ``low`` does and are two slips away from it."""
        if len(low) < _SHORTEST_TWICE:
            return set()
        forms = _shorter_twice(low)
        return {
            other
            for other in self._long.get(low[:2], ())
            if abs(len(other) - len(low)) <= 2 and not forms.isdisjoint(_shorter_twice(other))
        }

    def _word(self, word: str) -> str:
        low = word.lower().replace("’", "'")
        if low in _SHORTHAND and not (word.isupper() and len(word) > 1):
            return _SHORTHAND[low]
        if len(low) < _SHORTEST or "'" in low or not self._known or self._is_word(low):
            return word
        near = self._slips(low) or self._two_slips(low)
        if not near:
            return word
        return min(
            near,
            key=lambda one: (
                one[0] != low[0],
                sorted(one) != sorted(low),
                low not in _shorter(one) and one not in _shorter(low),
                abs(len(one) - len(low)),
                -self._counts[one],
                one,
            ),
        )

    def _is_word(self, low: str) -> bool:
        """Whether ``low`` is known, or a known word with a common ending."""
        if low in self._known or low + "s" in self._known:
            return True
        for ending in _ENDINGS:
            stem = low.removesuffix(ending)
            if stem == low or len(stem) < _SHORTEST - 1:
                continue
            forms = {stem, stem + "e", stem[:-1] if stem[-1] == stem[-2] else stem}
            if stem.endswith("i"):
                forms.add(stem[:-1] + "y")
            if forms & self._known:
                return True
        return False


def _shorter(word: str) -> set[str]:
    """``word`` itself, and every form of it with one letter left out."""
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}


def _shorter_twice(word: str) -> set[str]:
    """``word`` itself, and every form of it with up to two letters left out."""
    return {form for one in _shorter(word) for form in _shorter(one)}
