"""A program for tests: an ingest that kills itself, as ``kill -9`` would, at its n-th moment.

Usage: ``python -m tests.knowledge.ingest_until_killed N PATH ...``. A moment is just before a
step that leaves a trace on the disk. With N = 0 nothing is killed and the
names of the moments, in order, are printed last.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ingest
from bot.knowledge.index import chroma, folder
from tests.fakes import HashingEmbedder

LIMIT = int(sys.argv[1])
moments: list[str] = []


def moment(owner: Any, name: str) -> None:
    step: Callable[..., Any] = getattr(owner, name)

    def reached(*args: Any, **kwargs: Any) -> Any:
        moments.append(name)
        if len(moments) == LIMIT:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*args, **kwargs)

    setattr(owner, name, reached)


moment(HashingEmbedder, "encode")
moment(Path, "mkdir")
moment(chroma, "open_folder")
moment(chroma, "fill")
moment(folder, "_sync")
moment(os, "replace")
moment(shutil, "rmtree")
code = ingest.main(sys.argv[2:], embedder=HashingEmbedder())
print(",".join(moments))
sys.exit(code)
