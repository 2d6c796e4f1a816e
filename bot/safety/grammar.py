"""The pattern language of the rules file, and its translation to RE2.

A pattern is a line of words and a few signs::

    {partner} ~ {hurt.past} me       a vocabulary, a gap of up to three words, a verb form, a word
    (wish|wishing) i was [not] here  alternatives; an optional word
    strangl*                         any known word that begins so, or an unknown one that does
    he ~5 {weapon}                   a gap of up to five words
    ^ goodbye everyone $             the start and the end of a sentence
    !{thing} hit me                  one word that is not in a vocabulary
    _ is dead                        exactly one word, whatever it is

Matching does not run on letters: ``bot.safety.words`` turns a message into a string with one
code point for each word, and a pattern becomes a small RE2 expression over these code points.
So a word can never match inside another word, a gap cannot leave its sentence, and a match
gives the numbers of the words it covers.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from operator import itemgetter

from bot.safety.inflect import FORMS, inflect

STOP = "."
QUESTION = "?"
UNKNOWN = "x"
NUMBER = "0"
_INSIDE = "[^.?]"
_DEFAULT_GAP = 3
_LONGEST_GAP = 12
#: Brackets within brackets.
_DEEPEST = 20
_TOKEN = re.compile(
    r"\s*(?:(?P<sign>!?\{[a-z_]+(?:\.[a-z]+)?\}|~[0-9]{0,4}|[\[\](|)^$_])"
    r"|(?P<word>[^\s\[\](){}|^$~!_.*?,;:\"]+\*?))"
)


class PatternError(ValueError):
    """A pattern, or a vocabulary entry, that cannot be read; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word, or with ``prefix`` any word that begins with it."""

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A reference to a vocabulary, or to one form of the verbs in it."""

    name: str
    form: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """A piece of RE2 that needs no translation: a gap, a boundary, any one word."""

    regex: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several sequences; ``optional`` adds the empty one."""

    options: tuple[tuple[Node, ...], ...]
    optional: bool = False


Node = Word | Named | Raw | Choice
BOUNDARY = Raw("[.?]")
#: Words that people put ahead of what they have to say, and behind it, without a full stop:
#: ``^`` holds behind the first too, ``$`` before the second.
OPENERS = frozenset("anyway honestly sorry hi hello please well ok okay but".split())
CLOSERS = frozenset("thanks thank please sorry cheers lol haha".split())


def parse(pattern: str) -> tuple[Node, ...]:
    """The nodes of a pattern; ``PatternError`` says what is wrong and near which word."""
    tokens = _tokens(pattern)
    options, closing, _ = _alternatives(tokens, 0)
    if closing:
        raise PatternError(f"'{closing}' has nothing to close")
    nodes = options[0] if len(options) == 1 else (Choice(options),)
    if not any(isinstance(node, Word | Named | Choice) for node in nodes):
        raise PatternError("it has no word in it, so it would match almost anything")
    return nodes


def _tokens(pattern: str) -> list[str]:
    tokens = []
    position = 0
    text = pattern.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise PatternError(f"'{text[position:].strip()[:20]}' cannot be read")
        tokens.append(found["sign"] or found["word"])
        position = found.end()
    return tokens


def _alternatives(
    tokens: list[str], position: int, depth: int = 0
) -> tuple[tuple[tuple[Node, ...], ...], str, int]:
    """Sequences up to a closing sign: the options, that sign (or ``""``), the next position."""
    if depth > _DEEPEST:
        raise PatternError(f"there are more than {_DEEPEST} brackets within each other")
    options: list[tuple[Node, ...]] = []
    sequence: list[Node] = []
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token in {")", "]"}:
            return _closed(options, sequence), token, position
        if token == "|":
            options.append(tuple(sequence))
            sequence = []
        elif token in {"(", "["}:
            inner, closing, position = _alternatives(tokens, position, depth + 1)
            if closing != {"(": ")", "[": "]"}[token]:
                raise PatternError(f"'{token}' is not closed")
            sequence.append(Choice(inner, optional=token == "["))
        else:
            sequence.append(_atom(token))
    return _closed(options, sequence), "", position


def _closed(options: list[tuple[Node, ...]], sequence: list[Node]) -> tuple[tuple[Node, ...], ...]:
    every = (*options, tuple(sequence))
    if not all(every):
        raise PatternError("there is an empty alternative beside '|' or inside brackets")
    return every


def _atom(token: str) -> Node:
    if token.startswith("~"):
        width = int(token[1:] or _DEFAULT_GAP)
        if not 1 <= width <= _LONGEST_GAP:
            raise PatternError(f"a gap is 1 to {_LONGEST_GAP} words, not {width}")
        return Raw(f"{_INSIDE}{{0,{width}}}")
    if token in {"^", "$"}:
        return BOUNDARY
    if token == "_":
        return Raw(_INSIDE)
    if token.endswith("}"):
        name, _, form = token.strip("!{}").partition(".")
        if form and form not in FORMS:
            raise PatternError(f"'.{form}' is not a verb form; there are {', '.join(FORMS)}")
        return Named(name, form, negated=token.startswith("!"))
    prefix = token.endswith("*")
    return Word(token.rstrip("*"), prefix)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A named word list that patterns share.

    ``entries`` are patterns themselves. Of a list of verbs, ``forms`` holds the entries of
    each form, and ``entries`` all of them.
    """

    name: str
    entries: tuple[tuple[Node, ...], ...]
    forms: Mapping[str, tuple[tuple[Node, ...], ...]] = field(default_factory=dict)


def word_list(name: str, lines: list[str]) -> Vocabulary:
    """A vocabulary of words and phrases; ``PatternError`` names the entry at fault."""
    return Vocabulary(name, tuple(_entry(line) for line in lines))


def verb_list(name: str, lines: list[str]) -> Vocabulary:
    """A vocabulary of verbs, each line as ``bot.safety.inflect.inflect`` reads it."""
    forms: dict[str, list[tuple[Node, ...]]] = {form: [] for form in FORMS}
    for line in lines:
        for form, spellings in inflect(line).items():
            forms[form] += [_entry(spelling) for spelling in spellings]
    every = dict.fromkeys(entry for entries in forms.values() for entry in entries)
    return Vocabulary(name, tuple(every), {form: tuple(entries) for form, entries in forms.items()})


def _entry(line: str) -> tuple[Node, ...]:
    try:
        return parse(line)
    except PatternError as error:
        raise PatternError(f"entry '{line}': {error}") from None


def words_in(nodes: tuple[Node, ...]) -> Iterator[Word]:
    """Every word of a pattern, those of its vocabularies not included."""
    for node in nodes:
        if isinstance(node, Word):
            yield node
        elif isinstance(node, Choice):
            for option in node.options:
                yield from words_in(option)


def names_in(nodes: tuple[Node, ...]) -> Iterator[Named]:
    """Every reference to a vocabulary in a pattern."""
    for node in nodes:
        if isinstance(node, Named):
            yield node
        elif isinstance(node, Choice):
            for option in node.options:
                yield from names_in(option)


Group = frozenset[str]
#: How common the words of a group are together, and the group.
_Weighed = tuple[int, Group]


class Translator:
    """Turns nodes into RE2 over the code points of a lexicon.

    ``frequency`` tells how common the word of a code point is, in any unit.
    """

    def __init__(
        self,
        vocabularies: Mapping[str, Vocabulary],
        codes: Mapping[str, str],
        frequency: Callable[[str], int] = lambda _code: 1,
    ) -> None:
        self._vocabularies = vocabularies
        self._codes = codes
        self._sorted_words = sorted(codes)
        self._frequency = frequency
        self._regexes: dict[tuple[str, str], str] = {}
        self._groups: dict[tuple[str, str], _Weighed | None] = {}
        self._words: dict[tuple[str, bool], _Weighed] = {}

    def regex(self, nodes: tuple[Node, ...]) -> str:
        """The RE2 expression of a sequence of nodes."""
        first, last = nodes[:1], nodes[-1:]
        parts = [self._node(node) for node in nodes]
        if first == (BOUNDARY,):
            parts[0] = self._boundary(OPENERS)
        if last == (BOUNDARY,):
            parts[-1] = self._boundary(CLOSERS)
        return "".join(parts)

    def _boundary(self, words: Set[str]) -> str:
        return f"[.?{''.join(sorted(self._codes[word] for word in words if word in self._codes))}]"

    def required(self, nodes: tuple[Node, ...]) -> list[Group]:
        """Groups of code points one of each of which is in every match, the rarest first."""
        weighed = {each for node in nodes if (each := self._group(node)) is not None}
        return [group for _, group in sorted(weighed, key=itemgetter(0))]

    def _group(self, node: Node) -> _Weighed | None:
        """The code points one of which is in every match of a node; ``None`` if none need be."""
        match node:
            case Word():
                return self._weighed_word(node)
            case Named(name, form, negated=False):
                key = (name, form)
                if key not in self._groups:
                    self._groups[key] = self._any_of(self._entries(name, form))
                return self._groups[key]
            case Choice(options, optional=False):
                return self._any_of(options)
        return None

    def _weighed_word(self, word: Word) -> _Weighed:
        key = (word.text, word.prefix)
        if key not in self._words:
            points = self._points(word)
            self._words[key] = sum(map(self._frequency, points)), points
        return self._words[key]

    def _any_of(self, options: tuple[tuple[Node, ...], ...]) -> _Weighed | None:
        """The rarest group of each option together; ``None`` if an option has none."""
        points: set[str] = set()
        weight = 0
        for option in options:
            groups = [each for node in option if (each := self._group(node)) is not None]
            if not groups:
                return None
            rarest = min(groups, key=itemgetter(0))
            points |= rarest[1]
            weight += rarest[0]
        return weight, frozenset(points)

    def _entries(self, name: str, form: str) -> tuple[tuple[Node, ...], ...]:
        vocabulary = self._vocabularies[name]
        return vocabulary.forms[form] if form else vocabulary.entries

    def _node(self, node: Node) -> str:
        match node:
            case Raw(regex):
                return regex
            case Word():
                return _class(self._points(node))
            case Named(name, form, negated):
                if negated:
                    return f"[^.?{''.join(sorted(self._single_words(name, form)))}]"
                return self._named(name, form)
            case Choice(options, optional):
                return f"(?:{self._options(options)}){'?' if optional else ''}"

    def _named(self, name: str, form: str) -> str:
        key = (name, form)
        if key not in self._regexes:
            self._regexes[key] = f"(?:{self._options(self._entries(name, form))})"
        return self._regexes[key]

    def _options(self, options: tuple[tuple[Node, ...], ...]) -> str:
        """Alternatives, those of a single word gathered in one character class, longest first."""
        points: set[str] = set()
        longer = []
        for option in options:
            if len(option) == 1 and isinstance(option[0], Word):
                points |= self._points(option[0])
            else:
                longer.append(self.regex(option))
        longer = list(dict.fromkeys(longer))
        return "|".join([*longer, _class(points)] if points else longer)

    def _single_words(self, name: str, form: str) -> set[str]:
        points: set[str] = set()
        for entry in self._entries(name, form):
            if len(entry) == 1 and isinstance(entry[0], Word):
                points |= self._points(entry[0])
            elif len(entry) == 1 and isinstance(entry[0], Named):
                points |= self._single_words(entry[0].name, entry[0].form)
        return points

    def _points(self, word: Word) -> Group:
        if not word.prefix:
            return frozenset((self._codes[word.text],))
        first = bisect_left(self._sorted_words, word.text)
        last = bisect_left(self._sorted_words, word.text + "\U0010ffff")
        return frozenset(self._codes[known] for known in self._sorted_words[first:last])


def _class(points: Set[str]) -> str:
    if len(points) == 1:
        return next(iter(points))
    return f"[{''.join(sorted(points))}]"
