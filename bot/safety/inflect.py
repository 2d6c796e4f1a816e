"""The forms of English verbs, so that the rules file lists each verb once."""

from __future__ import annotations

import re

FORMS = ("base", "s", "past", "ing")
#: What may stand ahead of the verb of an entry: adverbs, negations, the first half of compounds.
_AHEAD = re.compile(
    r"(?:(?!bully|rely|reply|apply|fly|rally)[a-z]+ly"
    r"|king|coward|sucker|guilt|self|not|never) (?=\S)"
)
_DOUBLED = re.compile(r"^[^aeiou]*[aeiou][bdglmnprt]$|(?:mit|forget|begin)$")


def inflect(line: str) -> dict[str, tuple[str, ...]]:
    """The spellings of each form of one verb entry.

    ``line`` is ``base``, ``base|past`` or ``base|past|participle`` (an irregular past is
    given, a regular one derived), and further words that follow every form: ``"bash"``,
    ``"strike|struck"``, ``"beat|beat|beaten up"``, or with the words behind each:
    ``"run over|ran over"``. Adverbs and the like may stand ahead (``"sexually assault"``,
    ``"king hit|hit"``). ``past`` holds the past tense and the participle, since people use one
    for the other.
    """
    first, *more = _alternatives(line.strip())
    ahead = _AHEAD.match(first)
    lead = ahead[0] if ahead else ""
    first, *more = (part.removeprefix(lead) for part in (first, *more))
    base, _, rest = first.partition(" ")
    if not rest and more:
        *more, last = more
        last, _, rest = last.partition(" ")
        more.append(last)
    elif more:
        more = [part.removesuffix(f" {rest}") for part in more]
    forms = {
        "base": (base,),
        "s": (_third_person(base),),
        "past": tuple(dict.fromkeys(more or [_regular_past(base)])),
        "ing": (_present_participle(base),),
    }
    return {
        form: tuple(f"{lead}{each} {rest}".rstrip() for each in spellings)
        for form, spellings in forms.items()
    }


def _alternatives(line: str) -> list[str]:
    """A line split at each ``|`` outside brackets."""
    parts = [""]
    depth = 0
    for sign in line:
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _stem(base: str) -> str:
    return base + base[-1] if _DOUBLED.search(base) else base


def _regular_past(base: str) -> str:
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ied"
    return _stem(base) + "ed"


def _third_person(base: str) -> str:
    if base.endswith(("s", "x", "z", "ch", "sh", "o")):
        return base + "es"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ies"
    return base + "s"


def _present_participle(base: str) -> str:
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith(("ee", "oe")) and base != "be":
        return base[:-1] + "ing"
    return _stem(base) + "ing"
