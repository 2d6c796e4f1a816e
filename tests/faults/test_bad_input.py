"""Whatever is typed, piped or put into the corpus: no exception, nothing slow, plain words."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bench.fuzz import Messages, Screen, examples, run
from bot.cli.lines import BadLine, parse_turns
from bot.errors import DocumentError, RulesError
from bot.knowledge.ingest import ingest_into
from bot.knowledge.load import load
from bot.knowledge.passages import split
from bot.safety import SafetyLayer
from tests.fakes import HashingEmbedder, MemoryStore
from tests.faults.conftest import ROOT, Start

NAUGHTY = ROOT.parent / "shared" / "data" / "naughty_strings.json"
#: A few of each kind, where the collection is not beside the project.
OWN = [
    *("", " ", "\0", "\ud800", "\udfff\ud800", "undefined", "NaN", "1e1000", "../../etc/passwd"),
    *("<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "%s%n%x", "'; DROP TABLE x;--"),
    *(
        "﷽" * 50,
        "Z̸̡̢͙̲̝͍̗̫a̷̧l̵̢g̶̨o̷",
        "🏳️‍🌈👨‍👩‍👧‍👦",
        "\u202edetrevni",
        "ﬁ ﷺ ß İ ŉ",
        "\x1b[31mred\x07",
        "𝓱𝓮 𝓱𝓲𝓽𝓼 𝓶𝓮",
    ),
]


def naughty() -> list[str]:
    """Strings that have broken software elsewhere."""
    if not NAUGHTY.exists():
        return OWN
    return [*OWN, *json.loads(NAUGHTY.read_text(encoding="utf-8"))]


def planes() -> Iterator[str]:
    """Every code point of every plane, a thousand to a message, and every one before a word."""
    for first in range(0, 0x110000, 1000):
        yield "".join(map(chr, range(first, min(first + 1000, 0x110000))))
    for first in range(0, 0x110000, 0x101):
        yield f"my husband{chr(first)}hits me"


@pytest.fixture(scope="module")
def layer() -> SafetyLayer:
    return SafetyLayer.load(ROOT / "safety_rules.yaml", fitting=True)


def test_naughty_strings_and_every_unicode_plane_are_screened(layer: SafetyLayer) -> None:
    screen = Screen(layer)
    for message in itertools.chain(naughty(), planes()):
        screen.check(message)


def test_a_disclosure_among_naughty_strings_is_still_found(layer: SafetyLayer) -> None:
    for message in naughty():
        found = layer.assess([f"my husband hits me\n{message}"])
        assert found.level.label in {"crisis", "emergency"}, ascii(message)


def test_a_slice_of_the_fuzz_run(layer: SafetyLayer) -> None:
    """The full run is ``python3 run.py bench fuzz --messages 1000000``."""
    screen = run(layer, examples(ROOT / "safety_rules.yaml"), 3000, seed=time.time_ns())
    assert all(screen.levels.values()), "the messages reach every level"


def test_the_same_seed_gives_the_same_messages() -> None:
    one, other = (Messages(["he hits me", "hello"], 7) for _ in "ab")
    assert [one.next() for _ in range(50)] == [other.next() for _ in range(50)]


@given(st.lists(st.text(), min_size=1, max_size=6))
@example(["my husband hits me", "\ud800", "k i l l"])
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_conversation_has_an_assessment(layer: SafetyLayer, turns: list[str]) -> None:
    layer.card(layer.assess(turns), turns, again=True)


def test_a_message_far_above_the_limit_does_not_hold_up_the_others(layer: SafetyLayer) -> None:
    pieces = ("he hits me ", "he never hits me ", "a", "k.i.l.l ", "&#107;", "\u0301", "x'")
    for piece in pieces:
        message = (piece * (20_000 // len(piece) + 1))[:20_000]
        began = time.thread_time()
        layer.assess([message])
        assert time.thread_time() - began < 5, piece


def test_naughty_questions_get_a_reply_from_the_whole_program(start: Start) -> None:
    parts = start()
    for message in [*naughty(), *itertools.islice(planes(), 0, None, 40)]:
        reply = parts.bot.reply([message])
        assert reply.kind != "error", ascii(message)
        assert reply.text or reply.card
        json.dumps(reply.text)


@given(st.text() | st.binary(max_size=60).map(lambda b: b.decode("utf-8", "surrogateescape")))
@example('{"text": "\ud800"}')
@example('{"text": NaN}')
@example("[" * 100_000)
@example('{"turns": [[]]}')
@example("1" * 5000)
@settings(max_examples=500, deadline=None)
def test_any_line_is_a_message_or_a_bad_line(line: str) -> None:
    try:
        assert parse_turns(line)
    except BadLine as error:
        told = str(error)
    else:
        told = ""
    assert "\n" not in told


def test_malformed_lines_among_good_ones_through_the_command_line() -> None:
    bad = [b"\xff\xfe", b'{"text":', b'{"text": {}}', b"\0", b'"' * 9999, b'{"turns": [1]}', b"[]"]
    good = [json.dumps({"text": text}).encode() for text in naughty()]
    lines = [line for pair in itertools.zip_longest(good, bad) for line in pair if line is not None]
    done = subprocess.run(
        [sys.executable, "-m", "bot", "check", "--rules-only"],
        input=b"\n".join(lines) + b"\n",
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == len(lines)
    assert sum("error" in row for row in rows) == len(bad)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


RULES = {
    "a YAML bomb": "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
    "brackets without end": "[" * 100_000,
    "depth by indentation": "\n".join(" " * at + "a:" for at in range(3000)),
    "a tag": "a: !!python/object/apply:os.system ['true']\n",
    "a merge": "a: &a {b: c}\nd:\n  <<: *a\n",
    "two documents": "a: b\n---\na: c\n",
    "a key twice": "review_days: 90\nreview_days: 91\n",
    "a null byte": "a: b\0\n",
    "keys that are lists": "? [a, b]\n: c\n",
    "thousands of includes": f"include: [{','.join(['x.yaml'] * 5000)}]\n",
}


@pytest.mark.parametrize("kind", RULES)
def test_a_hostile_rules_file_is_told_in_plain_lines_and_soon(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES[kind], encoding="utf-8")
    began = time.thread_time()
    with pytest.raises(RulesError) as caught:
        SafetyLayer.load(path)
    assert time.thread_time() - began < 5
    assert all(str(each).startswith(str(tmp_path)) for each in caught.value.problems)


NESTED = "".join(
    f'  v{chr(97 + at)}: ["{{v{chr(98 + at)}}} {{v{chr(98 + at)}}} {{v{chr(98 + at)}}}"]\n'
    for at in range(24)
).replace("{vy}", "{partner}")
PATTERNS = {
    "lists of lists of lists": ("{va} die", "more than 100000 words"),
    "brackets in brackets": ("(" * 5000 + "x" + ")" * 5000, "more than 20 brackets"),
    "a number without end": (f"x ~{'9' * 5000} y", "a gap is 1 to 12 words"),
    "a long gap": ("x ~9999 y", "a gap is 1 to 12 words"),
    "a million words": ("word " * 200_000, "more than 100000 words"),
    "an expression too large for RE2": ("x ~12 x" + " [~12 x]" * 9000, "too large"),
}


@pytest.mark.parametrize("kind", PATTERNS)
def test_a_huge_pattern_is_told_instead_of_being_built(
    tmp_path: Path, small_text: str, kind: str
) -> None:
    pattern, complaint = PATTERNS[kind]
    text = small_text
    if "{va}" in pattern:
        text = text.replace("vocabulary:\n", f"vocabulary:\n{NESTED}", 1)
    text = text.replace("patterns: [want to die]", f"patterns: [want to die, '{pattern}']")
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    began = time.thread_time()
    with pytest.raises(RulesError, match=complaint):
        SafetyLayer.load(path)
    assert time.thread_time() - began < 20


@pytest.mark.parametrize("kind", ["device", "pipe", "folder", "large"])
def test_what_is_no_rules_file_at_all_is_not_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "rules.yaml"
    if kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(100_000_000)
    with pytest.raises(RulesError, match=r"not a file|larger than 5 MB"):
        SafetyLayer.load(path)


def pdf_of(stream: bytes, kids: bytes = b"3 0 R") -> bytes:
    """A one-page PDF with a compressed content stream."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[" + kids + b"]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 9 9]>>endobj\n"
        b"4 0 obj<</Length " + str(len(stream)).encode() + b"/Filter/FlateDecode>>stream\n"
        + stream + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )  # fmt: skip


BOMB = "---\na: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + at)}: &{chr(98 + at)} [{','.join([f'*{chr(97 + at)}'] * 9)}]\n" for at in range(9)
)
DOCUMENTS: dict[str, tuple[str, bytes]] = {
    "lists in lists": ("a.md", "".join("  " * at + "- x\n" for at in range(300)).encode()),
    "quotes in quotes": ("a.md", b">" * 3000 + b" x"),
    "a giant line": ("a.md", b"word " * 200_000),
    "a giant word": ("a.txt", b"x" * 500_000),
    "a line a letter": ("a.txt", b"A\n" * 20_000),
    "front matter that explodes": ("a.md", f"{BOMB}title: *j\n---\nText\n".encode()),
    "deep front matter": ("a.md", b"---\na: " + b"[" * 5000 + b"\n---\nText\n"),
    "a tag in front matter": ("a.md", b"---\ntitle: !!python/name:os.system\n---\nText\n"),
    "boxes in boxes": ("a.html", b"<div>" * 3000 + b"text"),
    "bold in bold": ("a.html", b"<p>" + b"<b>" * 2000 + b"text"),
    "comments without end": ("a.html", b"<p>x</p>" + b"<!--" * 50_000),
    "tags without end": ("a.html", b"<" * 50_000),
    "entities without end": ("a.html", b"&#" * 20_000),
    "half UTF-16": ("a.txt", b"\xff\xfea"),
    "no encoding": ("a.txt", b"\x81\x8d\x8f words"),
    "an archive": ("a.md", b"PK\x03\x04" + bytes(range(256))),
    "a compressed bomb": ("a.pdf", pdf_of(zlib.compress(b"0" * 200_000_000, 9))),
    "pages in a ring": ("a.pdf", pdf_of(zlib.compress(b""), kids=b"2 0 R 2 0 R")),
    "a PDF of noise": ("a.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 200),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_hostile_document_is_read_or_told_and_soon(tmp_path: Path, kind: str) -> None:
    name, content = DOCUMENTS[kind]
    path = tmp_path / name
    path.write_bytes(content)
    began = time.thread_time()
    try:
        passages = split(load(path, name))
    except DocumentError as error:
        told = str(error)
    else:
        told = f"{path}: "
        assert all(one.text.strip() and len(one.text) <= 5000 for one in passages)
    assert told.startswith(str(path))
    assert "\n" not in told
    assert time.thread_time() - began < 20


def test_a_bad_document_does_not_stop_the_good_ones(tmp_path: Path) -> None:
    for at, (name, content) in enumerate(DOCUMENTS.values()):
        if len(content) < 100_000:
            (tmp_path / f"{at}{Path(name).suffix}").write_bytes(content)
    (tmp_path / "good.md").write_text("# Good\n\nSilence isolates.\n")
    store = MemoryStore()
    summary = ingest_into(store, [tmp_path], HashingEmbedder())
    index = store.open()
    assert index is not None
    assert "Silence isolates." in {one.text for one in index.passages()}
    assert len(summary.problems) >= 5


def test_scripts_in_a_document_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(
        "<p>Hi <script>alert(1)</script><img src=x onerror=alert(1)>you</p><svg/onload=x>"
    )
    assert [one.text for one in split(load(path, "a"))] == ["Hi you"]


def test_naughty_strings_are_ingested_as_they_are(tmp_path: Path) -> None:
    shown = [text for text in naughty() if text.strip() and text.isprintable()]
    path = tmp_path / "a.txt"
    path.write_text("\n\n".join(shown), encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    passages = split(load(path, "a"))
    assert passages
    assert all(one.text in text for one in passages)
    for part in ("md", "html"):
        path = tmp_path / f"a.{part}"
        path.write_text("\n\n".join(shown), encoding="utf-8")
        split(load(path, "a"))


def test_links_out_of_the_folder_devices_and_odd_names_are_told(tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("Secret words.\n")
    folder = tmp_path / "corpus"
    (folder / "sub").mkdir(parents=True)
    (folder / "good.md").write_text("Silence isolates.\n")
    (folder / "out.md").symlink_to(secret)
    (folder / "up.md").symlink_to("../secret.md")
    (folder / "etc.txt").symlink_to("/etc/passwd")
    (folder / "away").symlink_to("/etc")
    (folder / "sub" / "ring").symlink_to(folder)
    (folder / "within.md").symlink_to("good.md")
    (folder / "zero.txt").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.md")
    (folder / "new\nline\x1b[31m.md").write_text("Odd name.\n")
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(3_000_000_000)
    store = MemoryStore()
    summary = ingest_into(store, [folder], HashingEmbedder())
    index = store.open()
    assert index is not None
    assert {one.text for one in index.passages()} == {"Silence isolates.", "Odd name."}
    told = "\n".join(summary.problems)
    assert told.count("leads out of the folder") == 4
    assert "larger than 20 MB" in told
    assert "pipe.md: this is not a file" in told
