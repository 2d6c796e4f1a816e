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

import re2
from rapidfuzz.distance import OSA

from bot.safety.fold import LOOK_ALIKES, fold, fold_with_origins
from bot.safety.grammar import NUMBER, QUESTION, STOP, UNKNOWN

_FIRST_CODE = 0x100
_IDEOGRAPH = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SIGNS = "\u0900-\u0963\u0970-\u0dff\u0e00-\u0fff"
_ENDS = r"[.!?;\n][.!?;\n\s]*"
_END_SIGNS = ".!?;\n"
_ASCII_TOKEN = re.compile(rf"[a-z0-9]+(?:'[a-z]+)*|{_ENDS}")
_ANY_TOKEN = re.compile(
    rf"[{_IDEOGRAPH}]|(?:[^\W_{_IDEOGRAPH}]|[{_SIGNS}])+(?:'[^\W\d_]+)*|{_ENDS}"
)
_GAPS = r"[\s.\-_*~/]{1,3}"
#: The cheap question whether anything in a text may be disguised at all.
_SUSPECT = re2.compile(
    r"[a-z][0-9@$!|*+#%]+[a-z]|(?:^|[^a-z0-9])[0-9@$!|+][a-z]{3}|[a-z][\-_.*~/\\^#]+[a-z]"
    rf"|(?:^|[^a-z'])[a-z](?:{_GAPS}[a-z]){{2,}}(?:[^a-z]|$)"
)
_SPACED = re.compile(rf"(?<![^\W_])(?<!')[a-z](?:{_GAPS}[a-z](?![^\W_])){{2,}}(?![^\W_])")
_CHUNK = re.compile(r"\S*[a-z0-9@$!|+][0-9@$!|*+#%\-_.~/\\^]\S*|(?<!\S)[0-9@$!|+]\S*")
_OUTER = " \t\n.,;:!?\"'()[]{}<>"
_LEET = (
    str.maketrans("01345789@$!|+", "oieastbgasiit"),
    str.maketrans("01345789@$!|+", "oleastbgaslit"),
)
_SEPARATORS = re.compile(r"[\-_.~/\\^'*#%]+")
_MASK = re.compile(r"[*#%_\-.]+")
_SHORTEST_MISSPELT = 5
_LONGEST_DISGUISE = 40
#: Occurrences below which a word counts as rare.
_RARE = 1_000_000
_RUN = re.compile(r"(.)\1{2,}")
#: One- and two-letter words that letters without spaces may be taken apart into.
_SHORT_WORDS = frozenset(
    "i a am an as at be by do ex go he if im in is it me my no of on or so to up ur us we".split()
)
#: Arabic particles that are written together with the word behind them: "and" and "so"; "with",
#: "to" and the mark of the present tense; the marks of the future.
_CONJUNCTIONS = "وف"
_PREPOSITIONS = "بل"
_FUTURE = "هحس"
_ENDINGS = (("n't", "not"), ("'ll", "will"), ("'ve", "have"), ("'re", "are"), ("'m", "am"))
_IS_AFTER = frozenset(
    "he she it that this who what there here where how everything everyone someone".split()
)
_CONTRACTIONS = {
    "can't": "can not",
    "cant": "can not",
    "cannot": "can not",
    "won't": "will not",
    "wont": "will not",
    "shan't": "shall not",
    "ain't": "is not",
    "aint": "is not",
    "i'm": "i am",
    "im": "i am",
    "i'd": "i would",
    "let's": "let us",
    "ive": "i have",
    "hes": "he is",
    "shes": "she is",
    "thats": "that is",
    "whats": "what is",
    "theres": "there is",
    "youre": "you are",
    "theyre": "they are",
    "theyll": "they will",
    "theyve": "they have",
    "weve": "we have",
    "whos": "who is",
    **{
        f"{verb}nt": f"{verb} not"
        for verb in (
            "do",
            "does",
            "did",
            "is",
            "are",
            "was",
            "were",
            "has",
            "have",
            "had",
            "would",
            "could",
            "should",
            "must",
            "need",
        )
    },
}


def written_words(text: str) -> list[str]:
    """The words of a stretch of a pattern, folded and taken apart as those of a message are."""
    folded = fold(text)
    return _token_pattern(folded).findall(folded)


def canonical(word: str, spellings: Mapping[str, str]) -> str:
    """The words that stand for one written word: contractions opened, spellings unified."""
    if word in spellings:
        return spellings[word]
    if word in _CONTRACTIONS:
        return _CONTRACTIONS[word]
    if "'" not in word:
        return word
    for ending, opened in _ENDINGS:
        if word.endswith(ending):
            return f"{word.removesuffix(ending)} {opened}"
    stem, _, ending = word.partition("'")
    if ending == "s":
        return f"{stem} is" if stem in _IS_AFTER else f"{spellings.get(stem, stem)} 's"
    if ending == "d":
        return f"{stem} would"
    return word.replace("'", "")


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
        self._words = {code: word for word, code in self.codes.items()}
        self._prefixes = frozenset(word.rstrip("*") for word in known if word.endswith("*"))
        self._risk = frozenset(risk_words)
        self._risk_by_initial: dict[str, list[str]] = {}
        for word in sorted(self._risk):
            if len(word) >= _SHORTEST_MISSPELT and word.isascii():
                self._risk_by_initial.setdefault(word[0], []).append(word)
        english = (word for word in self.codes if word in _dictionary())
        self._known = frozenset([*english, *self._risk, *self._spellings, *_CONTRACTIONS])
        self._longest = max((len(word) for word in known), default=1)
        self._table = _Table(self)
        self._table.update(self._real_words())
        for word in [*known, *self._spellings, *_CONTRACTIONS]:
            if not word.endswith("*"):
                self._table[word] = self._code_words(canonical(word, self._spellings))
        self._table["'s"] = self.codes.get("'s", UNKNOWN)
        for word in known:
            clipped = word[:-1]
            if word.endswith("ing") and len(word) > 5 and clipped not in self.codes:
                self._table[clipped] = self.codes[word]

    def frequency(self, code: str) -> int:
        """How common the word of a code point is, in an arbitrary unit."""
        word = self._words.get(code, "").rstrip("*")
        return _dictionary().get(word, _RARE) // _RARE + 1

    def _code_words(self, words: str) -> str:
        return "".join(self.codes.get(word, UNKNOWN) for word in words.split())

    def _real_words(self) -> dict[str, str]:
        """Every English word as unknown, or as the beginning that the rules know of it."""
        words = list(_dictionary())
        table = dict.fromkeys(words, UNKNOWN)
        for prefix in sorted(self._prefixes, key=len):  # the longest last, so that it stands
            first = bisect_left(words, prefix)
            last = bisect_left(words, prefix + "\U0010ffff")
            table.update(dict.fromkeys(words[first:last], self.codes[f"{prefix}*"]))
        return table

    def encode(self, text: str) -> str:
        """The code string of a message: starts and ends with a sentence boundary."""
        folded = fold(text)
        if _SUSPECT.search(folded):
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
        if _SUSPECT.search(folded):
            for start, end, words in self._disguises(folded):
                if start < position:
                    continue
                tokens += [(m[0], *m.span()) for m in plain.finditer(folded, position, start)]
                tokens += [(word, start, end) for word in words]
                position = end
        tokens += [(m[0], *m.span()) for m in plain.finditer(folded, position)]
        return tokens

    def _disguises(self, folded: str) -> list[tuple[int, int, tuple[str, ...]]]:
        """The ranges that hold disguised words, in order, and the words behind them."""
        found = []
        for spaced in _SPACED.finditer(folded):
            words = self._segment("".join(filter(str.isalpha, spaced[0])))
            if words:
                found.append((*spaced.span(), words))
        for chunk in _CHUNK.finditer(folded):
            inner = chunk[0].strip(_OUTER)
            word = self._undisguised(inner) if len(inner) <= _LONGEST_DISGUISE else ""
            if word:
                start = chunk.start() + chunk[0].index(inner)
                found.append((start, start + len(inner), (word,)))
        return sorted(found)

    def _undisguised(self, chunk: str) -> str:
        """The known word behind leetspeak, separators or masks; ``""`` if there is none."""
        if chunk in self.codes:
            return ""
        for table in _LEET:
            plain = chunk.translate(table)
            for candidate in (plain, _SEPARATORS.sub("", plain), _SEPARATORS.sub("", chunk)):
                if candidate != chunk and len(candidate) > 2 and candidate in self.codes:
                    return candidate
        if "*" in chunk or "#" in chunk:
            return self._unmasked(chunk)
        return ""

    def _unmasked(self, chunk: str) -> str:
        """The risk word some letters of which are masked ("r**e"); ``""`` if there is none."""
        parts = _MASK.split(chunk)
        if len(parts) < 2 or not all(part.isascii() and part.isalpha() for part in parts if part):
            return ""
        if not parts[0] or sum(map(len, parts)) < 2:
            return ""
        gaps = [f"[a-z]{{1,{len(mask) + 1}}}" for mask in _MASK.findall(chunk)]
        mask = re.compile("".join(map("".join, zip(parts, [*gaps, ""], strict=True))))
        return next((word for word in sorted(self._risk) if mask.fullmatch(word)), "")

    def _segment(self, letters: str) -> tuple[str, ...]:
        """Letters without spaces as known words, one of them a risk word, or ``()``."""
        if len(letters) > 60:
            return ()
        best: list[tuple[str, ...] | None] = [(), *([None] * len(letters))]
        for end in range(1, len(letters) + 1):
            for start in range(max(0, end - self._longest), end):
                before, word = best[start], letters[start:end]
                fits = word in self._known and (len(word) > 2 or word in _SHORT_WORDS)
                if before is not None and fits:
                    longer = (*before, word)
                    held = best[end]
                    if held is None or len(longer) < len(held):
                        best[end] = longer
        found = best[-1] or ()
        return found if any(word in self._risk for word in found) else ()

    def resolve(self, token: str) -> str:
        """The code points of a token that the table does not hold."""
        if token[0] in _END_SIGNS:
            return _boundary(token)
        if token.isdigit():
            return NUMBER
        if "'" in token:
            parts = canonical(token, self._spellings).split()
            return "".join(self._table[part] for part in parts)
        squeezed = self._squeezed(token)
        if squeezed:
            return squeezed
        if not token.isascii():
            alike = token.translate(LOOK_ALIKES)
            if alike != token and alike.isascii() and alike in self._table:
                return self._table[alike]
            known = (self._table[each] for each in _bare_forms(token) if each in self._table)
            bare = next(known, "")
            if bare:
                return bare
        for length in range(min(len(token), self._longest), 0, -1):
            if token[:length] in self._prefixes:
                return self.codes[f"{token[:length]}*"]
        if not _SHORTEST_MISSPELT <= len(token) <= _LONGEST_DISGUISE or not token.isascii():
            return UNKNOWN
        return self._misspelt(token) or self._run_together(token) or UNKNOWN

    def _squeezed(self, token: str) -> str:
        """A word with stretched letters ("killlll", "pleeease"), each run tried as one and two."""
        if not _RUN.search(token):
            return ""
        for kept in (r"\1", r"\1\1"):
            word = _RUN.sub(kept, token)
            if word in self._table:
                return self._table[word]
        return ""

    def _misspelt(self, token: str) -> str:
        """The risk word a few slips away that begins with the same letter."""
        allowed = 1 if len(token) < 8 else 2
        best = ""
        for word in self._risk_by_initial.get(token[0], ()):
            if abs(len(word) - len(token)) <= allowed:
                slips = OSA.distance(token, word, score_cutoff=allowed)
                if slips <= allowed:
                    best, allowed = word, slips - 1
                    if allowed < 0:
                        break
        return self._table[best] if best else ""

    def _run_together(self, token: str) -> str:
        words = self._segment(token) if len(token) >= 7 else ()
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
