"""How well questions are answered, declined and looked up.

    python -m bench.answers              the table
    python -m bench.answers --misses     and the tuned questions that go wrong
                                         (the scored half is never listed)

"Right passage" is one that holds the expected answer (in our own wording of the article: one
under the expected heading). Vectors of fixed texts are kept in test-results/ between runs.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.cases import ROOT, SHARED
from bot.answer.answerer import Answerer
from bot.answer.outline import heading_of
from bot.conversation import Draft
from bot.errors import IndexUnavailable
from bot.knowledge.embed import Embedder, SentenceEmbedder, make_embedder
from bot.knowledge.index import FolderStore, Index
from bot.knowledge.lexical import LexicalIndex
from bot.knowledge.load import load
from bot.knowledge.passages import embedding_text, split
from bot.knowledge.remember import RememberingEmbedder
from bot.knowledge.retrieve import HybridRetriever
from bot.knowledge.vectors import Vectors
from bot.safety import SafetyLayer
from bot.settings import load_settings
from bot.types import Passage, Resource

CASES = ROOT / "tests" / "cases" / "answers"
OTHERS = CASES / "others"
MEMORY = ROOT / "test-results" / "bench-answers.npz"
ARTICLES = {
    "the published text": SHARED.parent / "article.txt",
    "our own wording": ROOT / "corpus" / "feeling-disconnected.md",
}
COVERED = 0.95
_MANY = 20
_ORDINAL = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the draft it got; ``confidence`` is 1 for what needs no looking up."""

    row: Row
    draft: Draft

    @property
    def confidence(self) -> float:
        """The greatest confidence of its parts."""
        found = self.draft.trace.get("evidence")
        if not isinstance(found, list):
            return 1.0
        return max(float(each["confidence"]) for each in found)


class BenchEmbedder(RememberingEmbedder):
    """Remembers the texts of whole libraries; single questions are embedded anew."""

    def __init__(self, embedder: SentenceEmbedder, file: Path) -> None:
        """Remember in ``file`` what ``embedder`` says."""
        super().__init__(embedder, file)
        self._model = embedder

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of ``texts``; remembered if there are many."""
        return super().encode(texts) if len(texts) > _MANY else self._model.encode(texts)

    def vocabulary(self) -> frozenset[str]:
        """The words the model reads whole."""
        return self._model.vocabulary()


def rows(name: str, half: str) -> list[Row]:
    """The rows of one half (``tune`` or ``score``) of a question set."""
    text = (CASES / f"{name}.jsonl").read_text("utf-8")
    return [row for row in map(json.loads, text.splitlines()) if row["split"] == half]


def plain(text: str) -> str:
    """``text`` in lower case, with single blanks, and days of the month as plain numbers."""
    return _ORDINAL.sub(r"\1", " ".join(text.lower().split()))


def holds_answer(row: Row, draft: Draft) -> bool:
    """Whether the draft says what is expected."""
    said = plain(" ".join((draft.text, *(one.quote for one in draft.citations))))
    return any(plain(answer) in said for answer in row["answer"])


def is_right(row: Row, passage: Passage, *, by_heading: bool) -> bool:
    """Whether ``passage`` is one that answers ``row``."""
    if not by_heading:
        text = plain(" ".join((*passage.section[-1:], passage.text)))
        return any(plain(answer) in text for answer in row["answer"])
    last = re.sub(r"^\d+\.\s+", "", row["headings"][-1])
    if len(row["headings"]) == 1 and not passage.section:
        return True
    return last == heading_of(passage) or passage.text.startswith(last)


def ask(answerer: Answerer, questions: Sequence[Row]) -> list[Asked]:
    """Every question with its draft."""
    turns = [row.get("turns") or [row["question"]] for row in questions]
    return [
        Asked(row, answerer.draft(each, lambda _: True))
        for row, each in zip(questions, turns, strict=True)
    ]


def open_library(folder: Path, passages: Sequence[Passage], embedder: Embedder) -> Index:
    """A real index of ``passages`` in ``folder``."""
    store = FolderStore(folder)
    vectors = embedder.encode([embedding_text(one) for one in passages])
    with store.writing():
        store.publish(passages, vectors, embedder.identity, replaces="")
    index = store.open()
    if index is None:
        raise IndexUnavailable(f"{folder}: nothing was published.")
    return index


def share(hits: int, total: int) -> str:
    """A share and the numbers it is made of."""
    return f"{hits:>4}/{total:<4}{hits / max(total, 1):6.1%}"


def report_answers(title: str, answerer: Answerer, *, by_heading: bool, misses: bool) -> None:
    """Print the table of one library, and the tuned misses if they are asked for."""
    print(f"\n{title:<46}{'tune':>15}{'score':>17}")
    columns: list[dict[str, str]] = []
    for half in ("tune", "score"):
        covered = ask(answerer, rows("covered", half))
        outside = ask(answerer, rows("outside", half))
        followed = ask(answerer, rows("followups", half))
        columns.append(_column(answerer, covered, outside, followed, by_heading=by_heading))
        if misses and half == "tune":
            for each in (*covered, *followed):
                if not each.draft.found or not (by_heading or holds_answer(each.row, each.draft)):
                    print(f"  missed: {each.row['id']} {each.draft.trace}")
            for each in outside:
                if each.draft.found:
                    print(f"  not declined: {each.row['id']} {each.draft.trace}")
    for name, tuned in columns[0].items():
        print(f"  {name:<44}{tuned:>15}  {columns[1][name]:>15}")


def report_others(
    article: Sequence[Passage], embedder: Embedder, contact: Resource, *, misses: bool
) -> None:
    """Print how well each further article is answered from, beside ``article``.

    Nothing in ``subjects.yaml`` was written for these: they are what an operator may add.
    """
    questions = _jsonl(OTHERS / "questions.jsonl")
    columns: dict[str, dict[str, str]] = {}
    for path in sorted(OTHERS.glob("*")):
        own = [row for row in questions if row["article"] == path.name]
        if not own:
            continue
        passages = (*article, *split(load(path, path.name)))
        with tempfile.TemporaryDirectory() as folder:
            index = open_library(Path(folder), passages, embedder)
            answerer = Answerer(HybridRetriever(index, embedder), contact)
            asked = ask(answerer, own)
            covered = [each for each in asked if "answer" in each.row]
            column = {"covered: the quote holds the answer": _held(covered)}
            for kind in ("far", "near"):
                outside = [each for each in asked if each.row.get("kind") == kind]
                declined = sum(not each.draft.found for each in outside)
                column[f"{kind} outside: declined"] = share(declined, len(outside))
            for half in ("tune", "score"):
                first = ask(answerer, rows("covered", half))
                column[f"the first article's, {half}: the quote holds it"] = _held(first)
            index.close()
        columns[path.stem] = column
        for each in asked if misses else ():
            if each.draft.found == ("kind" in each.row) or not (
                "kind" in each.row or holds_answer(each.row, each.draft)
            ):
                print(f"  wrong: {each.row['question']} {each.draft.trace}")
    print(f"\n{'a further article beside the first':<46}" + "".join(f"{n:>22}" for n in columns))
    for name in next(iter(columns.values())):
        print(f"  {name:<46}" + "".join(f"{each[name]:>22}" for each in columns.values()))


def _held(asked: Sequence[Asked]) -> str:
    held = sum(each.draft.found and holds_answer(each.row, each.draft) for each in asked)
    return share(held, len(asked))


def _column(
    answerer: Answerer,
    covered: Sequence[Asked],
    outside: Sequence[Asked],
    followed: Sequence[Asked],
    *,
    by_heading: bool,
) -> dict[str, str]:
    def hit(each: Asked, k: int) -> bool:
        ids = [one.passage for one in each.draft.passages[:k]]
        return any(is_right(each.row, one, by_heading=by_heading) for one in ids)

    def cited(each: Asked) -> bool:
        ids = {one.passage_id for one in each.draft.citations}
        return any(
            one.passage.id in ids and is_right(each.row, one.passage, by_heading=by_heading)
            for one in each.draft.passages
        )

    def section(each: Asked) -> bool:
        ids = {one.passage_id for one in each.draft.citations}
        return any(
            one.passage.id in ids and is_right(each.row, one.passage, by_heading=True)
            for one in each.draft.passages
        )

    def right(each: Asked) -> bool:
        return each.draft.found and (cited(each) or holds_answer(each.row, each.draft))

    looked_up = [each for each in covered if each.draft.passages]
    texts = {one.id: one.text for one in answerer.passages}
    quotes = [
        one.quote in texts[one.passage_id]
        for each in (*covered, *followed, *outside)
        for one in each.draft.citations
    ]
    column = {
        "right passage first": share(sum(hit(each, 1) for each in looked_up), len(looked_up)),
        "right passage among the first 3": share(
            sum(hit(each, 3) for each in looked_up), len(looked_up)
        ),
        "covered: answered": share(sum(each.draft.found for each in covered), len(covered)),
        "covered: answered from the right section": share(
            sum(right(each) or section(each) for each in covered), len(covered)
        ),
        "covered: answered from the right passage": share(sum(map(right, covered)), len(covered)),
        "follow-ups: answered from the right passage": share(
            sum(map(right, followed)), len(followed)
        ),
        "quotes verbatim": share(sum(quotes), len(quotes)),
    }
    if not by_heading:
        column["covered: the quote holds the answer"] = _held(covered)
    floor = sorted((each.confidence for each in covered), reverse=True)
    at_least = floor[math.ceil(COVERED * len(floor)) - 1]
    for kind in ("far", "near"):
        asked = [each for each in outside if each.row["kind"] == kind]
        declined = sum(not each.draft.found for each in asked)
        column[f"{kind} outside: declined"] = share(declined, len(asked))
        strict = sum(not each.draft.found or each.confidence < at_least for each in asked)
        column[f"{kind} outside: declined, 95 % answered"] = share(strict, len(asked))
    return column


def ndcg(order: Sequence[int], gains: Sequence[float], k: int = 10) -> float:
    """Normalised discounted cumulative gain at ``k`` (0 to 1) of a ranking, best first."""

    def dcg(values: Sequence[float]) -> float:
        return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(values[:k]))

    ideal = dcg(sorted(gains, reverse=True))
    return dcg([gains[at] for at in order[:k]]) / ideal if ideal else 0.0


def fused(dense: Vectors, lexical: Vectors) -> Vectors:
    """Plain reciprocal rank fusion with its usual constant of 60."""
    ranks = [np.argsort(np.argsort(-each, kind="stable")) for each in (dense, lexical)]
    return np.asarray(sum(1.0 / (61 + rank) for rank in ranks))


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents as passages, questions, and the gain of each document for each question."""

    name: str
    passages: tuple[Passage, ...]
    questions: tuple[str, ...]
    gains: tuple[tuple[float, ...], ...]


def shared_collections() -> Iterator[Collection]:
    """The collections of ``../shared/data/retrieval``; none when it is not there."""
    for folder in sorted((SHARED / "retrieval").glob("*")):
        documents = _jsonl(folder / "corpus.jsonl")
        passages = tuple(
            Passage(row["_id"], row["text"], (), (0, len(row["text"])), at, folder.name, "")
            for at, row in enumerate(documents)
        )
        judged: dict[str, dict[str, float]] = {}
        for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
            query, document, gain = line.split("\t")
            known = judged.setdefault(query, {})
            known[document] = max(known.get(document, 0.0), float(gain))
        queries = [
            row
            for row in _jsonl(folder / "queries.jsonl")
            if any(judged.get(row["_id"], {}).values())
        ]
        yield Collection(
            folder.name,
            passages,
            tuple(row["text"] for row in queries),
            tuple(
                tuple(judged[row["_id"]].get(one.id, 0.0) for one in passages) for row in queries
            ),
        )


def article_collection(passages: Sequence[Passage], half: str) -> Collection:
    """The covered questions of one half as a collection."""
    questions, gains = [], []
    for row in rows("covered", half):
        gain = tuple(float(is_right(row, one, by_heading=False)) for one in passages)
        if any(gain):
            questions.append(row["question"])
            gains.append(gain)
    return Collection(f"article questions, {half}", tuple(passages), tuple(questions), tuple(gains))


def report_retrieval(collections: Iterator[Collection], embedder: Embedder) -> None:
    """Print nDCG@10 of every collection beside the three baselines."""
    print(f"\n{'nDCG@10':<28}{'dense':>8}{'BM25':>8}{'RRF':>8}{'ours':>8}   ahead of the best by")
    for collection in collections:
        texts = [embedding_text(one) for one in collection.passages]
        vectors = embedder.encode(texts)
        lexical = LexicalIndex(texts)
        place = {one.id: at for at, one in enumerate(collection.passages)}
        with tempfile.TemporaryDirectory() as folder:
            index = open_library(Path(folder), collection.passages, embedder)
            retriever = HybridRetriever(index, embedder)
            sums = np.zeros(4)
            queries = embedder.encode(collection.questions)
            for question, query, gains in zip(
                collection.questions, queries, collection.gains, strict=True
            ):
                dense, bm25 = vectors @ query, lexical.scores(question)
                ours = [place[one.passage.id] for one in retriever.look([question], 10)[0].found]
                orders = [
                    np.argsort(-each, kind="stable").tolist()
                    for each in (dense, bm25, fused(dense, bm25))
                ]
                sums += [ndcg(order, gains) for order in (*orders, ours)]
            index.close()
        means = sums / len(collection.questions)
        cells = "".join(f"{mean:>8.3f}" for mean in means)
        print(f"{collection.name:<28}{cells}   {means[3] - max(means[:3]):+.3f}")


def _jsonl(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="bench.answers", description=__doc__)
    parser.add_argument("--misses", action="store_true", help="list tuned questions that go wrong")
    parser.add_argument("--only", choices=["answers", "retrieval"], help="one of the two tables")
    arguments = parser.parse_args()
    settings = load_settings()
    embedder = BenchEmbedder(make_embedder(settings), MEMORY)
    contact = SafetyLayer.load(settings.rules).contact
    passages: dict[str, tuple[Passage, ...]] = {
        title: split(load(path, path.name)) for title, path in ARTICLES.items() if path.exists()
    }
    if arguments.only != "retrieval":
        for title, each in passages.items():
            with tempfile.TemporaryDirectory() as folder:
                index = open_library(Path(folder), each, embedder)
                retriever = HybridRetriever(index, embedder)
                answerer = Answerer(retriever, contact, threshold=settings.answer_threshold)
                report_answers(
                    title,
                    answerer,
                    by_heading=title == "our own wording",
                    misses=arguments.misses,
                )
                index.close()
        report_others(next(iter(passages.values())), embedder, contact, misses=arguments.misses)
    if arguments.only != "answers":
        report_retrieval(_collections(next(iter(passages.values()))), embedder)


def _collections(article: Sequence[Passage]) -> Iterator[Collection]:
    for half in ("tune", "score"):
        yield article_collection(article, half)
    yield from shared_collections()


if __name__ == "__main__":
    main()
