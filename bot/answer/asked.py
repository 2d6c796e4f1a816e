"""Understanding what is asked: pure functions from a visitor's words to what they call for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from bot.knowledge.lexical import terms, words

Chat = Literal[
    "greeting", "how_are_you", "thanks", "farewell", "acknowledged", "who", "abilities", "privacy"
]
Fact = Literal["author", "organisation", "published", "reading_time", "title", "link"]

_HELLO = (
    r"(?:hi+|hello|hey+|hiya|howdy|g'?day|greetings|kia ora|yo|"
    r"good (?:morning|afternoon|evening|day))(?: there| bot| mate| all| everyone)?"
)
_OPENING = re.compile(rf"^\s*{_HELLO}\s*[,.!:;-]+\s+|^\s*{_HELLO}\s+(?=\S+\s+\S+)", re.IGNORECASE)
_THIS = r"(?:it|this|that|(?:the|this|that|your) (?:article|page|text|post|blog|piece|story))"
_CHAT: tuple[tuple[Chat, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"^(?:{pattern})$"))
    for kind, pattern in (
        ("greeting", rf"{_HELLO}|hi {_HELLO}|test|testing|anyone there|is anyone there"),
        ("how_are_you", r"(?:and )?how (?:are|r) (?:you|u)(?: today| going| doing)?|how'?s it going"),
        (
            "thanks",
            r"(?:ok(?:ay)? |great |oh |wow |perfect )?(?:thanks?|thank you|ta|cheers|thx|many thanks"
            r"|much appreciated|appreciate it)(?: (?:so much|very much|a lot|heaps|again|you|mate"
            r"|bot|for (?:your|the|all your) (?:help|info|information|answer)|for (?:that|this)"
            r"|(?:that|this)(?: (?:was|is|really|very))* (?:helps?|helpful|helped|useful|great)"
            r"|that'?s (?:very |really )?(?:helpful|useful|great|good)))*"
            r"|that(?: was|'s| is| really| has)*(?: very| really)? (?:helpful|helped|helps|useful)",
        ),
        ("farewell", r"(?:ok(?:ay)? )?(?:good ?bye|bye+|bye bye|see (?:you|ya)(?: later)?|good ?night|"
                     r"take care|cya|that'?s all|i'?m done)(?: (?:for now|then|thanks|bye))*"),
        ("acknowledged", r"(?:ok|okay|k|kk|yes|yeah|yep|no|nah|nope|sure|right|cool|great|good|fine|"
                         r"alright|i see|got it|hm+|lol|haha|wow|oh|sorry|good to know)"),
        (
            "who",
            r"(?:so |and |but )?(?:who|what) (?:are|r) (?:you|u)(?: really| exactly)?"
            r"|who am i (?:talking|speaking|chatting) (?:to|with)"
            r"|(?:are|r) (?:you|u) (?:an? )?(?:real )?(?:human|person|robot|bot|chatbot|machine|ai|"
            r"computer|real|program|counsell?or|therapist|psychologist|doctor|social worker)"
            r"(?: being| person| bot)?(?: or (?:an? )?\w+)?"
            r"|is (?:this|there) (?:an? )?(?:real )?(?:bot|human|person|robot|ai|chatbot)"
            r"(?: (?:here|there|talking))?"
            r"|(?:what is|what's) your name|do you have a name|are you (?:chatgpt|claude|siri|alexa)"
            r"|who (?:made|built|created) you",
        ),
        (
            "abilities",
            r"(?:so |and )?what (?:can|do|could) (?:you|u) (?:do|help(?: me)? with|answer|know|offer|"
            r"tell me)(?: about)?(?: for me| here)?|(?:can|could) you (?:please )?help(?: me)?|help"
            r"|(?:please )?help me(?: please)?|i need (?:some )?help"
            r"|how (?:does this|do you) work|how do i use (?:this|you)"
            r"|what (?:can|should|could|do) i ask(?: you)?(?: about)?|what (?:is|'s) this(?: chat| bot)?"
            r"|what (?:topics|subjects) (?:do you|does it|does the article) cover"
            r"|what (?:is|'s) this (?:chat|bot|thing|page) (?:for|about)",
        ),
        (
            "privacy",
            r"(?:is|are) (?:this|the|my|our) (?:chat|conversation|messages?|site|thing)?\s*"
            r"(?:confidential|private|anonymous|secret|saved|stored|recorded|kept|logged)"
            r"|(?:do|will|can) (?:you|anyone|anybody|somebody|they|he|she|my \w+) "
            r"(?:keep|store|save|record|see|read|share|remember) (?:this|what i (?:say|type|write)"
            r"|my (?:messages?|chat|data)|this (?:chat|conversation))"
            r"|who (?:can|will) (?:see|read) (?:this|what i (?:say|type|write)|my messages?)",
        ),
    )
)
_FACTS: tuple[tuple[Fact, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (
            "reading_time",
            rf"\breading time\b|\bhow (?:long|many minutes|much time).* (?:to |the )?read(?:ing)?\b"
            rf"(?: {_THIS})?|\bhow long is (?:the|this) (?:article|page|text|post|read)\b"
            r"|\bhow many minutes\b.*\barticle\b|\bquick read\b|\blong read\b",
        ),
        (
            "author",
            rf"\bwho (?:wrote|writes|authored|penned) {_THIS}|\bwho(?: is|'s|s)? (?:the )?(?:author|"
            rf"writer)\b|^(?:the )?author(?: name| of (?:the|this) article)?$|\b(?:was|is) {_THIS} "
            rf"written by\b|\b{_THIS} (?:was )?written by who|\bauthor of {_THIS}|\bwritten by whom\b",
        ),
        (
            "published",
            rf"\bwhen (?:was|did|is|were) (?:{_THIS}|you) (?:first )?(?:published|written|posted|put up|"
            rf"come out|from|publish|written|go up|last updated|updated|made)"
            rf"|\bhow (?:old|recent|new|current|up to date) is {_THIS}|\b(?:publish(?:ed|ing)?|"
            rf"publication) (?:date|on|year|day|when)\b|\b(?:date|year|day) (?:was|is|of) {_THIS}"
            rf"|\bwhat (?:date|year|day|month) (?:was|is|did) {_THIS}|\bwhen did {_THIS} come out"
            r"|\b(?:date of publication|when published|published when)\b",
        ),
        (
            "title",
            rf"\b(?:title|name) of {_THIS}|\bwhat(?: is|'s|s) (?:{_THIS} called|(?:its|the) title)"
            rf"|\b{_THIS} (?:is )?called\b|\b(?:article|page) (?:title|name)\b",
        ),
        (
            "organisation",
            r"\bwho (?:runs|owns|publishes|published|is behind|put (?:up|out)|posted|made) "
            r"(?:this|the|that) (?:web ?site|site|page|article|blog|post)"
            r"|\b(?:which|what) (?:organi[sz]ation|company|group) (?:published|publishes|wrote|runs|"
            r"is (?:behind|this)|owns|put out|made)"
            rf"|\bwhere (?:is|does|was) {_THIS} (?:come |published |originally )*from\b",
        ),
        (
            "link",
            r"\b(?:link|url|web ?address|web ?site) (?:to|of|for) (?:the |this )?(?:full |whole |"
            r"original )?(?:article|page|post)|\bwhere (?:can|do|could) i (?:read|find|see) "
            r"(?:the|this) (?:full |whole |original |rest of the )?(?:article|page|post|text)"
            r"|\bfull article\b",
        ),
    )
)
_NUMBERS = r"(?:two|three|four|five|six|seven|\d)"
_NOUNS = (
    r"(?:causes?|reasons?|factors?|contributors?|signs?|types?|kinds?|forms?|examples?|ways?|steps?|"
    r"tips?|emotions?|feelings?|behaviou?rs?|effects?|impacts?|things?|points?|suggestions?|options?|"
    r"stressors?|symptoms?|sorts?)"
)
_LIST = re.compile(
    rf"\blist\b|\bname (?:all|the|some|every|{_NUMBERS})\b|\b(?:all|each) (?:of )?(?:the )?\w* ?{_NOUNS}\b"
    rf"|\bwhat (?:are|were) (?:the|some|its|their|common|typical|main|those|these|{_NUMBERS})\b"
    rf"|\b(?:which|what) (?:\S+ ){{0,2}}?{_NOUNS} (?:are|can|do|does|could|should|might|come|of|is|"
    rf"to|for|cause|lead|make|will|would|may|that|people)\b"
    rf"|\b{_NUMBERS} (?:\S+ ){{0,2}}?{_NOUNS}\b|\b(?:causes|signs|types|kinds|forms|examples|steps|"
    r"tips|reasons|ways|red flags|warning signs)\b"
    r"|\bhow many\b|\b(?:what|how) (?:can|should|could|do|must) (?:i|we|you|someone|a person|people)"
    r" (?:do|start|begin|rebuild|reconnect|fix|take|try)\b|\bhow (?:can|do|could) (?:\S+ ){1,4}be "
    r"(?:rebuilt|fixed|repaired|restored|recogni[sz]ed)\b|\bwhere (?:do|can|should) (?:i|we) "
    r"(?:start|begin)\b|\bsigns\b"
)
_ORDINALS = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3,
    "fifth": 4, "5th": 4, "sixth": 5, "6th": 5, "seventh": 6, "7th": 6, "last": -1, "final": -1,
}  # fmt: skip
_CARDINALS = {"one": 0, "two": 1, "three": 2, "four": 3, "five": 4, "six": 5, "seven": 6}
_ORDINAL = re.compile(
    rf"\b(?P<nth>{'|'.join(_ORDINALS)})\s+(?:one|{_NOUNS}|item|bullet|listed|in the list|on the list)\b"
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
    "it that this those these them they their there one ones other both its he his him she her".split()
)
_PERSONS = frozenset("he his him she her their they".split())
_SPLIT = re.compile(
    r"(?<=[?])\s+(?:and\s+|also\s+)?"
    r"|,?\s+(?:and|or)\s+(?:also\s+)?(?=(?:what|how|why|who|where|when|which)\s+(?:\S+\s+){1,}\S+)"
    r"|,\s+(?:and\s+)?(?=(?:is|are|can|could|do|does|did|should|would|will|has|have)\s+"
    r"(?:it|i|we|that|this|there|he|she|they|you|the|both|couples?|people)\s+\S+)",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"^(?:and |so |but )?(?:what|how|why|who|where|when|which|whose|is|are|am|can|could|do|does|did|"
    r"should|would|will|has|have|was|were)\b",
    re.IGNORECASE,
)
_MOST_PARTS = 4
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
_DIGITS = re.compile(r"\b(?:phone|mobile|telephone|contact) (?:number|details)|\bnumber\b|\bemail\b")


def chat(text: str) -> Chat | None:
    """What kind of small talk the whole of ``text`` is, or ``None``."""
    plain = _plain(text)
    for kind, pattern in _CHAT:
        if pattern.match(plain):
            return kind
    return None


def without_greeting(text: str) -> str:
    """``text`` without a greeting that only opens it."""
    rest = _OPENING.sub("", text, count=1).strip()
    return rest or text


def fact(text: str) -> Fact | None:
    """Which fact about the document itself is asked for, or ``None``."""
    plain = _plain(text)
    for kind, pattern in _FACTS:
        if pattern.search(plain):
            return kind
    return None


def wants_list(text: str) -> bool:
    """Whether a list would answer ``text``."""
    return _LIST.search(text.lower()) is not None


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
    return bool(pointers - _PERSONS and content <= 3 or pointers and content <= 1)


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
    parts: list[str] = []
    pending = ""
    for piece in _SPLIT.split(text):
        joined = f"{pending} {piece}".strip()
        asks = piece.rstrip().endswith("?") or _QUESTION.match(piece.strip())
        if asks and len(words(piece)) >= _FEWEST_WORDS:
            parts.append(joined)
            pending = ""
        else:
            pending = joined
    if pending:
        if not parts:
            return [text]
        parts[-1] = f"{parts[-1]} {pending}"
    return parts if len(parts) <= _MOST_PARTS else [text]


def about_contact(text: str) -> bool:
    """Whether ``text`` asks how to reach the people behind the programs."""
    low = text.lower()
    return bool(_CONTACT.search(low) and _PROGRAM.search(low))


def wants_number(text: str) -> bool:
    """Whether a phone number or address is asked for, and nothing the article could tell."""
    return about_contact(text) and _DIGITS.search(text.lower()) is not None


def _plain(text: str) -> str:
    """``text`` in lower case, without punctuation at its ends or commas within."""
    low = " ".join(text.lower().replace("’", "'").replace(",", " ").split())
    return re.sub(r"^[^\w]+|[^\w]+$", "", re.sub(r"[!.?]+(?=\s)", "", low))
