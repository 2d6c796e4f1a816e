"""The documentation names what exists, and everything an operator can set is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        row = next((line for line in readme.splitlines() if f"`BOT_{name.upper()}`" in line), "")
        assert field.description, name
        assert field.description in row, name


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_setting_and_file_named_in_the_docs_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    known = {f"BOT_{name.upper()}" for name in Settings.model_fields} | {"BOT_TEST_CHROMIUM"}
    assert set(re.findall(r"\bBOT_[A-Z_]+\b", text)) <= known
    for name in re.findall(r"`((?:bot|docs|safety_rules|corpus|tests|bench)/[\w./-]*)`", text):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (path.parent / name).exists(), name
