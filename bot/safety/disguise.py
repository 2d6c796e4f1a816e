"""Words written around a filter, or typed in a hurry, brought back to the words meant.

Here is what takes more than one token to see: leetspeak ("su1c1de"), masks ("r*pe"), spaced and
dotted letters ("k i l l"), words run together ("killmyself"), "2" and "4" for "to" and "for",
and contractions that without their apostrophe are another word ("ill kill him").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import re2

from bot.safety.contractions import BEFORE_A_VERB

_GAPS = r"[\s.\-_*~/]{1,3}"
#: The cheap question whether anything in a text may be disguised at all.
_SUSPECT = re2.compile(
    r"[a-z][0-9@$!|*+#%]+[a-z]|[a-z][0-9$]+(?:[^a-z0-9]|$)|(?:^|[^a-z0-9])[0-9@$!|+][a-z]{2}"
    r"|[a-z][\-_.*~/\\^#]+[a-z]|[a-z] [24] [a-z]|(?:^|[^a-z'])(?:ill|id|s?hell|shed|wed) [a-z]"
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
_LONGEST = 40
#: One- and two-letter words that letters without spaces may be taken apart into.
_SHORT_WORDS = frozenset(
    "i a am an as at be by do ex go he if im in is it me my no of on or so to up ur us we".split()
)
_WORD_DIGIT_WORD = re.compile(r"(?<![^\W_])([a-z']+) ([24])(?= ([a-z']+))")
_UNMARKED = re.compile(rf"(?<![\w'])({'|'.join(BEFORE_A_VERB)})(?= ([a-z]+))")
_PLURAL = re.compile(r"[^sui']s$")
#: Ahead of a number, and behind one, where it is neither "to" nor "for".
_AHEAD_OF_NUMBER = frozenset(
    "the my our his her their your these those last past first only every for at in of after "
    "before since from by age aged is was are or and another with all took take taken taking had "
    "number step chapter part page stage type grade year level version section point room unit "
    "flat apartment bus route line x plus least most than within over under".split()
)
_BEHIND_NUMBER = frozenset(
    "of more other am pm and or to in on x people kids children men women year month day week hour "
    "min minute bedroom little young big different small year".split()
)
#: Behind a pronoun without apostrophe one of these makes it a contraction.
_BEHIND_WILL = frozenset(
    "never not just always only probably still rather be do go get have make take leave tell say "
    "see know find talk help stop end jump live keep try let give put come run lose cut wake smash "
    "shoot sleep hide".split()
)


def suspicious(folded: str) -> bool:
    """Whether anything in a folded text may be disguised; quick, and rather too often true."""
    return _SUSPECT.search(folded) is not None


class Disguises:
    """Finds disguised words among those the rules know.

    ``codes`` are the known words, ``whole`` those that letters run together may be taken apart
    into, and ``risk`` the words that people disguise, the commonest first.
    """

    def __init__(self, codes: Collection[str], whole: Collection[str], risk: Sequence[str]) -> None:
        self._codes = codes
        self._whole = frozenset(whole)
        self._risk = frozenset(risk)
        self._commonest_first = tuple(risk)
        self._longest = max(map(len, self._whole), default=1)

    def find(self, folded: str) -> list[tuple[int, int, tuple[str, ...]]]:
        """The ranges of a folded text that hold disguised words, in order, and those words."""
        return sorted([*self._spaced(folded), *self._chunks(folded), *self._short(folded)])

    def _spaced(self, folded: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        for spaced in _SPACED.finditer(folded):
            words = self.taken_apart("".join(filter(str.isalpha, spaced[0])))
            if words:
                yield *spaced.span(), words

    def _chunks(self, folded: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        for chunk in _CHUNK.finditer(folded):
            inner = chunk[0].strip(_OUTER)
            if len(inner) <= _LONGEST:
                word = self._undisguised(inner)
                if not word and chunk[0][0] == "!":  # "!njured"
                    inner = chunk[0].rstrip(_OUTER)
                    word = self._undisguised(inner)
                if word:
                    start = chunk.start() + chunk[0].index(inner)
                    yield start, start + len(inner), word

    def _short(self, folded: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Digits for "to" and "for", and contractions that look like another word."""
        for found in _WORD_DIGIT_WORD.finditer(folded):
            ahead, digit, behind = found.groups()
            counted = behind in _BEHIND_NUMBER or _PLURAL.search(behind)
            if ahead not in _AHEAD_OF_NUMBER and not counted:
                yield *found.span(2), ("to" if digit == "2" else "for",)
        for found in _UNMARKED.finditer(folded):
            if found[2] in _BEHIND_WILL or (found[2] in self._risk and found[2][-2:] != "ed"):
                yield *found.span(1), BEFORE_A_VERB[found[1]]

    def _undisguised(self, chunk: str) -> tuple[str, ...]:
        """The known words behind leetspeak, separators or masks; none if there are none."""
        if chunk in self._codes or chunk in self._whole:
            return ()
        if chunk.endswith("'s"):
            word = self._undisguised(chunk[:-2])
            return (*word, "'s") if word else ()
        if "*" in chunk or "#" in chunk:
            word = self._unmasked(chunk)
            if word:
                return word
        for table in _LEET:
            plain = chunk.translate(table)
            for candidate in (plain, _SEPARATORS.sub("", plain), _SEPARATORS.sub("", chunk)):
                if candidate != chunk and len(candidate) > 2 and candidate in self._codes:
                    return (candidate,)
        return self._joined(chunk)

    def _joined(self, chunk: str) -> tuple[str, ...]:
        """The words of a hyphened one, if one of them is disguised ("murder-su!c!de")."""
        words: list[str] = []
        found = False
        for part in chunk.split("-") if "-" in chunk else ():
            meant = self._undisguised(part)
            if not meant and part not in self._codes:
                return ()
            found = found or bool(meant)
            words += meant or (part,)
        return tuple(words) if found else ()

    def _unmasked(self, chunk: str) -> tuple[str, ...]:
        """The risk word some letters of which are masked ("r**e"), a sign for each or one more."""
        parts = _MASK.split(chunk)
        if len(parts) < 2 or not all(part.isascii() and part.isalpha() for part in parts if part):
            return ()
        if not parts[0] or sum(map(len, parts)) < 2:
            return ()
        masks = [len(mask) for mask in _MASK.findall(chunk)]
        for more in (0, 1):
            gaps = [f"[a-z]{{{length},{length + more}}}" for length in masks]
            mask = re.compile("".join(map("".join, zip(parts, [*gaps, ""], strict=True))))
            word = next((word for word in self._commonest_first if mask.fullmatch(word)), "")
            if word:
                return (word,)
        return ()

    def taken_apart(self, letters: str) -> tuple[str, ...]:
        """Letters without spaces as the fewest known words, one a risk word; ``()`` if none are."""
        if len(letters) > _LONGEST:
            return ()
        best: list[tuple[str, ...] | None] = [(), *([None] * len(letters))]
        for end in range(1, len(letters) + 1):
            for start in range(max(0, end - self._longest), end):
                before, word = best[start], letters[start:end]
                fits = word in self._whole and (len(word) > 2 or word in _SHORT_WORDS)
                if before is not None and fits:
                    longer = (*before, word)
                    held = best[end]
                    if held is None or len(longer) < len(held):
                        best[end] = longer
        found = best[-1] or ()
        return found if any(word in self._risk for word in found) else ()
