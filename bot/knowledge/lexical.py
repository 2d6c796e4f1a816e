"""Finding passages by the words they share with a question (BM25).

The index lives in memory and is built when the library is opened.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
#: Words of a question that say nothing about its subject.
STOPWORDS = frozenset(
    """a about above after again all also am an and any anything are aren't article as ask at be
    because been before being below between both but by can can't cannot could couldn't did didn't
    do does doesn't doing don't down during each else ever every few for from further get gets
    give happen happened happens
    go going got had hadn't has hasn't have haven't having he he'd he'll he's her here here's hers
    herself him himself his how how's i i'd i'll i'm i've if in into is isn't it it's its itself
    just know let let's like list lot make many may me mean means might more most much must my
    myself name no nor not now of off on once one only or other ought our ours ourselves out over
    own please put really same say says shall she she'd she'll she's should shouldn't so some
    someone something such tell than that that's the their theirs them themselves then there
    there's these they they'd they'll they're they've thing things this those through to too under
    until up us very was wasn't way we we'd we'll we're we've were weren't what what's whats when
    when's where where's which while who who's whose whom why why's will with won't would wouldn't
    you you'd you'll you're you've your yours yourself yourselves dont cant wont im ive hes shes
    theyre isnt doesnt didnt whos s t""".split()
)


_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?")


def undotted(text: str) -> str:
    """``text`` with letters that stand between full stops joined: "M.E.T.A.L." is "METAL"."""
    return _DOTTED.sub(lambda match: match.group().replace(".", ""), text)


def words(text: str) -> list[str]:
    """The words of ``text`` in lower case, with straight apostrophes."""
    return [match.group().replace("’", "'") for match in _WORD.finditer(undotted(text).lower())]


@functools.cache
def _stemmer() -> Any:
    # Imported here because a crisis card does not need it; it has no types.
    from Stemmer import Stemmer  # noqa: PLC0415

    return Stemmer("english")


_stemming = threading.Lock()  # one PyStemmer object is not safe to share without


def terms(text: str) -> list[str]:
    """The stems of the words that carry the subject of ``text``, in order."""
    kept = [word.removesuffix("'s") for word in words(text) if word not in STOPWORDS]
    with _stemming:
        return [str(stem) for stem in _stemmer().stemWords(kept)]


class LexicalIndex:
    """BM25 scores of a fixed list of texts; safe to use from several threads."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Index ``texts``, of which there may be none."""
        # Brings SciPy with it, which a crisis card must not wait for.
        import bm25s  # noqa: PLC0415

        logging.getLogger("bm25s").setLevel(logging.WARNING)  # it reports its steps

        tokens = [terms(text) for text in texts]
        self._size = len(texts)
        self._known = {token for each in tokens for token in each}
        self._bm25 = bm25s.BM25(k1=1.5, b=0.75)
        if self._known:
            self._bm25.index(tokens, show_progress=False)

    def scores(self, question: str) -> Scores:
        """The BM25 score of every text, shape ``(n,)``; zero where no word is shared."""
        asked = [term for term in terms(question) if term in self._known]
        if not asked:
            return np.zeros(self._size, dtype=np.float32)
        return np.asarray(self._bm25.get_scores(asked), dtype=np.float32)

    def knows(self, term: str) -> bool:
        """Whether any text holds ``term`` (a stem as ``terms`` gives them)."""
        return term in self._known
