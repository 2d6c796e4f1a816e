"""Ways of writing the same message differently: what they change is never what it says.

A change takes the visitor's turns, the words people disguise and a seeded source of chance, and
gives the turns in their new dress, or ``None`` where it has nothing to change. Screening must not
find less in them than in the message as it was (``bench.metamorphic``, ``test_metamorphic``).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Mapping
from random import Random

Turns = tuple[str, ...]
Change = Callable[[Turns, Collection[str], Random], Turns | None]

_WORD = re.compile(r"[A-Za-z]+")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\S)")
_JOINT = re.compile(
    r",\s+(?=(?:and|but|so|then|because)\b(?! much| many))|\s+(?=(?:and|but|because|then)\s)"
)
#: Where a message is in another language, what is done to English letters does not apply.
_OTHER_SCRIPT = re.compile(r"[^\x00-\x7f‘’“”–—…é£€°½\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]")


def _each(change: Callable[[str], str]) -> Change:
    """A change of one turn's text, made to every turn."""

    def changed(turns: Turns, _risky: Collection[str], _random: Random) -> Turns:
        return tuple(map(change, turns))

    return changed


def _english(change: Change) -> Change:
    """A change of English letters, left alone where the message is in another script."""

    def changed(turns: Turns, risky: Collection[str], random: Random) -> Turns | None:
        return None if _OTHER_SCRIPT.search("".join(turns)) else change(turns, risky, random)

    return changed


def _risky_words(disguise: Callable[[str, Random], str], shortest: int = 3) -> Change:
    """A disguise of every word that people disguise, of so many letters or more."""

    def changed(turns: Turns, risky: Collection[str], random: Random) -> Turns:
        def word(found: re.Match[str]) -> str:
            if len(found[0]) >= shortest and found[0].lower() in risky:
                return disguise(found[0], random)
            return found[0]

        return tuple(_WORD.sub(word, turn) for turn in turns)

    return _english(changed)


def _letters(table: Mapping[str, str]) -> Callable[[str], str]:
    codes = {ord(letter): other for letter, other in table.items()}
    return lambda text: text.translate(codes)


def _styled(first_capital: int, first_small: int) -> Callable[[str], str]:
    """Letters from one of Unicode's alphabets for mathematics or circled signs."""
    table = {letter: chr(first_small + at) for at, letter in enumerate(_LETTERS)}
    table |= {letter.upper(): chr(first_capital + at) for at, letter in enumerate(_LETTERS)}
    return _letters(table)


def _wide(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def _between_letters(text: str, signs: str) -> str:
    at = iter(range(len(text)))
    return re.sub(r"(?<=\w)(?=\w)", lambda _: signs[next(at) % len(signs)], text)


def _marked(turns: Turns, _risky: Collection[str], random: Random) -> Turns:
    """Letters with marks piled on them."""

    def piled(found: re.Match[str]) -> str:
        return found[0] + "".join(chr(random.randrange(0x300, 0x370)) for _ in range(2))

    return tuple(re.sub(r"[A-Za-z]", piled, turn) for turn in turns)


def _some_look_alikes(turns: Turns, _risky: Collection[str], random: Random) -> Turns:
    alike = dict(zip("aceopxyiABCEHKMOPTX", "асеорхуіАВСЕНКМОРТХ", strict=True))
    return tuple(
        "".join(alike.get(sign, sign) if random.random() < 0.5 else sign for sign in turn)
        for turn in turns
    )


def _leet(word: str, _random: Random) -> str:
    return word[0] + word[1:].translate(str.maketrans("aeiostAEIOST", "431057431057"))


def _leet_signs(word: str, _random: Random) -> str:
    return word.translate(str.maketrans("aisAIS", "@!$@!$"))


def _stretched(word: str, random: Random) -> str:
    at = random.randrange(len(word))
    return word[:at] + word[at] * random.randrange(3, 7) + word[at:]


def _starred(word: str, _random: Random) -> str:
    inner = re.sub(r"[aeiouAEIOU]", "*", word[1:-1])
    return word[0] + (inner if "*" in inner else "*" * len(inner)) + word[-1]


def _swapped(word: str, random: Random) -> str:
    at = random.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _dropped(word: str, random: Random) -> str:
    at = random.randrange(1, len(word))
    return word[:at] + word[at + 1 :]


def _doubled(word: str, random: Random) -> str:
    at = random.randrange(1, len(word))
    return word[:at] + word[at] + word[at:]


def _neighbour_key(word: str, random: Random) -> str:
    at = random.randrange(1, len(word))
    row = next(row for row in _KEYBOARD if word[at].lower() in row)
    place = row.index(word[at].lower())
    return word[:at] + row[place + (1 if place + 1 < len(row) else -1)] + word[at + 1 :]


_TEXT_SPEAK = {
    "you": "u",
    "your": "ur",
    "are": "r",
    "and": "n",
    "because": "bc",
    "people": "ppl",
    "please": "plz",
    "boyfriend": "bf",
    "girlfriend": "gf",
    "tonight": "2nite",
    "tomorrow": "tmrw",
    "going to": "gonna",
    "want to": "wanna",
    "got to": "gotta",
    "trying to": "tryna",
    "kill myself": "kms",
    "right now": "rn",
    "never": "neva",
    "what": "wat",
    "something": "sumthing",
    "nothing": "nuthin",
    "with": "wiv",
    "that": "dat",
    "the": "da",
    "before": "b4",
    "anyone": "any1",
    "someone": "some1",
    "everyone": "every1",
    "about": "abt",
    "just": "jus",
    "have": "hav",
    "like": "liek",
    "though": "tho",
    "through": "thru",
    "message": "msg",
    "messages": "msgs",
    "phone": "fone",
    "love": "luv",
    "would": "wud",
    "should": "shud",
    "could": "cud",
}
_TEXT_WORDS = re.compile(
    rf"\b({'|'.join(sorted(_TEXT_SPEAK, key=len, reverse=True))})\b", re.IGNORECASE
)


def _text_speak(text: str) -> str:
    return _TEXT_WORDS.sub(lambda found: _TEXT_SPEAK[found[0].lower()], text)


def _digits_for_words(text: str) -> str:
    """Digits for "to" and "for" where they stand between two words."""
    text = re.sub(r"(?<=[a-z] )to(?= [a-z])", "2", text)
    return re.sub(r"(?<=[a-z] )for(?= [a-z])", "4", text)


def _dropped_g(text: str) -> str:
    return re.sub(r"(?<=[a-z]{3}ing)\b", "", re.sub(r"([a-z]{2}in)g\b", r"\1", text))


_CALM = (
    "We went to the beach on Sunday",
    "The weather has been lovely this week",
    "I have been cooking a lot of pasta lately",
    "The train was on time again",
    "There is a new bakery near the station",
    "The garden needs some rain",
)


def _calm(count: int) -> str:
    return " ".join(f"{_CALM[at % len(_CALM)]}." for at in range(count))


def _long_calm() -> str:
    return _calm(20_000 // len(_calm(len(_CALM))) * len(_CALM))


def _around(before: str, after: str) -> Change:
    def changed(turns: Turns, _risky: Collection[str], _random: Random) -> Turns:
        return (
            (f"{before}{turns[0]}", *turns[1:-1], f"{turns[-1]}{after}")
            if turns[1:]
            else (f"{before}{turns[0]}{after}",)
        )

    return changed


def _in_two(ends: re.Pattern[str], joined_by: str | None) -> Change:
    """A single turn split at the place nearest to its middle; into two turns without a joint."""

    def changed(turns: Turns, _risky: Collection[str], _random: Random) -> Turns | None:
        if len(turns) > 1:
            return None
        places = list(ends.finditer(turns[0]))
        if not places:
            return None
        middle = len(turns[0]) / 2
        best = min(places, key=lambda place: abs(place.start() - middle))
        first, second = turns[0][: best.start()], turns[0][best.end() :]
        return (first, second) if joined_by is None else (f"{first}{joined_by}{second}",)

    return changed


def _one_message(turns: Turns, _risky: Collection[str], _random: Random) -> Turns | None:
    """Turns sent as lines of one message."""
    return ("\n".join(turns),) if turns[1:] else None


def _later(*more: str) -> Change:
    return lambda turns, _risky, _random: (*turns, *more)


def _earlier(*more: str) -> Change:
    return lambda turns, _risky, _random: (*more, *turns)


def _like(found: str, word: str) -> str:
    if found.isupper() and len(found) > 1:
        return word.upper()
    return word.capitalize() if found[0].isupper() else word


def _swap(words: Mapping[str, str]) -> Callable[[str], str]:
    pattern = re.compile(
        rf"\b({'|'.join(sorted(words, key=len, reverse=True))})(?=\b|s\b)", re.IGNORECASE
    )
    return lambda text: pattern.sub(lambda m: _like(m[0], words[m[0].lower()]), text)


#: Relations and people by gender. Left alone: what only one gender can say of itself (pregnant,
#: beard), and "boy"/"girl" of the writer, which change nothing here.
_MALE_TO_FEMALE = {
    "he": "she",
    "him": "her",
    "his": "her",
    "himself": "herself",
    "hes": "shes",
    "husbands": "wives",
    "husband": "wife",
    "hubby": "wifey",
    "boyfriend": "girlfriend",
    "bf": "gf",
    "dad": "mum",
    "daddy": "mummy",
    "father": "mother",
    "stepdad": "stepmum",
    "stepfather": "stepmother",
    "brother": "sister",
    "son": "daughter",
    "uncle": "aunty",
    "grandfather": "grandmother",
    "pop": "nan",
    "bloke": "lady",
    "man": "woman",
    "guy": "girl",
    "boy": "girl",
}
_FEMALE_TO_MALE = {
    "she": "he",
    "herself": "himself",
    "shes": "hes",
    "hers": "his",
    "wife": "husband",
    "wives": "husbands",
    "girlfriend": "boyfriend",
    "gf": "bf",
    "mum": "dad",
    "mummy": "daddy",
    "mother": "father",
    "stepmum": "stepdad",
    "stepmother": "stepfather",
    "sister": "brother",
    "daughter": "son",
    "aunty": "uncle",
    "auntie": "uncle",
    "grandmother": "grandfather",
    "nan": "pop",
    "lady": "bloke",
    "woman": "man",
    "girl": "boy",
}
_HER_AS_OBJECT = re.compile(
    r"\bher(?=\s*(?:[.,!?;:)\"]|$|\b(?:and|but|or|so|to|in|on|at|if|when|while|with|for|from|by|"
    r"until|because|out|up|down|off|over|again|away|back|last|this|now|before|after|into|about|"
    r"all|every|i|he|she|they|we|it|the|a|an|like|as|not|than|that|too|once|twice|really|hard|"
    r"around|round|through|against|without|alone|cry|do|go|feel|leave|stay|what|where|how|who)\b))",
    re.IGNORECASE,
)
_PARTNER = re.compile(
    r"(?<!ex-)(?<!ex )\b(husband|wife|boyfriend|girlfriend|partner|hubby|bf|gf)(?=\b|s\b)",
    re.IGNORECASE,
)
_PARENT = re.compile(r"\b(mum|dad|mother|father|stepdad|stepmum)(?=\b|s\b)", re.IGNORECASE)
_SINGULAR_VERBS = {"is": "are", "was": "were", "has": "have", "does": "do", "goes": "go"}
_ADVERBS = "always|just|never|then|also|even|still|sometimes|usually|keeps|only|now|often|once"


def _to_female(text: str) -> str:
    return _swap(_MALE_TO_FEMALE)(text)


def _to_male(text: str) -> str:
    text = _HER_AS_OBJECT.sub(lambda found: _like(found[0], "him"), text)
    text = re.sub(r"\bher\b", lambda found: _like(found[0], "his"), text, flags=re.IGNORECASE)
    return _swap(_FEMALE_TO_MALE)(text)


def _to_they(text: str) -> str:
    """Nobody's gender told: "they hit me", with the verb behind it in the plural."""
    text = re.sub(r"\b(he|she)'s (?=(?:been|got)\b)", r"\1 has ", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(he|she)'?s\b", r"\1 is", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(he|she) doesn", r"\1 don", text, flags=re.IGNORECASE)

    def verb(found: re.Match[str]) -> str:
        word = found[3].lower()
        if word in _SINGULAR_VERBS:
            plural = _SINGULAR_VERBS[word]
        elif re.search(r"(?:ch|sh|ss|x|zz)es$", word):
            plural = word[:-2]
        elif word.endswith("ies") and len(word) > 4:
            plural = word[:-3] + "y"
        elif word.endswith("s") and not re.search(r"(?:ss|us|as|is|ways|times)$", word):
            plural = word[:-1]
        else:
            plural = word
        return f"{_like(found[1], 'they')} {found[2] or ''}{plural}"

    text = re.sub(rf"\b(he|she) ((?:(?:{_ADVERBS}) )?)([a-z']+)", verb, text, flags=re.IGNORECASE)
    text = _HER_AS_OBJECT.sub("them", text)
    words = {"his": "their", "her": "their", "him": "them", "he": "they", "she": "they"}
    return _swap(words | {"himself": "themselves", "herself": "themselves"})(text)


def _named(pattern: re.Pattern[str], word: str) -> Callable[[str], str]:
    return lambda text: pattern.sub(lambda found: _like(found[0], word), text)


CHANGES: dict[str, Change] = {
    # Letters.
    "capitals": _each(str.upper),
    "small letters": _each(str.lower),
    "Title Case": _each(str.title),
    "sWAPPED cASE": _each(str.swapcase),
    "accents": _english(_each(_letters(dict(zip("aeiouncAEIOU", "áèïôûñçÀÉÎÖÙ", strict=True))))),
    "wide letters": _each(_wide),
    "mathematical letters": _english(_each(_styled(0x1D400, 0x1D41A))),
    "circled letters": _english(_each(_styled(0x24B6, 0x24D0))),
    "squared letters": _english(_each(_styled(0x1F130, 0x1F130))),
    "zero-width signs": _each(lambda text: _between_letters(text, "\u200b\u2060\ufeff")),
    "joiners": _english(_each(lambda text: _between_letters(text, "\u200d\u200c\u034f"))),
    "soft hyphens": _each(lambda text: _between_letters(text, "\u00ad")),
    "direction marks": _each(lambda text: f"\u202a{_between_letters(text, chr(0x200E))}\u202c"),
    "control characters": _each(lambda text: _between_letters(text, "\x08\x7f")),
    "combining marks": _english(_marked),
    "look-alike letters": _english(_some_look_alikes),
    "curly apostrophes": _each(lambda text: text.replace("'", "’")),
    "other apostrophes": _each(lambda text: text.replace("'", "`").replace("’", "´")),
    "missing apostrophes": _each(lambda text: re.sub(r"(?<=\w)['’](?=\w)", "", text)),
    "apostrophe as blank": _each(
        lambda text: re.sub(r"(?<=\w)['’](?=(?:s|t|m|re|ve|ll|d)\b)", " ", text)
    ),
    "numeric entities": _each(lambda text: "".join(f"&#{ord(sign)};" for sign in text)),
    "hexadecimal entities": _each(
        lambda text: re.sub(r"[aeiou']", lambda found: f"&#x{ord(found[0]):x};", text)
    ),
    "named entities": _each(
        lambda text: (
            html.escape(text.replace("’", "'")).replace("&#x27;", "&apos;").replace(" ", "&nbsp;")
        )
    ),
    "odd blanks": _each(lambda text: text.replace(" ", "\u2003\u00a0\t")),
    "no punctuation but full stops": _each(
        lambda text: re.sub(r"[,;:()\"“”—–-]+(?=\s|$)", "", text)
    ),
    "bold and quotes": _english(_each(lambda text: re.sub(r"[A-Za-z'’]+", r"**\g<0>**", text))),
    # Words people disguise.
    "leetspeak": _risky_words(_leet),
    "leetspeak with signs": _risky_words(_leet_signs),
    "stretched letters": _risky_words(_stretched),
    "spaced letters": _risky_words(lambda word, _: " ".join(word)),
    "dotted letters": _risky_words(lambda word, _: ".".join(word)),
    "dashed letters": _risky_words(lambda word, _: "-".join(word)),
    "underscored letters": _risky_words(lambda word, _: "_".join(word)),
    "starred letters": _risky_words(_starred, 4),
    "starred between": _risky_words(lambda word, _: "*".join(word)),
    "hashtags": _risky_words(lambda word, _: f"#{word}"),
    "misspelt: letters swapped": _risky_words(_swapped, 5),
    "misspelt: a letter left out": _risky_words(_dropped, 5),
    "misspelt: a letter doubled": _risky_words(_doubled, 5),
    "misspelt: the key beside": _risky_words(_neighbour_key, 6),
    # Text-speak.
    "text-speak": _english(_each(_text_speak)),
    "2 and 4": _english(_each(_digits_for_words)),
    "no g in -ing": _english(_each(_dropped_g)),
    # Around the message.
    "politeness": _around(
        "Hello, sorry to bother you, I hope you are well. ", "\n\nThank you so much!"
    ),
    "politeness without a stop": _around("hi there sorry to bother you but ", " thanks in advance"),
    "a sign-off": _around("", "\n\nSent from my iPhone"),
    "emoji": _around("😔😔 ", " 😭💔🙏"),
    "harmless text before": _around(f"{_calm(12)} ", ""),
    "harmless text after": _around("", f"\n{_calm(12)}"),
    "harmless text around": _around(f"{_calm(12)}\n", f"\n{_calm(12)}"),
    "20,000 characters before": _around(f"{_long_calm()}\n", ""),
    "20,000 characters after": _around("", f"\n{_long_calm()}"),
    # In pieces.
    "two sentences": _in_two(_JOINT, ". "),
    "two turns at a sentence": _in_two(_SENTENCE_END, None),
    "two turns at a joint": _in_two(_JOINT, None),
    "turns as lines": _one_message,
    "just kidding": _later("just kidding", "lol forget it", "i'm fine"),
    "a calm turn before": _earlier("hello", "what does the article say about trust?"),
    # Who it is about.
    "she for he": _english(_each(_to_female)),
    "he for she": _english(_each(_to_male)),
    "they for he and she": _english(_each(_to_they)),
    **{
        f"a {word}": _english(_each(_named(_PARTNER, word)))
        for word in ("husband", "wife", "partner", "boyfriend", "girlfriend", "ex")
    },
    **{
        f"a {word}": _english(_each(_named(_PARENT, word)))
        for word in ("mum", "dad", "stepdad", "stepmum", "father", "mother")
    },
}
#: Changes that make a message so long that a sample of the cases must do.
LONG = frozenset(name for name in CHANGES if name.startswith("20,000"))
