"""Understanding what is asked: pure functions from a visitor's words to what they call for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.answer.phrases import chat
from bot.knowledge.lexical import terms, words
from bot.knowledge.sentences import sentence_spans

_NUMBERS = r"(?:two|three|four|five|six|seven|\d)"
_NOUNS = (
    r"(?:causes?|reasons?|factors?|contributors?|signs?|types?|kinds?|forms?|examples?|ways?|"
    r"steps?|tips?|emotions?|feelings?|behaviou?rs?|effects?|impacts?|things?|points?|suggestions?|"
    r"options?|stressors?|symptoms?|sorts?)"
)
_LIST = re.compile(
    rf"\blist\b|\bname (?:all|the|some|every|{_NUMBERS})\b"
    rf"|\b(?:all|each) (?:of )?(?:the )?\w* ?{_NOUNS}\b"
    rf"|\bwhat (?:are|were) (?:the|some|its|their|common|typical|main|those|these|{_NUMBERS})\b"
    rf"|\b(?:which|what) (?:\S+ ){{0,2}}?{_NOUNS} (?:are|can|do|does|could|should|might|come|of|is|"
    rf"to|for|cause|lead|make|will|would|may|that|people)\b"
    rf"|\b{_NUMBERS} (?:\S+ ){{0,2}}?{_NOUNS}\b|\b(?:causes|signs|types|kinds|forms|examples|steps|"
    r"tips|reasons|ways|red flags|warning signs)\b"
    r"|\bhow many\b|\b(?:what|how) (?:can|should|could|do|must) (?:i|we|you|someone|people)"
    r" (?:do|start|begin|rebuild|reconnect|fix|take|try)\b|\bhow (?:can|do|could) (?:\S+ ){1,4}be "
    r"(?:rebuilt|fixed|repaired|restored|recogni[sz]ed)\b|\bwhere (?:do|can|should) (?:i|we) "
    r"(?:start|begin)\b|\bsigns\b"
)
_ADVICE = re.compile(
    r"\b(?:what|how) (?:can|should|could|do|must|would|to|might) (?:(?:i|we|you|someone|a person|"
    r"people) )?(?:even )?(?:do|deal|fix|handle|cope|respond|change|stop|start|begin|"
    r"go about|solve|mend|repair|improve|work on)\b"
    r"|\bwhere (?:do|can|should) (?:i|we) (?:start|begin)"
    r"|\bany (?:tips|advice|suggestions)\b|\bwhat now\b|\bwhat next\b|\bwhat helps\b"
)
_ORDINALS = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3,
    "fifth": 4, "5th": 4, "sixth": 5, "6th": 5, "seventh": 6, "7th": 6, "last": -1, "final": -1,
}  # fmt: skip
_CARDINALS = {"one": 0, "two": 1, "three": 2, "four": 3, "five": 4, "six": 5, "seven": 6}
_ORDINAL = re.compile(
    rf"\b(?P<nth>{'|'.join(_ORDINALS)})\s+"
    rf"(?:one|{_NOUNS}|item|bullet|listed|(?:in|on) the list)\b"
    rf"|\b(?:the|about the|and the) (?P<bare>{'|'.join(_ORDINALS)})\s*(?:\?|\.|,|$)"
    rf"|(?:\bnumber|\bno\.?|#|\b(?:step|point|item|cause|tip|reason|sign)) ?"
    rf"(?P<number>\d|{'|'.join(_CARDINALS)})\b"
)
_LEANING_START = re.compile(
    r"^(?:(?:and|so|but|ok(?:ay)?|oh|right|yes|yeah|hm+|then|also|thanks|great)\b[\s,.]*)+"
    r"|^(?:what|how) about\b|^(?:tell me more|more|go on|say more|explain|why|how so|how come|"
    r"like what|such as|for example|which one|what else|anything else|in what way|really)\b"
)
_POINTERS = frozenset(
    "it that this those these them they their there one ones other both its he his him she "
    "her mine ours".split()
)
#: At its end, these tie a question to what was said before it ("what happens then?").
_LEANING_END = re.compile(r"\b(?:then|too|also|as well|either|exactly|instead)\W*$")
_PERSONS = frozenset("he his him she her their they".split())
_SPLIT = re.compile(
    r"(?<=[?])\s+(?:and\s+|also\s+)?"
    r"|,?\s+(?:and|or)\s+(?:also\s+)?(?=(?:what|how|why|who|where|when|which)\s+(?:\S+\s+){1,}\S+)"
    r"|,\s+(?:and\s+)?(?=(?:is|are|can|could|do|does|did|should|would|will|has|have)\s+"
    r"(?:it|i|we|that|this|there|he|she|they|you|the|both|couples?|people)\s+\S+)",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"^(?:and |so |but )?(?:what|how|why|who|where|when|which|whose|is|are|am|can|could|do|does|"
    r"did|should|would|will|has|have|was|were)\b",
    re.IGNORECASE,
)
_ARTICLE = r"(?:the|this|your) (?:article|page|text|piece|author)"
_FRAME = re.compile(
    rf"^(?:and |so )?(?:what (?:does|did|do) {_ARTICLE} (?:say|tell (?:me|us)|mention|write) "
    rf"(?:about|on|of)|does {_ARTICLE} (?:say|mention)(?: (?:anything|something))?(?: about)?"
    rf"|according to {_ARTICLE},?|(?:can|could) you (?:please )?tell me)\s+"
    rf"|,? according to {_ARTICLE}(?=\W*$)|\s+in {_ARTICLE}(?=\W*$)",
    re.IGNORECASE,
)
_MOST_PARTS = 4
_LONG = 18  # words
_CLAUSE = re.compile(
    r",\s+(?:and |but |so |because )?|;\s+|\s+(?=(?:and|but|because) (?:i|he|she|we)\b)"
)
_FEWEST_OF_PIECE = 5
_MOST_PIECES = 8
_FEWEST_WORDS = 3
_CONTACT = re.compile(
    r"\b(?:contact|call|phone|ring|telephone|mobile|number|email|reach|get in touch|join(?:ing)?|"
    r"enrol(?:l|ling|ment)?|sign(?:ing)? up|sign me up|book(?:ing)?|register|speak (?:to|with)|"
    r"talk to|touch)\b"
)
_PROGRAM = re.compile(
    r"\b(?:programs?|programmes?|courses?|masterclass|david|nugent|heavy ?metal|m\.?e\.?t\.?a\.?l|"
    r"founder|on (?:the|this) page|operator|group sessions?|this organi[sz]ation)\b"
)
_DIGITS = re.compile(
    r"\b(?:phone|mobile|telephone|contact) (?:number|details)|\bnumber\b|\bemail\b"
)


def wants_list(text: str) -> bool:
    """Whether a list would answer ``text``."""
    low = text.lower()
    return _LIST.search(low) is not None or _ADVICE.search(low) is not None


def wants_advice(text: str) -> bool:
    """Whether ``text`` asks what to do."""
    return _ADVICE.search(text.lower()) is not None


def ordinal(text: str) -> int | None:
    """Which item of a list ``text`` points to: 0 the first, -1 the last; ``None`` if none."""
    match = _ORDINAL.search(text.lower())
    if match is None:
        return None
    nth = match["nth"] or match["bare"]
    if nth:
        return _ORDINALS[nth]
    number = match["number"]
    return _CARDINALS[number] if number in _CARDINALS else max(int(number) - 1, 0)


def leans(text: str) -> bool:
    """Whether ``text`` can hardly be understood without what was said before it."""
    low = text.lower().strip()
    said = words(low)
    content = len(set(terms(low)))
    if not content or _LEANING_START.search(low):
        return len(said) <= 14
    pointers = set(said) & _POINTERS
    points = bool(pointers - _PERSONS) or _LEANING_END.search(low) is not None
    return bool((points and content <= 3) or (pointers and content <= 1))


def context(turns: Sequence[str]) -> str:
    """What the last of ``turns`` leans on: the question before it, and all that leant on that."""
    earlier: list[str] = []
    for turn in reversed(turns[:-1]):
        if chat(turn):
            continue
        earlier.insert(0, turn)
        if not leans(turn) or len(earlier) == 2:
            break
    return " ".join(earlier)


def questions(text: str) -> list[str]:
    """The questions in ``text``, in order; what is told between them stays with the next one.

    Only questions are taken apart: a story that ends in one question is one question.
    """
    parts: list[tuple[int, int]] = []
    cuts = [match.span() for match in _SPLIT.finditer(text)]
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(text)]
    begun: int | None = None  # where something told, not asked, began
    for start, end in zip(starts, ends, strict=True):
        piece = text[start:end].strip()
        asks = piece.endswith("?") or (begun is None and _QUESTION.match(piece) is not None)
        if asks and len(words(piece)) >= _FEWEST_WORDS:
            parts.append((start if begun is None else begun, end))
            begun = None
        elif begun is None:
            begun = start
    if not parts or len(parts) > _MOST_PARTS:
        return [text]
    if begun is not None:
        parts[-1] = (parts[-1][0], len(text))
    return [text[start:end].strip() for start, end in parts]


def pieces(text: str) -> list[str]:
    """The statements a long message is made of, to be looked up beside the whole.

    Empty for a message short enough to be read as one. Of very many the last are kept: that is
    where people come to what they ask.
    """
    if len(words(text)) <= _LONG:
        return []
    found: list[str] = []
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        long = len(words(sentence)) > _LONG
        for clause in _CLAUSE.split(sentence) if long else [sentence]:
            if found and len(words(clause)) < _FEWEST_OF_PIECE:
                found[-1] = f"{found[-1]}, {clause}"
            else:
                found.append(clause)
    return found[-_MOST_PIECES:] if len(found) > 1 else []


def without_frame(question: str) -> str:
    """``question`` without words that only say the article is asked ("according to it")."""
    rest = _FRAME.sub("", question, count=1).strip(" ,")
    return rest if len(terms(rest)) else question


def about_contact(text: str) -> bool:
    """Whether ``text`` asks how to reach the people behind the programs."""
    low = text.lower()
    return bool(_CONTACT.search(low) and _PROGRAM.search(low))


def wants_number(text: str) -> bool:
    """Whether a phone number or address is asked for, and nothing the article could tell."""
    return about_contact(text) and _DIGITS.search(text.lower()) is not None
