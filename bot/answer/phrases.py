"""Recognising small talk and questions about the document itself, by their wording."""

from __future__ import annotations

import re
from typing import Literal

Chat = Literal[
    "greeting", "how_are_you", "thanks", "farewell", "acknowledged", "who", "abilities", "privacy"
]
Fact = Literal[
    "author", "organisation", "published", "reading_time", "title", "topics", "views", "link"
]

_HELLO = (
    r"(?:hi+|hello|hey+|hiya|howdy|g'?day|greetings|kia ora|yo|"
    r"good (?:morning|afternoon|evening|day))(?: there| bot| mate| all| everyone)?"
)
_OPENING = re.compile(rf"^\s*{_HELLO}\s*[,.!:;-]+\s+|^\s*{_HELLO}\s+(?=\S+\s+\S+)", re.IGNORECASE)
_THIS = r"(?:it|this|that|(?:the|this|that|your) (?:article|page|text|post|blog|piece|story))"
_PAGE = r"(?:this|(?:the|this|your) (?:article|page|text|post|blog|piece|story))"
_CHAT_WORDS: tuple[tuple[Chat, str], ...] = (
    ("greeting", rf"{_HELLO}|hi {_HELLO}|test|testing|anyone there|is anyone there"),
    (
        "how_are_you",
        r"(?:and )?how (?:are|r) (?:you|u)(?: today| going| doing)?|how'?s it going",
    ),
    (
        "thanks",
        r"(?:ok(?:ay)? |great |oh |wow |perfect )?(?:thanks?|thank you|ta|cheers|thx|many thanks"
        r"|much appreciated|appreciate it)(?: (?:so much|very much|a lot|heaps|again|you|mate"
        r"|bot|for (?:your|the|all your) (?:help|info|information|answer)|for (?:that|this)"
        r"|(?:that|this)(?: (?:was|is|really|very))* (?:helps?|helpful|helped|useful|great)"
        r"|that'?s (?:very |really )?(?:helpful|useful|great|good)))*"
        r"|that(?: was|'s| is| really| has)*(?: very| really)? (?:helpful|helped|helps|useful)",
    ),
    (
        "farewell",
        r"(?:ok(?:ay)? )?(?:good ?bye|bye+|bye bye|see (?:you|ya)(?: later)?|good ?night|"
        r"take care|cya|that'?s all|i'?m done)(?: (?:for now|then|thanks|bye))*",
    ),
    (
        "acknowledged",
        r"(?:ok|okay|k|kk|yes|yeah|yep|no|nah|nope|sure|right|cool|great|good|fine|"
        r"alright|i see|got it|hm+|lol|haha|wow|oh|sorry|good to know)",
    ),
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
        r"|what (?:can|should|could|do) i ask(?: you)?(?: about)?"
        r"|what (?:is|'s) this(?: chat| bot)?"
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
_FACT_WORDS: tuple[tuple[Fact, str], ...] = (
    (
        "reading_time",
        rf"\breading time\b|\bhow (?:long|many minutes|much time).* (?:to |the )?read(?:ing)?\b"
        rf"(?: {_THIS})?|\bhow long is (?:the|this) (?:article|page|text|post|read)\b"
        r"|\bhow (?:long|much time)\b.* (?:get through|finish) (?:the|this) "
        r"(?:whole |entire |full )?(?:article|page|text|post)\b|\bhow many minutes\b.*\barticle\b"
        r"|\bquick read\b|\blong read\b",
    ),
    (
        "author",
        rf"\bwho (?:wrote|writes|authored|penned) {_THIS}|\bwho(?: is|'s|s)? (?:the )?(?:author|"
        rf"writer)\b|^(?:the )?author(?: name| of (?:the|this) article)?$|\b(?:was|is) {_THIS} "
        rf"written by\b|\b{_THIS} (?:was )?written by who|\bauthor of {_THIS}|\bwritten by whom\b",
    ),
    (
        "published",
        rf"\bwhen (?:was|did|is|were) (?:{_THIS}|you) (?:first )?(?:published|written|posted|"
        rf"put up|come out|from|publish|written|go up|last updated|updated|made)"
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
        "topics",
        r"\b(?:topics?|tags?|categor(?:y|ies)|headings?|sections?) (?:is|are|was|does|do|did) "
        rf"{_THIS} (?:in|under|filed|listed|posted|tagged|come|fall|belong|sit)\b"
        rf"|\b{_THIS} (?:is |was )?(?:filed|tagged|categori[sz]ed)\b|\bfiled under\b"
        rf"|\b(?:tags|categor(?:y|ies)) (?:of|on|for) {_THIS}"
        rf"|\bwhat (?:tags|categor(?:y|ies)) (?:does|do|has) {_THIS} have",
    ),
    (
        "views",
        r"\bpage views?\b|\bview count\b"
        rf"|\bhow popular is {_THIS}|\bhow many (?:views|visits|visitors|clicks|hits) (?:has|have|"
        rf"had|did|does|on|for) {_THIS}"
        r"|\b(?:how (?:many|often)|have (?:many|lots of|a lot of)) .*"
        rf"(?:read|seen|viewed|visited|opened|looked at|clicked on) {_PAGE}$"
        rf"|\bhow (?:many times|often) (?:was|has|is) {_THIS} (?:been )?"
        r"(?:read|seen|viewed|visited|opened|looked at|clicked on)\b",
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
#: A subject ends where the question about it goes on.
_WHICH = re.compile(
    r"\b(article|page|text|post|leaflet) (?:about|on|called|titled|named) (.+?)"
    r"(?=,? (?:first )?(?:published|written|posted|updated|put|come|made|called|from)\b"
    r"|[?.!]*\s*$)",
    re.IGNORECASE,
)
_CHAT = [(kind, re.compile(rf"^(?:{pattern})$")) for kind, pattern in _CHAT_WORDS]
_FACTS = [(kind, re.compile(pattern)) for kind, pattern in _FACT_WORDS]


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


def which_article(text: str) -> tuple[str, str]:
    """``text`` with "the article about X" as "the article", and that X; empty if none is named."""
    match = _WHICH.search(text)
    return (text, "") if match is None else (_WHICH.sub(r"\1", text, count=1), match[2])


def _plain(text: str) -> str:
    """``text`` in lower case, without punctuation at its ends or commas within."""
    low = " ".join(text.lower().replace("’", "'").replace(",", " ").split())
    return re.sub(r"^[^\w]+|[^\w]+$", "", re.sub(r"[!.?]+(?=\s)", "", low))
