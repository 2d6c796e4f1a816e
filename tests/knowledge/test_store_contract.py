"""The promises of an index, kept alike by Chroma in a folder, a Chroma server, and the fake."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.errors import IndexUnavailable, IngestBusy, SettingsError
from bot.knowledge.index import (
    FolderStore,
    IndexDamaged,
    ServerStore,
    Store,
    chroma,
    open_index,
)
from bot.settings import Settings
from bot.types import Passage
from tests.fakes import HashingEmbedder, MemoryStore, make_passage

TEXTS = ("the cat sat", "a dog ran far", "silence and stonewalling", "money worries at home")
EMBEDDER = HashingEmbedder()


def passages(*texts: str) -> list[Passage]:
    return [make_passage(text, order=at) for at, text in enumerate(texts)]


def publish(store: Store, *texts: str, identity: str = EMBEDDER.identity) -> str:
    with store.writing():
        some = passages(*texts)
        vectors = EMBEDDER.encode([one.text for one in some])
        return store.publish(some, vectors, identity, replaces=store.current())


class StoreContract(ABC):
    """What every store must do; each subclass says how to make an empty one."""

    @pytest.fixture
    @abstractmethod
    def store(self, tmp_path: Path) -> Store: ...

    def test_an_empty_store_has_no_version(self, store: Store) -> None:
        assert store.current() == ""
        assert store.open() is None

    def test_what_was_published_comes_back_whole_and_in_order(self, store: Store) -> None:
        rich = replace(
            make_passage("Fin — “naïve”\u00a0words", order=1, source="b.md"),
            lead_in="Such as:",
            author="Jo",
            organisation="Org",
            reading_time="6 minutes",
            topics="Trust, Talking",
            views="12",
        )
        plain = replace(make_passage("later", order=10, source="b.md"), section=())
        first = make_passage("z", order=0, source="a.md")
        some = [rich, plain, first]
        with store.writing():
            version = store.publish(
                some, EMBEDDER.encode([one.text for one in some]), "e@1", replaces=""
            )
        index = store.open()
        assert index is not None
        assert index.passages() == [first, rich, plain]
        assert (index.version, index.identity) == (version, "e@1")
        assert store.current() == version
        index.close()

    def test_search_gives_the_nearest_first_with_their_cosine(self, store: Store) -> None:
        publish(store, *TEXTS)
        index = store.open()
        assert index is not None
        vector = EMBEDDER.encode(["silence and a dog"])[0]
        found = index.search(vector, 3)
        cosines = {text: float(EMBEDDER.encode([text])[0] @ vector) for text in TEXTS}
        best = sorted(cosines.values(), reverse=True)[:3]
        assert [one.score for one in found] == pytest.approx(best, abs=1e-5)
        for one in found:
            assert one.score == pytest.approx(cosines[one.passage.text], abs=1e-5)
        index.close()

    @pytest.mark.parametrize(("k", "count"), [(0, 0), (1, 1), (4, 4), (99, 4)])
    def test_search_gives_as_many_as_asked_or_as_there_are(
        self, store: Store, k: int, count: int
    ) -> None:
        publish(store, *TEXTS)
        index = store.open()
        assert index is not None
        assert len(index.search(EMBEDDER.encode(["dog"])[0], k)) == count
        index.close()

    def test_embeddings_are_in_the_order_of_passages(self, store: Store) -> None:
        publish(store, *reversed(TEXTS))
        index = store.open()
        assert index is not None
        ids, vectors = index.embeddings()
        assert ids == [one.id for one in index.passages()]
        expected = EMBEDDER.encode([one.text for one in index.passages()])
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(vectors, expected, atol=1e-6)
        index.close()

    @pytest.mark.parametrize("page", [1, 2, 3, 5])
    def test_an_index_read_in_pages_is_whole(
        self, store: Store, page: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chroma, "_PAGE", page)
        publish(store, *TEXTS)
        index = store.open()
        assert index is not None
        assert [one.text for one in index.passages()] == list(TEXTS)
        assert np.allclose(index.embeddings()[1], EMBEDDER.encode(TEXTS), atol=1e-6)
        index.close()

    def test_a_reader_keeps_its_version_and_notices_the_next(self, store: Store) -> None:
        publish(store, *TEXTS)
        reader = store.open()
        assert reader is not None
        assert reader.is_current()
        publish(store, "something else")
        assert not reader.is_current()
        assert len(reader.search(EMBEDDER.encode(["dog"])[0], 9)) == len(TEXTS)
        newer = store.open()
        assert newer is not None
        assert [one.text for one in newer.passages()] == ["something else"]
        assert newer.is_current()
        reader.close()
        newer.close()

    def test_only_one_may_write_and_the_other_is_told_where(self, store: Store) -> None:
        with (
            store.writing(),
            pytest.raises(IngestBusy, match=r"Another ingest.*lock"),
            store.writing(),
        ):
            pass
        with store.writing():
            pass

    def test_many_threads_may_search_one_index(self, store: Store) -> None:
        publish(store, *TEXTS)
        index = store.open()
        assert index is not None
        vector = EMBEDDER.encode(["dog"])[0]
        best: list[str] = []
        threads = [
            threading.Thread(
                target=lambda: best.extend(index.search(vector, 1)[0].passage.text for _ in "12345")
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert best == ["a dog ran far"] * 40
        index.close()


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return MemoryStore()


class TestFolderStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return FolderStore(tmp_path / "index")

    def test_the_version_before_is_kept_and_older_ones_are_removed(self, tmp_path: Path) -> None:
        store = FolderStore(tmp_path)
        names = [publish(store, *TEXTS[:count]) for count in (1, 2, 3)]
        assert sorted(path.name for path in (tmp_path / "versions").iterdir()) == names[1:]

    def test_an_unfinished_version_is_not_read_and_is_removed_next_time(
        self, tmp_path: Path
    ) -> None:
        store = FolderStore(tmp_path)
        publish(store, *TEXTS)
        stale = tmp_path / "versions" / "29990101T000000000000-ffffff"
        stale.mkdir()
        (stale / "chroma.sqlite3").write_bytes(b"half")
        index = store.open()
        assert index is not None
        assert len(index.passages()) == len(TEXTS)
        index.close()
        with store.writing():
            assert not stale.exists()

    @pytest.mark.parametrize("content", ["", "not json", "[]", '{"version": "gone"}', "{}", None])
    def test_without_a_usable_pointer_the_newest_whole_version_is_used(
        self, tmp_path: Path, content: str | None
    ) -> None:
        store = FolderStore(tmp_path)
        publish(store, "older")
        newest = publish(store, *TEXTS)
        unfinished = tmp_path / "versions" / "29990101T000000000000-ffffff"
        unfinished.mkdir()
        (unfinished / "chroma.sqlite3").write_bytes(b"half")
        if content is None:
            (tmp_path / "CURRENT").unlink()
        else:
            (tmp_path / "CURRENT").write_text(content)
        assert store.current() == newest
        with store.writing():
            pass  # what tidies up must not take it for abandoned
        index = store.open()
        assert index is not None
        assert len(index.passages()) == len(TEXTS)
        index.close()

    def test_a_pointer_to_nothing_at_all_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "CURRENT").write_text("not json")
        with pytest.raises(IndexDamaged, match=r"python ingest\.py"):
            FolderStore(tmp_path).open()

    def test_a_spoilt_database_is_told_in_one_line(self, tmp_path: Path) -> None:
        store = FolderStore(tmp_path)
        version = publish(store, *TEXTS)
        (tmp_path / "versions" / version / "chroma.sqlite3").write_bytes(b"SQLite nonsense" * 900)
        with pytest.raises(IndexDamaged) as caught:
            store.open()
        assert "\n" not in str(caught.value)
        assert str(tmp_path) in str(caught.value)

    def test_a_version_that_lost_passages_is_refused(self, tmp_path: Path) -> None:
        import chromadb

        store = FolderStore(tmp_path)
        version = publish(store, *TEXTS)
        client = chromadb.PersistentClient(
            str(tmp_path / "versions" / version),
            settings=chromadb.config.Settings(anonymized_telemetry=False),
        )
        collection = client.get_collection("passages", embedding_function=None)
        collection.delete(ids=[passages(*TEXTS)[0].id])
        client.close()  # type: ignore[attr-defined]
        with pytest.raises(IndexDamaged, match="holds 3 of its 4 passages"):
            store.open()

    def test_another_process_that_writes_is_named_with_its_lock(self, tmp_path: Path) -> None:
        code = (
            "import time; from pathlib import Path\n"
            "from bot.knowledge.index import FolderStore\n"
            f"with FolderStore(Path({str(tmp_path)!r})).writing():\n"
            "    print('held', flush=True); time.sleep(60)"
        )
        other = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == b"held\n"
            with (
                pytest.raises(IngestBusy, match=r"ingest\.lock"),
                FolderStore(tmp_path).writing(),
            ):
                pass
        finally:
            other.kill()
            other.communicate()
        with FolderStore(tmp_path).writing():
            pass  # the lock of a killed process does not stay

    def test_a_folder_that_cannot_be_made_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        with (
            pytest.raises(IndexUnavailable, match="BOT_INDEX"),
            FolderStore(tmp_path / "file" / "index").writing(),
        ):
            pass


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Chroma server of our own on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    process = subprocess.Popen(
        [
            str(Path(sys.executable).parent / "chroma"),
            *("run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=1)
                break
            except OSError:
                assert process.poll() is None, "chroma run has ended"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def clear(url: str) -> None:
    import chromadb

    client = chromadb.HttpClient(
        host="127.0.0.1",
        port=int(url.rsplit(":", 1)[1]),
        settings=chromadb.config.Settings(anonymized_telemetry=False),
    )
    for collection in client.list_collections():
        client.delete_collection(collection.name)


class TestServerStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path, server: str) -> Store:
        clear(server)
        return ServerStore(server, tmp_path)

    def test_two_machines_that_ingest_at_once_do_not_spoil_each_other(
        self, tmp_path: Path, server: str
    ) -> None:
        clear(server)
        one, other = (ServerStore(server, tmp_path / name) for name in "ab")
        began = one.current()
        publish(other, *TEXTS)
        with one.writing(), pytest.raises(IngestBusy, match="Run this one again"):
            one.publish(passages("x"), EMBEDDER.encode(["x"]), "e@1", replaces=began)
        index = one.open()
        assert index is not None
        assert len(index.passages()) == len(TEXTS)
        index.close()

    def test_replaced_collections_are_removed_but_the_last(
        self, tmp_path: Path, server: str
    ) -> None:
        import chromadb

        clear(server)
        store = ServerStore(server, tmp_path)
        names = [publish(store, *TEXTS[:count]) for count in (1, 2, 3)]
        client = chromadb.HttpClient(
            host="127.0.0.1",
            port=int(server.rsplit(":", 1)[1]),
            settings=chromadb.config.Settings(anonymized_telemetry=False),
        )
        kept = {collection.name for collection in client.list_collections()}
        assert kept == {"support-current", *(f"support-version-{name}" for name in names[1:])}

    def test_a_server_that_is_away_is_told_with_its_address(self, tmp_path: Path) -> None:
        store = ServerStore("http://127.0.0.1:9", tmp_path)
        with pytest.raises(IndexUnavailable, match=r"http://127\.0\.0\.1:9.*BOT_CHROMA_URL"):
            store.open()

    @pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "http://a:port"])
    def test_an_address_that_is_none_is_a_mistake_in_the_settings(
        self, tmp_path: Path, url: str
    ) -> None:
        with pytest.raises(SettingsError, match="BOT_CHROMA_URL"):
            ServerStore(url, tmp_path)


class TestOpenIndex:
    def test_no_index_yet_says_how_to_make_one(self, tmp_path: Path) -> None:
        with pytest.raises(IndexUnavailable, match=r"python ingest\.py"):
            open_index(Settings(index=tmp_path), "e@1")

    def test_an_index_of_another_embedder_is_refused_naming_both(self, tmp_path: Path) -> None:
        publish(FolderStore(tmp_path), *TEXTS, identity="old@1")
        with pytest.raises(IndexUnavailable, match=r"old@1.*new@2.*python ingest.py"):
            open_index(Settings(index=tmp_path), "new@2")
        open_index(Settings(index=tmp_path), "old@1").close()


def test_importing_the_index_does_not_import_chroma() -> None:
    code = "import sys, bot.knowledge.index, bot.knowledge.ingest; print('chromadb' in sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert out.stdout == "False\n"
