"""The licence of every locked package, as a Markdown page.

    python3 run.py bench licences > docs/licences.md

Names and versions are those of ``requirements.lock``; licences are what the installed packages
say of themselves. A package that is only for another system is listed without its licence.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_HEAD = """\
# Licences

The packages that an installation brings (`requirements.lock`, and PyTorch), and what each says its
licence is. Written by `python3 run.py bench licences > docs/licences.md`; a test compares the two.

| package | licence |
|---|---|
"""
_ELSEWHERE = "(for other systems only)"
#: Where a package's own short text says less than its classifier.
_LONGEST = 60


def locked() -> list[str]:
    """The names in the lock file, and PyTorch, which is installed from elsewhere."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return sorted({*re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE), "torch"})


def licence(name: str) -> str:
    """What an installed package says of its licence, ``""`` if it says nothing."""
    try:
        about: Any = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return _ELSEWHERE
    classified = [
        each.rsplit(" :: ", 1)[-1]
        for each in about.get_all("Classifier") or []
        if each.startswith("License ::") and each != "License :: OSI Approved"
    ]
    own = " ".join(str(about.get("License") or "").split())
    expression = str(about.get("License-Expression") or "")
    return expression or ", ".join(classified) or (own if len(own) <= _LONGEST else "")


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(f"| {name} | {licence(name)} |\n" for name in locked())


if __name__ == "__main__":
    sys.stdout.write(page())
