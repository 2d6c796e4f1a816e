"""What the commands tell people: in-process, so that the rules are read once."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli.check import marked
from bot.cli.overlaps import notes
from bot.cli.report import read_counts
from bot.cli.report_page import report_page
from bot.cli.sources import read_lines
from bot.cli.terminal import WIDTH, Ink, wrapped
from bot.errors import BotError
from bot.safety.load import load_engine
from bot.safety.rules import read_rules
from bot.types import Category, Hit, Level
from tests.safety import conftest as safety

ROOT = Path(__file__).resolve().parent.parent
small_text = safety.small_text
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command: exit code, standard output, standard error."""

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(words)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


class TestCheck:
    def test_what_fired_is_marked_in_the_text_with_its_reason_rule_and_card(self, say: Say) -> None:
        code, out, _ = say("check", "I never wanted to kill myself. My husband hits me.")
        assert code == 0
        first = out.splitlines()[0]
        assert re.search(r"«[^»]*kill myself[^»]*»\(\d\)\. «My husband hits me»\(\d", first)
        assert "Level: crisis. A card with who to call comes up" in out
        assert "About: family violence." in out
        assert re.search(r"“My husband hits me” - family violence, crisis\n {5}\S", out)
        assert re.search(r"Rule \w+, safety_rules/family_violence\.yaml:\d+", out)
        assert "Lowered to signpost by the stance 'denied': " in out
        assert re.search(r"1800RESPECT +1800 737 732", out)

    def test_a_message_without_a_find_names_examples_that_are_alike(self, say: Say) -> None:
        _, out, _ = say("check", "my husband was awful to me last night")
        assert "If a card should have come up:" in out
        assert re.search(r"like “.+”, an example of rule \w+", out)

    def test_overlapping_finds_are_one_mark_with_all_their_numbers(self) -> None:
        def hit(start: int, end: int, turn: int = 0) -> Hit:
            text = "abcdefgh"[start:end]
            return Hit("r", Category.FAMILY_VIOLENCE, Level.CRISIS, (start, end), text, turn)

        ink = Ink(io.StringIO())
        assert marked(["abcdefgh"], [hit(0, 3), hit(2, 5), hit(6, 7)], ink) == [
            "«abcde»(1,2)f«g»(3)h"
        ]
        assert marked(["abcdefgh", "abcdefgh"], [hit(1, 2, 1)], ink)[1] == "a«b»(1)cdefgh"

    def test_a_lone_surrogate_does_not_stop_it(self, say: Say) -> None:
        assert say("check", "my husband hits me \udcff")[0] == 0


class TestColours:
    @pytest.mark.parametrize(
        ("setting", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
    )
    def test_are_used_on_a_terminal_unless_it_is_asked_not_to(
        self, setting: dict[str, str], coloured: bool
    ) -> None:
        leader, follower = pty.openpty()
        code = "import sys; from bot.cli.terminal import Ink; print(Ink(sys.stdout).alarm('x'))"
        kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        subprocess.run(
            [sys.executable, "-c", code],
            stdout=follower,
            env=kept | {"TERM": "xterm"} | setting,
            cwd=ROOT,
            check=True,
        )
        os.close(follower)
        shown = os.read(leader, 1000)
        os.close(leader)
        assert (b"\x1b[" in shown) is coloured

    def test_are_not_used_in_a_pipe(self) -> None:
        assert Ink(io.StringIO()).alarm("x") == "x"


def test_lines_are_wrapped_and_own_line_breaks_kept() -> None:
    text = wrapped("word " * 40 + "\n- item", "  ")
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.endswith("\n  - item")


@pytest.fixture
def rules(tmp_path: Path, small_text: str) -> Path:
    """A small rules file of its own, with two more rules to change."""
    path = tmp_path / "safety_rules.yaml"
    path.write_text(small_text.replace("answers:\n", f"{TWO_RULES}answers:\n"))
    return path


TWO_RULES = """\
  - id: kicks
    why: Blows.
    category: family_violence
    level: crisis
    patterns:
      - kicks me
      - (he|she) kicks me
      - shoves me
    examples: [he kicks me]
    counter_examples: [hello]
  - id: stamps
    why: More blows.
    category: family_violence
    level: crisis
    patterns:
      - my uncle kicks me
      - stamps on me
    examples: [she stamps on me, my uncle kicks me]
    counter_examples: [hello]
"""


class TestCheckRules:
    def test_notes_name_what_no_example_shows_and_what_is_superfluous(self, rules: Path) -> None:
        found = notes(read_rules(rules), load_engine(rules), read_lines(rules))
        lines = rules.read_text().splitlines()
        told = {(lines[note.line - 1].strip(" -"), note.what) for note in found}
        where = f"'kicks me' (safety_rules.yaml:{lines.index('      - kicks me') + 1})"
        assert {
            ("shoves me", "no example of it shows 1 of its 3 patterns, such as 'shoves me'"),
            (
                "(he|she) kicks me",
                f"pattern '(he|she) kicks me' finds nothing that {where} of the same rule "
                "does not find",
            ),
            (
                "my uncle kicks me",
                f"pattern 'my uncle kicks me' is in the shadow of {where} of rule kicks",
            ),
        } == {(line, what) for line, what in told if "kicks" in what or "shoves" in what}

    def test_a_pattern_that_finds_more_in_a_single_word_is_no_shadow(self, rules: Path) -> None:
        text = rules.read_text().replace("- my uncle kicks me", "- my uncle (kicks|kicked) me")
        rules.write_text(text)
        found = notes(read_rules(rules), load_engine(rules), read_lines(rules))
        assert not [note for note in found if "shadow" in note.what]

    def test_a_stale_service_is_named_with_line_and_mend(
        self, rules: Path, say: Say, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = re.sub(r"verified_on: \S+", "verified_on: 2020-01-01", rules.read_text(), count=1)
        rules.write_text(text)
        monkeypatch.setenv("BOT_RULES", str(rules))
        code, out, _ = say("check-rules")
        assert code == 1
        line = next(n for n, each in enumerate(text.splitlines(), 1) if "- id: " in each)
        assert re.search(rf"safety_rules\.yaml:{line}: .*last checked \d+ days ago", out)
        assert "set verified_on" in out

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("phone: 1800 000 111", "phone: 1800 000 11", "'1800 000 11' has 9 digits"),
            ("sms: 0400 000 111", "sms: 0400 000 1111", "'0400 000 1111' has 11 digits"),
            ("phone: 13 00 00", "phone: 13 00 000", "'13 00 000' has 7 digits"),
            ("on: 2026-11-01", "on: 2999-11-01", "verified_on 2999-11-01 has not come yet"),
        ],
    )
    def test_slips_of_the_hand_are_noticed(
        self,
        rules: Path,
        say: Say,
        monkeypatch: pytest.MonkeyPatch,
        old: str,
        new: str,
        said: str,
    ) -> None:
        monkeypatch.setenv("BOT_RULES", str(rules))
        assert "digits" not in say("check-rules")[1]
        rules.write_text(rules.read_text().replace(old, new, 1))
        code, out, _ = say("check-rules")
        assert code == 1
        assert said in out

    def test_the_page_holds_every_rule_card_and_service_and_is_made_of_our_own_words_only(
        self, say: Say, tmp_path: Path
    ) -> None:
        page = tmp_path / "rules.html"
        assert say("check-rules", "--html", str(page))[0] == 0
        text = page.read_text(encoding="utf-8")
        book = read_rules(ROOT / "safety_rules.yaml")
        from html import escape

        for rule in book.rules:
            assert f">{rule.id}, " in text
            assert all(escape(" // ".join(each.turns)) in text for each in rule.examples)
        for card in book.cards.values():
            assert escape(card.headline) in text
        for resource in book.resources.values():
            assert escape(resource.name) in text
            assert escape(resource.phone) in text
        assert "<script" not in text
        assert not re.search(r'(?:src|href)="(?!#)', text)

    def test_a_page_that_cannot_be_written_is_one_plain_line(self, say: Say) -> None:
        code, _, err = say("check-rules", "--html", "/dev/null/rules.html")
        assert (code, err.count("\n")) == (1, 1)
        assert "/dev/null/rules.html: the page cannot be written" in err


class TestDiffRules:
    def test_every_kind_of_change_is_told_and_labelled(
        self, rules: Path, say: Say, tmp_path: Path
    ) -> None:
        new = tmp_path / "new"
        new.mkdir()
        text = rules.read_text().replace("      - my uncle kicks me", "      - hello there")
        text = text.replace("- kicks me\n      - (he|she) kicks me", "- he kicks me")
        text = text.replace("[she stamps on me, my uncle kicks me]", "[hello there]")
        text = text.replace("phone: 1800 000 111", "phone: 1800 000 112")
        (new / "safety_rules.yaml").write_text(text)
        code, out, err = say("diff-rules", str(rules), str(new))
        assert (code, err) == (1, "")
        assert re.search(r"No longer brings up a card \(1\)\n  “my uncle kicks me”", out)
        assert "crisis (family_violence) -> none" in out
        assert re.search(r"Now brings up a card \(1\)\n  “hello there”", out)
        assert "service helper:\n    - Helper; 1800 000 111" in out
        assert "    + Helper; 1800 000 112" in out
        assert re.search(r"^2 of \d+ messages come out otherwise\.$", out, re.M)

    def test_nothing_changed_is_exit_code_0(self, rules: Path, say: Say) -> None:
        code, out, _ = say("diff-rules", str(rules), str(rules.parent))
        assert code == 0
        assert out.startswith("0 of ")

    @pytest.mark.parametrize("name", ["nowhere.yaml", "--version-of-nothing", "HEAD:x"])
    def test_a_version_that_is_not_there_is_one_plain_line(
        self, rules: Path, say: Say, name: str
    ) -> None:
        code, _, err = say("diff-rules", "--", name, str(rules))
        assert (code, err.count("\n")) == (1, 1)
        assert f"{name}: there is no such file or folder" in err

    def test_mistakes_of_the_new_version_are_told(self, rules: Path, say: Say) -> None:
        bad = rules.with_name("bad.yaml")
        bad.write_text("rules: []\n")
        code, _, err = say("diff-rules", str(rules), str(bad))
        assert code == 1
        assert f"{bad}:1:" in err


COUNTS = {
    "days": {
        "2026-11-24": {"level:none": 40, "level:crisis": 5, "category:family_violence": 5},
        "2026-11-22": {"level:none": 10, "level:emergency": 5, "category:<b>": 5},
    }
}


class TestReport:
    @pytest.fixture
    def counts(self, tmp_path: Path) -> Path:
        path = tmp_path / "counts.json"
        path.write_text(json.dumps(COUNTS))
        return path

    def test_sums_are_printed_for_the_days_asked_for(self, counts: Path, say: Say) -> None:
        code, out, _ = say("report", str(counts))
        assert code == 0
        assert re.search(r"^ +50 +level: none$", out, re.M)
        _, out, _ = say("report", str(counts), "--from", "2026-11-23")
        assert re.search(r"^ +40 +level: none$", out, re.M)
        _, out, _ = say("report", str(counts), "--to", "2026-11-23")
        assert re.search(r"^ +10 +level: none$", out, re.M)

    def test_the_file_is_the_one_that_the_chat_keeps_if_none_is_given(
        self, counts: Path, say: Say, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BOT_COUNTS", str(counts))
        code, out, _ = say("report")
        assert code == 0
        assert re.search(r"^ +50 +level: none$", out, re.M)

    def test_without_any_file_it_is_said_which_setting_names_one(
        self, say: Say, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BOT_COUNTS", "")
        code, _, told = say("report")
        assert code == 1
        assert "BOT_COUNTS" in told

    def test_the_page_has_charts_and_the_numbers_behind_them(
        self, counts: Path, say: Say, tmp_path: Path
    ) -> None:
        page = tmp_path / "report.html"
        assert say("report", str(counts), "--html", str(page))[0] == 0
        text = page.read_text(encoding="utf-8")
        assert "<strong>60</strong>messages" in text
        assert "<strong>10</strong>with a crisis card" in text
        assert '<td class="number">40</td>' in text
        assert "24 November 2026: 5 crisis" in text
        assert text.count("<svg") == 2
        assert "<script" not in text
        assert "<b>" not in text

    def test_days_without_counts_are_drawn_as_empty_and_many_days_by_week(self) -> None:
        few = report_page(read_counts_of(COUNTS), "2026-11-24")
        assert "<td>23 November 2026</td>" in few
        year = {f"2026-{month:02}-01": {"level:none": 1} for month in range(1, 13)}
        many = report_page(read_counts_of({"days": year}), "2026-12-31")
        assert "Messages by week" in many
        assert many.count("<tr>") <= 54

    def test_no_days_are_said_to_be_none(self) -> None:
        assert "There are no counts" in report_page({}, "2026-11-24")

    @pytest.mark.parametrize(
        "text",
        ["", "[]", "{}", '{"days": 1}', '{"days": {"x": {}}}',
         '{"days": {"2026-11-24": {"a": -1}}}', '{"days": {"2026-11-24": {"a": true}}}',
         "\ud800", "[" * 100_000],
    )  # fmt: skip
    def test_a_file_that_holds_no_counts_is_one_plain_line(self, text: str, tmp_path: Path) -> None:
        path = tmp_path / "counts.json"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with pytest.raises(BotError, match=r"no file of counts"):
            read_counts(path)

    def test_a_missing_file_and_a_bad_day_are_told(self, say: Say, tmp_path: Path) -> None:
        code, _, err = say("report", str(tmp_path / "none.json"))
        assert code == 1
        assert "there are no counts" in err
        with pytest.raises(SystemExit) as caught:
            main(["report", "x", "--from", "yesterday"])
        assert caught.value.code == 2


def read_counts_of(rows: dict[str, dict[str, dict[str, int]]]) -> dict[date, dict[str, int]]:
    return {date.fromisoformat(day): counts for day, counts in sorted(rows["days"].items())}


class TestTry:
    def talk(self, *lines: str, rules: Path | None = None) -> subprocess.CompletedProcess[str]:
        settings = {"BOT_RULES": str(rules)} if rules else {}
        return subprocess.run(
            [sys.executable, "-m", "bot", "try"],
            input="\n".join(lines) + "\n",
            cwd=ROOT,
            env={
                **os.environ,
                "BOT_CORPUS": "/dev/null/corpus",
                "BOT_INDEX": "/dev/null/index",
                **settings,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def test_the_card_comes_and_is_explained_also_with_no_article_to_be_had(self) -> None:
        done = self.talk("/why", "I want to die", "/why", "/dance", "", "/quit")
        assert done.returncode == 0, done.stderr
        assert "Nothing was said yet." in done.stdout
        assert re.search(r"Lifeline +13 11 14", done.stdout)
        assert re.search(r"I «want to die»\(1", done.stdout)
        assert done.stdout.count("/new    forget the conversation") == 2

    def test_new_takes_up_changed_rules_and_keeps_the_old_ones_if_they_have_mistakes(
        self, rules: Path
    ) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "try"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "BOT_RULES": str(rules), "PYTHONUNBUFFERED": "1"},
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        told = ""
        while not told.endswith("You: "):
            told += process.stdout.read(1)
        good = rules.read_text()
        rules.write_text("rules: []\n")
        process.stdin.write("/new\n")
        process.stdin.flush()
        while "The rules from before stay in use." not in told:
            told += process.stdout.read(1)
        rules.write_text(good)
        out, _ = process.communicate("he kicks me\n/quit\n", timeout=60)
        assert ":1: " in told
        assert "000" in out


def test_the_rules_of_a_commit_are_compared(tmp_path: Path, say: Say) -> None:
    """``HEAD`` is what git keeps; the files on the disk are what is to go live."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    from bot.cli.diff_rules import _version

    with _version("HEAD") as path:
        assert "include:" in path.read_text(encoding="utf-8")
        assert len(list((path.parent / "safety_rules").glob("*.yaml"))) > 10
    assert not path.exists()
