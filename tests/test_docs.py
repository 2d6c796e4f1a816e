"""The documentation names what exists, and everything an operator can use is documented."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

import app
import ingest
import run
from bot import __main__ as bot_main
from bot.cli.program import EXIT_CODES
from bot.errors import RulesError
from bot.knowledge.documents import Facts
from bot.safety import rules
from bot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
PARSERS = {
    "python app.py": app.build_parser(),
    "python ingest.py": ingest.build_parser(),
    "python -m bot": bot_main.build_parser(),
}
NAMED = [pytest.param(path, id=path.name) for path in DOCS]


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands of a program, itself under the empty name."""
    found = {"": parser}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def every_parser() -> list[tuple[str, argparse.ArgumentParser]]:
    return [
        (f"{program} {name}".strip(), command)
        for program, parser in PARSERS.items()
        for name, command in subcommands(parser).items()
    ]


def options(parser: argparse.ArgumentParser) -> set[str]:
    return {one for action in parser._actions for one in action.option_strings if one[:2] == "--"}


def command_lines(text: str) -> Iterator[str]:
    """Every command line of ours in a text: in code blocks, and between backticks."""
    blocks = re.findall(r"```(?:sh|ini)\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in [*"\n".join(blocks).splitlines(), *spans]:
        command = re.sub(r"^(?:ExecStart=\S*/)?(?:\.venv/bin/)?", "", line.strip())
        if re.match(r"python3? (?:app\.py|ingest\.py|-m bot|run\.py)", command):
            yield re.split(r"\s{2,}#|\s<\s", command)[0].strip()


@pytest.mark.parametrize("path", NAMED)
def test_every_command_line_in_the_docs_is_understood(path: Path) -> None:
    for line in command_lines(path.read_text(encoding="utf-8")):
        program = next((name for name in PARSERS if line.startswith(name)), "")
        words = shlex.split(line.removeprefix(program))
        if not program:
            chores = [*re.findall(r"python3 run\.py ([\w-]+)", run.__doc__ or ""), "--version"]
            assert line.split()[2] in chores, line
        elif words and not {"--help", "--version"} & set(words):
            if words[-1] == "report":  # named as a whole, without the file it reads
                words.append("COUNTS")
            try:
                PARSERS[program].parse_args(words)
            except SystemExit:
                pytest.fail(f"{path.name}: {line}")


@pytest.mark.parametrize(("name", "parser"), every_parser())
def test_every_command_and_option_stands_in_the_list_of_commands(
    name: str, parser: argparse.ArgumentParser
) -> None:
    rows = [line for line in COMMANDS.splitlines() if line.startswith(f"| `{name}")]
    assert rows or name == "python -m bot", name
    for option in options(parser) - {"--help", "--version"}:
        assert any(f"{option}`" in row or f"{option} " in row for row in rows), (name, option)


@pytest.mark.parametrize(("name", "parser"), every_parser())
def test_every_command_has_help_with_examples_and_exit_codes(
    name: str, parser: argparse.ArgumentParser
) -> None:
    text = parser.format_help()
    assert f"\nexamples:\n  {name}" in text
    for code, meaning in EXIT_CODES.items():
        assert f"{code} {meaning}" in text
    for line in re.findall(rf"^  ({re.escape(name)}.*)$", text.partition("examples:")[2], re.M):
        words = shlex.split(re.split(r"\s{3,}|\s<\s", line.removeprefix(name))[0])
        if "--help" not in words:
            PARSERS.get(name, parser).parse_args(words)
    for action in parser._actions:
        assert action.help or isinstance(action, argparse._SubParsersAction), action


def test_every_chore_of_the_set_up_script_is_documented() -> None:
    for chore in re.findall(r"python3 run\.py (\w+)", run.__doc__ or ""):
        assert f"`python3 run.py {chore}" in COMMANDS
    for path in (ROOT / "bench").glob("[a-z]*.py"):
        if "def main(" in path.read_text(encoding="utf-8"):
            assert re.search(rf"\b{path.stem}`", COMMANDS), path.stem


def test_exit_codes_in_the_docs_are_those_of_the_programs() -> None:
    table = dict(re.findall(r"^\| (\d+) \| (.+) \|$", COMMANDS, re.MULTILINE))
    assert table == {str(code): meaning for code, meaning in EXIT_CODES.items()}


def test_every_option_named_in_the_docs_exists() -> None:
    known = {option for _, parser in every_parser() for option in options(parser)}
    foreign = {"--path", "--port", "--wheel", "--disable-pip", "--now", "--system"}  # not ours
    known.add("--full")  # of the benches
    for path in DOCS:
        found = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", path.read_text(encoding="utf-8")))
        assert found <= known | foreign, path.name


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        row = next((line for line in readme.splitlines() if f"`BOT_{name.upper()}`" in line), "")
        assert field.description, name
        assert field.description in row, name


@pytest.mark.parametrize("path", NAMED)
def test_every_setting_and_file_named_in_the_docs_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    known = {f"BOT_{name.upper()}" for name in Settings.model_fields} | {"BOT_TEST_CHROMIUM"}
    assert set(re.findall(r"\bBOT_[A-Z_]+\b", text)) <= known
    folders = "bot|docs|safety_rules|safety_examples|tests|bench|.ci"
    for name in re.findall(rf"`((?:{folders})/[\w./-]*)`", text):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (path.parent / name).exists(), name


@pytest.mark.parametrize("path", NAMED)
def test_a_link_to_a_heading_finds_it(path: Path) -> None:
    for name, anchor in re.findall(
        r"\]\((?!https?:)([^)#]*)#([^)]+)\)", path.read_text(encoding="utf-8")
    ):
        target = path.parent / name if name else path
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}


def documented_keys() -> dict[str, set[str]]:
    """For each section of the rules file, the keys that docs/rules.md gives its entries."""
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\|(.*)\|$", text, re.MULTILINE)
    return {section: set(re.findall(r"`(\w+)`", keys)) for section, keys in rows}


def test_the_sections_of_the_rules_file_are_documented_and_no_others() -> None:
    assert set(documented_keys()) == set(rules._SECTIONS)


def test_the_keys_of_every_entry_are_documented_and_no_others(tmp_path: Path) -> None:
    """The reader is asked: it names the keys it knows when it meets one that it does not."""
    path = tmp_path / "rules.yaml"
    for section, keys in documented_keys().items():
        path.write_text(f"{section}:\n  - id: one\n    zzzzzz: x\n")
        with pytest.raises(RulesError) as caught:
            rules.read_rules(path)
        told = [p.mend for p in caught.value.problems if "'zzzzzz' is not known" in p.what]
        known = set(re.findall(r"\w+", told[0].removeprefix("Known are:"))) if told else set()
        assert keys == known, section


def test_what_an_article_can_say_of_itself_is_documented() -> None:
    text = (ROOT / "docs" / "articles.md").read_text(encoding="utf-8")
    example = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0])
    assert set(example) == {field.name for field in fields(Facts)}


def test_the_example_rule_in_the_docs_has_every_key_in_its_place() -> None:
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    (rule,) = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0])
    assert set(rule) == documented_keys()["rules"]
