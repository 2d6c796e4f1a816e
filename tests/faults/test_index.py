"""The index missing, empty, truncated, foreign, write-protected, locked, deleted; a full disk."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from bot.errors import BotError, IndexUnavailable
from bot.knowledge.index import FolderStore, IndexDamaged
from bot.knowledge.index.chroma import ChromaIndex
from bot.knowledge.ingest import ingest
from bot.settings import Settings
from tests.fakes import HashingEmbedder, make_passage
from tests.faults.conftest import ROOT, Start, ask, assert_cards, assert_told_plainly

EMBEDDER = HashingEmbedder()


def ingested(settings: Settings) -> Path:
    """The folder of the version that an ingest made."""
    summary = ingest([settings.corpus], settings, EMBEDDER)
    return settings.index / "versions" / summary.version


def publish(folder: Path, count: int) -> Path:
    """A version of so many passages; from 1,000 on Chroma writes its search graph to files."""
    store = FolderStore(folder)
    with store.writing():
        some = [make_passage(f"words number {at} on silence", order=at) for at in range(count)]
        vectors = EMBEDDER.encode([one.text for one in some])
        name = store.publish(some, vectors, EMBEDDER.identity, replaces=store.current())
    return folder / "versions" / name


def found(folder: Path) -> int:
    """How many passages a reader finds."""
    index = FolderStore(folder).open()
    assert index is not None
    try:
        assert index.search(EMBEDDER.encode(["silence"])[0], 1)
        return len(index.passages())
    finally:
        index.close()


def test_missing_it_is_made_from_the_corpus_at_the_first_question(
    start: Start, settings: Settings
) -> None:
    parts = start()
    assert_cards(parts)
    assert ask(parts).kind in {"answer", "no_answer"}
    assert FolderStore(settings.index).current()


def test_missing_together_with_the_corpus_is_told_and_mended_by_itself(
    start: Start, settings: Settings, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    settings.corpus.rename(tmp_path / "away")
    parts = start()
    assert_cards(parts)
    assert_told_plainly(ask(parts))
    assert "Nothing could be read" in caplog.text
    (tmp_path / "away").rename(settings.corpus)
    assert ask(parts).kind in {"answer", "no_answer"}


def test_an_empty_folder_is_the_same_as_none(start: Start, settings: Settings) -> None:
    settings.index.mkdir()
    parts = start()
    assert_cards(parts)
    assert ask(parts).kind in {"answer", "no_answer"}


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_a_truncated_database_is_told_and_mended_by_an_ingest(
    start: Start, settings: Settings, caplog: pytest.LogCaptureFixture, share: float
) -> None:
    database = ingested(settings) / "chroma.sqlite3"
    database.write_bytes(database.read_bytes()[: int(database.stat().st_size * share)])
    parts = start()
    assert_cards(parts)
    assert_told_plainly(ask(parts))
    assert "Run: python ingest.py" in caplog.text
    ingest([settings.corpus], settings, EMBEDDER)
    assert ask(parts).kind in {"answer", "no_answer"}


def damage_by_cutting(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def damage_by_noise(file: Path) -> None:
    file.write_bytes(os.urandom(max(file.stat().st_size, 16)))


@pytest.mark.parametrize("damage", [damage_by_cutting, damage_by_noise, Path.unlink])
def test_a_damaged_search_graph_is_refused_before_native_code_reads_it(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """Chroma's own reader ends the whole process on such a file, with every card in it."""
    version = publish(tmp_path / "whole", 1500)
    names = [file.relative_to(version) for file in version.rglob("*") if file.is_file()]
    assert "index_metadata.pickle" in {name.name for name in names}
    for at, name in enumerate(names):
        if name.name == "chroma.sqlite3":
            continue
        copied = tmp_path / f"copy{at}"
        shutil.copytree(tmp_path / "whole", copied)
        damage(copied / "versions" / version.name / name)
        with pytest.raises(IndexUnavailable, match=r"python ingest\.py"):
            found(copied)
    assert found(tmp_path / "whole") == 1500


@pytest.mark.parametrize("content", ["null", "5", "[]", "{}", '{"x": 1}'])
def test_a_list_of_files_that_says_something_else_is_refused(tmp_path: Path, content: str) -> None:
    (publish(tmp_path, 1500) / "files.json").write_text(content)
    with pytest.raises(IndexUnavailable, match="not as it was written"):
        found(tmp_path)


def test_from_another_sentence_model_it_is_refused_and_built_anew_on_request(
    start: Start, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    ingest([settings.corpus], settings, HashingEmbedder("another@1"))
    parts = start()
    assert_cards(parts)
    assert_told_plainly(ask(parts))
    assert "made with the sentence model another@1" in caplog.text
    ingest([settings.corpus], settings, EMBEDDER)
    assert ask(parts).kind in {"answer", "no_answer"}


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that cannot be written to: by a mount for root, whom no permission stops."""
    if os.geteuid() == 0:
        mounts = (["--bind", folder, folder], ["-o", "remount,ro,bind", folder])
        done = [
            subprocess.run(["mount", *map(str, mount)], check=False, capture_output=True)
            for mount in mounts
        ]
        if any(each.returncode for each in done):
            subprocess.run(["umount", str(folder)], check=False, capture_output=True)
            pytest.skip("mounting is not allowed here")
        try:
            yield
        finally:
            subprocess.run(["umount", str(folder)], check=True)
        return
    paths = [folder, *folder.rglob("*")]
    modes = [path.stat().st_mode for path in paths]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield
    finally:
        for path, mode in zip(paths, modes, strict=True):
            path.chmod(mode)


@pytest.mark.parametrize("count", [0, 1500])
def test_write_protected_it_can_be_read_all_the_same(
    start: Start, settings: Settings, count: int
) -> None:
    """Chroma itself refuses a folder that it cannot write into."""
    if count:
        publish(settings.index, count)
    else:
        ingested(settings)
    with read_only(settings.index):
        parts = start()
        assert_cards(parts)
        assert ask(parts).kind in {"answer", "no_answer"}
        with pytest.raises(BotError, match="cannot be written to"):
            ingest([settings.corpus], settings, EMBEDDER)


def test_locked_by_another_process_it_is_read_and_the_ingest_is_told(
    start: Start, settings: Settings
) -> None:
    version = ingested(settings)
    code = (
        "import sys, time; from pathlib import Path; from bot.knowledge.index import FolderStore\n"
        "with FolderStore(Path(sys.argv[1])).writing():\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(settings.index)], stdout=subprocess.PIPE, cwd=ROOT
    )
    database = sqlite3.connect(version / "chroma.sqlite3")
    try:
        assert other.stdout is not None
        other.stdout.readline()
        database.execute("BEGIN EXCLUSIVE")
        parts = start()
        assert_cards(parts)
        ask(parts)
        with pytest.raises(BotError, match="Another ingest is writing"):
            ingest([settings.corpus], settings, EMBEDDER)
    finally:
        database.close()
        other.kill()
        other.communicate()
    assert ask(parts).kind in {"answer", "no_answer"}


def test_deleted_while_serving_the_open_version_goes_on_answering(
    start: Start, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    parts = start()
    before = ask(parts)
    shutil.rmtree(settings.index)
    parts.library.refresh()
    assert_cards(parts)
    assert ask(parts).text == before.text
    assert "The version already open stays in use." in caplog.text
    ingest([settings.corpus], settings, EMBEDDER)
    parts.library.refresh()
    assert ask(parts).kind == before.kind


def test_a_version_that_chroma_has_lost_is_searched_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish(tmp_path, 40)
    index = FolderStore(tmp_path).open()
    assert index is not None
    vector = EMBEDDER.encode(["words number 7"])[0]
    before = index.search(vector, 5)
    index.close()
    after = index.search(vector, 5)
    assert [one.score for one in after] == pytest.approx([one.score for one in before], abs=1e-5)
    assert after[0].passage == before[0].passage
    assert "the copy in memory is searched" in caplog.text


def test_fewer_vectors_than_passages_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, 3)
    index = FolderStore(tmp_path).open()
    assert isinstance(index, ChromaIndex)
    (page,) = index._pages("embeddings")
    short = {"ids": page["ids"][1:], "embeddings": np.asarray(page["embeddings"])[1:]}
    monkeypatch.setattr(index, "_pages", lambda _what: [short])
    with pytest.raises(IndexDamaged, match="2 of its 3 vectors"):
        index.embeddings()


def test_vectors_that_cannot_be_read_are_made_anew_by_the_next_ingest(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingested(settings)
    (settings.corpus / "two.md").write_text("# Two\n\nMoney worries put couples under strain.\n")
    pages = ChromaIndex._pages
    with monkeypatch.context() as broken:
        broken.setattr(
            ChromaIndex,
            "_pages",
            lambda index, what: pages(index, what) if what == "metadatas" else iter(()),
        )
        summary = ingest([settings.corpus], settings, EMBEDDER)
    assert (summary.added, summary.unchanged, summary.embedded) == (1, 1, 2)
    assert found(settings.index) == 2


def test_an_index_that_nothing_can_be_made_of_is_closed_again(
    start: Start, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingested(settings)
    closed = Mock()
    monkeypatch.setattr(ChromaIndex, "close", closed)
    monkeypatch.setattr(ChromaIndex, "embeddings", lambda _index: 1 / 0)
    assert_told_plainly(ask(start()))
    closed.assert_called_once_with()


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """A disk of that size for root; otherwise, and in its place, no file may grow larger."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if os.geteuid() == 0 and not subprocess.run(mount, check=False, capture_output=True).returncode:
        try:
            yield
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def no_mounts(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.CompletedProcess(command, 1)


@pytest.mark.parametrize("way", ["disk", "limit"])
def test_a_full_disk_during_an_ingest_leaves_the_version_before_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "limit":
        monkeypatch.setattr("tests.faults.test_index.subprocess.run", no_mounts)
    folder = tmp_path / "index"
    with small_disk(folder, 3000):
        first = publish(folder, 40)
        with pytest.raises(IndexUnavailable, match=r"stays in use\. Make room"):
            publish(folder, 4000)
        assert [each.name for each in (folder / "versions").iterdir()] == [first.name]
        assert found(folder) == 40
        second = publish(folder, 50)
        assert FolderStore(folder).current() == second.name
        assert found(folder) == 50


def test_the_program_keeps_answering_while_an_ingest_fails_for_want_of_room(
    start: Start, settings: Settings, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "small", 2000):
        parts = start(index=tmp_path / "small" / "index")
        before = ask(parts)
        words = "\n\n".join(f"Silence number {at} hurts." for at in range(3000))
        (settings.corpus / "large.md").write_text(f"# Large\n\n{words}\n")
        changed = settings.model_copy(update={"index": tmp_path / "small" / "index"})
        with pytest.raises(IndexUnavailable, match="Make room"):
            ingest([settings.corpus], changed, EMBEDDER)
        parts.library.refresh()
        assert_cards(parts)
        assert ask(parts).text == before.text
