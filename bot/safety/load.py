"""Loading the rules: read, checked and compiled once, then taken from a cache while unchanged.

Reading and checking thousands of patterns against their examples takes a second or two, and a
card should not wait for it at every start. The cache is a private file of the user who runs the
program, named after a hash of the rules files and of this package's code; where it cannot be
written or read, everything works without it.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import pickle
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from bot.errors import Problem, RulesError
from bot.safety.cues import CueModel, fit
from bot.safety.examples import broken_examples
from bot.safety.labelled import Example, read_examples
from bot.safety.match import Engine
from bot.safety.rulebook import Place, RuleBook
from bot.safety.rules import read_rules, rule_files

if TYPE_CHECKING:
    from bot.safety.meaning import Encoder, MeaningModel

_LARGEST = 50_000_000  # bytes
_CODE = Path(__file__).resolve().parent


def load_engine(path: Path) -> Engine:
    """The compiled rules of a file; ``RulesError`` holds every mistake in it."""
    cached = _cache_file("rules", rule_files(path))
    engine = _cached(cached)
    if not isinstance(engine, Engine):
        with _without_collecting():
            book = read_rules(path)
            engine = Engine(book)
            problems = [_too_large(book, where) for where in dict.fromkeys(engine.too_large())]
            problems = problems or broken_examples(book, engine)
        if problems:
            raise RulesError(problems)
        if cached == _cache_file(
            "rules", rule_files(path)
        ):  # else they were edited while being read
            _keep(cached, engine)
    return engine


def _too_large(book: RuleBook, where: str) -> Problem:
    place = book.places.get(where, Place(book.path, 1))
    what = "a pattern is too large to be matched"
    return Problem(place.path, place.line, where, what, "Split it, or use shorter lists.")


def load_cues(engine: Engine, *, fitting: bool) -> CueModel | None:
    """The words of the second net, fitted to the example messages; ``None`` if there is none.

    Fitting takes seconds; unless ``fitting`` is true, only what was fitted before is taken.
    Raises ``RulesError`` if the examples have mistakes.
    """
    cached = _cache_file("cues", [*rule_files(engine.book.path), *_example_files(engine)])
    fitted = _cached(cached)
    if isinstance(fitted, CueModel) or not fitting:
        return fitted if isinstance(fitted, CueModel) else None
    fitted = fit(_examples(engine), engine.lexicon)
    if fitted is not None:
        _keep(cached, fitted)
    return fitted


def load_meaning(engine: Engine, encoder: Encoder, *, fitting: bool) -> MeaningModel | None:
    """What the examples mean to a sentence model; as ``load_cues``, but takes up to a minute.

    Rules have no part in it, so that an edit of theirs does not cost that minute.
    """
    from bot.safety import meaning  # noqa: PLC0415 - needs NumPy, which the rules do without

    identity = hashlib.sha256(encoder.identity.encode()).hexdigest()[:8]
    cached = _cache_file(f"meaning-{identity}", _example_files(engine))
    model = _cached(cached)
    if isinstance(model, meaning.MeaningModel) or not fitting:
        return model if isinstance(model, meaning.MeaningModel) else None
    model = meaning.fit(_examples(engine), encoder)
    _keep(cached, model)
    return model


def _example_files(engine: Engine) -> list[Path]:
    return sorted(engine.book.examples_folder.glob("*.jsonl"))


def _examples(engine: Engine) -> list[Example]:
    problems: list[Problem] = []
    examples = read_examples(engine.book.examples_folder, problems)
    if problems:
        raise RulesError(problems)
    return examples


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """No garbage collection: everything made here stays, and looking it over takes long."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _cache_file(kind: str, files: Sequence[Path]) -> Path | None:
    """Where what is made of these very files is kept, ``None`` if they cannot be read.

    Compiled rules say where they were read from, so their place counts; a net's examples may
    be anywhere.
    """
    digest = hashlib.sha256(sys.version.encode())
    try:
        for file in (*sorted(_CODE.glob("*.py")), *files):
            if not file.is_file() or file.stat().st_size > _LARGEST:
                return None  # reading the rules will say what is wrong with it
            name = str(file.resolve()) if kind == "rules" else file.name
            digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    except OSError:
        return None
    return user_cache_path("article-support-chat") / f"{kind}-{digest.hexdigest()[:32]}.pickle"


def _cached(file: Path | None) -> object:
    """What is in a cache file that only this user can have written, ``None`` if nothing is."""
    if file is None:
        return None
    try:
        with file.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
                return None
            os.utime(file)  # what is in use is not forgotten
            with _without_collecting():
                return pickle.load(stream)  # noqa: S301 - checked to be our own, see above
    except Exception:  # whatever is wrong with a cache, the rules themselves are there
        return None


def _keep(file: Path | None, made: Engine | CueModel | MeaningModel) -> None:
    """Write the cache file whole, and forget those that have not been used for longest."""
    if file is None:
        return
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as stream:
            draft = Path(stream.name)
            try:
                pickle.dump(made, stream, protocol=pickle.HIGHEST_PROTOCOL)
                stream.flush()
                draft.replace(file)
            finally:
                draft.unlink(missing_ok=True)
        kind = file.name.partition("-")[0]
        kept = sorted(file.parent.glob(f"{kind}-*.pickle"), key=lambda each: each.stat().st_mtime)
        for old in kept[:-4]:
            old.unlink(missing_ok=True)
