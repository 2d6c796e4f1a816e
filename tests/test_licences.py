"""What an installation brings: every package's licence is listed, and none forbids the use."""

from __future__ import annotations

import re
from pathlib import Path

from bench.licences import licence, locked, page

ROOT = Path(__file__).resolve().parent.parent
#: Licences that would bind the operator's own program; MPL-2.0 binds only its own files.
BINDING = re.compile(r"\b(A?GPL|GNU|SSPL|BUSL|Commons Clause|Non-?Commercial|Proprietary)\b", re.I)


def rows(text: str) -> dict[str, str]:
    found = re.findall(r"^\| ([^|]+) \| ([^|]*) \|$", text, re.MULTILINE)
    return {name: told for name, told in found if name not in {"package", "---"}}


def test_the_listed_licences_are_those_of_the_locked_packages() -> None:
    """After a change of the lock: python3 run.py bench licences > docs/licences.md."""
    listed = rows((ROOT / "docs" / "licences.md").read_text(encoding="utf-8"))
    assert set(listed) == set(locked())
    here = rows(page())
    elsewhere = "(for other systems only)"
    for name, told in here.items():
        assert elsewhere in {told, listed[name]} or told == listed[name], name


def test_every_package_says_its_licence_and_none_binds_the_operator() -> None:
    for name in locked():
        told = licence(name)
        assert told, f"{name} does not say its licence"
        assert not BINDING.search(told), f"{name}: {told}"


def test_every_locked_package_has_a_hash() -> None:
    for lock in ("requirements.lock", "requirements-test.lock", "requirements-bench.lock"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        entries = re.split(r"^(?=[A-Za-z0-9_.-]+==)", text, flags=re.MULTILINE)[1:]
        assert entries
        assert all("--hash=sha256:" in entry for entry in entries), lock
