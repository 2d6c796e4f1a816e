"""Labelled messages for measuring the safety layer: our own, and others' when they are there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.types import Level

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "cases" / "safety"
EXAMPLES = ROOT / "safety_examples"
SHARED = ROOT.parent / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled message or conversation.

    ``level`` is the label; ``category`` the main one (``"none"`` below crisis) and ``also``
    others that are right too. ``group`` is the sub-kind, ``origin`` the file it is from.
    """

    id: str
    turns: tuple[str, ...]
    level: Level
    category: str
    also: tuple[str, ...]
    group: str
    origin: str

    @property
    def is_crisis(self) -> bool:
        """Whether the message should bring up a card."""
        return self.level >= Level.CRISIS


def own_cases(split: str) -> list[Case]:
    """Our own cases of one split.

    ``score`` was only ever counted. ``tune`` is what the rules were written from, together with
    the example messages that the second net is fitted to; ``near_copies`` are disclosures, each
    with a copy that one change makes harmless.
    """
    folders = [CASES / split, *([EXAMPLES] if split == "tune" else [])]
    return [
        Case(
            id=row.get("id", f"{path.stem}-{number}"),
            turns=tuple(row.get("turns") or [row["text"]]),
            level=Level.parse(row["level"]),
            category=row["category"],
            also=tuple(row["also"]),
            group=row.get("group", ""),
            origin=path.stem,
        )
        for folder in folders
        for path in sorted(folder.glob("*.jsonl"))
        for number, row in enumerate(_rows(path), 1)
    ]


def shared_cases() -> list[Case]:
    """The messages in ``../shared/data`` with a clear label; empty when it is not there."""
    cases = []
    for path in sorted(SHARED.glob("*_dev.jsonl")):
        for number, row in enumerate(_rows(path), 1):
            if row["category"] in {"ambiguous", "distress"}:
                continue
            harmless = row["category"] == "none"
            cases.append(
                Case(
                    id=f"{path.stem}-{number}",
                    turns=(row["text"],),
                    level=Level.NONE if harmless else Level.CRISIS,
                    category=row["category"],
                    also=(),
                    group=row.get("label", ""),
                    origin=path.stem,
                )
            )
    return cases


def _rows(path: Path) -> Iterator[Any]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)
