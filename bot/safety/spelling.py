"""Slips of the keyboard: the known word that an unknown one was meant to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

_SHORTEST = 4
_LONGEST = 40
#: From so many letters on, a risk word may hold two slips.
_LONG = 10


class Speller:
    """Corrects unknown tokens to risk words, and to common words that the rules speak of.

    Only tokens that are no English word may be asked about, so that "skilled" stays "skilled".
    The first letter must be right. A risk word may be meant by a token of four letters or more
    ("raed"), another by one of five; a token of ten letters or more may hold two slips.
    """

    def __init__(self, risk: Sequence[str], common: Sequence[str]) -> None:
        """Take what tokens may have meant; of equally near words the one given first is taken."""
        self._risk_words = frozenset(risk)
        self._risk = _by_initial(risk, _SHORTEST)
        self._common = _by_initial(common, _SHORTEST + 1)

    def meant(self, token: str) -> str:
        """The word that ``token`` was meant to be, ``""`` if none is near enough."""
        if not _SHORTEST <= len(token) <= _LONGEST or not token.isascii():
            return ""
        if len(token) == _SHORTEST:
            return self._short(token)
        for at in range(1, len(token)):
            if token[at] == token[at - 1] and token[:at] + token[at + 1 :] in self._risk_words:
                return token[:at] + token[at + 1 :]
        risk, slips = _nearest(token, self._risk, 2 if len(token) >= _LONG else 1)
        if slips == 1:
            return risk
        return _nearest(token, self._common, 1)[0] or risk

    def _short(self, token: str) -> str:
        """So short, another letter is another word: only one left out, or two exchanged."""
        words = self._risk.get(token[0], ())
        near = process.extract(token, words, scorer=OSA.distance, score_cutoff=1, limit=None)
        letters = sorted(token)
        meant = (word for word, *_ in near if len(word) > _SHORTEST or sorted(word) == letters)
        return next(meant, "")


def _by_initial(words: Iterable[str], shortest: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        if len(word) >= shortest and word.isascii() and word.isalpha():
            found.setdefault(word[0], []).append(word)
    return found


def _nearest(token: str, words: Mapping[str, Sequence[str]], allowed: int) -> tuple[str, int]:
    """The nearest word with the same initial and the slips between; ``("", 0)`` if none is."""
    if token[0] not in words:
        return "", 0
    found = process.extractOne(token, words[token[0]], scorer=OSA.distance, score_cutoff=allowed)
    return (found[0], int(found[1])) if found else ("", 0)
