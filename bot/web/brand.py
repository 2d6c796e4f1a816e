"""The operator's own name, colours, logo and tab icon, checked before the page is served."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bot.errors import SettingsError
from bot.settings import Settings
from bot.web.colours import (
    BLACK,
    TEXT,
    UNDER_ACCENT,
    WHITE,
    contrast,
    is_colour,
    least,
    readable,
    variables,
)

ICON_FILE = Path(__file__).with_name("icon.svg")
#: Pictures travel inside the page, on bad connections too.
MOST_BYTES = 50_000
_KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Brand:
    """What makes the page the operator's. ``logo`` and ``icon`` are ``data:`` addresses."""

    name: str
    logo: str
    icon: str
    styles: str

    @property
    def html(self) -> str:
        """The line with logo and name that stands above the heading; empty without a name."""
        logo = f'<img src="{self.logo}" alt="" height="32">' if self.logo else ""
        return f'<p class="brand">{logo}<span>{escape(self.name)}</span></p>' if self.name else ""


def load_brand(settings: Settings) -> Brand:
    """Read and check the brand; ``SettingsError`` names every setting that cannot be used."""
    problems = [*_colour_problems(settings)]
    logo = icon = ""
    if settings.brand_logo and not settings.brand_name.strip():
        problems.append(
            "BOT_BRAND_LOGO: a logo needs BOT_BRAND_NAME beside it, for whoever cannot see it"
        )
    try:
        logo = _picture("BOT_BRAND_LOGO", settings.brand_logo)
    except SettingsError as error:
        problems.append(str(error))
    try:
        icon = _picture("BOT_TAB_ICON", settings.tab_icon or str(ICON_FILE))
    except SettingsError as error:
        problems.append(str(error))
    if problems:
        raise SettingsError("Settings that cannot be used: " + "; ".join(problems) + ".")
    styles = variables(settings.brand_colour, settings.brand_accent)
    return Brand(settings.brand_name.strip(), logo, icon, styles)


def _colour_problems(settings: Settings) -> Iterator[str]:
    """Colours that are none, or on which or in which nobody could read."""
    written = {"BOT_BRAND_COLOUR": settings.brand_colour, "BOT_BRAND_ACCENT": settings.brand_accent}
    wrong = [name for name, value in written.items() if not is_colour(value)]
    for name in wrong:
        yield f"{name}: {written[name]!r} is not a colour such as #173f47 (# and six hex digits)"
    if wrong:
        return
    colour, accent = settings.brand_colour, settings.brand_accent
    if (ratio := contrast(WHITE, colour)) < TEXT:
        yield (
            f"BOT_BRAND_COLOUR: white words on {colour} have a contrast of {ratio:.1f}, and "
            f"{TEXT} is the least that can be read; {readable(colour, [WHITE], towards=BLACK)} "
            "would do"
        )
    if (ratio := least(accent, UNDER_ACCENT)) < TEXT:
        yield (
            f"BOT_BRAND_ACCENT: links in {accent} have a contrast of {ratio:.1f} with the page, "
            f"and {TEXT} is the least that can be read; "
            f"{readable(accent, UNDER_ACCENT, towards=BLACK)} would do"
        )


def _picture(setting: str, name: str) -> str:
    """A picture as a ``data:`` address, where no script in an SVG runs; empty without a name."""
    if not name:
        return ""
    try:
        content = Path(name).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(f"{setting}: {name} cannot be read ({reason})") from None
    if len(content) > MOST_BYTES:
        raise SettingsError(
            f"{setting}: {name} has {len(content):,} bytes, and {MOST_BYTES:,} are the most, "
            "because it is sent with every page; make the picture smaller"
        )
    kind = next((kind for start, kind in _KINDS.items() if content.startswith(start)), "")
    if not kind and b"<svg" in content[:1000]:
        kind = "image/svg+xml"
    if not kind:
        raise SettingsError(f"{setting}: {name} is not an SVG, PNG or JPEG picture")
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"
