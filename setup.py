"""The build of the package: rules, examples and articles go along as ``bot/content``.

They stand at the top of the repository, where an operator looks for them; an installed package
has them inside. Everything else about the build is in ``pyproject.toml``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
CONTENT = ("safety_rules.yaml", "safety_rules", "safety_examples", "corpus")


class BuildWithContent(build_py):
    """Copies the operator's files beside the code that is built."""

    def run(self) -> None:
        """Build as usual, then copy."""
        super().run()
        target = Path(self.build_lib) / "bot" / "content"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name in CONTENT:
            source = ROOT / name
            if source.is_dir():
                hidden = shutil.ignore_patterns(".*")
                shutil.copytree(source, target / name, ignore=hidden)
            else:
                shutil.copy2(source, target / name)


setup(cmdclass={"build_py": BuildWithContent})
