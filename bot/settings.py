"""Settings from ``BOT_*`` environment variables or a ``.env`` file in the working folder."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError

#: Something that may stand in a frame-ancestors list: scheme, host (or ``*.host``), port.
_ORIGIN = re.compile(r"https?://(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?", re.IGNORECASE)

PROJECT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Every setting, its meaning and its default; the table in the README is tested against it."""

    model_config = SettingsConfigDict(
        env_prefix="BOT_", env_file=".env", extra="ignore", frozen=True
    )

    index: Path = Field(default=PROJECT / "data" / "index", description="Folder of the index.")
    corpus: Path = Field(
        default=PROJECT / "corpus", description="Documents ingested when there is no index yet."
    )
    rules: Path = Field(default=PROJECT / "safety_rules.yaml", description="The safety rules file.")
    chroma_url: str = Field(
        default="", description="A Chroma server to use instead of the embedded index."
    )
    embedder: str = Field(
        default="",
        description="Folder of a sentence-transformers model; empty for the installed MiniLM.",
    )
    host: str = Field(default="127.0.0.1", description="Address the chat listens on.")
    port: int = Field(default=7860, ge=0, le=65535, description="Port the chat listens on.")
    brand_name: str = Field(
        default="",
        max_length=60,
        description="The organisation's name, shown above the chat; empty for none.",
    )
    brand_logo: str = Field(
        default="",
        description="An SVG, PNG or JPEG file of at most 50 kB, shown beside the name.",
    )
    brand_colour: str = Field(
        default="#173f47",
        description="Colour of the help line and the buttons; white words must be readable on it.",
    )
    brand_accent: str = Field(
        default="#0f5f6d",
        description="Colour of links and of a card's edge; must be readable on white.",
    )
    tab_icon: str = Field(
        default="",
        description="An SVG or PNG file for the browser tab; empty for a plain sheet of paper.",
    )
    max_message: int = Field(
        default=4000, ge=200, le=100_000, description="Longest message in characters."
    )
    max_turns: int = Field(
        default=200, ge=10, le=10_000, description="Visitor turns kept in one conversation."
    )
    max_conversation: int = Field(
        default=60_000,
        ge=4000,
        le=1_000_000,
        description="Characters of one conversation, the visitor's turns together.",
    )
    rate: int = Field(
        default=60, ge=1, le=100_000, description="Answers a minute for one address; cards always."
    )
    answer_timeout: float = Field(
        default=90.0, gt=0, le=600, description="Seconds an answer may take, waiting included."
    )
    proxies: str = Field(
        default="",
        description="Addresses or networks of proxies in front of the chat, with commas between.",
    )
    frame_ancestors: str = Field(
        default="",
        description="Origins whose pages may show the chat in a frame, with commas between.",
    )
    answer_threshold: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Least confidence, 0 to 1, at which the article is said to cover a question.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severity that is logged; info has two lines a turn."
    )
    counts: str = Field(
        default="", description="A file for counts by day, level and category; empty for none."
    )
    llm: str = Field(
        default="",
        description="A language model, as provider:model; empty for the article's own words.",
    )
    llm_url: str = Field(default="", description="Address of the language model's server.")
    llm_key: str = Field(
        default="",
        repr=False,
        description="Key for the language model, if its server asks for one.",
    )
    llm_timeout: float = Field(
        default=8.0, gt=0, le=120, description="Seconds the language model may take."
    )

    @field_validator("proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for part in split(value):
            ip_network(part)  # its own error says what is wrong
        return value

    @field_validator("frame_ancestors")
    @classmethod
    def _origins(cls, value: str) -> str:
        for part in split(value):
            if not _ORIGIN.fullmatch(part):
                raise ValueError(f"{part!r} is not an origin such as https://www.example.org")
        return value


def split(value: str) -> tuple[str, ...]:
    """The parts of a setting that holds several, with commas or spaces between them."""
    return tuple(value.replace(",", " ").split())


def load_settings() -> Settings:
    """Read the settings; ``SettingsError`` names every variable that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"BOT_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            for item in error.errors()
        ]
        raise SettingsError("Settings that cannot be used: " + "; ".join(lines)) from None
