"""The operator's name, colours, logo and icon: used where they can be read, refused where not."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from playwright.sync_api import expect

from bot.errors import SettingsError
from bot.settings import Settings
from bot.web import colours
from bot.web.brand import MOST_BYTES, load_brand
from bot.web.colours import contrast
from bot.web.texts import load_texts
from tests.web.conftest import Open, Site, serving
from tests.web.scripted import ScriptedBot
from tests.web.test_accessibility import violations

TEXTS = load_texts()
STYLES = Path(colours.__file__).with_name("styles.css").read_text(encoding="utf-8")
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle r="4" fill="#729"/></svg>'
#: The focus ring on the help line, as in styles.css.
RING = "#ffd166"


def settings(**changes: object) -> Settings:
    return Settings(**changes)  # type: ignore[arg-type]


@pytest.fixture
def logo(tmp_path: Path) -> str:
    path = tmp_path / "logo.svg"
    path.write_text(LOGO, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [("#000000", "#ffffff", 21), ("#ffffff", "#ffffff", 1), ("#777777", "#ffffff", 4.48)],
)
def test_contrast_is_as_wcag_defines_it(first: str, second: str, ratio: float) -> None:
    assert contrast(first, second) == pytest.approx(ratio, abs=0.01)


def test_the_surfaces_that_colours_are_checked_on_are_those_of_the_style_sheet() -> None:
    day, night = STYLES.split("@media screen and (prefers-color-scheme: dark)", 1)
    for surfaces, text in ((colours.LIGHT_SURFACES, day), (colours.DARK_SURFACES, night)):
        for name, value in surfaces.items():
            found = re.search(rf"--{name}: (#[0-9a-f]{{6}})", text)
            assert found
            assert found[1] == value
    assert f"--focus: {RING}" in STYLES


COLOURS = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


@given(COLOURS, COLOURS)
def test_whatever_is_accepted_can_be_read_everywhere_by_day_and_night(
    colour: str, accent: str
) -> None:
    try:
        load_brand(settings(brand_colour=colour, brand_accent=accent))
    except SettingsError:
        assume(False)
    day = colours.light_palette(colour, accent)
    night = colours.dark_palette(colour, accent)
    for palette, surfaces in ((day, colours.LIGHT_SURFACES), (night, colours.DARK_SURFACES)):
        for filled in ("deep", "chip", "button"):
            assert contrast(colours.WHITE, palette[filled]) >= 4.5
        for surface in (*surfaces.values(), palette["tint"]):
            assert contrast(palette["accent"], surface) >= 4.5
        assert contrast(RING, palette["deep"]) >= 3
    assert contrast("#1d272b", day["tint"]) >= 4.5
    assert contrast("#e9eceb", night["tint"]) >= 4.5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"brand_colour": "teal"}, r"BOT_BRAND_COLOUR: 'teal' is not a colour such as"),
        ({"brand_accent": "#12345"}, r"BOT_BRAND_ACCENT: '#12345' is not a colour"),
        ({"brand_colour": "#ffcc00"}, r"BOT_BRAND_COLOUR: .* contrast of 1\.5, .* would do"),
        ({"brand_accent": "#ff8800"}, r"BOT_BRAND_ACCENT: .* contrast of .* would do"),
        ({"brand_logo": "none.svg", "brand_name": "X"}, r"BOT_BRAND_LOGO: none.svg cannot be read"),
        (
            {"brand_logo": colours.__file__, "brand_name": "X"},
            r"BOT_BRAND_LOGO: .* is not an SVG, PNG",
        ),
        ({"brand_logo": "logo.svg"}, r"a logo needs BOT_BRAND_NAME"),
        ({"tab_icon": "/"}, r"BOT_TAB_ICON: / cannot be read"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_way_to_mend_it(
    changes: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        load_brand(settings(**changes))


@pytest.mark.parametrize(
    ("name", "bad"), [("brand_colour", "#ffcc00"), ("brand_accent", "#ff8800")]
)
def test_the_colour_that_a_refusal_proposes_is_accepted(name: str, bad: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_brand(settings(**{name: bad}))
    found = re.search(r"(#[0-9a-f]{6}) would do", str(refused.value))
    assert found
    assert load_brand(settings(**{name: found[1]}))


def test_every_mistake_is_told_at_once() -> None:
    wrong = settings(brand_colour="red", brand_accent="blue", tab_icon="none.png")
    with pytest.raises(SettingsError) as refused:
        load_brand(wrong)
    for name in ("BOT_BRAND_COLOUR", "BOT_BRAND_ACCENT", "BOT_TAB_ICON"):
        assert name in str(refused.value)


def test_a_picture_too_large_to_send_with_every_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(MOST_BYTES))
    with pytest.raises(SettingsError, match="make the picture smaller"):
        load_brand(settings(brand_logo=str(path), brand_name="X"))


def test_without_settings_there_is_no_brand_line_and_a_plain_icon() -> None:
    brand = load_brand(Settings())
    assert brand.html == ""
    assert b"<svg" in b64decode(brand.icon.partition(",")[2])


def test_a_name_cannot_become_markup() -> None:
    assert "<b>" not in load_brand(settings(brand_name="<b>A</b>")).html


@pytest.fixture
def branded(logo: str) -> Iterator[Site]:
    bot = ScriptedBot()
    bot.loaded.set()
    texts = TEXTS.model_copy(
        update={"leave_url": "https://recipes.example/", "tab_title": "Shopping list"}
    )
    brand = settings(
        brand_name="Harbour Support",
        brand_logo=logo,
        brand_colour="#5b2a86",
        brand_accent="#7a1f5c",
        tab_icon=logo,
    )
    with serving(bot, brand, texts) as running:
        yield running


def test_the_page_wears_the_operators_brand_and_stays_readable(visit: Open, branded: Site) -> None:
    for scheme in ("light", "dark"):
        visitor = visit("phone", url=branded.url, color_scheme=scheme)
        expect(visitor.tab.locator(".brand")).to_have_text("Harbour Support")
        width = visitor.tab.locator(".brand img").evaluate("img => img.naturalWidth")
        assert width > 0, "the logo is not drawn"
        bar = visitor.tab.locator("#top").evaluate("top => getComputedStyle(top).backgroundColor")
        assert (bar == "rgb(91, 42, 134)") == (scheme == "light")
        visitor.ask("I feel unsafe")
        expect(visitor.tab.locator(".sources")).to_be_visible()
        assert violations(visitor) == []
        visitor.tab.evaluate("scrollTo(0, 0)")
        visitor.shot(f"brand-{scheme}")


def test_tab_title_icon_and_the_place_to_leave_for_are_the_operators(
    visit: Open, branded: Site
) -> None:
    visitor = visit("phone", url=branded.url)
    visitor.ends_at("https://recipes.example/")
    assert visitor.tab.title() == "Shopping list"
    icon = visitor.tab.locator('link[rel="icon"]')
    expect(icon).to_have_count(1)
    assert LOGO.encode() == b64decode((icon.get_attribute("href") or "").partition(",")[2])
    visitor.tab.locator(".leave").click()
    visitor.tab.wait_for_url("https://recipes.example/")
