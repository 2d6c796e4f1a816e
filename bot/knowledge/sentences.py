"""Cutting a passage into its sentences."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"\S.*?(?:[.!?][\"”’')]*(?=\s+[^\sa-z]|\s*$)|$)", re.DOTALL)
#: A full stop after these ends no sentence.
_ABBREVIATION = re.compile(r"(?:\b(?:mr|mrs|ms|dr|prof|st|vs|e\.g|i\.e|etc|no)|\b[a-z])\.$", re.I)


def sentence_spans(text: str) -> tuple[tuple[int, int], ...]:
    """The half-open character ranges of the sentences of ``text``, in order."""
    spans: list[tuple[int, int]] = []
    for match in _SENTENCE.finditer(text):
        start, end = match.span()
        if spans and _ABBREVIATION.search(text[spans[-1][0] : spans[-1][1]]):
            start = spans.pop()[0]
        spans.append((start, end))
    return tuple(spans)
