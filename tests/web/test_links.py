"""Phone, text and web links are made only of what can safely be followed."""

from __future__ import annotations

import pytest

from bot.web.links import callable_numbers, dial, web


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("1800 737 732", "1800737732"),
        ("000", "000"),
        ("(02) 6280 0900", "0262800900"),
        ("+61 2 6280-0900", "+61262800900"),
        ("1800 RESPECT", ""),
        ("", ""),
        ("12", ""),
        ("000;phone-context=evil", ""),
        ('1800" onclick="x', ""),
    ],
)
def test_a_number_is_dialled_by_its_digits_or_not_at_all(written: str, dialled: str) -> None:
    assert dial(written) == dialled


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("lifeline.org.au/crisis-chat", "https://lifeline.org.au/crisis-chat"),
        (" https://ntv.org.au ", "https://ntv.org.au"),
        ("http://example.org/a?b=c", "http://example.org/a?b=c"),
        ("javascript:alert(1)", ""),
        ("JaVaScRiPt://example.org/%0aalert(1)", ""),
        ("data:text/html,x", ""),
        ("//evil.example", ""),
        ("https://user@evil.example/", ""),
        ("https://exa mple.org", ""),
        ("https:\\\\evil.example", ""),
        ("https://[::1", ""),
        ("", ""),
    ],
)
def test_only_plain_web_addresses_become_links(written: str, address: str) -> None:
    assert web(written) == address


def test_numbers_in_a_sentence_can_be_called_and_the_rest_is_escaped() -> None:
    html = callable_numbers("<b>Call 000, 13 11 14 or 1800 55 1800.</b>")
    assert html == (
        '&lt;b&gt;Call <a class="number" href="tel:000">000</a>, '
        '<a class="number" href="tel:131114">13 11 14</a> or '
        '<a class="number" href="tel:1800551800">1800 55 1800</a>.&lt;/b&gt;'
    )


@pytest.mark.parametrize("text", ["$1,000", "10000", "x000", "1300", "2024", "13.1114", "000.5"])
def test_other_numbers_stay_plain_text(text: str) -> None:
    assert "href" not in callable_numbers(text)
