"""``app.py``: what is told on the command line, and how it ends."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import app
from bot.errors import BotError, Problem, RulesError
from bot.settings import Settings
from bot.web import server
from bot.web.server import listen
from tests.web.scripted import STANDING, ScriptedBot


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stands in for the real parts; set ``mistake`` to have building fail."""
    parts = SimpleNamespace(
        bot=ScriptedBot(), standing=STANDING, ready=True, started=0, mistake=None
    )

    def start() -> None:
        parts.started += 1

    parts.start = start

    def build_front(settings: Settings) -> SimpleNamespace:
        parts.settings = settings
        if parts.mistake:
            raise parts.mistake
        return parts

    module = ModuleType("bot.front")
    module.build_front = build_front  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "bot.front", module)
    return parts


def test_a_bad_rules_file_stops_the_start_with_every_mistake_and_no_traceback(
    built: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    built.mistake = RulesError([Problem(Path("rules.yaml"), 3, "rule x", "no level", "Add one.")])
    assert app.main(["--port", "0"]) == 1
    said = capsys.readouterr()
    assert "rules.yaml:3: rule x: no level. Add one." in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_a_port_in_use_is_one_plain_line(
    built: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        assert app.main(["--port", str(port)]) == 1
    error = capsys.readouterr().err.strip()
    assert f"Port {port}" in error
    assert "\n" not in error


def test_a_bad_setting_is_named(
    built: SimpleNamespace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_PORT", "many")
    assert app.main([]) == 1
    assert "BOT_PORT" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--port", "x"], ["--no-such"]])
def test_bad_arguments_end_with_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        app.main(arguments)
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "address"),
    [([], ("127.0.0.9", 7001)), (["--host", "0.0.0.0", "--port", "0"], ("0.0.0.0", 0))],
)
def test_arguments_come_before_settings(
    built: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    address: tuple[str, int],
) -> None:
    monkeypatch.setenv("BOT_HOST", "127.0.0.9")
    monkeypatch.setenv("BOT_PORT", "7001")
    asked: list[object] = []

    def serve(_: object, host: str, port: int) -> None:
        asked.append((host, port))
        assert built.started == 1

    monkeypatch.setattr(server, "serve", serve)
    assert app.main(arguments) == 0
    assert asked == [address]


def test_stopping_with_the_keyboard_is_no_error(
    built: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "serve", serve)
    assert app.main([]) == 0


def test_any_error_meant_for_people_is_shown_as_it_is(
    built: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    built.mistake = BotError("The corpus is empty: add an article.")
    assert app.main([]) == 1
    assert capsys.readouterr().err == "The corpus is empty: add an article.\n"
