"""Putting an answer together from passages: which sentences, in what form, with which marks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.answer.outline import Listing
from bot.knowledge.lexical import terms
from bot.knowledge.retrieve import Found
from bot.knowledge.sentences import sentence_spans
from bot.types import Citation, Passage

#: Words of quotation in an answer that is not a list, shared by the questions in a message.
BUDGET = 112
#: Words the first passage of an answer may take, so that others have their say.
_FIRST = 90
_FEWEST = 8
#: A list whose items run to more words than this is given by first sentences.
_LONGEST_LIST = 230
#: A paragraph that opens a list is quoted whole up to this many words.
_LONGEST_LEAD = 60
#: Further passages are quoted when they score at least this share of the first: two often speak
#: of one matter, and the one further down may be the plainer. From 0.3 to 0.4 nothing changes.
_NEARLY = 0.4
_MOST_PASSAGES = 3


class Sheet:
    """The citations of one answer, numbered from 1 as they are made."""

    def __init__(self) -> None:
        """Begin with none."""
        self._citations: list[Citation] = []

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations so far, in order."""
        return tuple(self._citations)

    def cites(self, passage: Passage) -> bool:
        """Whether ``passage`` has been cited."""
        return any(one.passage_id == passage.id for one in self._citations)

    def cite(self, passage: Passage, quote: str) -> str:
        """Cite ``quote``, which must stand in ``passage``; returns the mark, such as ``[2]``."""
        if quote not in passage.text:
            raise ValueError(f"not verbatim in passage {passage.id}")
        for one in self._citations:
            if one.passage_id == passage.id and quote in one.quote:
                return f"[{one.number}]"
        number = len(self._citations) + 1
        self._citations.append(
            Citation(
                number=number,
                title=passage.title,
                section=" > ".join(passage.section),
                url=passage.url,
                quote=quote,
                passage_id=passage.id,
                published=passage.published,
            )
        )
        return f"[{number}]"


def quoted(sheet: Sheet, found: Sequence[Found], question: str, budget: int) -> list[str]:
    """Paragraphs that quote the best of ``found`` within ``budget`` words, each with its mark."""
    paragraphs: list[str] = []
    left = budget
    best = max(found[0].sentences, default=0.0)
    fit = [
        one
        for one in found
        if one.score >= _NEARLY * found[0].score
        and max(one.sentences, default=0.0) >= _NEARLY * best
    ]
    for one in fit[:_MOST_PASSAGES]:
        if sheet.cites(one.passage):
            continue
        quote = excerpt(one, question, min(left, _FIRST) if not paragraphs else left)
        if not quote:
            continue
        left -= len(quote.split())
        paragraphs.append(f"{quote} {sheet.cite(one.passage, quote)}")
        if left < _FEWEST:
            break
    return paragraphs


def excerpt(found: Found, question: str, budget: int) -> str:
    """The passage if it has at most ``budget`` words, otherwise its best run of sentences.

    A sentence that only opens a list is left out. Empty if nothing fits.
    """
    text = found.passage.text
    spans = list(sentence_spans(text))
    scores = _scores(found, text, spans, question)
    while spans and text[spans[-1][0] : spans[-1][1]].endswith(":"):
        spans.pop()
    best, best_value = "", -1.0
    for first in range(len(spans)):
        for last in range(first, len(spans)):
            run = text[spans[first][0] : spans[last][1]]
            if len(run.split()) > budget:
                break
            whole = first == 0 and last == len(spans) - 1
            # A run is worth its best sentence, and a little for every further one it holds.
            value = max(scores[first : last + 1]) + 0.02 * (last - first) + 10.0 * whole
            if value > best_value:
                best, best_value = run, value
    return best


def _scores(
    found: Found, text: str, spans: Sequence[tuple[int, int]], question: str
) -> Sequence[float]:
    if len(found.sentences) == len(spans):
        return found.sentences
    asked = set(terms(question))
    return [len(asked & set(terms(text[start:end]))) / max(len(asked), 1) for start, end in spans]


def listed(sheet: Sheet, listing: Listing, may_use: Callable[[Passage], bool]) -> list[str]:
    """The whole list with its lead-in and a mark for every item; items that may not be used go.

    A list of sections gives each one's heading and first sentence.
    """
    items = [item for item in listing.items if may_use(item.passage)]
    brief = listing.sections or (
        sum(len(item.passage.text.split()) for item in items) > _LONGEST_LIST
    )
    opening = _opening(sheet, listing, may_use)
    rows = []
    for place, item in enumerate(items, 1):
        quote = _first_sentence(item.passage) if brief else item.passage.text
        said = f"{item.label}: {quote}" if listing.sections else quote
        mark = sheet.cite(item.passage, quote)
        rows.append(f"{_bullet(listing, place)} {' '.join(said.split())} {mark}")
    return [*opening, "\n".join(rows)]


def named(sheet: Sheet, listing: Listing, may_use: Callable[[Passage], bool]) -> str:
    """The list by the names of its items alone, each with its mark."""
    rows = []
    for place, item in enumerate((one for one in listing.items if may_use(one.passage)), 1):
        mark = sheet.cite(item.passage, _first_sentence(item.passage))
        rows.append(f"{_bullet(listing, place)} {item.name} {mark}")
    return "\n".join(rows)


def _opening(sheet: Sheet, listing: Listing, may_use: Callable[[Passage], bool]) -> list[str]:
    lead = listing.lead
    if lead is not None and may_use(lead) and listing.lead_in in lead.text:
        whole = len(lead.text.split()) <= _LONGEST_LEAD
        quote = lead.text if whole else listing.lead_in
        return [f"{quote} {sheet.cite(lead, quote)}"]
    return [f"{listing.heading}:"]


def _bullet(listing: Listing, place: int) -> str:
    return f"{place}." if listing.ordered else "-"


def _first_sentence(passage: Passage) -> str:
    start, end = sentence_spans(passage.text)[0]
    return passage.text[start:end]
