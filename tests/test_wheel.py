"""The built package works on its own, far from the repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

import run

ROOT = Path(__file__).resolve().parent.parent
Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Runs a module of the installed wheel in an empty folder, with ``BOT_*`` settings.

    The wheel is installed into an environment of its own; its dependencies are those of the
    project's, which would take long to install again.
    """
    base = tmp_path_factory.mktemp("wheel")
    copy = base / "source"
    shutil.copytree(
        ROOT,
        copy,
        ignore=shutil.ignore_patterns(
            ".*", "data", "build", "dist", "*.egg-info", "__pycache__", "tests", "test-results"
        ),
    )
    build = "from setuptools import build_meta; print(build_meta.build_wheel('dist'))"
    subprocess.run([sys.executable, "-c", build], cwd=copy, check=True, capture_output=True)
    (wheel,) = (copy / "dist").glob("*.whl")
    environment = base / "environment"
    uv = run.uv()
    subprocess.run([uv, "venv", "-q", "-p", sys.executable, str(environment)], check=True)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run(
        [uv, "pip", "install", "-q", "--no-deps", "-p", str(python), str(wheel)], check=True
    )
    shutil.rmtree(copy)
    where = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    told = subprocess.run(where, check=True, capture_output=True, text=True)
    packages = Path(told.stdout.strip())
    (packages / "project.pth").write_text(sysconfig.get_path("purelib"))
    empty = base / "empty"
    empty.mkdir()

    def program(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
        kept.pop("PYTHONPATH", None)
        return subprocess.run(
            [str(python), "-m", *words],
            cwd=empty,
            env={**kept, **{f"BOT_{name.upper()}": value for name, value in settings.items()}},
            capture_output=True,
            text=True,
            check=False,
        )

    return program


def test_a_message_is_checked_with_the_rules_that_the_wheel_carries(installed: Program) -> None:
    done = installed("bot", "check", "my husband hits me")
    assert done.returncode == 0, done.stderr
    assert "1800 737 732" in done.stdout


def test_all_rules_and_examples_are_there_and_have_no_mistakes(installed: Program) -> None:
    done = installed("bot", "check-rules")
    command = [sys.executable, "-m", "bot", "check-rules"]
    own = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == own.stdout


@pytest.mark.parametrize("program", ["bot", "app", "ingest"])
def test_every_program_tells_its_version(installed: Program, program: str) -> None:
    from bot import __version__

    done = installed(program, "--version")
    assert (done.returncode, done.stdout.split()[-1]) == (0, __version__), done.stderr


def test_the_article_is_found_ingested_and_answered_from(
    installed: Program, tmp_path: Path
) -> None:
    index = str(tmp_path / "index")
    done = installed("bot", "ask", "--json", "What is stonewalling?", index=index)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kind"] == "answer"


def test_rules_found_by_setting_take_the_place_of_those_carried(
    installed: Program, tmp_path: Path
) -> None:
    bad = tmp_path / "rules.yaml"
    bad.write_text("rules: []\n")
    done = installed("bot", "check", "hello", rules=str(bad))
    assert done.returncode == 1
    assert f"{bad}:1:" in done.stderr
