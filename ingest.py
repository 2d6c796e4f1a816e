"""Bring the index up to date with the articles, or change which articles there are."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from bot.cli.program import ATTENTION, DONE, INTERRUPTED, attend, make_parser
from bot.cli.terminal import Ink, progress, waiting, wrapped
from bot.errors import BotError, DocumentError, IndexUnavailable, RulesError
from bot.knowledge import shelf
from bot.knowledge.embed import LayeredEmbedder, make_embedder
from bot.knowledge.index import open_store
from bot.knowledge.index.contract import REMEDY
from bot.knowledge.ingest import IngestSummary, NothingToIngest, Stage, ingest
from bot.safety import SafetyLayer
from bot.settings import Settings, load_settings

_STAGES: dict[Stage, str] = {
    "reading": "Reading documents",
    "embedding": "Embedding passages",
    "writing": "Writing the index",
}


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``python ingest.py``."""
    parser = make_parser(
        "python ingest.py",
        "Bring the index up to date with the articles: Markdown, plain text, HTML and PDF. The "
        "index describes\nexactly the files and folders it is given (default: the corpus folder); "
        "what is no longer there is removed.",
        [
            "python ingest.py                          after a change in the corpus folder",
            "python ingest.py --add article.html       copy it to the corpus folder, and ingest",
            "python ingest.py --add export.xml         a WordPress export, article by article",
            "python ingest.py --list                   the articles with links and dates",
            "python ingest.py --replace article.html newer.html",
            "python ingest.py --remove article.html    it is kept in corpus/.removed/",
        ],
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="file or folder")
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--list", action="store_true", help="list the articles of the index")
    change.add_argument(
        "--add",
        metavar="PATH",
        nargs="+",
        type=Path,
        help="add files, folders, saved web pages (also .mhtml) or a WordPress export (.xml)",
    )
    change.add_argument("--remove", metavar="NAME", nargs="+", help="remove articles")
    change.add_argument(
        "--replace", metavar=("NAME", "PATH"), nargs=2, help="put a file in an article's place"
    )
    return parser


def main(argv: Sequence[str] | None = None, embedder: LayeredEmbedder | None = None) -> int:
    """Run an ingest; the exit code is 0, or 1 if anything needs attention."""
    parser = build_parser()
    options = parser.parse_args(argv)
    if options.paths and (options.list or options.add or options.remove or options.replace):
        parser.error(f"{options.paths[0]}: give either paths or one of the options")
    return attend(lambda: _run(options, embedder))


def _run(options: argparse.Namespace, embedder: LayeredEmbedder | None) -> int:
    settings = load_settings()
    if options.list:
        return _list(settings)
    problems = _change(options, settings)
    print(*problems, sep="\n", end="\n" if problems else "", file=sys.stderr)
    paths = options.paths or [settings.corpus]
    done = _ingest(paths, settings, lambda: embedder or make_embedder(settings))
    if embedder is None and done != INTERRUPTED:
        _fit_second_net(settings, make_embedder(settings))
    return max(ATTENTION if problems else DONE, done)


def _change(options: argparse.Namespace, settings: Settings) -> list[str]:
    """Change the corpus folder as asked; a line for each file that could not be used."""
    problems: list[str] = []
    if options.add:
        added, problems = shelf.add(settings.corpus, options.add)
        if not added:
            raise DocumentError("\n".join([*problems, "Nothing was added."]))
        print(*(f"Added {settings.corpus / name}" for name in added), sep="\n")
    if options.remove:
        shelf.remove(settings.corpus, options.remove)
        print(*(f"Removed {settings.corpus / name}" for name in options.remove), sep="\n")
    if options.replace:
        name = shelf.replace(settings.corpus, options.replace[0], Path(options.replace[1]))
        print(f"Replaced {settings.corpus / name}")
    return problems


def _ingest(paths: Sequence[Path], settings: Settings, make: Callable[[], LayeredEmbedder]) -> int:
    before = {article.name: article.title for article in _articles(settings)}
    try:
        with progress() as on_progress:
            summary = ingest(
                paths,
                settings,
                make(),
                lambda stage, done, total: on_progress(_STAGES[stage], done, total),
            )
    except KeyboardInterrupt:
        print("Stopped. The index was left as it was.", file=sys.stderr)
        return INTERRUPTED
    except NothingToIngest as error:
        print(*error.problems, error, sep="\n", file=sys.stderr)
        return ATTENTION
    print(*summary.problems, sep="\n", end="\n" if summary.problems else "", file=sys.stderr)
    after = _articles(settings)
    gone = before.keys() - {article.name for article in after}
    for name in sorted(gone):
        print(f"No longer in the index: {name} ('{before[name]}')")
    print(_told(summary))
    overdue = _overdue(after, _today())
    print(*overdue, sep="\n", end="\n" if overdue else "", file=sys.stderr)
    return ATTENTION if summary.problems else DONE


def _fit_second_net(settings: Settings, embedder: LayeredEmbedder) -> None:
    """Have the safety layer's second net ready for the chat; its faults do not touch the index."""
    try:
        safety = SafetyLayer.load(settings.rules)
    except RulesError as error:
        print(f"The second net waits until the rules are mended. {error}", file=sys.stderr)
        return
    with waiting("Fitting the second net to its examples ..."):
        safety.understand(embedder)


def _told(summary: IngestSummary) -> str:
    return (
        f"{summary.documents} {'document' if summary.documents == 1 else 'documents'}; passages: "
        f"{summary.added} added, {summary.unchanged} unchanged, {summary.removed} removed; "
        f"{summary.seconds:.1f} s. Index: {summary.index}"
    )


def _articles(settings: Settings) -> list[shelf.Article]:
    """The articles of the index; none if there is no index that can be read."""
    try:
        index = open_store(settings).open()
    except IndexUnavailable:
        return []
    if index is None:
        return []
    try:
        return shelf.articles(index.passages())
    finally:
        index.close()


def _overdue(articles: Sequence[shelf.Article], today: date) -> list[str]:
    return [article.overdue() for article in articles if article.is_overdue(today)]


def _today() -> date:
    return datetime.now(tz=UTC).date()


def _list(settings: Settings) -> int:
    """Print the articles that visitors get answers from; 1 if one is past its review date."""
    ink = Ink(sys.stdout)
    store = open_store(settings)
    index = store.open()
    if index is None:
        raise BotError(f"There is no index at {store.place} yet. {REMEDY}")
    articles = shelf.articles(index.passages())
    index.close()
    for one in articles:
        count = f"{one.passages} {'passage' if one.passages == 1 else 'passages'}"
        print(wrapped(f"{one.name}: {one.title}", "  ", ""))
        print(ink.faint(f"  {one.url or 'no link: citations cannot lead to it'}"))
        published = f"published {one.published or 'on an unknown day'}"
        review = f"to be reviewed by {one.review_by}" if one.review_by else "no review date"
        print(ink.faint(f"  {published}, {review}, {count}"))
    overdue = _overdue(articles, _today())
    print(*map(ink.alarm, overdue), sep="\n", end="\n" if overdue else "")
    return ATTENTION if overdue else DONE


if __name__ == "__main__":
    sys.exit(main())
