"""Finding and reading the documents of a library: paths -> documents, and what went wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import DocumentError
from bot.knowledge.documents import Document
from bot.knowledge.load import SUFFIXES, load

_PAGES = frozenset({".html", ".htm"})


@dataclass(frozen=True, slots=True)
class File:
    """A file to read and the name it goes by in the index."""

    path: Path
    source: str


@dataclass(frozen=True, slots=True)
class Library:
    """What could be read; ``broken`` are the sources of files that are there but unusable.

    ``problems`` has one line for each path that gave nothing, in the order they were met.
    """

    documents: tuple[Document, ...]
    broken: frozenset[str]
    problems: tuple[str, ...]


def read_library(
    paths: Sequence[Path], on_file: Callable[[int, int], None] = lambda _done, _total: None
) -> Library:
    """Read every document in ``paths``; never raises for a file, but notes the problem."""
    files, problems = find_files(paths)
    documents: list[Document] = []
    broken: set[str] = set()
    for done, file in enumerate(files):
        on_file(done, len(files))
        try:
            documents.append(load(file.path, file.source))
        except DocumentError as error:
            problems.append(str(error))
            broken.add(file.source)
    on_file(len(files), len(files))
    return Library(tuple(documents), frozenset(broken), tuple(problems))


def find_files(paths: Sequence[Path]) -> tuple[list[File], list[str]]:
    """The files that ``paths`` name or, for folders, contain; and a line for each bad path.

    A folder gives its files of known types in order of name, at any depth, without hidden
    ones, links that lead out of it and the ``..._files`` folders that browsers put beside a
    saved page. A file in two of the paths is read once. Its source is its path within the folder
    (its bare name if it was named itself), made longer where two would be the same.
    """
    found: dict[Path, File] = {}
    taken: set[str] = set()
    problems: list[str] = []
    for path in paths:
        if path.is_dir():
            inside = _walk(path, problems)
            if not inside:
                problems.append(f"{path}: there are no documents in this folder.")
        elif os.path.lexists(path):
            inside = [(path, path.name)]
        else:
            problems.append(f"{path}: there is no such file or folder.")
            continue
        for file, name in inside:
            real = file.resolve()
            if real not in found:
                found[real] = File(file, _unique(name, real, taken))
                taken.add(found[real].source)
    return list(found.values()), problems


def _walk(folder: Path, problems: list[str]) -> list[tuple[Path, str]]:
    def unreadable(error: OSError) -> None:
        problems.append(f"{error.filename}: it cannot be read ({error.strerror}).")

    home = folder.resolve()
    inside: list[tuple[Path, str]] = []
    for at, folders, names in os.walk(folder, onerror=unreadable):
        pages = {f"{Path(name).stem}_files" for name in names if Path(name).suffix in _PAGES}
        folders[:] = sorted(name for name in set(folders) - pages if not name.startswith("."))
        for name in sorted(names):
            file = Path(at, name)
            if name.startswith(".") or file.suffix.lower() not in SUFFIXES:
                continue
            if file.is_symlink() and file.exists() and home not in file.resolve().parents:
                problems.append(
                    f"{file}: it is a link that leads out of the folder; copy the file."
                )
                continue
            inside.append((file, file.relative_to(folder).as_posix()))
    return inside


def _unique(name: str, real: Path, taken: set[str]) -> str:
    parts = real.as_posix().split("/")
    depth = name.count("/") + 1
    while name in taken and depth < len(parts):
        depth += 1
        name = "/".join(parts[-depth:])
    return name
