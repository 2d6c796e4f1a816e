"""The folder of articles: add, exchange, remove, and what saved pages and exports become."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from bot.errors import DocumentError
from bot.knowledge import exports, shelf
from bot.knowledge.load import load
from tests.fakes import make_passage


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "first.md").write_text("# First\n\nText one.\n")
    (folder / "second.html").write_text("<h1>Second</h1><p>Text two.</p>")
    (folder / "second.html.yaml").write_text("url: https://example.org/second\n")
    return folder


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with things to put on the shelf."""
    folder = tmp_path / "desk"
    folder.mkdir()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("[!.]*") if p.is_file())


def shown(folder: Path) -> list[str]:
    return [name for name in names(folder) if not name.startswith(".")]


class TestAdding:
    def test_a_file_and_what_is_noted_beside_it_are_copied(self, corpus: Path, desk: Path) -> None:
        (desk / "leaflet.txt").write_text("Leaflet\n\nSome text.\n")
        (desk / "leaflet.txt.yaml").write_text("url: https://example.org/leaflet\n")
        assert shelf.add(corpus, [desk / "leaflet.txt"]) == (["leaflet.txt"], [])
        facts = load(corpus / "leaflet.txt", "leaflet.txt").facts
        assert facts.url == "https://example.org/leaflet"

    def test_a_folder_keeps_its_name_and_the_assets_of_saved_pages_stay_behind(
        self, corpus: Path, desk: Path
    ) -> None:
        site = desk / "site"
        (site / "page_files").mkdir(parents=True)
        (site / "page.html").write_text("<p>Text.</p>")
        (site / "page_files" / "frame.html").write_text("<p>An advertisement.</p>")
        added, problems = shelf.add(corpus, [site])
        assert (added, problems) == (["site/page.html"], [])
        assert "site/page_files/frame.html" not in names(corpus)

    def test_what_cannot_be_used_is_told_and_the_rest_added(self, corpus: Path, desk: Path) -> None:
        (desk / "good.md").write_text("Good text.\n")
        (desk / "empty.md").touch()
        (desk / "first.md").write_text("Another first.\n")
        added, problems = shelf.add(
            corpus, [desk / name for name in ("good.md", "empty.md", "first.md", "missing.md")]
        )
        assert added == ["good.md"]
        assert sorted(p.split(": ", 1)[1][:27] for p in problems) == [
            "the file is empty.",
            "there is a file first.md in",
            "there is no such file or fo",
        ]
        assert (corpus / "first.md").read_text().startswith("# First")

    def test_a_wrong_note_beside_a_file_is_told(self, corpus: Path, desk: Path) -> None:
        (desk / "leaflet.txt").write_text("Some text.\n")
        for note, said in {
            "review_by: next year\n": "review_by 'next year' is not a date",
            "published: soonish\n": "published 'soonish' is not a date",
            "just words\n": "has no lines like 'url: ...'",
            "title: A: B\n": "is not valid YAML at line 1",
        }.items():
            (desk / "leaflet.txt.yaml").write_text(note)
            added, problems = shelf.add(corpus, [desk / "leaflet.txt"])
            assert added == []
            assert said in problems[0]

    @pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
    def test_a_folder_that_cannot_be_written_is_told(self, corpus: Path, desk: Path) -> None:
        (desk / "good.md").write_text("Good text.\n")
        corpus.chmod(0o500)
        added, problems = shelf.add(corpus, [desk / "good.md"])
        assert added == []
        assert "cannot be written" in problems[0]


class TestRemoving:
    def test_an_article_is_kept_hidden_with_its_note(self, corpus: Path) -> None:
        shelf.remove(corpus, ["second.html"])
        assert shown(corpus) == ["first.md"]
        kept = [p.name for p in (corpus / shelf.REMOVED).rglob("*") if p.is_file()]
        assert sorted(kept) == ["second.html", "second.html.yaml"]

    def test_an_unknown_name_changes_nothing_and_a_near_one_is_offered(self, corpus: Path) -> None:
        before = names(corpus)
        with pytest.raises(DocumentError, match=r"Did you mean second\.html\?"):
            shelf.remove(corpus, ["first.md", "secnd.html"])
        assert names(corpus) == before

    @pytest.mark.parametrize("name", ["../desk/x.md", "/etc/passwd", "", "."])
    def test_nothing_outside_the_folder_can_be_named(
        self, corpus: Path, desk: Path, name: str
    ) -> None:
        (desk / "x.md").write_text("Text.")
        with pytest.raises(DocumentError, match="no such article"):
            shelf.remove(corpus, [name])
        assert (desk / "x.md").exists()


class TestReplacing:
    def test_the_new_file_takes_the_place_and_the_note_stays(
        self, corpus: Path, desk: Path
    ) -> None:
        (desk / "newer.html").write_text("<h1>Second</h1><p>Newer text.</p>")
        assert shelf.replace(corpus, "second.html", desk / "newer.html") == "second.html"
        document = load(corpus / "second.html", "second.html")
        assert "Newer text." in document.text
        assert document.facts.url == "https://example.org/second"

    def test_a_file_of_another_kind_keeps_the_name_and_the_note(
        self, corpus: Path, desk: Path
    ) -> None:
        (desk / "newer.md").write_text("# Second\n\nNewer text.\n")
        assert shelf.replace(corpus, "second.html", desk / "newer.md") == "second.md"
        assert load(corpus / "second.md", "x").facts.url == "https://example.org/second"
        assert shown(corpus) == ["first.md", "second.md", "second.md.yaml"]

    def test_what_cannot_be_read_leaves_the_old_one(self, corpus: Path, desk: Path) -> None:
        (desk / "empty.html").touch()
        before = names(corpus)
        for path in (desk / "empty.html", desk / "missing.html", desk, corpus / "second.html"):
            with pytest.raises(DocumentError):
                shelf.replace(corpus, "second.html", path)
        assert names(corpus) == before


class TestArticles:
    def test_each_has_its_own_facts_and_is_overdue_the_day_after(self) -> None:
        passages = [
            make_passage("one", source="b.md", title="B", review_by="2026-11-22"),
            make_passage("two", source="a.md", title="A", url="", published=""),
            make_passage("three", source="b.md", title="B", review_by="2026-11-22"),
        ]
        first, second = shelf.articles(passages)
        assert (first.name, first.title, first.passages) == ("a.md", "A", 1)
        assert (second.name, second.passages) == ("b.md", 2)
        assert not first.is_overdue(date(2026, 11, 23))
        assert not second.is_overdue(date(2026, 11, 22))
        assert second.is_overdue(date(2026, 11, 23))
        assert second.overdue().startswith("b.md: 'B' was to be reviewed by 2026-11-22.")


MHTML = b"""\
From: <Saved by Blink>
Snapshot-Content-Location: https://example.org/talking
Subject: Talking
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="--b"

----b
Content-Type: text/html
Content-Transfer-Encoding: quoted-printable
Content-Location: https://example.org/talking

<html><head><meta charset=3D"utf-8"><title>Talking again</title></head>
<body><article><h1>Talking again</h1><p>Begin with caf=C3=A9.</p></article></body></html>
----b
Content-Type: image/png
Content-Transfer-Encoding: base64

AAAA
----b--
"""
WORDPRESS = """\
<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>Our Site</title>
<item><title>Old &amp; new</title><link>https://example.org/old-new/</link>
<dc:creator>jo</dc:creator><content:encoded><![CDATA[First part.

Second <b>part</b>.]]></content:encoded>
<wp:post_name>old-new</wp:post_name><wp:post_date>2026-03-02 10:00:00</wp:post_date>
<wp:status>publish</wp:status><wp:post_type>post</wp:post_type></item>
<item><title>A draft</title><content:encoded>Not yet.</content:encoded>
<wp:status>draft</wp:status><wp:post_type>post</wp:post_type></item>
<item><title>A menu</title><content:encoded>Home</content:encoded>
<wp:status>publish</wp:status><wp:post_type>nav_menu_item</wp:post_type></item>
<item><title>../../etc/Old-New</title><link>https://example.org/2/</link>
<content:encoded>&lt;p&gt;Same name.&lt;/p&gt;</content:encoded>
<wp:post_name>old-new</wp:post_name>
<wp:status>publish</wp:status><wp:post_type>page</wp:post_type></item>
</channel></rss>
"""


class TestExports:
    def test_a_page_saved_as_one_file_keeps_its_text_and_address(
        self, corpus: Path, desk: Path
    ) -> None:
        (desk / "Talking again.mhtml").write_bytes(MHTML)
        assert shelf.add(corpus, [desk / "Talking again.mhtml"]) == (["talking-again.html"], [])
        document = load(corpus / "talking-again.html", "x")
        assert "Begin with café." in document.text
        assert document.facts.title == "Talking again"
        assert document.facts.url == "https://example.org/talking"

    def test_a_wordpress_export_gives_its_published_posts_and_pages(
        self, corpus: Path, desk: Path
    ) -> None:
        (desk / "export.xml").write_text(WORDPRESS)
        added, problems = shelf.add(corpus, [desk / "export.xml"])
        assert (added, problems) == (["old-new.html", "old-new-2.html"], [])
        document = load(corpus / "old-new.html", "x")
        assert document.text == "Old & new\n\nFirst part.\n\nSecond part."
        facts = document.facts
        assert (facts.title, facts.url) == ("Old & new", "https://example.org/old-new/")
        assert (facts.published, facts.author) == ("2026-03-02", "jo")
        assert facts.organisation == "Our Site"

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("x.xml", b"<rss><channel/></rss>", "no published post or page"),
            ("x.xml", b"not xml", "this is not XML"),
            ("x.xml", b"", "this is not XML"),
            ("x.mhtml", b"", "no web page"),
            ("x.mhtml", b"Content-Type: text/plain\n\nhello", "no web page"),
        ],
    )
    def test_a_file_that_is_none_is_told(
        self, corpus: Path, desk: Path, name: str, content: bytes, said: str
    ) -> None:
        (desk / name).write_bytes(content)
        added, problems = shelf.add(corpus, [desk / name])
        assert added == []
        assert said in problems[0]

    def test_an_xml_bomb_is_refused(self, desk: Path) -> None:
        entities = "".join(
            f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha" * 10}">' for n in range(12)
        )
        (desk / "bomb.xml").write_text(f"<!DOCTYPE x [{entities}]><rss>&a11;</rss>")
        with pytest.raises(DocumentError, match="not XML"):
            exports.unpack(desk / "bomb.xml")

    def test_a_link_that_a_browser_noted_is_used_only_where_the_page_has_none(
        self, desk: Path
    ) -> None:
        mark = "<!-- saved from url=(0024)https://example.org/saved -->\n"
        (desk / "a.html").write_text(f"<!doctype html>\n{mark}<p>Text.</p>")
        assert load(desk / "a.html", "a").facts.url == "https://example.org/saved"
        head = '<link rel="canonical" href="https://example.org/own">'
        (desk / "b.html").write_text(f"<!doctype html>\n{mark}{head}<p>Text.</p>")
        assert load(desk / "b.html", "b").facts.url == "https://example.org/own"
