"""A small bot with fixed answers, with the methods of ``bot.front.FrontBot``."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.screening import NOTHING_KNOWN, Known, Screened
from bot.types import (
    DOUBTED,
    Assessment,
    Card,
    Category,
    Citation,
    Hit,
    Level,
    Passage,
    Reply,
    Resource,
    Scored,
)


def resource(ident: str, name: str, phone: str, **more: str) -> Resource:
    """A service with the fields that the page does not show filled in."""
    return Resource(
        id=ident,
        name=name,
        phone=phone,
        source="https://example.org/",
        verified_on="2026-11-01",
        confidence="high",
        **more,
    )


TRIPLE_ZERO = resource("triple_zero", "Triple Zero", "000", hours="24 hours")
RESPECT = resource(
    "1800respect",
    "1800RESPECT",
    "1800 737 732",
    sms="0458 737 732",
    chat="https://www.1800respect.org.au/",
    hours="24 hours, every day",
    audience="Domestic, family and sexual violence",
)
LIFELINE = resource(
    "lifeline",
    "Lifeline",
    "13 11 14",
    sms="0477 13 11 14",
    chat="lifeline.org.au/crisis-chat",
    hours="24 hours, every day",
)
MENS_REFERRAL = resource(
    "mens_referral",
    "Men's Referral Service",
    "1300 766 491",
    chat="ntv.org.au/get-help",
    hours="24 hours, every day",
    audience="Men who use violence",
)
STANDING = (TRIPLE_ZERO, RESPECT, LIFELINE)

QUOTE = "Stonewalling: refusing to talk for days."
PASSAGE = Passage(
    id="a:12",
    text=f"{QUOTE} It leaves the other person alone with the problem.",
    section=("Non-physical abuse", "Forms it takes"),
    span=(0, 80),
    order=12,
    source="article.md",
    title="Feeling disconnected from your partner?",
    url="https://example.org/article",
    lead_in="Abuse does not have to be physical. It can be:",
)


#: Characters that the scripted bot takes.
LONGEST = 1500


@dataclass
class ScriptedBot:
    """Answers every question the same way, after ``loaded`` is set.

    "unsafe" in a message brings a crisis card, "hurt her" one for the writer, "choking" an
    emergency; "sad" the quiet note; "fault" an error. "doubtful" brings a crisis card that is in
    doubt at first, and none in the end.
    """

    loaded: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    certain: list[bool] = field(default_factory=list)

    def screen(
        self,
        turns: Sequence[str],
        known: Known = NOTHING_KNOWN,
        *,
        turn_id: str = "",
        certain: bool = False,
    ) -> Screened:
        """Find the trigger words in every turn; the last one decides what is fresh."""
        kept = tuple(turn.strip() for turn in turns)
        if not turn_id:
            self.asked.append(kept)
        else:
            self.certain.append(certain)
        levels = [_level(turn, certain=certain) for turn in kept]
        level = max(*levels, known.level)
        fresh = levels[-1] >= Level.CRISIS
        again = max([*levels[:-1], known.level]) >= Level.CRISIS
        hits = tuple(
            Hit("scripted", _category(turn), each, (0, 1), "x", number)
            for number, (turn, each) in enumerate(zip(kept, levels, strict=True))
            if each >= Level.CRISIS
        )
        categories = tuple(dict.fromkeys([*known.categories, *(hit.category for hit in hits)]))
        doubts = tuple(
            Hit("scripted", _category(turn), Level.SIGNPOST, (0, 1), "x", number, DOUBTED)
            for number, turn in enumerate(kept)
            if "doubtful" in turn and not certain
        )
        assessment = Assessment(level, categories, hits + doubts)
        card = _card(level, again, "hurt her" in " ".join(kept))
        note = "If it gets too much: Lifeline 13 11 14." if level is Level.SIGNPOST else ""
        final = None
        if fresh and level is Level.EMERGENCY:
            final = Reply("safety", level, assessment.categories, card, "")
        elif len(kept[-1]) > LONGEST:
            final = Reply("invalid", level, (), card, "That message is too long to read in one go.")
        elif not kept[-1]:
            final = Reply("invalid", level, (), card, "There was nothing in that message.")
        return Screened(kept, assessment, card, fresh, note, final, 0.1, turn_id or "0" * 12)

    def earlier(self, screened: Screened, turn: int) -> Screened:
        """An earlier turn, screened as it was then."""
        return self.screen(screened.turns[: turn + 1], turn_id=screened.turn_id)

    def undoubted(self, screened: Screened) -> Screened:
        """The turn with what was in doubt."""
        return self.screen(screened.turns, turn_id=screened.turn_id, certain=True)

    def finish(self, screened: Screened) -> tuple[Screened, Reply]:
        """The one answer; the turn is raised where its words only mean risk."""
        if "fishing gear" in screened.turns[-1]:
            raised = self.screen(("I feel unsafe",), turn_id=screened.turn_id)
            screened = replace(raised, turns=screened.turns)
        return screened, self.answer(screened)

    def answer(self, screened: Screened) -> Reply:
        """The one answer, cited."""
        if screened.final is not None:
            return screened.final
        assert self.loaded.wait(250), "nobody let the answers go"
        if "fault" in screened.turns[-1]:
            text = "I can't look things up in the article right now."
            return Reply("error", screened.assessment.level, (), screened.card, text)
        return Reply(
            "answer",
            screened.assessment.level,
            screened.assessment.categories,
            screened.card,
            "The article calls it **stonewalling** [1].\n\n- refusing to talk [1]\n- for days\n\n"
            "It can be changed.",
            (
                Citation(
                    1,
                    PASSAGE.title,
                    "Non-physical abuse > Forms it takes",
                    PASSAGE.url,
                    QUOTE,
                    PASSAGE.id,
                ),
            ),
            (Scored(PASSAGE, 0.7),),
            screened.note,
        )


def _level(turn: str, *, certain: bool) -> Level:
    if "choking" in turn:
        return Level.EMERGENCY
    if "unsafe" in turn or "hurt her" in turn or (certain and "doubtful" in turn):
        return Level.CRISIS
    return Level.SIGNPOST if "sad" in turn else Level.NONE


def _category(turn: str) -> Category:
    return Category.USING_VIOLENCE if "hurt her" in turn else Category.FAMILY_VIOLENCE


def _card(level: Level, again: bool, using: bool) -> Card | None:
    if level < Level.CRISIS:
        return None
    if level is Level.EMERGENCY:
        return Card(
            "Call 000 now",
            (
                "Ask for an ambulance and the police.",
                "If you can't speak, press 55 when asked.",
                "Go to where other people are, if you can.",
            ),
            (TRIPLE_ZERO, RESPECT),
            again,
        )
    if again:
        return Card("Help is still there", (), (TRIPLE_ZERO, RESPECT), True)
    headline = "You can stop. Talk to someone tonight." if using else "You deserve to be safe."
    services = (TRIPLE_ZERO, MENS_REFERRAL, RESPECT) if using else (TRIPLE_ZERO, RESPECT, LIFELINE)
    return Card(
        headline,
        ("If anyone is in danger now, call 000.", "You can talk to someone now, at no cost."),
        services,
        False,
    )
