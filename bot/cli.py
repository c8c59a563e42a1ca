"""The command line: run, preview, check, ask, evaluate."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.messages import TEXT
from bot.settings import Settings, SettingsError
from bot.speaking import fail

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (0 done, 1 something to mend, 2 wrong usage)."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options)
    except SettingsError as error:
        return fail(TEXT.label("settings_wrong", problems=error.problems))
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description=TEXT.label("cli"))
    commands = parser.add_subparsers(required=True, metavar="COMMANDE")

    run = commands.add_parser("run", help=TEXT.label("cli_run"))
    run.set_defaults(command=_run)

    preview = commands.add_parser("preview", help=TEXT.label("cli_preview"))
    preview.add_argument("--port", type=int, help=TEXT.label("cli_preview_port"))
    preview.set_defaults(command=_preview)

    check = commands.add_parser("check", help=TEXT.label("cli_check"))
    check.add_argument(
        "directory", nargs="?", type=Path, metavar="DIR", help=TEXT.label("cli_check_directory")
    )
    check.set_defaults(command=_check)

    ask = commands.add_parser("ask", help=TEXT.label("cli_ask"))
    ask.add_argument("question", nargs="?", help=TEXT.label("cli_ask_question"))
    ask.add_argument("--json", action="store_true", help=TEXT.label("cli_ask_json"))
    ask.add_argument("--jsonl", action="store_true", help=TEXT.label("cli_ask_jsonl"))
    ask.add_argument("--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge"))
    ask.set_defaults(command=_ask)

    evaluate = commands.add_parser("evaluate", help=TEXT.label("cli_evaluate"))
    evaluate.add_argument("file", type=Path, help=TEXT.label("cli_evaluate_file"))
    evaluate.add_argument("--json", action="store_true", help=TEXT.label("cli_evaluate_json"))
    evaluate.add_argument(
        "--html", type=Path, metavar="FICHIER", help=TEXT.label("cli_evaluate_html")
    )
    evaluate.add_argument("--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge"))
    evaluate.set_defaults(command=_evaluate)
    return parser


# Each mode is imported when it is chosen: `ask` needs no Telegram, `check` no database.
def _run(_options: argparse.Namespace) -> int:
    settings = Settings.read()
    if settings.telegram_bot_token is None:
        return _run_preview(settings, settings.preview_port)
    from bot import modes  # noqa: PLC0415

    return modes.telegram(settings)


def _preview(options: argparse.Namespace) -> int:
    settings = Settings.read()
    return _run_preview(
        settings, options.port if options.port is not None else settings.preview_port
    )


def _run_preview(settings: Settings, port: int) -> int:
    from bot import local  # noqa: PLC0415

    return local.preview(settings, port)


def _check(options: argparse.Namespace) -> int:
    from bot import asking  # noqa: PLC0415

    return asking.check(_directory(options.directory))


def _ask(options: argparse.Namespace) -> int:
    from bot import asking  # noqa: PLC0415

    directory = _directory(options.knowledge)
    if options.jsonl:
        return asking.answer_lines(directory, sys.stdin, sys.stdout)
    if options.question is None:
        return fail(TEXT.label("ask_needs_question"))
    return asking.answer_one(directory, options.question, as_json=options.json)


def _evaluate(options: argparse.Namespace) -> int:
    from bot import asking  # noqa: PLC0415

    directory = _directory(options.knowledge)
    return asking.evaluate_file(directory, options.file, as_json=options.json, page=options.html)


def _directory(given: Path | None) -> Path:
    return given or Settings.read().knowledge_dir
