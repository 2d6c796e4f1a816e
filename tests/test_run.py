"""The set-up script: what it chooses, and that its lock files are complete."""

from __future__ import annotations

import platform
import re
import sys
import tomllib
from pathlib import Path

import pytest

import run

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (run.LOCK, run.TEST_LOCK, run.BENCH_LOCK)


def locked() -> dict[str, str]:
    text = "".join(path.read_text() for path in LOCKS)
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE))


def test_every_direct_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(each for extra in extras.values() for each in extra)]
    names = {re.split(r"[<>=!~\[ ]", entry)[0].lower() for entry in wanted}
    assert names - {"torch"} <= set(locked())


def test_no_package_for_graphics_cards_is_locked() -> None:
    assert not [name for name in locked() if name.startswith(("nvidia", "triton", "cuda"))]


def test_every_locked_file_has_a_hash() -> None:
    for path in LOCKS:
        entries = re.split(r"\n(?=[a-z])", path.read_text().strip())
        assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize(
    ("system", "machine", "wheel"),
    [
        ("linux", "x86_64", "uv-0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"),
        ("linux", "aarch64", "uv-0-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.whl"),
        ("darwin", "arm64", "uv-0-py3-none-macosx_11_0_arm64.whl"),
        ("darwin", "x86_64", "uv-0-py3-none-macosx_10_12_x86_64.whl"),
    ],
)
def test_the_installer_for_this_machine_is_chosen(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, wheel: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    assert re.search(run.uv_platform(), wheel)


def test_an_unknown_chore_prints_the_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py", "dance"])
    assert run.main() == 2
    assert "python3 run.py chat" in capsys.readouterr().out
