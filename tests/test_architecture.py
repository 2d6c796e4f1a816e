"""The direction of imports, and what the safety layer may cost to import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: What each part of the program may import of the others.
ALLOWED = {
    "types": set(),
    "errors": set(),
    "settings": {"errors"},
    "collector": set(),
    "safety": {"types", "errors", "collector"},
    "knowledge": {"types", "errors", "settings"},
    "answer": {"types", "errors", "settings", "conversation", "knowledge"},
    "screening": {"types", "logs"},
    "logs": set(),
    "counts": set(),
    "conversation": {"types", "errors", "logs", "screening"},
    "live": {"errors", "settings", "knowledge", "answer", "conversation"},
    "build": {
        *("types", "errors", "settings", "safety", "knowledge", "answer", "conversation"),
        *("counts", "live", "screening"),
    },
    "worker": {"types", "errors", "settings", "logs", "screening", "build"},
    "front": {
        *("types", "settings", "safety", "conversation", "counts", "screening", "worker"),
    },
    "web": {"types", "errors", "settings", "screening", "logs", "collector"},
    "cli": {"types", "errors", "settings", "safety", "build"},
    "__main__": {"errors", "settings", "cli"},
    "__init__": set(),
}
SLOW = ("torch", "sentence_transformers", "transformers", "chromadb", "gradio", "langchain")


def imports(path: Path) -> Iterator[str]:
    """What a module imports when it runs: imports for type checkers do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "bot":
                yield from (f"bot.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", sorted((ROOT / "bot").rglob("*.py")), ids=str)
def test_a_part_imports_only_what_lies_below_it(path: Path) -> None:
    part = path.relative_to(ROOT / "bot").with_suffix("").parts[0]
    used = {name.split(".")[1] for name in imports(path) if name.startswith("bot.")}
    used.discard("__version__")
    assert used - {part} <= ALLOWED[part]


def test_only_one_module_imports_chromadb() -> None:
    users = [
        p
        for p in (ROOT / "bot").rglob("*.py")
        if any(name.split(".")[0] == "chromadb" for name in imports(p))
    ]
    assert [path.relative_to(ROOT).as_posix() for path in users] == [
        "bot/knowledge/index/chroma.py"
    ]


def test_the_safety_layer_imports_nothing_slow() -> None:
    code = (
        "import sys; from pathlib import Path; from bot.safety import SafetyLayer; "
        "SafetyLayer.load(Path('safety_rules.yaml')).assess(['I want to die']); "
        f"print([m for m in sys.modules if m.split('.')[0] in {SLOW!r}])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
