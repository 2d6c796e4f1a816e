"""From a message to a string with one code point for each word, and back.

``Lexicon`` knows the words that the rules speak of. Its code string is what the compiled
patterns run on: a known word has a code point of its own, any other word is ``x``, a number
``0``, and a sentence ends with ``.`` or ``?``. Words that are written around a filter
("su1c1de", "k i l l", "r*pe", "killmyself", "strangeld") are brought back to the known word.
No word of a visitor is kept between messages.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import product

from bot.safety.contractions import CONTRACTIONS, canonical
from bot.safety.disguise import Disguises, suspicious
from bot.safety.fold import LOOK_ALIKES, fold, fold_with_origins
from bot.safety.grammar import NUMBER, QUESTION, STOP, UNKNOWN
from bot.safety.real_words import REAL_WORDS
from bot.safety.spelling import Speller

_FIRST_CODE = 0x100
_IDEOGRAPH = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SIGNS = "\u0900-\u0963\u0970-\u0dff\u0e00-\u0fff"
_ENDS = r"[.!?;\n][.!?;\n\s]*"
_END_SIGNS = ".!?;\n"
_ASCII_TOKEN = re.compile(rf"[a-z0-9]+(?:'[a-z]+)*|{_ENDS}")
_ANY_TOKEN = re.compile(
    rf"[{_IDEOGRAPH}]|(?:[^\W_{_IDEOGRAPH}]|[{_SIGNS}])+(?:'[^\W\d_]+)*|{_ENDS}"
)
#: Occurrences below which a word counts as rare.
_RARE = 1_000_000
_RUN = re.compile(r"(.)\1{2,}")
#: Words with more stretched letters than this are not looked at.
_MOST_RUNS = 4
#: So many times more common must "going" be than "goin" for the one to stand for the other.
_CLIPPED = 20
_SHORTEST_CLIPPED = 5
#: Arabic particles that are written together with the word behind them: "and" and "so"; "with",
#: "to" and the mark of the present tense; the marks of the future.
_CONJUNCTIONS = "وف"
_PREPOSITIONS = "بل"
_FUTURE = "هحس"


def written_words(text: str) -> list[str]:
    """The words of a stretch of a pattern, folded and taken apart as those of a message are."""
    folded = fold(text)
    return _token_pattern(folded).findall(folded)


def _bare_forms(word: str) -> list[str]:
    """An Arabic word without the particles written together with it, barest form first."""
    forms = []
    if len(word) > 4 and word[0] in _CONJUNCTIONS:
        word = word[1:]
        forms.append(word)
    if len(word) > 4:
        if word.startswith("لل"):
            forms.append("ال" + word[2:])
        elif word[0] in _PREPOSITIONS or (word[0] in _FUTURE and word[1] in "يتن"):
            forms.append(word[1:])
    return forms[::-1]


@cache
def _dictionary() -> dict[str, int]:
    """English words, sorted, with how often they occur (symspellpy's list, Google Books)."""
    name = "frequency_dictionary_en_82_765.txt"
    text = resources.files("symspellpy").joinpath(name).read_text(encoding="utf-8-sig")
    lines = (line.partition(" ") for line in sorted(text.splitlines()))
    return {word: int(count) for word, _, count in lines if "'" not in word}


def _often_clipped(word: str) -> bool:
    """Whether a word without its last g ("goin", "dyin") is that word and no other."""
    if not word.endswith("ing") or len(word) < _SHORTEST_CLIPPED:
        return False
    return _dictionary().get(word[:-1], 0) * _CLIPPED < _dictionary()[word]


@dataclass(frozen=True, slots=True)
class Coded:
    """A message as code points; ``spans[i]`` is the original range of code point ``i``."""

    codes: str
    spans: tuple[tuple[int, int], ...]


class Lexicon:
    """The words of the rules, and the way from a message to their code points.

    ``words`` are known words, ``prefixes`` beginnings that stand for any unknown word,
    ``spellings`` other ways of writing (text-speak, slang) with the words they stand for, and
    ``risk_words`` those known words that people disguise or misspell.
    """

    def __init__(
        self,
        words: Iterable[str],
        prefixes: Iterable[str],
        spellings: Mapping[str, str],
        risk_words: Iterable[str],
    ) -> None:
        self._spellings = dict(spellings)
        known = dict.fromkeys([*words, *(f"{prefix}*" for prefix in prefixes)])
        self.codes = {word: chr(_FIRST_CODE + rank) for rank, word in enumerate(known)}
        for word in known:
            bare = next((each for each in _bare_forms(word) if each in known), word)
            self.codes[word] = self.codes[bare]
        self._prefixes = frozenset(word.rstrip("*") for word in known if word.endswith("*"))
        self.disguised = frozenset(risk_words)
        #: The known words of English, the most common first.
        english = sorted(
            (word for word in self.codes if word in _dictionary()),
            key=_dictionary().__getitem__,
            reverse=True,
        )
        common = [word for word in english if _dictionary()[word] >= _RARE]
        whole = (*english, *self.disguised, *self._spellings, *CONTRACTIONS)
        slang = sorted(self.disguised.difference(english))
        risk = [*filter(self.disguised.__contains__, english), *slang]
        self._disguises = Disguises(self.codes, whole, risk)
        self._longest = max((len(word) for word in known), default=1)
        clipped = {word[:-1]: self.codes[word] for word in english if _often_clipped(word)}
        self.codes |= {word: code for word, code in clipped.items() if word in self.codes}
        self._words = {code: word for word, code in self.codes.items() if word not in clipped}
        self._table = _Table(self)
        self._table.update(self._real_words())
        for word in [*known, *self._spellings, *CONTRACTIONS]:
            if not word.endswith("*"):
                self._table[word] = self._code_words(canonical(word, self._spellings))
        self._table["'s"] = self.codes.get("'s", UNKNOWN)
        self._table.update(clipped)
        risk = sorted(self.disguised, key=lambda word: (-len(word), word))
        self._speller = Speller(risk, common)

    def frequency(self, code: str) -> int:
        """How common the word of a code point is, in an arbitrary unit."""
        word = self._words.get(code, "").rstrip("*")
        return _dictionary().get(word, _RARE) // _RARE + 1

    def _code_words(self, words: str) -> str:
        return "".join(self.codes.get(word, UNKNOWN) for word in words.split())

    def _real_words(self) -> dict[str, str]:
        """Every English word as unknown, or as the beginning that the rules know of it."""
        words = list(_dictionary())
        table = dict.fromkeys([*words, *REAL_WORDS], UNKNOWN)
        for prefix in sorted(self._prefixes, key=len):  # the longest last, so that it stands
            first = bisect_left(words, prefix)
            last = bisect_left(words, prefix + "\U0010ffff")
            table.update(dict.fromkeys(words[first:last], self.codes[f"{prefix}*"]))
        return table

    def encode(self, text: str) -> str:
        """The code string of a message: starts and ends with a sentence boundary."""
        folded = fold(text)
        if suspicious(folded):
            tokens = [token for token, _, _ in self._tokens(folded)]
        else:
            tokens = _token_pattern(folded).findall(folded)
        return f".{''.join(map(self._table.__getitem__, tokens))}."

    def read(self, text: str) -> list[tuple[str, tuple[int, int]]]:
        """The words of a message in their canonical spelling, with their original ranges.

        A sentence end is the word ``.`` or ``?``, a number the word ``0``.
        """
        folded, origins = fold_with_origins(text)
        words = []
        for token, start, end in self._tokens(folded):
            span = (origins[start][0], origins[end - 1][1])
            if token[0] in _END_SIGNS:
                words += [(sign, span) for sign in _boundary(token)]
            elif token.isdigit():
                words.append((NUMBER, span))
            else:
                words += [(word, span) for word in canonical(token, self._spellings).split()]
        return words

    def encode_with_spans(self, text: str) -> Coded:
        """The same code string, with the original range of each of its code points."""
        folded, origins = fold_with_origins(text)
        codes = [STOP]
        spans = [(0, 0)]
        for token, start, end in self._tokens(folded):
            points = self._table[token]
            codes.append(points)
            spans += [(origins[start][0], origins[end - 1][1])] * len(points)
        codes.append(STOP)
        spans.append((len(text), len(text)))
        return Coded("".join(codes), tuple(spans))

    def _tokens(self, folded: str) -> list[tuple[str, int, int]]:
        """Tokens with their ranges in the folded text, disguised words undone."""
        plain = _token_pattern(folded)
        tokens: list[tuple[str, int, int]] = []
        position = 0
        if suspicious(folded):
            for start, end, words in self._disguises.find(folded):
                if start < position:
                    continue
                tokens += [(m[0], *m.span()) for m in plain.finditer(folded, position, start)]
                tokens += [(word, start, end) for word in words]
                position = end
        tokens += [(m[0], *m.span()) for m in plain.finditer(folded, position)]
        return tokens

    def resolve(self, token: str) -> str:
        """The code points of a token that the table does not hold."""
        if token[0] in _END_SIGNS:
            return _boundary(token)
        if token.isdigit():
            return NUMBER
        if not token.isascii():
            alike = token.translate(LOOK_ALIKES)
            if alike != token and alike.isascii() and alike in self._table:
                return self._table[alike]
        if "'" in token:
            parts = canonical(token, self._spellings).split()
            return "".join(self._table[part] for part in parts)
        squeezed = self._squeezed(token)
        if squeezed:
            return squeezed
        known = (each for each in _bare_forms(token) if each in self._table)
        bare = next(known, "")
        if bare:
            return self._table[bare]
        lengths = range(min(len(token), self._longest), 0, -1)
        prefix = next((token[:n] for n in lengths if token[:n] in self._prefixes), "")
        meant = self._speller.meant(token)
        if meant.startswith(prefix) and meant:
            return self._table[meant]
        return self.codes[f"{prefix}*"] if prefix else self._run_together(token) or UNKNOWN

    def _squeezed(self, token: str) -> str:
        """A word with stretched letters ("killlll", "pleeease"), each run tried as two and one.

        A word the rules know is preferred to one they do not.
        """
        runs = _RUN.findall(token)
        if not 1 <= len(runs) <= _MOST_RUNS:
            return ""
        found = ""
        for kept in product((2, 1), repeat=len(runs)):
            lengths = iter(kept)
            word = _RUN.sub(lambda run: run[1] * next(lengths), token)  # noqa: B023
            points = self._table.get(word, "")
            if points and points != UNKNOWN:
                return points
            found = found or points
        return found

    def _run_together(self, token: str) -> str:
        words = self._disguises.taken_apart(token) if len(token) >= 7 else ()
        return "".join(map(self._table.__getitem__, words)) if len(words) > 1 else ""


def _token_pattern(folded: str) -> re.Pattern[str]:
    return _ASCII_TOKEN if folded.isascii() else _ANY_TOKEN


class _Table(dict[str, str]):
    """Token to code points; what it does not hold is resolved and deliberately not kept."""

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__()
        self._lexicon = lexicon

    def __missing__(self, token: str) -> str:
        return self._lexicon.resolve(token)


def _boundary(token: str) -> str:
    """A sentence end; an ellipsis is none, people write it between any two words."""
    if QUESTION in token:
        return QUESTION
    signs = token.strip(" \t")
    if len(signs) > 1 and set(signs) <= {"."}:
        return ""
    return STOP
