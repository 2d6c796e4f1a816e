"""The forms of English verbs, so that the rules file lists each verb once."""

from __future__ import annotations

import re

FORMS = ("base", "s", "past", "ing")
_DOUBLED = re.compile(r"^[^aeiou]*[aeiou][bdglmnprt]$")


def inflect(line: str) -> dict[str, tuple[str, ...]]:
    """The spellings of each form of one verb entry.

    ``line`` is ``base``, ``base|past`` or ``base|past|participle`` (an irregular past is
    given, a regular one derived), and further words that follow every form: ``"bash"``,
    ``"strike|struck"``, ``"beat|beat|beaten up"``. ``past`` holds the past tense and the
    participle, since people use one for the other.
    """
    verb, _, rest = line.strip().partition(" ")
    base, *irregular = verb.split("|")
    past = irregular or [_regular_past(base)]
    forms = {
        "base": (base,),
        "s": (_third_person(base),),
        "past": tuple(dict.fromkeys(past)),
        "ing": (_present_participle(base),),
    }
    if not rest:
        return forms
    return {
        form: tuple(f"{each} {rest}" for each in spellings) for form, spellings in forms.items()
    }


def _stem(base: str) -> str:
    return base + base[-1] if _DOUBLED.match(base) else base


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
    if base.endswith("e") and not base.endswith(("ee", "oe")):
        return base[:-1] + "ing"
    return _stem(base) + "ing"
