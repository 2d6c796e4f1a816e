"""Colours: an operator's two, checked for contrast, and all that the page derives from them.

Contrast is WCAG 2's ratio of relative luminances, 1 to 21. Text needs 4.5, a focus ring 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

TEXT = 4.5
WHITE, BLACK = "#ffffff", "#000000"
_HEX = re.compile(r"#[0-9a-fA-F]{6}")

#: What links and marks are drawn on, as in styles.css (a test compares them).
LIGHT_SURFACES = {"paper": "#faf9f6", "sheet": "#ffffff", "alert-tint": "#fbf1ea"}
DARK_SURFACES = {"paper": "#12181a", "sheet": "#1a2225", "alert-tint": "#2b2019"}

_TINT = 0.92
#: The same with the darkest tint that an accent can give.
UNDER_ACCENT = (*LIGHT_SURFACES.values(), "#ebebeb")


def is_colour(text: str) -> bool:
    """Whether ``text`` is a colour as ``#rrggbb``."""
    return _HEX.fullmatch(text) is not None


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, 1 (none) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """``colour`` with ``share`` (0 to 1) of ``other`` in it."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def least(colour: str, surfaces: Iterable[str]) -> float:
    """The least contrast of a colour with any of the surfaces."""
    return min(contrast(colour, surface) for surface in surfaces)


def readable(colour: str, surfaces: Iterable[str], *, towards: str) -> str:
    """The nearest colour, going ``towards`` black or white, that is readable on all surfaces."""
    surfaces = tuple(surfaces)
    shades = (mix(colour, towards, step / 50) for step in range(51))
    return next(shade for shade in shades if least(shade, surfaces) >= TEXT)


def lighter(colour: str, most: float) -> str:
    """``colour`` lightened by at most ``most`` (0 to 1) as far as white stays readable on it."""
    shades = (mix(colour, WHITE, most * step / 10) for step in range(10, -1, -1))
    return next(shade for shade in shades if contrast(WHITE, shade) >= TEXT)


def light_palette(colour: str, accent: str) -> Mapping[str, str]:
    """The page's variable colours by day; white is readable on ``colour``."""
    return {
        "deep": colour,
        "chip": mix(colour, accent, 0.5),
        "button": colour,
        "accent": accent,
        "tint": mix(accent, WHITE, _TINT),
    }


def dark_palette(colour: str, accent: str) -> Mapping[str, str]:
    """The same in the dark: the bar darker, buttons and links lighter."""
    deep = mix(colour, BLACK, 0.3)
    tint = mix(DARK_SURFACES["sheet"], accent, 0.12)
    surfaces = (*DARK_SURFACES.values(), tint)
    return {
        "deep": deep,
        "chip": mix(deep, accent, 0.3),
        "button": lighter(colour, 0.25),
        "accent": mix(readable(accent, surfaces, towards=WHITE), WHITE, 0.35),
        "tint": tint,
    }


def variables(colour: str, accent: str) -> str:
    """Both palettes as a style sheet of custom properties."""

    def written(palette: Mapping[str, str]) -> str:
        return ":root{" + "".join(f"--{name}:{value};" for name, value in palette.items()) + "}"

    dark = written(dark_palette(colour, accent))
    return written(light_palette(colour, accent)) + (
        f"@media screen and (prefers-color-scheme:dark){{{dark}}}"
    )


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
