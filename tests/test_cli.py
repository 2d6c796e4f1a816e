"""The command line as operators and scripts use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def bot(*words: str, stdin: bytes = b"", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m bot`` with settings given as ``BOT_*`` variables."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, **{f"BOT_{name.upper()}": value for name, value in settings.items()}},
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def test_check_answers_each_line_in_order() -> None:
    lines = [{"text": "hello"}, {"text": "I want to die"}, {"turns": ["my husband hits me", "hi"]}]
    done = bot("check", stdin="".join(json.dumps(line) + "\n" for line in lines).encode())
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [row["level"] for row in rows] == ["none", "crisis", "crisis"]
    assert rows[1]["categories"] == ["suicide_self_harm"]
    assert rows[1]["resources"][:2] == ["triple_zero", "lifeline"]
    hit = rows[1]["rules"][0]
    assert set(hit) == {"id", "category", "span", "text"}
    assert "I want to die"[slice(*hit["span"])] == hit["text"]
    assert rows[2]["rules"][0]["turn"] == 0


BAD = [
    b"not json",
    b"{}",
    b"[]",
    b'{"text": 1}',
    b'{"turns": []}',
    b'{"turns": ["a", 2]}',
    b'{"text": "a", "turns": ["b"]}',
    b'{"text": "\xff\xfe"}',
    b"",
    b"[" * 100_000,
    b"1" * 5000,
]


def test_a_bad_line_is_reported_in_its_place_and_the_rest_is_done() -> None:
    stdin = b"\n".join([*BAD, b'{"text": "I want to die"}']) + b"\n"
    done = bot("check", stdin=stdin)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [sorted(row) for row in rows[:-1]] == [["error"]] * len(BAD)
    assert rows[-1]["level"] == "crisis"
    assert f"{len(BAD)} lines could not be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_thousand_messages_are_checked_in_one_process() -> None:
    texts = [f"message {n}" if n % 2 else f"I want to die {n}" for n in range(1000)]
    done = bot(
        "check",
        "--rules-only",
        stdin="".join(json.dumps({"text": t}) + "\n" for t in texts).encode(),
    )
    levels = [json.loads(line)["level"] for line in done.stdout.splitlines()]
    assert levels == ["none" if n % 2 else "crisis" for n in range(1000)]


def test_lone_surrogates_and_control_characters_pass_through() -> None:
    done = bot("check", stdin=b'{"text": "\\ud800\\u0000 my husband hits me \\udfff"}\n')
    assert json.loads(done.stdout)["level"] == "crisis"


def test_check_rules_finds_nothing_wrong_with_the_shipped_rules() -> None:
    done = bot("check-rules")
    assert "no problems" in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("command", [["check", "hello"], ["check-rules"], ["ask", "hello"]])
def test_nothing_starts_on_a_bad_rules_file(tmp_path: Path, command: list[str]) -> None:
    bad = tmp_path / "rules.yaml"
    bad.write_text("rules: []\nreview_days: x\n")
    done = bot(*command, rules=str(bad))
    assert done.returncode == 1
    assert f"{bad}:2: review_days: 'x' is not a number of days" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_setting_is_told_by_name() -> None:
    done = bot("check", "hello", port="many")
    assert done.returncode == 1
    assert "BOT_PORT" in done.stderr


def test_an_unknown_command_is_a_usage_error() -> None:
    assert bot("sing").returncode == 2


@pytest.fixture(scope="module", params=["corpus", "published"])
def index(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    folder = str(tmp_path_factory.mktemp("index"))
    source = ROOT / "corpus" / "feeling-disconnected.md"
    if request.param == "published":
        source = ROOT.parent / "shared" / "article.txt"
        if not source.exists():
            pytest.skip("the published text is not beside the project")
    subprocess.run(
        [sys.executable, "ingest.py", str(source)],
        cwd=ROOT,
        env={**os.environ, "BOT_INDEX": folder},
        check=True,
    )
    return folder, source


class TestAsk:
    """``ask`` with the real model and index, from our article and from the published text."""

    def test_silence_is_answered_from_the_passage_on_stonewalling(
        self, index: tuple[str, Path]
    ) -> None:
        folder, source = index
        question = "My partner says nothing to me for days when angry. What is that?"
        done = bot("ask", "--json", question, index=folder)
        row = json.loads(done.stdout)
        assert done.returncode == 0
        assert (row["kind"], row["card"]) == ("answer", None)
        assert row["level"] in {"none", "signpost"}
        assert row["citations"][0]["quote"].startswith("Stonewalling or Silent Treatment")
        passages = [passage["text"] for passage in row["passages"]]
        document = source.read_text(encoding="utf-8")
        assert all(passage in document for passage in passages)
        for citation in row["citations"]:
            assert any(citation["quote"] in passage for passage in passages)

    def test_lines_are_answered_in_order_and_a_bad_one_in_its_place(
        self, index: tuple[str, Path]
    ) -> None:
        stdin = b'{"text": "What is stonewalling?"}\nnope\n{"text": "I want to die"}\n'
        done = bot("ask", stdin=stdin, index=index[0])
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert [row.get("kind", "bad") for row in rows] == ["answer", "bad", "safety"]
        assert rows[2]["card"]["resources"][0]["phone"] == "000"
        assert done.returncode == 1

    def test_a_question_and_its_sources_are_shown_to_a_person(
        self, index: tuple[str, Path]
    ) -> None:
        done = bot("ask", "What is stonewalling?", index=index[0])
        assert "Silent Treatment" in done.stdout
        assert "[1] " in done.stdout
