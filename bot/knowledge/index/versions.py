"""Names of versions, and the lock that the one writer holds."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from bot.errors import IndexUnavailable, IngestBusy

_STAMP = "%Y%m%dT%H%M%S%f"


def new_version() -> str:
    """A name that sorts by time and that no other ingest can have."""
    return stamp(datetime.now(UTC)) + "-" + secrets.token_hex(3)


def stamp(moment: datetime) -> str:
    """The beginning of the names of versions made at ``moment`` (UTC)."""
    return moment.strftime(_STAMP)


@contextlib.contextmanager
def locked(folder: Path, name: str, place: str) -> Iterator[None]:
    """Hold the lock file ``name`` in ``folder``; the system lets go of it if the process dies.

    Raises ``IngestBusy`` if another process holds it, ``IndexUnavailable`` if the folder
    cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / name, timeout=0)
        lock.acquire()
    except Timeout:
        raise IngestBusy(
            f"Another ingest is writing to {place} (it holds {folder / name}). "
            "Wait until it has finished, then run this one again."
        ) from None
    except OSError as error:
        raise IndexUnavailable(
            f"The index folder {folder} cannot be written to ({error.strerror or error}). "
            "Set BOT_INDEX to a folder that can."
        ) from None
    try:
        yield
    finally:
        lock.release()
