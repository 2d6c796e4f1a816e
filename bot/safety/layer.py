"""The safety layer as the rest of the program sees it."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from bot.errors import Problem
from bot.safety import cards, screen
from bot.safety.cues import CueModel, raised
from bot.safety.load import load_cues, load_engine
from bot.safety.match import Engine, found
from bot.types import ABUSE_CATEGORIES, Assessment, Card, Level, Resource

logger = logging.getLogger(__name__)

_PHONE = re.compile(r"\+?\(?\d[\d ()\u00a0\-]{3,}\d|\b(?:000|111|112|106|911|999|988)\b")
_DATES = re.compile(r"\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\b(?:19|20)\d{2}\s?[-–]\s?\d{2,4}\b")


class SafetyLayer:
    """Rules, cards and output rules of one rules file, and the second net under the rules."""

    def __init__(self, engine: Engine, cues: CueModel | None = None) -> None:
        self._engine = engine
        self._cues = cues
        self.book = engine.book
        self._numbers = {
            _digits(number)
            for resource in self.book.resources.values()
            for number in (resource.phone, resource.sms)
            if number
        }

    @classmethod
    def load(cls, path: Path) -> SafetyLayer:
        """Read, validate and compile a rules file; ``RulesError`` holds every mistake."""
        engine = load_engine(path)
        return cls(engine, load_cues(engine, fitting=False))

    def learn(self) -> None:
        """Fit the second net to its examples if it is not there yet; takes seconds.

        Never raises: a fault is logged, and the rules stand alone.
        """
        if self._cues is None:
            try:
                self._cues = load_cues(self._engine, fitting=True)
            except Exception as error:  # whatever is wrong with the net, the rules are there
                logger.error("The second net is off, the rules stand alone: %s", error)

    @property
    def standing(self) -> tuple[Resource, ...]:
        """The services of the help line that is always in view, in order."""
        return tuple(self.book.resources[name] for name in self.book.standing)

    @property
    def contact(self) -> Resource:
        """The operator's own contact for questions about programs; not a crisis line."""
        return self.book.resources[self.book.contact]

    def assess(self, turns: Sequence[str]) -> Assessment:
        """Assess a conversation, visitor turns oldest first."""
        assessment = screen.assess(self._engine, turns)
        if self._cues is None:
            return assessment
        try:
            return raised(assessment, self._cues, self._engine.lexicon, turns)
        except Exception as error:  # what the rules found must stand; the message stays untold
            logger.error("The second net failed (%s), the rules stand alone.", type(error).__name__)
            return assessment

    def assess_by_rules(self, turns: Sequence[str]) -> Assessment:
        """The assessment of the rules alone."""
        return screen.assess(self._engine, turns)

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
        """The output rule that forbids the bot to say ``text``, or ``None`` if it may."""
        if any(_digits(found) not in self._numbers for found in _phones(text)):
            return "unknown_phone_number"
        codes = self._engine.lexicon.encode(text)
        abuse = bool(ABUSE_CATEGORIES & set(assessment.categories))
        for rule in self.book.output_rules:
            if (abuse or not rule.when_abuse) and found(self._engine.output_rules[rule.id], codes):
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


def _digits(number: str) -> str:
    digits = "".join(filter(str.isdigit, number))
    return "0" + digits[2:] if digits.startswith("61") and len(digits) > 9 else digits


def _phones(text: str) -> list[str]:
    """What looks like a phone number: five digits or more, or an emergency number."""
    without_dates = _DATES.sub(" ", text)
    found = (match.group() for match in _PHONE.finditer(without_dates))
    return [each for each in found if len(_digits(each)) >= 5 or len(_digits(each)) == 3]
