"""An ingest beside bare batched ``encode``: all new, nothing changed, one document changed.

    python3 run.py bench ingest

The sentence model and Chroma are loaded beforehand, the documents are made of word lists
(``bench.filler``). The floor of the first ingest is ``model.encode`` of the same texts in one
call; that of the others is the first ingest itself.
"""

from __future__ import annotations

import importlib
import tempfile
import time
from pathlib import Path

from bench.filler import write
from bench.rows import Row, print_alone
from bot.knowledge.embed import make_embedder
from bot.knowledge.index import FolderStore
from bot.knowledge.ingest import IngestSummary, ingest_into
from bot.knowledge.library import read_library
from bot.knowledge.passages import embedding_text, split
from bot.settings import load_settings

_DOCUMENTS = 1000
_PASSAGES = 10


def measure(*, full: bool) -> list[Row]:
    """Of 10,000 passages in a thousand documents, in either form: the bars are set for those."""
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - takes seconds

    return measured(_DOCUMENTS, _PASSAGES, SentenceTransformer)


def measured(documents: int, passages: int, load_model: type) -> list[Row]:
    """Of so many ``documents`` with so many ``passages`` each."""
    embedder = make_embedder(load_settings())
    embedder.load()
    importlib.import_module("chromadb")
    with tempfile.TemporaryDirectory() as name:
        corpus, store = Path(name) / "corpus", FolderStore(Path(name) / "index")
        write(corpus, documents, passages)
        texts = [
            embedding_text(one)
            for document in read_library([corpus]).documents
            for one in split(document)
        ]
        model = load_model(str(embedder.folder), device="cpu")
        model.encode(texts[:64])
        started = time.perf_counter()
        model.encode(texts)
        bare = len(texts) / (time.perf_counter() - started)

        def again() -> IngestSummary:
            return ingest_into(store, [corpus], embedder)

        first, same = again(), again()
        changed = next(iter(sorted(corpus.iterdir())))
        changed.write_text(changed.read_text("utf-8").replace(" the ", " a "), "utf-8")
        one = again()
    assert (first.added, same.unchanged, same.embedded) == (len(texts), len(texts), 0)
    speed = len(texts) / first.seconds
    name = f"one document of {documents:,} changed"
    return [
        Row("ingest", "all new", speed, bare, "passages/s", len(texts), bar=0.85, at_least=True),
        Row("ingest", "nothing changed", same.seconds, first.seconds, "s", len(texts), bar=0.03),
        Row("ingest", name, one.seconds, first.seconds, "s", len(texts),
            note=f"{one.embedded} embedded"),
    ]  # fmt: skip


def main() -> None:
    """Print the table."""
    print_alone(measure, __doc__)


if __name__ == "__main__":
    main()
