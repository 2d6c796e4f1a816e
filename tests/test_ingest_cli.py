"""``python ingest.py`` as a person runs it, also when it is killed half-way."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import ingest
from bot.knowledge.index import FolderStore
from bot.knowledge.ingest import ingest_into
from bot.knowledge.vectors import Vectors
from tests.fakes import HashingEmbedder

ROOT = Path(__file__).parents[1]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOT_INDEX", str(tmp_path / "index"))
    return tmp_path / "index"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "a.md").write_text("# A\n\nOne old.\n\nTwo old.\n")
    return folder


def run(*arguments: object) -> int:
    return ingest.main([str(one) for one in arguments], embedder=HashingEmbedder())


def texts(index: Path) -> list[str] | None:
    """What a reader of the index finds, ``None`` without one; fails if it is damaged."""
    opened = FolderStore(index).open()
    if opened is None:
        return None
    try:
        vector = HashingEmbedder().encode(["old"])[0]
        assert len(opened.search(vector, 99)) == len(opened.passages())
        return [one.text for one in opened.passages()]
    finally:
        opened.close()


def test_a_summary_is_printed_and_nothing_else(
    index: Path, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(library) == 0
    out, err = capsys.readouterr()
    assert out.startswith("1 document; passages: 2 added, 0 unchanged, 0 removed; ")
    assert out.endswith(f" s. Index: {index}\n")
    assert err == ""


def test_problems_are_one_line_each_on_stderr_with_exit_code_1(
    index: Path, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (library / "empty.txt").touch()
    (library / "binary.md").write_bytes(b"\x00\x01")
    assert run(library, library / "missing.md", ROOT / "ingest.py") == 1
    out, err = capsys.readouterr()
    assert "2 added" in out
    assert sorted(line.split(": ", 1)[1][:17] for line in err.splitlines()) == [
        "files of this typ",
        "the file is empty",
        "there is no such ",
        "this is a binary ",
    ]
    assert texts(index) == ["One old.", "Two old."]


def test_if_nothing_can_be_read_the_index_stays_and_it_is_said(
    index: Path, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(library)
    capsys.readouterr()
    assert run(library / "missing.md") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == "Nothing could be read, so the index was left as it was."
    assert texts(index) == ["One old.", "Two old."]


def test_without_a_path_the_corpus_of_the_settings_is_ingested(
    index: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_CORPUS", str(library))
    assert run() == 0
    assert texts(index) == ["One old.", "Two old."]


@pytest.mark.parametrize(
    "setting", ["BOT_PORT=x", "BOT_CHROMA_URL=nowhere", "BOT_CHROMA_URL=http://127.0.0.1:9"]
)
def test_a_setting_that_cannot_be_used_is_one_line(
    index: Path,
    library: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    setting: str,
) -> None:
    name, value = setting.split("=")
    monkeypatch.setenv(name, value)
    assert run(library) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert name in err
    assert err.count("\n") == 1


def test_an_index_that_another_ingest_holds_is_told(
    index: Path, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FolderStore(index).writing():
        assert run(library) == 1
    assert "Another ingest is writing" in capsys.readouterr().err


def test_ctrl_c_leaves_the_index_and_says_so(
    index: Path, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(HashingEmbedder):
        def encode(self, texts: object) -> Vectors:
            raise KeyboardInterrupt

    run(library)
    (library / "a.md").write_text("New.")
    assert ingest.main([str(library)], embedder=Interrupted()) == 130
    assert "left as it was" in capsys.readouterr().err
    assert texts(index) == ["One old.", "Two old."]


def test_a_damaged_index_is_built_anew(index: Path, library: Path) -> None:
    run(library)
    (index / "CURRENT").write_text("nonsense")
    assert run(library) == 0
    assert texts(index) == ["One old.", "Two old."]


def test_with_nothing_changed_neither_model_nor_torch_is_loaded(index: Path) -> None:
    """Also: what the model made of our own article can be found again."""
    code = "import sys, ingest; code = ingest.main(); print('torch' in sys.modules, code)"

    def once() -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
        )
        assert done.stderr == ""
        return done.stdout

    assert once().endswith("True 0\n")
    again = once()
    assert ": 0 added, " in again
    assert ", 0 removed;" in again
    assert again.endswith("False 0\n")


def test_a_progress_bar_is_shown_on_a_terminal_only(index: Path, library: Path) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.knowledge.ingest_until_killed", "0", str(library)],
        stdout=subprocess.PIPE,
        stderr=follower,
        env=os.environ | {"TERM": "xterm"},
        cwd=ROOT,
    )
    os.close(follower)
    shown = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error to whoever reads it
        while part := os.read(leader, 1 << 16):
            shown += part
    os.close(leader)
    assert b"Embedding passages" in shown
    assert b"Embedding" not in process.communicate()[0]
    assert process.returncode == 0


def until_killed(moment: int, library: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.knowledge.ingest_until_killed", str(moment), str(library)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


def killed_at_every_kind_of_moment(index: Path, library: Path) -> Iterator[str]:
    """Kill an ingest just before each kind of step, from the same beginning; yields the step."""
    before = index.with_name("before")
    index.mkdir(exist_ok=True)
    index.rename(before)

    def start_again() -> None:
        shutil.rmtree(index, ignore_errors=True)
        shutil.copytree(before, index)

    start_again()
    steps = until_killed(0, library).stdout.split()[-1].split(",")
    # The first of each kind, and the very last: after it all is done but for tidying up.
    for moment in sorted({steps.index(step) for step in steps} | {len(steps) - 1}):
        start_again()
        assert until_killed(moment + 1, library).returncode == -signal.SIGKILL
        yield steps[moment]


def test_killed_at_any_moment_of_the_first_ingest_a_second_one_works(
    index: Path, library: Path
) -> None:
    for _ in killed_at_every_kind_of_moment(index, library):
        assert texts(index) in (None, ["One old.", "Two old."])
        ingest_into(FolderStore(index), [library], HashingEmbedder())
        assert texts(index) == ["One old.", "Two old."]


def test_killed_at_any_moment_of_a_later_ingest_readers_find_old_or_new_and_never_half(
    index: Path, library: Path
) -> None:
    old, new = ["One old.", "Two old."], ["One old.", "New."]
    for text in ("Zero.", "# A\n\nOne old.\n\nTwo old.\n"):
        (library / "a.md").write_text(text)
        ingest_into(FolderStore(index), [library], HashingEmbedder())
    (library / "a.md").write_text("# A\n\nOne old.\n\nNew.\n")
    found = {step: texts(index) for step in killed_at_every_kind_of_moment(index, library)}
    assert found["replace"] == old
    assert found["rmtree"] == new
    assert all(one in (old, new) for one in found.values())
    assert {"encode", "open_folder", "fill", "_sync"} <= set(found)


def test_the_real_ingest_killed_while_it_writes_leaves_the_old_index(
    index: Path, library: Path
) -> None:
    """The program itself with the real model, killed from outside as soon as a version appears."""
    run(library)
    known = set((index / "versions").iterdir())
    process = subprocess.Popen([sys.executable, "ingest.py", str(library)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 120
        while set((index / "versions").iterdir()) <= known:
            assert process.poll() is None, "it ended before it wrote anything"
            assert time.monotonic() < deadline
            time.sleep(0.002)
    finally:
        process.kill()
        process.wait()
    assert texts(index) == ["One old.", "Two old."]
    assert run(library) == 0
    assert set((index / "versions").iterdir()) == known, "the unfinished version is still there"


class TestSeveralArticles:
    @pytest.fixture
    def corpus(self, library: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("BOT_CORPUS", str(library))
        return library

    def test_one_is_added_listed_exchanged_and_removed(
        self, index: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        page = tmp_path / "page.html"
        page.write_text(
            '<title>Second</title><link rel="canonical" href="https://example.org/2">'
            '<meta name="review_by" content="2020-01-01"><p>Three.</p>'
        )
        assert run("--add", page) == 0
        out, err = capsys.readouterr()
        assert f"Added {corpus / 'page.html'}" in out
        assert "page.html: 'Second' was to be reviewed by 2020-01-01" in err
        assert texts(index) == ["One old.", "Two old.", "Three."]

        assert run("--list") == 1
        out = capsys.readouterr().out
        assert "a.md: A\n  no link: citations cannot lead to it\n" in out
        assert "page.html: Second\n  https://example.org/2\n" in out
        assert "to be reviewed by 2020-01-01, 1 passage\n" in out
        assert "Read it over" in out

        newer = tmp_path / "newer.html"
        newer.write_text("<title>Second</title><p>Four.</p>")
        assert run("--replace", "page.html", newer) == 0
        assert texts(index) == ["One old.", "Two old.", "Four."]
        assert run("--list") == 0

        capsys.readouterr()
        assert run("--remove", "page.html") == 0
        assert "No longer in the index: page.html ('Second')" in capsys.readouterr().out
        assert texts(index) == ["One old.", "Two old."]
        assert run() == 0
        assert texts(index) == ["One old.", "Two old."]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--add", "missing.pdf"], "Nothing was added."),
            (["--remove", "b.md"], "Did you mean a.md?"),
            (["--replace", "b.md", "missing"], "there is no such article"),
        ],
    )
    def test_what_cannot_be_done_is_one_plain_message_and_changes_nothing(
        self,
        index: Path,
        corpus: Path,
        capsys: pytest.CaptureFixture[str],
        words: list[str],
        said: str,
    ) -> None:
        run()
        before = (index / "CURRENT").read_text()
        capsys.readouterr()
        assert run(*words) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert said in err
        assert (index / "CURRENT").read_text() == before

    def test_paths_together_with_an_option_are_a_usage_error(self, corpus: Path) -> None:
        with pytest.raises(SystemExit) as caught:
            run(corpus, "--list")
        assert caught.value.code == 2

    def test_a_list_without_an_index_says_how_to_make_one(
        self, index: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("--list") == 1
        assert "There is no index" in capsys.readouterr().err
