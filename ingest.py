"""Bring the index up to date with the documents in PATH ... (default: the corpus folder)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import BotError
from bot.knowledge.embed import Embedder, make_embedder
from bot.knowledge.ingest import IngestSummary, NothingToIngest, OnProgress, Stage, ingest
from bot.settings import load_settings

if TYPE_CHECKING:
    from rich.progress import TaskID

_INTERRUPTED = 130
_STAGES: dict[Stage, str] = {
    "reading": "Reading documents",
    "embedding": "Embedding passages",
    "writing": "Writing the index",
}


def main(argv: Sequence[str] | None = None, embedder: Embedder | None = None) -> int:
    """Run an ingest; the exit code is 0, or 1 if anything given could not be used."""
    parser = argparse.ArgumentParser(
        prog="ingest.py",
        description=__doc__,
        epilog="Reads Markdown, plain text, HTML and PDF. The index describes exactly what it was "
        "last given: what is no longer there is removed. Settings: BOT_INDEX, BOT_CORPUS, "
        "BOT_CHROMA_URL, BOT_EMBEDDER.",
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="file or folder")
    arguments = parser.parse_args(argv)
    try:
        settings = load_settings()
        with _progress() as on_progress:
            summary = ingest(
                arguments.paths or [settings.corpus],
                settings,
                embedder or make_embedder(settings),
                on_progress,
            )
    except KeyboardInterrupt:
        print("Stopped. The index was left as it was.", file=sys.stderr)
        return _INTERRUPTED
    except NothingToIngest as error:
        print(*error.problems, error, sep="\n", file=sys.stderr)
        return 1
    except BotError as error:
        print(error, file=sys.stderr)
        return 1
    print(*summary.problems, sep="\n", end="\n" if summary.problems else "", file=sys.stderr)
    print(_told(summary))
    return 1 if summary.problems else 0


def _told(summary: IngestSummary) -> str:
    return (
        f"{summary.documents} {'document' if summary.documents == 1 else 'documents'}; passages: "
        f"{summary.added} added, {summary.unchanged} unchanged, {summary.removed} removed; "
        f"{summary.seconds:.1f} s. Index: {summary.index}"
    )


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """A progress bar on a terminal, nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - only on a terminal
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[Stage, TaskID] = {}

        def show(stage: Stage, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(_STAGES[stage], total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield show


if __name__ == "__main__":
    sys.exit(main())
