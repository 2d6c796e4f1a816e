"""The folder of articles: putting one on the shelf, taking one off, exchanging one.

The folder is the library: an ingest of it makes the index describe what is in it. Whatever is
taken off is kept in a hidden folder beside the rest, so that nothing is ever lost here.
"""

from __future__ import annotations

import difflib
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from shlex import quote

from bot.errors import DocumentError
from bot.knowledge import exports
from bot.knowledge.library import find_files
from bot.knowledge.load import facts_file, load
from bot.types import Passage

REMOVED = ".removed"


@dataclass(frozen=True, slots=True)
class Article:
    """An article of the index. ``name`` is its file, ``passages`` how many it was split into."""

    name: str
    title: str
    url: str
    published: str
    review_by: str
    passages: int

    def is_overdue(self, today: date) -> bool:
        """Whether its review date has passed."""
        return bool(self.review_by) and date.fromisoformat(self.review_by) < today

    def overdue(self) -> str:
        """What to tell about an article past its review date."""
        return (
            f"{self.name}: '{self.title}' was to be reviewed by {self.review_by}. Read it over, "
            "replace it if need be, and set a later review_by."
        )


def articles(passages: Iterable[Passage]) -> list[Article]:
    """The articles that some passages are from, by name."""
    found: dict[str, list[Passage]] = {}
    for passage in passages:
        found.setdefault(passage.source, []).append(passage)
    return [
        Article(name, own[0].title, own[0].url, own[0].published, own[0].review_by, len(own))
        for name, own in sorted(found.items())
    ]


def add(folder: Path, paths: Sequence[Path]) -> tuple[list[str], list[str]]:
    """Copy files, saved pages and exports into the folder: the names added, and problems.

    A file that cannot be read as an article, or whose name is taken, is a problem and not copied.
    """
    added: list[str] = []
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="articles-") as scratch:
        found, missing = _found(paths, Path(scratch))
        problems += missing
        for path, name in found:
            if (folder / name).exists():
                problems.append(
                    f"{path}: there is a file {name} in {folder} already. "
                    f"To exchange it: python ingest.py --replace {quote(name)} {quote(str(path))}"
                )
                continue
            try:
                load(path, name)
                _copy(path, folder / name)
            except DocumentError as error:
                problems.append(str(error))
            else:
                added.append(name)
    return added, problems


def remove(folder: Path, names: Sequence[str]) -> None:
    """Take articles off the shelf; ``DocumentError``, with nothing changed, if one is unknown."""
    for path in [_known(folder, name) for name in names]:
        _set_aside(folder, path)


def replace(folder: Path, name: str, path: Path) -> str:
    """Put ``path`` in the place of the article ``name``; the name it goes by now.

    A link, date or review date noted in a file beside the old one stays in force.
    """
    old = _known(folder, name)
    with tempfile.TemporaryDirectory(prefix="articles-") as scratch:
        found, problems = _found([path], Path(scratch))
        if problems or len(found) != 1:
            what = problems[0] if problems else f"{path}: this is more than one article."
            raise DocumentError(f"{what} Give the one file that {name} is to be exchanged for.")
        new = found[0][0]
        load(new, name)
        if new.resolve() == old.resolve():
            raise DocumentError(f"{path}: this is the file in {folder} itself. Just ingest again.")
        target = old.with_suffix(new.suffix)
        if target != old and target.exists():
            raise DocumentError(f"{target}: there is such a file already. Remove it first.")
        facts, kept = facts_file(old), facts_file(target)
        noted = facts.read_bytes() if facts.is_file() and not facts_file(new).is_file() else None
        _set_aside(folder, old)
        _copy(new, target)
        if noted is not None:
            kept.write_bytes(noted)
    return target.relative_to(folder).as_posix()


def _found(paths: Sequence[Path], scratch: Path) -> tuple[list[tuple[Path, str]], list[str]]:
    """The files behind ``paths`` with the names they shall have; exports go through ``scratch``."""
    found: list[tuple[Path, str]] = []
    problems: list[str] = []
    for path in paths:
        if path.suffix.lower() in exports.SUFFIXES and path.is_file():
            try:
                unpacked = exports.unpack(path)
            except DocumentError as error:
                problems.append(f"{path}: {error}.")
                continue
            folder = Path(tempfile.mkdtemp(dir=scratch))
            for page in unpacked:
                (folder / page.name).write_bytes(page.html)
                found.append((folder / page.name, page.name))
            continue
        files, missing = find_files([path])
        problems += missing
        inside = f"{path.resolve().name}/" if path.is_dir() else ""
        found += [(file.path, f"{inside}{file.source}") for file in files]
    return found, problems


def _known(folder: Path, name: str) -> Path:
    files, _ = find_files([folder]) if folder.is_dir() else ([], [])
    names = [file.source for file in files]
    if name not in names:
        near = difflib.get_close_matches(name, names, 1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else "python ingest.py --list shows the names."
        raise DocumentError(f"{name}: there is no such article in {folder}. {hint}")
    return folder / name


def _copy(path: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        if facts_file(path).is_file():
            shutil.copyfile(facts_file(path), facts_file(target))
    except OSError as error:
        raise DocumentError(
            f"{target}: it cannot be written ({error.strerror or error})."
        ) from None


def _set_aside(folder: Path, path: Path) -> None:
    """Move a file, and what is noted beside it, to the hidden folder, under the time of day."""
    stamp = datetime.now(tz=UTC).strftime("%Y%m%d-%H%M%S-%f")
    kept = folder / REMOVED / stamp
    try:
        kept.mkdir(parents=True)
        for file in (path, facts_file(path)):
            if file.is_file():
                file.rename(kept / file.name)
    except OSError as error:
        raise DocumentError(f"{path}: it cannot be moved ({error.strerror or error}).") from None
