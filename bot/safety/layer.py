"""The safety layer as the rest of the program sees it."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import Problem
from bot.safety import cards, screen
from bot.safety.cue_net import CueNet
from bot.safety.cues import CueModel
from bot.safety.doubt import doubted, settled, undoubted
from bot.safety.load import load_cues, load_engine, load_meaning
from bot.safety.match import Engine
from bot.safety.memo import Memo
from bot.safety.net import Thresholds, completed, raised
from bot.safety.patterns import found
from bot.safety.rulebook import OutputRule, Shares
from bot.types import DOUBTED, Assessment, Card, Level, Resource

if TYPE_CHECKING:
    from bot.safety.meaning import Encoder, MeaningNet

logger = logging.getLogger(__name__)

_PHONE = re.compile(r"\+?\(?\d[\d ()\u00a0\-]{3,}\d|\b(?:000|111|112|106|911|999|988)\b")
#: Words alone must be so much surer: what they leave is soon judged by its meaning as well.
_SURER = 0.35
#: So many texts of the bot are remembered with the output rules that they break.
_TEXTS = 4096
_DATES = re.compile(r"\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\b(?:19|20)\d{2}\s?[-–]\s?\d{2,4}\b")


class SafetyLayer:
    """Rules, cards and output rules of one rules file, and the second net under the rules."""

    def __init__(self, engine: Engine, words: CueModel | None = None) -> None:
        self._engine = engine
        self._words = None if words is None else CueNet(words)
        self._matched: Memo[tuple[int, ...]] = Memo()
        self._meaning: MeaningNet | None = None
        self.book = engine.book
        self.shares = engine.book.shares
        self._sure = {rule.id for rule in self.book.rules if DOUBTED in rule.ignores}
        self._numbers = {
            _digits(number)
            for resource in self.book.resources.values()
            for number in (resource.phone, resource.sms)
            if number
        }
        # The same few passages are asked about at every turn.
        self._broken = lru_cache(_TEXTS)(partial(_broken_by, engine, self._numbers))

    @classmethod
    def load(cls, path: Path, *, fitting: bool = False) -> SafetyLayer:
        """Read, validate and compile a rules file; ``RulesError`` holds every mistake.

        With ``fitting`` the second net is there as well when this returns, seconds later;
        otherwise only if it has been fitted before (see ``learn``).
        """
        engine = load_engine(path)
        return cls(engine, load_cues(engine, fitting=fitting))

    def learn(self, *, fitting: bool = True) -> bool:
        """Have the words of the second net; whether they were not there before and now are.

        Fitting takes seconds; unless ``fitting`` is true, only what was fitted before is taken.
        Never raises: a fault is logged, and the rules stand alone.
        """
        if self._words is not None:
            return False
        try:
            words = load_cues(self._engine, fitting=fitting)
            self._words = None if words is None else CueNet(words)
        except Exception as error:  # whatever is wrong with the net, the rules are there
            logger.error("The second net is off, the rules stand alone: %s", error)
        return self._words is not None

    def understand(self, encoder: Encoder, *, fitting: bool = True) -> bool:
        """Let the second net use a sentence model; whether it does when this returns.

        Fitting takes up to a minute; unless ``fitting`` is true, only what was fitted before is
        taken. Never raises: a fault is logged, and rules and words stand alone.
        """
        try:
            from bot.safety.meaning import MeaningNet  # noqa: PLC0415 - needs NumPy

            words = load_cues(self._engine, fitting=fitting)
            model = words and load_meaning(self._engine, encoder, fitting=fitting)
            if words and model:
                self._words = CueNet(words)
                self._meaning = MeaningNet(
                    model, self._words, self._engine.lexicon, encoder, self.shares
                )
        except Exception as error:  # as above
            logger.error("The second net has no sentence model, only rules and words: %s", error)
        return self._meaning is not None

    def at(self, shares: Shares) -> SafetyLayer:
        """The same layer with the second net going as far as ``shares`` tell, for comparing."""
        other = copy(self)
        other.shares = shares
        if other._meaning is not None:
            other._meaning = other._meaning.at(shares)
        return other

    @property
    def standing(self) -> tuple[Resource, ...]:
        """The services of the help line that is always in view, in order."""
        return tuple(self.book.resources[name] for name in self.book.standing)

    @property
    def contact(self) -> Resource:
        """The operator's own contact for questions about programs; not a crisis line."""
        return self.book.resources[self.book.contact]

    def assess(self, turns: Sequence[str]) -> Assessment:
        """Assess a conversation, visitor turns oldest first, by rules and words: at once.

        What the rules found and the words speak against is in doubt until it was looked at again;
        see ``bot.safety.doubt``, and ``undoubted`` for where that cannot be.
        """
        assessment = screen.assess(self._engine, turns, self._matching)
        if self._words is None:
            return assessment
        words, read = self._words, cache(self._engine.lexicon.read)
        surer = replace(self.shares, false_alarms=_SURER * self.shares.false_alarms)
        limits = Thresholds.passed_by(surer, words.model.harmless)
        try:
            looked = raised(
                doubted(
                    assessment,
                    turns,
                    lambda one: words.is_tame(one, read, limits),
                    read,
                    self._sure,
                ),
                turns,
                lambda every: [words.find(one, read, limits) for one in every],
            )
            return completed(looked, turns, lambda one, known: words.kind(one, known, read))
        except Exception as error:  # what the rules found must stand; the message stays untold
            logger.error("The second net failed (%s), the rules stand alone.", type(error).__name__)
            return assessment

    def _matching(self, codes: str) -> tuple[int, ...]:
        """The patterns that match; earlier turns are not scanned again."""
        return self._matched.of([codes], lambda new: map(self._engine.rules.matching, new))[0]

    def look_again(self, assessment: Assessment, turns: Sequence[str]) -> Assessment | None:
        """The assessment raised by what the conversation means; takes one encoding or two.

        ``None`` if the sentence model is not ready or fails: then what ``undoubted`` makes of
        the assessment stands.
        """
        if self._meaning is None:
            return None
        read = cache(self._engine.lexicon.read)
        try:
            looked = raised(assessment, turns, self._meaning.find)
            return settled(looked, turns, read, self._meaning.find)
        except Exception as error:  # as above
            logger.error("The sentence model failed the second net (%s).", type(error).__name__)
            return None

    def undoubted(self, assessment: Assessment) -> Assessment:
        """What counts where there is no second look: nothing found is in doubt any more."""
        return undoubted(assessment)

    def assess_fully(self, turns: Sequence[str]) -> Assessment:
        """Both looks in one call."""
        assessment = self.assess(turns)
        return self.look_again(assessment, turns) or undoubted(assessment)

    def assess_by_rules(self, turns: Sequence[str]) -> Assessment:
        """The assessment of the rules alone."""
        return screen.assess(self._engine, turns, self._engine.rules.matching)

    def card(self, assessment: Assessment, turns: Sequence[str], *, again: bool) -> Card | None:
        """The card for an assessment, or ``None`` below level ``crisis``.

        ``turns`` are looked at only for cues about the writer (place, age, language), which
        add services.
        """
        if assessment.level < Level.CRISIS:
            return None
        cues = self._engine.overlays_in("".join(map(self._engine.lexicon.encode, turns)))
        return cards.compose(self.book, assessment, cues, again=again)

    def fallback_card(self) -> Card:
        """The card shown when screening itself failed."""
        return cards.fallback(self.book)

    def note(self, assessment: Assessment) -> str:
        """The quiet line of who to call, empty unless the level is ``signpost``."""
        return cards.note(self.book, assessment)

    def shown(self, assessment: Assessment, turns: Sequence[str]) -> tuple[Resource, ...]:
        """The services a visitor sees for an assessment, in the order shown."""
        card = self.card(assessment, turns, again=False)
        if card is not None:
            return card.resources
        signpost = cards.signpost_for(self.book, assessment)
        names = signpost.resources if signpost else ()
        return tuple(self.book.resources[name] for name in names)

    def blocked_by(self, text: str, assessment: Assessment) -> str | None:
        """The output rule that forbids the bot to say ``text``, or ``None`` if it may.

        For the bot's own words only: it remembers the last few thousand texts it was asked about.
        """
        unknown_number, broken = self._broken(text)
        if unknown_number:
            return "unknown_phone_number"
        for rule in broken:
            if not rule.categories or not rule.categories.isdisjoint(assessment.categories):
                return rule.id
        return None

    def remarks(self, text: str) -> tuple[str, ...]:
        """What has to be said beside ``text`` when it is shown; usually nothing."""
        codes = self._engine.lexicon.encode(text)
        return tuple(
            cards.with_services(self.book, remark.line, remark.resources)
            for remark in self.book.remarks
            if found(self._engine.remarks[remark.id], codes)
        )

    def stale(self, today: date) -> list[Problem]:
        """Resources whose last check is older than the review period, or a day that has not come.

        A day ahead of ``today`` is let pass: in Australia it begins earlier than in Greenwich.
        """
        problems = []
        for resource in self.book.resources.values():
            age = (today - date.fromisoformat(resource.verified_on)).days
            if age > self.book.review_days or age < -1:
                place = self.book.places[f"resources: {resource.id}"]
                what = f"last checked {age} days ago, on {resource.verified_on}"
                if age < 0:
                    what = f"verified_on {resource.verified_on} has not come yet"
                mend = f"Check it at {resource.source} and set verified_on."
                problems.append(
                    Problem(place.path, place.line, f"resources: {resource.id}", what, mend)
                )
        return problems


def _broken_by(
    engine: Engine, numbers: Collection[str], text: str
) -> tuple[bool, tuple[OutputRule, ...]]:
    """Whether a text has a phone number that is none of ours; the output rules that it breaks."""
    codes = engine.lexicon.encode(text)
    return (
        any(_digits(each) not in numbers for each in _phones(text)),
        tuple(
            rule for rule in engine.book.output_rules if found(engine.output_rules[rule.id], codes)
        ),
    )


def _digits(number: str) -> str:
    digits = "".join(filter(str.isdigit, number))
    return "0" + digits[2:] if digits.startswith("61") and len(digits) > 9 else digits


def _phones(text: str) -> list[str]:
    """What looks like a phone number: five digits or more, or an emergency number."""
    without_dates = _DATES.sub(" ", text)
    found = (match.group() for match in _PHONE.finditer(without_dates))
    return [each for each in found if len(_digits(each)) >= 5 or len(_digits(each)) == 3]
