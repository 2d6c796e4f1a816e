"""A passage is verbatim, in order, whole, and keeps its id; nothing of a text is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.knowledge.documents import Block, Document, Facts, Parsed
from bot.knowledge.formats import html, markdown, plain
from bot.knowledge.load import load
from bot.knowledge.passages import LONGEST, embedding_text, split
from bot.types import Passage
from tests.fakes import make_passage

PUBLISHED = Path(__file__).parents[3] / "shared" / "article.txt"
OURS = Path(__file__).parents[2] / "corpus" / "feeling-disconnected.md"

words = st.text("abcdefghijklmnopqrstuvwxyzäéß’", min_size=2, max_size=9)
sentences = st.lists(words, min_size=3, max_size=30).map(
    lambda many: " ".join(many).capitalize() + "."
)
paragraphs = st.lists(sentences, min_size=1, max_size=12).map(" ".join)
headings = st.lists(words, min_size=1, max_size=6).map(lambda many: " ".join(many).title())
lists = st.lists(sentences, min_size=1, max_size=4)
sections = st.tuples(headings, st.lists(st.one_of(paragraphs, lists), min_size=1, max_size=4))
bodies = st.lists(sections, min_size=1, max_size=5)


def as_document(parsed: Parsed, source: str = "a") -> Document:
    return Document(source, parsed.text, parsed.blocks, parsed.facts)


def check_spans(document: Document) -> tuple[Passage, ...]:
    """Every span is exact and within bounds, and they are in order without overlap."""
    passages = split(document)
    at = 0
    for number, passage in enumerate(passages):
        start, end = passage.span
        assert at <= start < end <= len(document.text)
        assert passage.text == document.text[start:end]
        assert passage.text.strip() == passage.text
        assert len(passage.text) <= LONGEST
        assert passage.order == number
        at = end
    assert len({passage.id for passage in passages}) == len(passages)
    return passages


def body_words(body: list[tuple[str, list[str | list[str]]]]) -> list[str]:
    return [
        word
        for _, blocks in body
        for block in blocks
        for text in ([block] if isinstance(block, str) else block)
        for word in text.split()
    ]


@settings(deadline=None, max_examples=60)
@given(bodies)
def test_markdown_is_split_without_loss_and_verbatim_in_the_file(
    body: list[tuple[str, list[str | list[str]]]],
) -> None:
    text = "# The Title\n\n" + "".join(
        f"## {heading}\n\n"
        + "".join(
            f"{block}\n\n" if isinstance(block, str) else "".join(f"- {x}\n" for x in block) + "\n"
            for block in blocks
        )
        for heading, blocks in body
    )
    passages = check_spans(as_document(markdown.parse(text)))
    assert [word for one in passages for word in one.text.split()] == body_words(body)
    assert all(one.text in text for one in passages)
    assert {one.section for one in passages} == {(heading,) for heading, _ in body}


def wrap(text: str, width: int) -> str:
    return re.sub(rf"(.{{1,{width}}})(?: |$)", r"\1\n", text).strip()


@settings(deadline=None, max_examples=60)
@given(bodies, st.sampled_from([0, 60, 76]))
def test_plain_text_is_split_without_loss_at_any_width(
    body: list[tuple[str, list[str | list[str]]]], width: int
) -> None:
    parts = ["The Title"]
    for heading, blocks in body:
        parts.append(heading)
        for block in blocks:
            if isinstance(block, str):
                parts.append(wrap(block, width) if width else block)
            else:
                parts.append("\n".join(f"  • {x}" for x in block))
    text = "\n\n".join(parts) + "\n"
    document = as_document(plain.parse(text))
    passages = check_spans(document)
    assert document.text == text
    kept = [word for one in passages for word in one.text.split()]
    headed = [
        word
        for block in document.blocks
        if block.kind == "heading"
        for word in text[block.start : block.end].split()
    ]
    everything = [word for word in text.split() if word != "•"]
    assert sorted(kept + headed) == sorted(everything)
    assert [word for word in everything if word in set(kept)][-1] == kept[-1]


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=400))
def test_no_text_whatever_breaks_a_parser_or_a_span(text: str) -> None:
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    check_spans(as_document(plain.parse(clean)))
    check_spans(as_document(html.parse(clean.encode("utf-8", "ignore"))))
    if not clean.startswith("---"):
        check_spans(as_document(markdown.parse(clean)))


def one_paragraph(text: str, source: str = "a") -> Document:
    return Document(source, text, (Block("paragraph", 0, len(text)),), Facts(title="T"))


def test_a_paragraph_too_long_for_the_model_is_cut_at_the_ends_of_sentences() -> None:
    text = " ".join(f"Sentence number {n} says a little about something." for n in range(60))
    passages = check_spans(one_paragraph(text))
    assert len(passages) > 2
    assert all(one.text.endswith("something.") for one in passages)
    assert " ".join(one.text for one in passages) == text


def test_a_paragraph_without_any_place_to_cut_is_still_cut() -> None:
    assert "".join(one.text for one in check_spans(one_paragraph("x" * 2500))) == "x" * 2500


def test_an_id_depends_on_source_section_and_text_and_on_nothing_else() -> None:
    before = split(as_document(markdown.parse("# T\n\n## S\n\nOne.\n\nTwo.\n")))
    after = split(as_document(markdown.parse("# U\n\n## S\n\nNew.\n\nTwo.\n\nOne.\n")))
    assert before[0].id == after[2].id
    assert before[1].id == after[1].id
    moved = split(as_document(markdown.parse("# T\n\n## S\n\nOne.\n"), source="b"))
    renamed = split(as_document(markdown.parse("# T\n\n## R\n\nOne.\n")))
    assert len({before[0].id, moved[0].id, renamed[0].id}) == 3


def test_the_same_words_twice_in_one_section_are_two_passages() -> None:
    passages = check_spans(as_document(markdown.parse("Same.\n\nSame.\n")))
    assert len(passages) == 2


def test_the_model_reads_where_a_passage_stands_before_what_it_says() -> None:
    passage = make_passage("Lead:\n one\u00a0two", lead_in="Such as:")
    assert embedding_text(passage) == "A title > One > 1. Two: Such as: Lead: one two"


CAUSES = [
    "1. Life Stressors",
    "2. Unaddressed Conflict",
    "3. Unexpressed Needs",
    "4. Changing Dynamics",
    "5. Technology and Distractions",
]
FEELINGS = ["Anxiety", "Fear of Loss", "Confusion", "Loneliness"]
TOP = [
    "Why Does Disconnection Happen?",
    "Emotional Impact of Disconnection",
    "Adding Complexity: Abusive Behaviours and Their Role",
    "How Programs Can Help Rebuild Trust and Connection",
    "How to Rebuild Love and Trust",
    "Closing the Gap, One Step at a Time",
]
BELOW_ABUSE = [
    "Recognising Non-Physical Abuse",
    "How Abusive Behaviours Deepen Disconnection",
    "What You Can Do",
]
ITEMS = {
    "Recognising Non-Physical Abuse": [
        "Constant Criticism or Insults:",
        "Stonewalling or Silent Treatment:",
        "Control Through Manipulation:",
        "Excessive Jealousy or Monitoring:",
        "Withholding Affection or Support:",
    ],
    "What You Can Do": [
        "Acknowledge the Abuse:",
        "Seek Professional Help:",
        "Set Boundaries:",
        "Consider Your Safety:",
    ],
    "How to Rebuild Love and Trust": [
        "Focus on empathy and active listening.",
        "Rebuild emotional and physical intimacy.",
        "Prioritise communication, even during difficult conversations.",
        "Seek guidance through professional help, like therapy or specialised programs.",
        "Heal individually to show up as your best self in the relationship.",
    ],
}
TITLE = "Feeling Disconnected from Your Partner? Here's How to Rebuild Love and Trust"


@pytest.fixture(params=[OURS, PUBLISHED], ids=["ours", "published"])
def article(request: pytest.FixtureRequest) -> Document:
    path: Path = request.param
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return load(path, path.name)


class TestTheArticle:
    def test_every_heading_is_found_and_nothing_else_is_one(self, article: Document) -> None:
        found = {
            article.text[block.start : block.end]
            for block in article.blocks
            if block.kind == "heading"
        }
        assert found == {TITLE, *TOP, *CAUSES, *FEELINGS, *BELOW_ABUSE}

    def test_every_cause_and_feeling_is_one_passage_in_its_section(self, article: Document) -> None:
        passages = check_spans(article)
        for parent, names in ((TOP[0], CAUSES), (TOP[1], FEELINGS)):
            for name in names:
                assert [one.section for one in passages if name in one.section] == [(parent, name)]

    def test_every_form_step_and_bullet_is_one_passage_with_its_lead_in(
        self, article: Document
    ) -> None:
        passages = check_spans(article)
        for section, leads in ITEMS.items():
            for lead in leads:
                (one,) = [one for one in passages if one.text.startswith(lead)]
                assert one.section[-1] == section
                assert one.lead_in.endswith(":")

    def test_what_the_article_is_called_and_when_it_appeared(self, article: Document) -> None:
        facts = article.facts
        assert facts.title == TITLE
        assert (facts.published, facts.reading_time) == ("2025-02-24", "6 minutes")
        assert facts.organisation.startswith("Heavy M.E.T.A.L")
        assert facts.topics == "Behavioural Change, Communication, Equality, Relationships"
        assert facts.views == "176"

    def test_no_telephone_number_can_come_from_it(self, article: Document) -> None:
        assert not re.search(
            r"\d{3,}",
            "".join(one.text for one in split(article)).replace("1800R", "").replace("1800r", ""),
        )


def test_our_article_names_the_service_rightly_and_mends_the_broken_sentence() -> None:
    text = OURS.read_text("utf-8")
    assert "Safe Steps (Victoria)" in text
    assert "Safer Steps" not in text
    assert "professional sup." not in text
    for name in ("David Nugent", "7-Step Anger Management Masterclass", "1800RESPECT"):
        assert name in text
