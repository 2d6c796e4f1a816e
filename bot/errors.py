"""Errors that a person is meant to read: each says what happened, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class BotError(Exception):
    """Base of every error that is shown as one plain line and never as a traceback."""


class SettingsError(BotError):
    """A ``BOT_*`` setting has a value that cannot be used."""


class IndexUnavailable(BotError):
    """The index is missing, damaged, built by another embedder, or its server is away."""


class EmbedderUnavailable(BotError):
    """The sentence model could not be loaded."""


class IngestBusy(BotError):
    """Another ingest holds the lock on this index."""


class DocumentError(BotError):
    """A file or folder given to ingest could not be used."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a rules file: where it stands, what it is about, how to mend it."""

    path: Path
    line: int
    where: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.where}: {self.what}. {self.mend}"


class RulesError(BotError):
    """A rules file has mistakes; ``problems`` holds all of them, in file order."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (str(problem.path), problem.line))
        noun = "mistake" if len(problems) == 1 else "mistakes"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{len(problems)} {noun} in the rules file:\n{lines}")
