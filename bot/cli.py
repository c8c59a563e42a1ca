"""The command line: run and look after the bot, check and try what it knows."""

import argparse
import asyncio
import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TextIO

from bot.commands.console import fail, prepare, say
from bot.messages import TEXT
from bot.settings import Settings, SettingsError

_OURS = {"bot", "handlers", "knowledge", "storage", "website"}
_MOST_PORT = 65535
Command = Callable[[argparse.Namespace], int]
# The object that adds one command to the parser: `add_parser`. argparse keeps its type private.
_Add = Callable[..., argparse.ArgumentParser]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (0 done, 1 problems to correct, 2 wrong usage)."""
    prepare()
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        with _private_files():
            return command(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of the output closed the pipe (`| head`); Python would complain at exit.
        _say_no_more(sys.stdout)
        return 0
    except Exception as error:  # noqa: BLE001 - Python's own report would quote settings
        return _fail_by(error)


@contextmanager
def _private_files() -> Iterator[None]:
    """Let what is written meanwhile be its owner's alone: it may name people."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _fail_by(error: Exception) -> int:
    """Say what stopped the command, and quote nothing but the names of files."""
    match error:
        case SettingsError():
            message = TEXT.label("settings_wrong", problems=error.problems)
        case OSError(errno=int()):
            message = TEXT.label("system_refuses", file=error.filename, reason=error.strerror)
        case ImportError(name=str(name)) if name.partition(".")[0] not in _OURS:
            message = TEXT.label("package_missing", name=name, python=sys.executable)
        case _ if sys.excepthook is not sys.__excepthook__:
            # Logs are set up: their hook tells the error, and quotes as little of it.
            sys.excepthook(type(error), error, error.__traceback__)
            return 1
        case _:
            from bot.runtime.logs import describe  # noqa: PLC0415 - seldom needed

            message = TEXT.label("unexpected", detail=describe(error))
    try:
        return fail(message)
    except OSError:
        # Nothing more can be written, not even that.
        return 1
    finally:
        _close(sys.stdout)


def _close(stream: TextIO) -> None:
    """Write what is left of an output; give it up where that fails, or Python would complain."""
    try:
        stream.flush()
    except OSError:
        _say_no_more(stream)


def _say_no_more(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description=TEXT.label("cli"))
    commands = parser.add_subparsers(required=True, metavar="COMMANDE")

    _add_modes(commands.add_parser)
    _add_knowledge(commands.add_parser)
    _add_care(commands.add_parser)
    return parser


def _add_modes(add: _Add) -> None:
    """Add the commands that start the bot."""
    add("run", help=TEXT.label("cli_run")).set_defaults(command=_run)
    add("serve", help=TEXT.label("cli_serve")).set_defaults(command=_serve)
    preview = add("preview", help=TEXT.label("cli_preview"))
    preview.add_argument("--port", type=_port, help=TEXT.label("cli_preview_port"))
    preview.set_defaults(command=_preview)


def _add_knowledge(add: _Add) -> None:
    """Add the commands that begin, check, try and measure the files, without a database."""
    new = add("new", help=TEXT.label("cli_new"))
    new.add_argument("directory", type=Path, metavar="DIR", help=TEXT.label("cli_new_directory"))
    new.set_defaults(command=_new)

    check = add("check", help=TEXT.label("cli_check"))
    check.add_argument(
        "directory", nargs="?", type=Path, metavar="DIR", help=TEXT.label("cli_check_directory")
    )
    check.add_argument("--json", action="store_true", help=TEXT.label("cli_check_json"))
    check.set_defaults(command=_check)

    ask = add("ask", help=TEXT.label("cli_ask"))
    ask.add_argument("question", nargs="?", help=TEXT.label("cli_ask_question"))
    ask.add_argument("--json", action="store_true", help=TEXT.label("cli_ask_json"))
    ask.add_argument("--jsonl", action="store_true", help=TEXT.label("cli_ask_jsonl"))
    ask.add_argument("--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge"))
    ask.set_defaults(command=_ask)

    evaluate = add("evaluate", help=TEXT.label("cli_evaluate"))
    evaluate.add_argument("file", type=Path, help=TEXT.label("cli_evaluate_file"))
    evaluate.add_argument("--json", action="store_true", help=TEXT.label("cli_evaluate_json"))
    evaluate.add_argument(
        "--html", type=Path, metavar="FICHIER", help=TEXT.label("cli_evaluate_html")
    )
    evaluate.add_argument("--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge"))
    evaluate.set_defaults(command=_evaluate)

    differing = add("diff", help=TEXT.label("cli_diff"))
    differing.add_argument("file", type=Path, metavar="FICHIER", help=TEXT.label("cli_diff_file"))
    differing.add_argument("--as", dest="name", metavar="NOM", help=TEXT.label("cli_diff_as"))
    differing.add_argument("--json", action="store_true", help=TEXT.label("cli_diff_json"))
    differing.add_argument(
        "--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge")
    )
    differing.set_defaults(command=_diff)

    _add_removing(add)
    site = add("site", help=TEXT.label("cli_site"))
    site.add_argument("folder", type=Path, metavar="DIR", help=TEXT.label("cli_site_folder"))
    site.add_argument("--bot", metavar="NOM", default="", help=TEXT.label("cli_site_bot"))
    site.add_argument("--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge"))
    site.set_defaults(command=_site)
    importing = add("import-territories", help=TEXT.label("cli_import"))
    importing.add_argument("file", type=Path, metavar="FICHIER", help=TEXT.label("cli_import_file"))
    importing.add_argument(
        "--date", type=_day, metavar="AAAA-MM-JJ", help=TEXT.label("cli_import_date")
    )
    importing.add_argument(
        "--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge")
    )
    importing.set_defaults(command=_import)


def _add_removing(add: _Add) -> None:
    """Add the commands that take an answer or a project out of service, and put it back."""
    remove = add("remove", help=TEXT.label("cli_remove"))
    remove.set_defaults(command=_remove)
    hide = add("hide", help=TEXT.label("cli_hide"))
    hide.add_argument("--undo", action="store_true", help=TEXT.label("cli_hide_undo"))
    hide.set_defaults(command=_hide)
    for each in (remove, hide):
        each.add_argument("id", metavar="ID", help=TEXT.label("cli_edit_id"))
        each.add_argument("--yes", action="store_true", help=TEXT.label("cli_letter_yes"))
        each.add_argument("--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge"))


def _add_care(add: _Add) -> None:
    """Add the commands with which operators maintain an installation."""
    add("doctor", help=TEXT.label("cli_doctor")).set_defaults(command=_doctor)

    backup = add("backup", help=TEXT.label("cli_backup"))
    backup.add_argument("file", type=Path, metavar="FICHIER", help=TEXT.label("cli_backup_file"))
    backup.set_defaults(command=_backup)

    restore = add("restore", help=TEXT.label("cli_restore"))
    restore.add_argument("file", type=Path, metavar="FICHIER", help=TEXT.label("cli_restore_file"))
    restore.set_defaults(command=_restore)

    report = add("report", help=TEXT.label("cli_report"))
    report.add_argument(
        "--quarter", required=True, metavar="2026T4", help=TEXT.label("cli_report_quarter")
    )
    report.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help=TEXT.label("cli_report_out")
    )
    report.set_defaults(command=_report)

    poster = add("poster", help=TEXT.label("cli_poster"))
    poster.add_argument(
        "projects", nargs="*", metavar="PROJET", help=TEXT.label("cli_poster_projects")
    )
    poster.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help=TEXT.label("cli_poster_out")
    )
    poster.add_argument("--bot", type=_bot_name, metavar="@NOM", help=TEXT.label("cli_poster_bot"))
    poster.set_defaults(command=_poster)

    copy = add("copy-db", help=TEXT.label("cli_copy"))
    copy.add_argument("source", metavar="DE", help=TEXT.label("cli_copy_source"))
    copy.add_argument("target", metavar="VERS", help=TEXT.label("cli_copy_target"))
    copy.set_defaults(command=_copy)
    _add_keys(add)
    _add_letters(add)
    add("retention", help=TEXT.label("cli_retention")).set_defaults(command=_retention)


def _add_letters(add: _Add) -> None:
    """Add the commands for the rights of who writes a letter."""
    erase = add("erase", help=TEXT.label("cli_erase"))
    erase.set_defaults(command=_erase)
    export = add("export-person", help=TEXT.label("cli_export"))
    export.add_argument(
        "--out", type=Path, required=True, metavar="FICHIER", help=TEXT.label("cli_export_out")
    )
    export.set_defaults(command=_export)
    for each in (erase, export):
        each.add_argument("who", metavar="QUI", help=TEXT.label("cli_letter_who"))
        each.add_argument("--yes", action="store_true", help=TEXT.label("cli_letter_yes"))


def _add_keys(add: _Add) -> None:
    """Add the commands on the keys that encrypt what people write."""
    actions = add("keys", help=TEXT.label("cli_keys")).add_subparsers(
        required=True, metavar="ACTION"
    )
    for name in ("new", "check", "rotate"):
        action = actions.add_parser(name, help=TEXT.label(f"cli_keys_{name}"))
        action.set_defaults(command=_keys, action=name)


# Each mode is imported only when it is chosen: `ask` needs no Telegram, `check` no database.
def _run(_options: argparse.Namespace) -> int:
    settings = Settings.read()
    if settings.telegram_bot_token is None:
        return _run_preview(settings, settings.preview_port)
    from bot import run_modes  # noqa: PLC0415

    return run_modes.telegram(settings)


def _serve(_options: argparse.Namespace) -> int:
    settings = Settings.read()
    settings.check_for_webhook()
    from bot import run_modes  # noqa: PLC0415

    return run_modes.telegram(settings, by_webhook=True)


def _preview(options: argparse.Namespace) -> int:
    settings = Settings.read()
    return _run_preview(
        settings, options.port if options.port is not None else settings.preview_port
    )


def _run_preview(settings: Settings, port: int) -> int:
    from bot import preview_mode  # noqa: PLC0415

    return preview_mode.preview(settings, port)


def _new(options: argparse.Namespace) -> int:
    from bot.commands import new_folder  # noqa: PLC0415

    today = date.today()  # noqa: DTZ011 - the editor's own day
    return new_folder.begin(options.directory, today=today)


def _check(options: argparse.Namespace) -> int:
    from bot.commands import ask_and_check  # noqa: PLC0415

    return ask_and_check.check(_directory(options.directory), as_json=options.json)


def _ask(options: argparse.Namespace) -> int:
    from bot.commands import ask_and_check  # noqa: PLC0415

    directory = _directory(options.knowledge)
    if options.jsonl:
        if reconfigure := getattr(sys.stdin, "reconfigure", None):
            reconfigure(encoding="utf-8", errors="strict")
        # Python has none where it was closed by whoever started it: an input without a line.
        return ask_and_check.answer_lines(directory, sys.stdin or io.StringIO(), sys.stdout)
    if options.question is None:
        return fail(TEXT.label("ask_needs_question"))
    return ask_and_check.answer_one(directory, options.question, as_json=options.json)


def _evaluate(options: argparse.Namespace) -> int:
    from bot.commands import ask_and_check  # noqa: PLC0415

    directory = _directory(options.knowledge)
    return ask_and_check.evaluate_file(
        directory, options.file, as_json=options.json, page=options.html
    )


def _diff(options: argparse.Namespace) -> int:
    from bot.commands import comparing  # noqa: PLC0415

    directory = _directory(options.knowledge)
    return comparing.compare(directory, options.file, options.name, as_json=options.json)


def _import(options: argparse.Namespace) -> int:
    from bot.commands import territories  # noqa: PLC0415

    today = date.today()  # noqa: DTZ011 - the operator's own day
    return territories.import_territories(
        options.file, _directory(options.knowledge), today=today, listed_on=options.date
    )


def _site(options: argparse.Namespace) -> int:
    from bot.commands import site  # noqa: PLC0415
    from bot.runtime import logs  # noqa: PLC0415

    settings, today = Settings.read(), date.today()  # noqa: DTZ011 - the publisher's own day
    directory = options.knowledge or settings.knowledge_dir
    with logs.unheard():
        name = options.bot.lstrip("@") or asyncio.run(site.name_of_bot(settings))
    return site.write_site(settings, directory, options.folder, today=today, bot_username=name)


def _remove(options: argparse.Namespace) -> int:
    from bot.commands import removing  # noqa: PLC0415

    directory, today = _directory(options.knowledge), date.today()  # noqa: DTZ011 - the editor's own day
    return removing.remove(directory, options.id, today=today, sure=options.yes)


def _hide(options: argparse.Namespace) -> int:
    from bot.commands import removing  # noqa: PLC0415

    directory, today = _directory(options.knowledge), date.today()  # noqa: DTZ011 - the editor's own day
    return removing.hide(directory, options.id, undo=options.undo, today=today, sure=options.yes)


def _doctor(_options: argparse.Namespace) -> int:
    from bot.commands import doctor  # noqa: PLC0415
    from bot.runtime import logs  # noqa: PLC0415

    today = date.today()  # noqa: DTZ011 - the operator's own day
    # Failures are reported in our own words: a library's log line would repeat them, and may quote
    # the answer that it received.
    with logs.unheard():
        remarks = asyncio.run(doctor.examine(Settings.read(), today))
    say(doctor.in_words(remarks))
    return int(any(remark.level is doctor.Level.ERROR for remark in remarks))


def _backup(options: argparse.Namespace) -> int:
    from bot.commands import backups  # noqa: PLC0415

    return backups.back_up_to(Settings.read().database_url, options.file)


def _restore(options: argparse.Namespace) -> int:
    from bot.commands import backups  # noqa: PLC0415

    return backups.restore_from(options.file, Settings.read().database_url)


def _report(options: argparse.Namespace) -> int:
    from bot.commands import report  # noqa: PLC0415
    from bot.runtime import logs  # noqa: PLC0415

    # WeasyPrint warns of what only browsers know.
    with logs.unheard():
        return report.write_report(Settings.read(), options.quarter, options.out)


def _poster(options: argparse.Namespace) -> int:
    from bot.commands import posters  # noqa: PLC0415
    from bot.runtime import logs  # noqa: PLC0415

    today = date.today()  # noqa: DTZ011 - the operator's own day
    settings, projects = Settings.read(), options.projects
    # Failures are reported in our own words, as for the doctor.
    with logs.unheard():
        return posters.write_posters(settings, projects, options.out, today, options.bot)


def _copy(options: argparse.Namespace) -> int:
    from bot.commands import backups  # noqa: PLC0415

    return backups.copy_between(options.source, options.target, Settings.read().keys)


def _erase(options: argparse.Namespace) -> int:
    from bot.commands import letters  # noqa: PLC0415

    return letters.erase(Settings.read(), options.who, sure=options.yes)


def _export(options: argparse.Namespace) -> int:
    from bot.commands import letters  # noqa: PLC0415

    return letters.export(Settings.read(), options.who, options.out, sure=options.yes)


def _retention(_options: argparse.Namespace) -> int:
    from bot.commands import retention  # noqa: PLC0415

    return retention.show(Settings.read())


def _keys(options: argparse.Namespace) -> int:
    from bot.commands import keys  # noqa: PLC0415

    if options.action == "new":
        return keys.new()
    settings = Settings.read()
    act = keys.check if options.action == "check" else keys.rotate_all
    return act(settings.database_url, settings.keys)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _MOST_PORT):
        raise argparse.ArgumentTypeError(TEXT.label("bad_port"))
    return int(text)


def _bot_name(text: str) -> str:
    name = text.strip().removeprefix("https://").removeprefix("t.me/").removeprefix("@")
    # Telegram's rule for user names.
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]{3,31}", name):
        raise argparse.ArgumentTypeError(TEXT.label("poster_bad_bot"))
    return name


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(TEXT.label("bad_date")) from None


def _directory(given: Path | None) -> Path:
    return given or Settings.read().knowledge_dir
