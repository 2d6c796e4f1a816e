"""The page's words, read from the operator's ``texts.yaml`` and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.functional_validators import AfterValidator

from bot.errors import BotError

TEXTS_FILE = Path(__file__).with_name("texts.yaml")


class TextsError(BotError):
    """The file with the page's words has mistakes; the message lists all of them."""


def _full_https(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("must be a full address that begins with https://")
    return url


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]


class SafetySection(BaseModel):
    """One heading of the safety page, and the short points below it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    heading: Words
    points: Annotated[list[Words], Field(min_length=1, max_length=8)]


class SafetyTexts(BaseModel):
    """The safety page: who could see this visit, and what helps against it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: Words
    lead: Words
    back: Words
    sections: Annotated[list[SafetySection], Field(min_length=1, max_length=8)]


class PageTexts(BaseModel):
    """Every visitor-facing sentence of the page; ``texts.yaml`` says what each is for."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    tab_title: Words
    heading: Words
    about: Words
    intro: Words
    help_label: Words
    other_ways: Words
    other_ways_title: Words
    leave: Words
    leave_hint: Words
    leave_url: Annotated[Words, AfterValidator(_full_https)]
    call: Words
    text: Words
    chat: Words
    pinned_label: Words
    safe_to_read: Words
    you: Words
    sources: Words
    read_article: Words
    opens_elsewhere: Words
    source: Words
    waiting: Words
    waiting_first: Words
    waited_too_long: Words
    not_sent: Words
    too_fast: Words
    too_busy: Words
    box_label: Words
    box_hint: Words
    send: Words
    clear: Words
    privacy: Words
    loading: Words
    no_script: Words
    safety: SafetyTexts
    examples: Annotated[list[Words], Field(min_length=1, max_length=5)]


def load_texts(path: Path = TEXTS_FILE) -> PageTexts:
    """Read the page's words; ``TextsError`` lists every key that is missing, unknown or bad."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise TextsError(f"{path}: the page's texts cannot be read ({error}).") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "not YAML"
        raise TextsError(
            f"{path}:{line}: the page's texts are not valid YAML ({problem}). "
            "Text that contains ': ' or '#' needs quotes around it."
        ) from None
    if not isinstance(data, dict):
        raise TextsError(f"{path}: the page's texts must be a list of 'name: words' lines.")
    try:
        return PageTexts.model_validate(data)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
            for item in error.errors(include_url=False, include_input=False)
        )
        raise TextsError(f"{path}: {problems}.") from None
