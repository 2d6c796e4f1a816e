"""Every file type gives the same kind of structure; plain text by its layout alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from fpdf import FPDF

from bot.errors import DocumentError
from bot.knowledge.documents import Document
from bot.knowledge.load import load
from bot.knowledge.passages import split


def document(folder: Path, name: str, content: str | bytes) -> Document:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load(path, name)


def outline(doc: Document) -> list[tuple[str, ...]]:
    """Every passage as its section path followed by its text."""
    return [(*one.section, one.text) for one in split(doc)]


class TestMarkdown:
    def test_front_matter_says_what_the_document_is(self, tmp_path: Path) -> None:
        doc = document(
            tmp_path,
            "a.md",
            '---\ntitle: "A: B"\nurl: https://e.org/\npublished: 2025-02-24\n'
            "reading_time: 6 minutes\nauthor: Jo\norganisation: Org\ntags: [Trust, Talking]\n"
            "---\n# A: B\n\nText.\n",
        )
        facts = doc.facts
        assert (facts.title, facts.url, facts.published) == ("A: B", "https://e.org/", "2025-02-24")
        assert (facts.reading_time, facts.author, facts.organisation) == ("6 minutes", "Jo", "Org")
        assert outline(doc) == [("Text.",)]
        passage = split(doc)[0]
        assert (passage.reading_time, passage.organisation) == ("6 minutes", "Org")
        assert passage.topics == "Trust, Talking"

    def test_a_passage_stands_below_its_headings_and_list_items_stay_apart(
        self, tmp_path: Path
    ) -> None:
        doc = document(
            tmp_path,
            "a.md",
            "# T\n\nIntro.\n\n## One\n\nFirst. Two such:\n\n- Lead: a *b* [c](http://x) `d`\n"
            "- Next\n  - Inner\n\n### Deep\n\nDown.\n\n## Two\n\n1. Step\n2. Stop\n",
        )
        assert doc.facts.title == "T"
        assert outline(doc) == [
            ("Intro.",),
            ("One", "First. Two such:"),
            ("One", "Lead: a b c d"),
            ("One", "Next"),
            ("One", "Inner"),
            ("One", "Deep", "Down."),
            ("Two", "Step"),
            ("Two", "Stop"),
        ]
        leads = {one.text: one.lead_in for one in split(doc)}
        assert leads["Lead: a b c d"] == leads["Next"] == "Two such:"
        assert leads["Inner"] == "Next"
        assert leads["Step"] == ""

    def test_tables_quotes_code_and_html_are_not_lost(self, tmp_path: Path) -> None:
        doc = document(
            tmp_path,
            "a.md",
            "> quoted\n\n| Day | Place |\n|---|---|\n| Mon | Hall |\n\n```\ncode\n```\n\n"
            "<div>in a div<!-- unseen --></div>\n\nline<br>break <b>bold</b> ![alt](x.png)\n",
        )
        texts = [one.text for one in split(doc)]
        assert texts == [
            "quoted",
            "Day | Place",
            "Mon | Hall",
            "code",
            "in a div",
            "line\nbreak bold alt",
        ]
        assert split(doc)[2].lead_in == "Day | Place"

    def test_front_matter_that_is_not_yaml_is_told_with_its_line(self, tmp_path: Path) -> None:
        with pytest.raises(DocumentError, match=r"a\.md: the front matter .* line 3"):
            document(tmp_path, "a.md", "---\nurl: x\ntitle: A: B\n---\n\nText.\n")

    def test_a_rule_at_the_top_is_not_front_matter(self, tmp_path: Path) -> None:
        assert outline(document(tmp_path, "a.md", "---\n\nText.\n\n---\n\nMore.\n")) == [
            ("Text.",),
            ("More.",),
        ]

    def test_without_a_title_the_file_name_serves(self, tmp_path: Path) -> None:
        assert document(tmp_path, "first-steps_here.md", "x").facts.title == "First steps here"

    def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(self, tmp_path: Path) -> None:
        doc = document(tmp_path, "a.md", b"\xef\xbb\xbf# T\r\n\r\n## S\r\n\r\nOne\r\ntwo.\r\n")
        assert outline(doc) == [("S", "One\ntwo.")]


WRAPPED = """\
LIVING WITH CHANGE

By Jo Smith, 3 March 2024

Change comes to every household, sooner or later, and it seldom comes at a
time that suits. This leaflet is about living with it.

1. Talk early

Say what worries you while it is small. In the year
1994 we asked two hundred couples what they
- and their children - remembered.

2. Ask for help

These people can help:

- A friend, who will listen to you
  for as long as it takes
- A counsellor

2.1 What it costs

Often nothing.
"""

UNDERLINED = """\
Keeping Well
============

Sleep
-----
Go to bed at the same hour.

Rise at the same hour.

Food
----
Eat what grows.
"""

LETTER = """\
14 Hill Street
Ballarat

Dear Sam

We met on 3 March 2024.

Thank you for your letter. I was glad to have it, and to hear that the garden
does well.

Kind regards

Jo
"""


class TestPlainText:
    def test_numbered_headings_in_text_cut_to_width(self, tmp_path: Path) -> None:
        doc = document(tmp_path, "a.txt", WRAPPED)
        assert (doc.facts.title, doc.facts.author) == ("LIVING WITH CHANGE", "Jo Smith")
        assert doc.facts.published == "2024-03-03"
        assert [(*line[:-1], line[-1][:12]) for line in outline(doc)] == [
            ("Change comes",),
            ("1. Talk early", "Say what wor"),
            ("2. Ask for help", "These people"),
            ("2. Ask for help", "A friend, wh"),
            ("2. Ask for help", "A counsellor"),
            ("2. Ask for help", "2.1 What it costs", "Often nothin"),
        ]
        assert split(doc)[1].text.endswith("remembered.")
        assert split(doc)[3].text.endswith("as long as it takes")
        assert split(doc)[3].lead_in == "These people can help:"

    def test_underlined_headings(self, tmp_path: Path) -> None:
        doc = document(tmp_path, "a.txt", UNDERLINED)
        assert doc.facts.title == "Keeping Well"
        assert outline(doc) == [
            ("Sleep", "Go to bed at the same hour."),
            ("Sleep", "Rise at the same hour."),
            ("Food", "Eat what grows."),
        ]

    def test_a_letter_has_no_headings_and_keeps_its_dates(self, tmp_path: Path) -> None:
        doc = document(tmp_path, "to-sam.txt", LETTER)
        assert all(not one.section for one in split(doc))
        assert " ".join(one.text for one in split(doc)).split() == LETTER.split()
        assert doc.facts.title == "To sam"

    def test_a_loose_numbered_list_is_no_row_of_headings(self, tmp_path: Path) -> None:
        text = "What to pack:\n\n1. Papers\n\n2. Keys\n\n3. Money\n\nThat is all there is to it.\n"
        doc = document(tmp_path, "a.txt", text)
        assert outline(doc) == [
            ("What to pack:",),
            ("Papers",),
            ("Keys",),
            ("Money",),
            ("That is all there is to it.",),
        ]

    def test_headings_a_colon_introduces_are_sections_of_that_section(self, tmp_path: Path) -> None:
        body = "A sentence that says something about it, at the length of a paragraph. " * 3
        text = "\n\n".join(
            (
                *("Guide", body, "Feelings", body + "You may know some of these:"),
                *("Fear", body, "Grief", body, "Anger", body, "All of these pass. " * 9),
                *("Where to Go", body),
            )
        )
        doc = document(tmp_path, "a.txt", text)
        assert [one.section for one in split(doc)] == [
            (),
            ("Feelings",),
            ("Feelings", "Fear"),
            ("Feelings", "Grief"),
            ("Feelings", "Anger"),
            ("Feelings",),  # the closing paragraph is about all three
            ("Where to Go",),
        ]

    def test_the_name_and_number_of_a_site_are_not_part_of_its_article(
        self, tmp_path: Path
    ) -> None:
        body = "A sentence that says something about it, at the length of a paragraph. " * 3
        text = f"Site Name\n\nCall us: 03 9000 0000\n\nThe Article\n\n5 min read\n\n{body}\n"
        doc = document(tmp_path, "a.txt", text)
        assert (doc.facts.title, doc.facts.organisation) == ("The Article", "Site Name")
        assert doc.facts.reading_time == "5 minutes"
        assert outline(doc) == [(body.strip(),)]

    def test_passages_are_verbatim_in_the_file(self, tmp_path: Path) -> None:
        doc = document(tmp_path, "a.txt", WRAPPED)
        assert doc.text == WRAPPED
        assert all(one.text == WRAPPED[slice(*one.span)] for one in split(doc))

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_common_encodings_are_read(self, tmp_path: Path, encoding: str) -> None:
        text = "It’s a café – naïve."
        assert document(tmp_path, "a.txt", text.encode(encoding)).text == text


PAGE = """<!DOCTYPE html><html><head><title>Rest | Site</title>
<link rel="canonical" href="https://e.org/rest"><meta name="author" content="Jo Smith">
<meta property="og:site_name" content="Site">
<meta property="article:published_time" content="2024-03-05T10:00:00+11:00">
<style>p {color: red}</style></head><body>
<nav><ul><li>Menu entry</li></ul></nav><header>Site banner</header>
<main><article><header><h1>Rest</h1></header><p>4 min read</p>
<p>Intro with <em>stress</em>,<br>and a <a href="#">link</a>.</p>
<h2>Why</h2><div>Loose text<p>Such as:</p></div>
<ul><li><p><b>Lead:</b> one</p><ul><li>inner</li></ul></li><li>two</li></ul>
<script>var x = "script text"</script><!-- comment -->
<table><tr><th>Day</th></tr><tr><td>Mon</td></tr></table>
<p hidden>Hidden words</p></article></main><footer>Footer words</footer></body></html>"""


class TestHtml:
    def test_the_main_content_with_its_structure_and_nothing_else(self, tmp_path: Path) -> None:
        doc = document(tmp_path, "a.html", PAGE)
        assert outline(doc) == [
            ("Intro with stress, and a link.",),
            ("Why", "Loose text"),
            ("Why", "Such as:"),
            ("Why", "Lead: one"),
            ("Why", "inner"),
            ("Why", "two"),
            ("Why", "Day"),
            ("Why", "Mon"),
        ]
        for unseen in ("Menu", "banner", "script text", "comment", "Hidden", "Footer", "color"):
            assert unseen not in doc.text
        assert split(doc)[3].lead_in == "Such as:"

    def test_the_head_says_what_the_page_is(self, tmp_path: Path) -> None:
        facts = document(tmp_path, "a.html", PAGE).facts
        assert (facts.title, facts.url) == ("Rest", "https://e.org/rest")
        assert (facts.published, facts.author) == ("2024-03-05", "Jo Smith")
        assert (facts.organisation, facts.reading_time) == ("Site", "4 minutes")

    def test_a_page_without_main_loses_its_banner_and_footer(self, tmp_path: Path) -> None:
        page = "<body><header>Top</header><p>Words.</p><footer>End</footer></body>"
        assert document(tmp_path, "a.htm", page).text == "Words."

    def test_a_page_in_another_encoding_is_read(self, tmp_path: Path) -> None:
        page = '<meta charset="windows-1252"><p>Caf\xe9 \x96 yes</p>'.encode("latin-1")
        assert document(tmp_path, "a.html", page).text == "Café – yes"

    def test_a_page_of_scripts_alone_has_no_text(self, tmp_path: Path) -> None:
        with pytest.raises(DocumentError, match="no text"):
            document(tmp_path, "a.html", "<html><script>var a = 1</script></html>")


def pdf(pages: list[list[tuple[int, str]]], *, title: str = "", password: str = "") -> bytes:
    """A PDF whose pages are lists of (font size, paragraph)."""
    made = FPDF()
    if title:
        made.set_title(title)
    if password:
        made.set_encryption(owner_password="owner", user_password=password)
    for page in pages:
        made.add_page()
        for size, text in page:
            made.set_font("helvetica", size=size)
            made.multi_cell(0, size * 0.6, text, align="L", new_x="LMARGIN", new_y="NEXT")
            made.ln(4)
    return bytes(made.output())


class TestPdf:
    def test_structure_is_recognised_across_pages(self, tmp_path: Path) -> None:
        long = "Talking early keeps a small worry small, and costs little. " * 5
        content = pdf(
            [
                [
                    *((20, "Keeping In Touch"), (11, "3 March 2024. Reading time: 4 minutes")),
                    *((14, "1. Talk Early"), (11, long), (11, "Try these:"), (11, "- Ask\n- Wait")),
                ],
                [(14, "2. Listen"), (11, "Listening is half of it, and the harder half.")],
            ]
        )
        doc = document(tmp_path, "a.pdf", content)
        assert (doc.facts.title, doc.facts.published) == ("Keeping In Touch", "2024-03-03")
        assert doc.facts.reading_time == "4 minutes"
        got = [(*line[:-1], " ".join(line[-1].split())) for line in outline(doc)]
        assert got == [
            ("1. Talk Early", long.strip()),
            ("1. Talk Early", "Try these:"),
            ("1. Talk Early", "Ask"),
            ("1. Talk Early", "Wait"),
            ("2. Listen", "Listening is half of it, and the harder half."),
        ]

    def test_running_heads_and_page_numbers_are_left_out(self, tmp_path: Path) -> None:
        words = ["The first page says this.", "The second says that.", "The third says more."]
        content = pdf(
            [
                [(9, "Printed for the Leaflet Society."), (11, text), (9, f"Page {number}")]
                for number, text in enumerate(words, 1)
            ]
        )
        assert [one.text for one in split(document(tmp_path, "a.pdf", content))] == words

    def test_a_title_in_the_file_serves_where_the_page_has_none(self, tmp_path: Path) -> None:
        content = pdf([[(11, "Just a sentence that stands there alone.")]], title="From the file")
        assert document(tmp_path, "a.pdf", content).facts.title == "From the file"

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"plain words", "not a PDF"),
            (b"%PDF-1.7\nnonsense", "damaged"),
            (pdf([[]]), "no text"),
            (pdf([[(11, "Secret words.")]], password="secret"), "password"),
        ],
    )
    def test_what_is_wrong_with_a_pdf_is_told_with_its_name(
        self, tmp_path: Path, content: bytes, told: str
    ) -> None:
        with pytest.raises(DocumentError, match=rf"a\.pdf: .*{told}"):
            document(tmp_path, "a.pdf", content)


class TestBadFiles:
    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("a.md", b"", "empty"),
            ("a.txt", b" \n\t\n", "no text"),
            ("a.md", b"# Only a heading\n", "no text"),
            ("a.md", b"---\ntitle: x\n---\n", "no text"),
            ("a.txt", b"\x7fELF\x00\x01\x02", "binary"),
            ("a.md", b"\x89PNG\r\n\x1a\n\x00", "binary"),
            ("a.txt", b"\x81\x8d\x8f\x90", "binary"),
            ("a.docx", b"words", r"cannot be read \(known: \.md"),
        ],
    )
    def test_the_message_names_the_file_and_what_is_wrong(
        self, tmp_path: Path, name: str, content: bytes, told: str
    ) -> None:
        with pytest.raises(DocumentError, match=rf"{name}: .*{told}") as caught:
            document(tmp_path, name, content)
        assert "\n" not in str(caught.value)

    def test_a_file_that_may_not_be_read_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_path: Path) -> bytes:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "read_bytes", refuse)
        with pytest.raises(DocumentError, match=r"a\.md: it cannot be read \(Permission denied\)"):
            document(tmp_path, "a.md", "x")
