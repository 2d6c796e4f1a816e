"""An ingest describes the library it is given, embeds only what is new, and spoils nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bot.errors import EmbedderUnavailable, IngestBusy
from bot.knowledge.ingest import IngestSummary, NothingToIngest, ingest_into
from bot.knowledge.library import find_files
from bot.knowledge.passages import embedding_text
from bot.knowledge.vectors import Vectors
from tests.fakes import HashingEmbedder, MemoryStore

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, content: str) -> Path:
        path = tmp_path / "library" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
        return path

    return write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def run(store: MemoryStore, *paths: Path, embedder: HashingEmbedder | None = None) -> IngestSummary:
    return ingest_into(store, paths, embedder or HashingEmbedder())


def texts(store: MemoryStore) -> list[str]:
    index = store.open()
    return [one.text for one in index.passages()] if index else []


def counts(summary: IngestSummary) -> tuple[int, int, int, int]:
    return summary.added, summary.unchanged, summary.removed, summary.embedded


def test_the_first_ingest_embeds_everything_it_reads(
    store: MemoryStore, write: Write, folder: Path
) -> None:
    write("b.md", "# B\n\nOne.\n\nTwo.\n")
    write("a.txt", "Three.")
    summary = run(store, folder)
    assert counts(summary) == (3, 0, 0, 3)
    assert (summary.documents, summary.index, summary.version) == (2, "memory", store.current())
    assert texts(store) == ["Three.", "One.", "Two."]


def test_with_nothing_changed_nothing_is_embedded_or_written(
    store: MemoryStore, write: Write, folder: Path
) -> None:
    write("a.md", "One.\n\nTwo.\n")
    first = run(store, folder)
    embedder = HashingEmbedder()
    summary = run(store, folder, embedder=embedder)
    assert counts(summary) == (0, 2, 0, 0)
    assert embedder.seen == []
    assert store.published == 1
    assert summary.version == first.version


def test_only_what_changed_is_embedded_and_what_is_gone_is_removed(
    store: MemoryStore, write: Write, folder: Path
) -> None:
    write("a.md", "# A\n\nOne.\n\nTwo.\n")
    write("b.md", "# B\n\nThree.\n").chmod(0o644)
    run(store, folder)
    write("a.md", "# A\n\nNew.\n\nTwo.\n")
    (folder / "b.md").unlink()
    embedder = HashingEmbedder()
    summary = run(store, folder, embedder=embedder)
    assert counts(summary) == (1, 1, 2, 1)
    assert embedder.seen == ["A: New."]
    assert texts(store) == ["New.", "Two."]


def test_a_passage_that_only_moved_gets_its_new_place_without_being_embedded(
    store: MemoryStore, write: Write, folder: Path
) -> None:
    write("a.md", "# A\n\nOne.\n\nTwo.\n")
    run(store, folder)
    write("a.md", "---\nurl: https://e.org/\n---\n# A\n\nTwo.\n\nOne.\n")
    embedder = HashingEmbedder()
    summary = run(store, folder, embedder=embedder)
    assert counts(summary) == (0, 2, 0, 0)
    assert embedder.seen == []
    index = store.open()
    assert index is not None
    assert [(one.text, one.url) for one in index.passages()] == [
        ("Two.", "https://e.org/"),
        ("One.", "https://e.org/"),
    ]


def test_a_new_title_is_embedded_again_since_the_model_reads_it(
    store: MemoryStore, write: Write, folder: Path
) -> None:
    write("a.md", "# A\n\nOne.\n")
    run(store, folder)
    write("a.md", "# B\n\nOne.\n")
    embedder = HashingEmbedder()
    assert counts(run(store, folder, embedder=embedder)) == (0, 1, 0, 1)
    assert embedder.seen == ["B: One."]


def test_every_vector_belongs_to_its_passage_after_several_ingests(
    store: MemoryStore, write: Write, folder: Path
) -> None:
    for body in ("One.\n\nTwo.", "Two.\n\nThree.\n\nOne.", "Zero.\n\nThree.\n\nOne.\n\nOne."):
        write("a.md", body)
        run(store, folder)
    index = store.open()
    assert index is not None
    ids, vectors = index.embeddings()
    passages = index.passages()
    assert ids == [one.id for one in passages]
    expected = HashingEmbedder().encode([embedding_text(one) for one in passages])
    np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_another_embedder_embeds_everything_again(
    store: MemoryStore, write: Write, folder: Path
) -> None:
    write("a.md", "One.\n\nTwo.\n")
    run(store, folder)
    assert counts(run(store, folder, embedder=HashingEmbedder("other@2"))) == (0, 2, 0, 2)
    index = store.open()
    assert index is not None
    assert index.identity == "other@2"


def test_bad_files_are_told_and_the_rest_is_still_ingested(
    store: MemoryStore, write: Write, folder: Path
) -> None:
    write("good.md", "Good.")
    write("empty.md", "")
    other = write("image.png", "x")
    summary = run(store, folder, folder / "missing.md", other)
    assert texts(store) == ["Good."]
    assert [problem.split(": ")[0] for problem in summary.problems] == [
        str(folder / "missing.md"),
        str(folder / "empty.md"),
        str(other),
    ]


def test_what_is_known_of_a_file_that_has_become_unusable_stays(
    store: MemoryStore, write: Write, folder: Path
) -> None:
    write("a.md", "Kept.")
    write("b.md", "Other.")
    run(store, folder)
    write("a.md", "")
    summary = run(store, folder)
    assert texts(store) == ["Kept.", "Other."]
    assert counts(summary) == (0, 2, 0, 0)
    assert len(summary.problems) == 1


def test_if_nothing_can_be_read_the_index_stays(
    store: MemoryStore, write: Write, folder: Path, tmp_path: Path
) -> None:
    write("a.md", "One.")
    run(store, folder)
    with pytest.raises(NothingToIngest) as caught:
        run(store, tmp_path / "nowhere", write("empty.md", ""))
    assert len(caught.value.problems) == 2
    assert texts(store) == ["One."]


def test_a_model_that_fails_leaves_the_index_and_the_lock_free(
    store: MemoryStore, write: Write, folder: Path
) -> None:
    class Broken(HashingEmbedder):
        def encode(self, texts: object) -> Vectors:
            raise EmbedderUnavailable("gone")

    write("a.md", "One.")
    run(store, folder)
    write("a.md", "Two.")
    with pytest.raises(EmbedderUnavailable):
        run(store, folder, embedder=Broken())
    assert texts(store) == ["One."]
    run(store, folder)
    assert texts(store) == ["Two."]


def test_a_second_ingest_at_the_same_time_is_refused(store: MemoryStore, write: Write) -> None:
    path = write("a.md", "One.")
    with store.writing(), pytest.raises(IngestBusy):
        run(store, path)


def test_progress_reaches_its_end_in_every_stage(
    store: MemoryStore, write: Write, folder: Path
) -> None:
    write("a.md", "\n\n".join(f"Number {n}." for n in range(150)))
    seen: list[tuple[str, int, int]] = []
    ingest_into(
        store,
        [folder],
        HashingEmbedder(),
        lambda stage, done, total: seen.append((stage, done, total)),
    )
    for stage, total in (("reading", 1), ("embedding", 150), ("writing", 1)):
        done = [one for one in seen if one[0] == stage]
        assert done[-1] == (stage, total, total)
        assert done == sorted(done)


class TestFindFiles:
    def test_a_folder_gives_known_files_in_order_without_hidden_ones(
        self, write: Write, folder: Path
    ) -> None:
        for name in ("b.md", "a.TXT", "sub/c.html", ".hidden.md", ".git/d.md", "e.png"):
            write(name, "x")
        files, problems = find_files([folder])
        assert [file.source for file in files] == ["a.TXT", "b.md", "sub/c.html"]
        assert problems == []

    def test_a_file_named_twice_is_read_once(self, write: Write, folder: Path) -> None:
        path = write("a.md", "x")
        files, _ = find_files([path, folder, folder / "." / "a.md"])
        assert [file.source for file in files] == ["a.md"]

    def test_two_files_of_one_name_get_different_sources(self, write: Write) -> None:
        files, _ = find_files([write("one/a.md", "x"), write("two/a.md", "y")])
        assert [file.source for file in files] == ["a.md", "two/a.md"]

    def test_a_file_keeps_its_source_however_it_is_reached(
        self, write: Write, folder: Path
    ) -> None:
        path = write("a.md", "x")
        assert find_files([path])[0][0].source == find_files([folder])[0][0].source

    def test_a_folder_without_documents_and_a_dangling_link_are_told(
        self, write: Write, folder: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "void").mkdir()
        assert "no documents" in find_files([tmp_path / "void"])[1][0]
        write("a.md", "x")
        (folder / "b.md").symlink_to(folder / "gone")
        summary = ingest_into(MemoryStore(), [folder], HashingEmbedder())
        assert "b.md: there is no such file" in summary.problems[0]
