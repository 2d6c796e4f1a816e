"""Choosing the list that answers a question, if one does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress

import numpy as np

from bot.answer.outline import Listing, listings
from bot.knowledge.retrieve import Found, Look, Retriever, Taken
from bot.types import Passage

#: In libraries of at most this many lists, a list answers if it is this near to what is sought,
#: and no further from it, but for this much, than the nearest sentence.
_EMBEDDED = 100
_FROM = 0.45
_NEARLY = 0.05
#: A list of advice answers "what can I do about it?" from this sum of two cosines, one of the
#: question alone and one of it with what it leans on.
_ADVICE_FROM = 0.5
#: From this share the subject a question is taken for decides whether a list answers it.
_SURE = 0.55
#: Elsewhere a list is the answer if its passages score at least this share of the best.
_MEMBERS_FROM = 0.7


class Lists:
    """The lists of a library; immutable once made."""

    def __init__(self, retriever: Retriever) -> None:
        """Find every list, and embed them where they are few."""
        self._all = listings(retriever.passages)
        few = 0 < len(self._all) <= _EMBEDDED
        self._vectors = retriever.embed([_read_as(one) for one in self._all]) if few else None

    def opened_by(self, passage_id: str) -> Listing | None:
        """The list that a passage opens, if it does."""
        return next(
            (one for one in self._all if one.lead is not None and one.lead.id == passage_id), None
        )

    def subject_of(
        self, looks: Sequence[Look], usable: Callable[[Passage], bool]
    ) -> Listing | None:
        """The list that the question is about as a whole: nothing else is nearer to its subject."""
        taken = max((one.taken for one in looks if one.taken), key=_share, default=None)
        if self._vectors is None or taken is None or taken.share < _SURE:
            return None
        near = self._vectors @ taken.about
        best = int(near.argmax())
        whole = sum(usable(item.passage) for item in self._all[best].items) > 1
        return self._all[best] if whole and near[best] >= taken.nearest else None

    def answering(
        self,
        looks: Sequence[Look],
        found: Sequence[Found],
        usable: Callable[[Passage], bool],
        *,
        advice: bool,
    ) -> Listing | None:
        """The list that answers a question, if one does, by what was found for its wordings.

        Only lists of which two items or more are ``usable``. ``advice``: the question leans on
        another, the last wording being both together, and asks what to do about it.
        """
        if not found:
            return None
        some = [sum(usable(item.passage) for item in one.items) > 1 for one in self._all]
        if self._vectors is None or not any(some):
            return self._by_members(found, some)
        near = np.stack([self._vectors @ look.sought for look in looks])
        near[:, [not each for each in some]] = -1.0
        if advice:
            value = near[0] + near[-1]
            value[[not one.advice for one in self._all]] = -1.0
            best = int(value.argmax())
            return self._all[best] if value[best] >= _ADVICE_FROM else None
        value = near.max(axis=0)
        best = int(value.argmax())
        single = max(found[0].sentences, default=found[0].cosine)
        enough = value[best] >= max(_FROM, single - _NEARLY)
        return self._all[best] if enough else None

    def _by_members(self, found: Sequence[Found], some: Sequence[bool]) -> Listing | None:
        """The list of which an opening or two items are among the best of ``found``."""
        floor = _MEMBERS_FROM * found[0].score
        near = {one.passage.id for one in found if one.score >= floor}
        for listing in compress(self._all, some):
            opens = listing.lead is not None and listing.lead.id in near
            if len(near & listing.ids) + 2 * opens >= 2:
                return listing
        return None


def _share(taken: Taken) -> float:
    return taken.share


def _read_as(listing: Listing) -> str:
    """What the sentence model reads for a list: where it stands, how it opens, what is in it."""
    names = "; ".join(item.label or item.passage.text for item in listing.items)
    return f"{listing.heading}: {listing.lead_in} {names}"
