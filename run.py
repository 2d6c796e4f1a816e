#!/usr/bin/env python3
"""Sets up a virtual environment beside this file and runs a chore in it.

    python3 run.py chat      install, then start the chat (further words go to app.py)
    python3 run.py test      install, then run every test (further words go to pytest)
    python3 run.py lint      install, then lint, check the format and the types
    python3 run.py bench     install, then measure the speed of everything, or run bench/NAME
    python3 run.py lock      choose the newest allowed versions and write the lock files
    python3 run.py --version

Needs Python 3.11 or newer and nothing else: the installer (uv) is fetched from PyPI into
.tools/ if it is not there yet, and everything else goes into .venv/. Versions are those of
requirements.lock, so that two installations are the same.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
LOCK = ROOT / "requirements.lock"
TEST_LOCK = ROOT / "requirements-test.lock"
BENCH_LOCK = ROOT / "requirements-bench.lock"
UV_VERSION = "0.13.9"
TORCH = "torch==2.13.0"
TORCH_INDEX = os.environ.get("TORCH_INDEX", "https://download.pytorch.org/whl/cpu")
IS_WINDOWS = os.name == "nt"
BIN = VENV / ("Scripts" if IS_WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if IS_WINDOWS else "python")


def main() -> int:
    """Run one chore; the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - told plainly to whoever has an older one
        print("This needs Python 3.11 or newer; this is", platform.python_version())
        return 1
    chores = {"chat": chat, "test": test, "lint": lint, "bench": bench, "lock": lock}
    name, rest = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if name == "--version":
        about = (ROOT / "bot" / "__init__.py").read_text(encoding="utf-8")
        print("run.py", re.findall(r'__version__ = "(.+)"', about)[0])
        return 0
    if name not in chores:
        print(__doc__)
        return 0 if name in {"-h", "--help"} else 2
    try:
        return chores[name](rest)
    except subprocess.CalledProcessError as error:
        command = " ".join(str(part) for part in error.cmd[:6])
        print(f"\nThis step failed (exit code {error.returncode}): {command} ...", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\n{error}\nCheck the network connection and the free disk space.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def chat(rest: list[str]) -> int:
    """Start the chat."""
    install([LOCK])
    return run(PYTHON, ROOT / "app.py", *rest)


def test(rest: list[str]) -> int:
    """Run every test, some files side by side: many of them mostly wait."""
    install([LOCK, TEST_LOCK])
    os.environ["BOT_TEST_CHROMIUM"] = chromium()
    # Compiles the rules and fits the second net once, instead of in each of the processes.
    run(PYTHON, "-m", "bot", "check", "hello")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # processes enough already
    # The order of the files is that of tests/conftest.py.
    beside = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
    return run(PYTHON, "-m", "pytest", *beside, *rest)


def lint(_rest: list[str]) -> int:
    """Lint, check the format, check the types."""
    install([LOCK, TEST_LOCK, BENCH_LOCK])
    commands = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"])
    return max(run(BIN / command[0], *command[1:]) for command in commands)


def bench(rest: list[str]) -> int:
    """Run one measurement, or all that are about speed."""
    install([LOCK, TEST_LOCK, BENCH_LOCK])
    name, words = ("all", rest) if not rest or rest[0].startswith("-") else (rest[0], rest[1:])
    if name in {"all", "page"}:
        os.environ["BOT_TEST_CHROMIUM"] = chromium()
    return run(PYTHON, "-m", f"bench.{name}", *words)


def lock(_rest: list[str]) -> int:
    """Write the lock files anew."""
    command = [uv(), "pip", "compile", "--universal", "--python-version", "3.11", "--quiet"]
    command += ["--generate-hashes", "--no-annotate", "--no-header", "--upgrade"]
    command += ["--no-emit-package", "torch", "pyproject.toml", "-o"]
    run(*command, LOCK, check=True)
    run(*command, TEST_LOCK, "--extra", "test", "--extra", "llm", "-c", LOCK, check=True)
    run(*command, BENCH_LOCK, "--extra", "bench", "-c", LOCK, "-c", TEST_LOCK, check=True)
    # What is in one file need not stand in the next one again.
    entry = re.compile(r"^[^\s#].*?(?=^[^\s#]|\Z)", re.MULTILINE | re.DOTALL)
    seen: set[str] = set()
    for path in (LOCK, TEST_LOCK, BENCH_LOCK):
        entries = entry.findall(path.read_text())
        path.write_text("".join(each for each in entries if each not in seen))
        seen |= set(entries)
    return 0


def run(*command: str | Path, check: bool = False) -> int:
    """Run a command in the project folder; the exit code."""
    return subprocess.run([str(part) for part in command], cwd=ROOT, check=check).returncode


def install(locks: list[Path]) -> None:
    """Bring .venv to the locked versions; nothing is done when it is there already."""
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in locks)).hexdigest()
    stamp = VENV / f"installed-{len(locks)}"
    if stamp.is_file() and stamp.read_text() == wanted and PYTHON.exists():
        return
    started = time.monotonic()
    if not PYTHON.exists():
        run(uv(), "venv", "--quiet", "--python", sys.executable, VENV, check=True)
    install_torch()
    pip("--no-deps", *(word for path in locks for word in ("-r", path)))
    stamp.write_text(wanted)
    print(f"Installed in {time.monotonic() - started:.0f} seconds.", flush=True)


def pip(*words: str | Path) -> None:
    """Install packages into .venv."""
    run(uv(), "pip", "install", "--quiet", "--python", PYTHON, *words, check=True)


def install_torch() -> None:
    """The CPU build of PyTorch: PyPI's build for Linux would bring gigabytes for graphics cards."""
    if not sys.platform.startswith("linux"):
        return pip("--no-deps", TORCH)
    folder = next((f for f in find_links() if any(f.glob("torch-2.13.0*.whl"))), None)
    if folder is not None:
        return pip("--no-deps", "--find-links", folder, TORCH)
    try:
        return pip("--no-deps", "--default-index", TORCH_INDEX, TORCH)
    except subprocess.CalledProcessError:
        print(
            f"The CPU build of PyTorch cannot be had from {TORCH_INDEX}. Installing the build for "
            "graphics cards from PyPI instead: it works too, and is some gigabytes larger. To "
            "avoid that, stop now and set TORCH_INDEX to a mirror that you can reach.",
            flush=True,
        )
        return pip(TORCH)


def find_links() -> list[Path]:
    """Folders in which pip is told to look for packages; uv does not read pip's settings."""
    words = os.environ.get("UV_FIND_LINKS", "") + " " + os.environ.get("PIP_FIND_LINKS", "")
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.find-links"],
        capture_output=True,
        text=True,
        check=False,
    )
    return [Path(word) for word in (words + " " + asked.stdout).split() if Path(word).is_dir()]


def uv() -> str:
    """The uv program: the machine's own, or one fetched from PyPI into .tools/."""
    own = TOOLS / ("uv.exe" if IS_WINDOWS else "uv")
    found = shutil.which("uv")
    if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode:
        found = None
    if found or own.exists():
        return found or str(own)
    print(f"Fetching the installer uv {UV_VERSION} from PyPI ...", flush=True)
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/uv/"
    links = re.findall(r'href="([^"#]+)#sha256=([0-9a-f]{64})"', fetch(index).decode())
    name = re.compile(rf"/uv-{re.escape(UV_VERSION)}-[^/]*{uv_platform()}[^/]*\.whl$")
    link, digest = next(((link, digest) for link, digest in links if name.search(link)), ("", ""))
    if not link:
        raise OSError(f"There is no uv {UV_VERSION} for this machine at {index}. Install uv "
                      "(https://docs.astral.sh/uv), then run the command again.")  # fmt: skip
    data = fetch(urljoin(index, link))
    if hashlib.sha256(data).hexdigest() != digest:
        raise OSError("The installer was damaged on its way. Run the command again.")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        program = next(n for n in archive.namelist() if n.endswith(f"/scripts/{own.name}"))
        TOOLS.mkdir(exist_ok=True)
        own.write_bytes(archive.read(program))
    own.chmod(0o755)
    return str(own)


def fetch(url: str) -> bytes:
    """What a web address holds."""
    with urllib.request.urlopen(url, timeout=300) as response:
        return bytes(response.read())


def uv_platform() -> str:
    """A pattern for the name of uv's wheel for this machine."""
    machine = platform.machine().lower().replace("amd64", "x86_64")
    if sys.platform == "darwin":
        return r"macosx.*arm64" if machine == "arm64" else r"macosx.*x86_64"
    if IS_WINDOWS:
        return r"win_amd64" if machine == "x86_64" else r"win_arm64"
    libc = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    return rf"{libc}.*{machine}"


def chromium() -> str:
    """A Chromium for the browser tests: the machine's own, Debian's, or Playwright's."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("BOT_TEST_CHROMIUM") or next(filter(None, map(shutil.which, names)), "")
    if found:
        return found
    if shutil.which("apt-get"):
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        print("Installing Chromium for the browser tests (apt-get install chromium) ...")
        run(*sudo, "apt-get", "update", "-qq", check=True)
        run(
            *sudo,
            "apt-get",
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            "chromium",
            check=True,
        )
        found = shutil.which("chromium") or ""
    if not found:
        run(PYTHON, "-m", "playwright", "install", "chromium", check=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
