"""The operator's file of words: read, checked, and every mistake told at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.web.texts import (
    TEXTS_FILE,
    PageTexts,
    SafetySection,
    SafetyTexts,
    TextsError,
    load_texts,
)


def written(folder: Path, **changes: object) -> Path:
    data = yaml.safe_load(TEXTS_FILE.read_text(encoding="utf-8")) | changes
    path = folder / "texts.yaml"
    path.write_text(yaml.safe_dump({k: v for k, v in data.items() if v is not None}), "utf-8")
    return path


def test_the_file_that_comes_with_the_program_is_good_and_holds_no_phone_number() -> None:
    assert load_texts().tab_title
    words = TEXTS_FILE.read_text(encoding="utf-8")
    assert not [word for word in words.split() if sum(c.isdigit() for c in word) >= 3]


def test_a_changed_sentence_is_used(tmp_path: Path) -> None:
    assert load_texts(written(tmp_path, heading="Hello")).heading == "Hello"


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, heading=None, sned="x", leave_url="javascript:x", examples=[])
    with pytest.raises(TextsError) as caught:
        load_texts(path)
    message = str(caught.value)
    assert str(path) in message
    for key in ("heading", "sned", "leave_url", "examples"):
        assert f"{key}:" in message


@pytest.mark.parametrize(
    "url", ["http://example.org/", "javascript:alert(1)", "https://", "/here", "example.org"]
)
def test_the_way_out_must_be_a_full_https_address(tmp_path: Path, url: str) -> None:
    with pytest.raises(TextsError, match="leave_url"):
        load_texts(written(tmp_path, leave_url=url))


@pytest.mark.parametrize("content", ["", "- a\n- b\n", "heading: a: b\n", "\tx: y", "heading: [1"])
def test_a_file_of_another_form_is_one_plain_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "texts.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TextsError, match="texts") as caught:
        load_texts(path)
    assert "\n" not in str(caught.value)


def test_a_missing_or_unreadable_file_is_one_plain_line(tmp_path: Path) -> None:
    with pytest.raises(TextsError, match="cannot be read"):
        load_texts(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"heading: caf\xe9")
    with pytest.raises(TextsError, match="cannot be read"):
        load_texts(tmp_path / "latin.yaml")


def test_every_text_is_used_by_the_page() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in TEXTS_FILE.parent.glob("*.py")
        if path.name != "texts.py"
    )
    unused = [name for name in PageTexts.model_fields if f"texts.{name}" not in sources]
    unused += [name for name in SafetyTexts.model_fields if f".{name}" not in sources]
    unused += [name for name in SafetySection.model_fields if f"section.{name}" not in sources]
    assert unused == []


def test_a_mistake_in_the_safety_page_is_told_with_its_place(tmp_path: Path) -> None:
    safety = load_texts().safety.model_dump() | {"sections": [{"heading": "A", "points": []}]}
    with pytest.raises(TextsError, match=r"safety\.sections\.0\.points: "):
        load_texts(written(tmp_path, safety=safety))
