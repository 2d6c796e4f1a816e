"""``try``: the chat in a terminal, for trying changes to the rules and articles."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from bot.build import Parts, build
from bot.cli.ask import answer_parts
from bot.cli.check import Explainer, describe
from bot.cli.program import DONE, Commands, add_command
from bot.cli.terminal import Ink, waiting
from bot.cli.words import card_lines
from bot.errors import BotError
from bot.safety.load import load_engine
from bot.settings import Settings

_HELP = """\
  /why    why the last message brought up what it did
  /new    forget the conversation, and read the rules again if they were changed
  /quit   leave (Ctrl-D does too)"""


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = add_command(
        commands,
        "try",
        "the chat in a terminal, for trying changes",
        "The chat in a terminal, for trying changes. Nothing typed is kept.\n\n"
        f"In the conversation:\n{_HELP}",
        ["python -m bot try"],
    )
    parser.set_defaults(run=run)


@dataclass(frozen=True, slots=True)
class _Chat:
    """The joined parts, and what explains it: both of the same reading of the rules."""

    parts: Parts
    explainer: Explainer


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Talk until the person leaves; the exit code."""
    ink = Ink(sys.stdout)
    chat = _chat(settings)
    print(f"{ink.strong('The chat, in a terminal.')} Type a message, or:\n{_HELP}")
    turns: list[str] = []
    while True:
        try:
            said = input("\nYou: ").strip()
        except EOFError:
            print()
            return DONE
        match said:
            case "":
                continue
            case "/quit":
                return DONE
            case "/new":
                turns = []
                chat = _again(chat, settings)
            case "/why":
                print(describe(chat.explainer, turns, ink) if turns else "Nothing was said yet.")
            case _ if said.startswith("/"):
                print(_HELP)
            case _:
                turns.append(said)
                _answer(chat.parts, turns, ink)


def _chat(settings: Settings) -> _Chat:
    with waiting("Reading the rules and loading the model ..."):
        parts = build(settings)
        parts.prepare()
        return _Chat(parts, Explainer(load_engine(settings.rules), parts.safety))


def _again(chat: _Chat, settings: Settings) -> _Chat:
    """The chat made of the files as they are now; the one before if these have mistakes."""
    try:
        chat = _chat(settings)
    except BotError as error:
        print(f"{error}\nThe rules from before stay in use.")
    else:
        print("A new conversation.")
    return chat


def _answer(parts: Parts, turns: list[str], ink: Ink) -> None:
    """One turn as the page shows it: the card at once, the answer when it is there."""
    screened = parts.bot.screen(turns)
    if screened.card and screened.fresh:
        print("\n".join(["", *card_lines(screened.card, ink)]), flush=True)
    with waiting("Looking in the articles ..."):
        looked = parts.bot.look_again(screened)
        reply = parts.bot.answer(looked)
    if looked.card and looked.fresh and looked.card != screened.card:
        print("\n".join(["", *card_lines(looked.card, ink)]), flush=True)
    for part in answer_parts(reply, ink):
        print(f"\n{part}", flush=True)
