"""Start the web chat: ``python app.py [--host ADDRESS] [--port NUMBER]``."""

from __future__ import annotations

import argparse
import sys

from bot import logs
from bot.cli.program import make_parser
from bot.errors import BotError
from bot.settings import load_settings


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``python app.py``."""
    parser = make_parser(
        "python app.py",
        "The support chat, as a web page. Crisis cards work at once; answers as soon as the model "
        "is loaded.",
        ["python app.py", "python app.py --host 0.0.0.0 --port 8080"],
    )
    parser.add_argument("--host", help="address to listen on (default: BOT_HOST, 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default: BOT_PORT, 7860)")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the chat until it is stopped; the exit code is 0, or 1 with one plain line of why."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.port is not None and not 0 <= options.port <= 65535:
        parser.error("--port must be between 0 and 65535 (0 chooses a free one)")
    log = None
    try:
        settings = load_settings()
        log = logs.start(settings.log_level)
        logs.forbid_crash_dumps()
        # The rules are read and checked first: a bad file stops the program before anything opens.
        from bot.front import build_front  # noqa: PLC0415 - imports take time; mistakes come first

        front = build_front(settings)
        front.start()
        from bot.web.page import build_page  # noqa: PLC0415
        from bot.web.server import serve  # noqa: PLC0415
        from bot.web.texts import load_texts  # noqa: PLC0415

        page = build_page(
            front.bot, front.standing, load_texts(), settings, ready=lambda: front.ready
        )
        host = settings.host if options.host is None else options.host
        port = settings.port if options.port is None else options.port
        serve(page, host, port)
    except BotError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        if log is not None:
            log.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
