"""English contractions and other ways of writing opened into the words they stand for.

Patterns and messages go through the same function, so that "don't", "dont" and "do not" are one.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

_ENDINGS = (("n't", "not"), ("'ll", "will"), ("'ve", "have"), ("'re", "are"), ("'m", "am"))
_IS_AFTER = frozenset(
    "he she it that this who what there here where how everything everyone someone".split()
)
_NEGATED = (
    "do does did is are was were has have had would could should must need might"  # "dont"
).split()
_PRONOUNS = "he she it they we you who that there".split()
_UNMARKED = {"ll": "will", "ve": "have", "d": "would", "re": "are"}
#: What a pronoun without its apostrophe also is: a word of its own.
_WORDS_OF_THEIR_OWN = frozenset("hell shell shed well wed were here there theres".split())
#: Words that are a contraction only before a verb ("ill kill him", but "he is ill").
BEFORE_A_VERB = {
    "ill": ("i", "will"),
    "id": ("i", "would"),
    "hell": ("he", "will"),
    "shell": ("she", "will"),
    "shed": ("she", "would"),
    "wed": ("we", "would"),
}
_CONTRACTIONS = {
    "can't": "can not",
    "cant": "can not",
    "cannot": "can not",
    "won't": "will not",
    "wont": "will not",
    "shan't": "shall not",
    "shant": "shall not",
    "ain't": "is not",
    "aint": "is not",
    "i'm": "i am",
    "im": "i am",
    "i'd": "i would",
    "let's": "let us",
    "ive": "i have",
    **{f"{who}s": f"{who} is" for who in "he she that what there who how where".split()},
    **{f"{verb}nt": f"{verb} not" for verb in _NEGATED},
    **{f"{verb}ve": f"{verb} have" for verb in ("would", "could", "should", "must", "might")},
    **{
        f"{who}{ending}": f"{who} {opened}"
        for who, (ending, opened) in product(_PRONOUNS, _UNMARKED.items())
        if f"{who}{ending}" not in _WORDS_OF_THEIR_OWN
    },
}
CONTRACTIONS = frozenset(_CONTRACTIONS)


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
            stem = word.removesuffix(ending)
            return f"{spellings.get(stem, stem)} {opened}"
    stem, _, ending = word.partition("'")
    if ending == "s":
        return f"{stem} is" if stem in _IS_AFTER else f"{spellings.get(stem, stem)} 's"
    if ending == "d":
        return f"{spellings.get(stem, stem)} would"
    return word.replace("'", "")
