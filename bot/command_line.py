"""The commands there are, with their options."""

import argparse
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

from bot import command_runs
from bot.messages import TEXT

_MOST_PORT = 65535
# The object that adds one command to the parser: `add_parser`. argparse keeps its type private.
_Add = Callable[..., argparse.ArgumentParser]


@cache
def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; what is parsed holds the ``command`` to run."""
    whole = argparse.ArgumentParser(prog="python -m bot", description=TEXT.label("cli"))
    commands = whole.add_subparsers(required=True, metavar="COMMANDE")

    _add_modes(commands.add_parser)
    _add_knowledge(commands.add_parser)
    _add_care(commands.add_parser)
    return whole


def _add_modes(add: _Add) -> None:
    """Add the commands that start the bot."""
    add("run", help=TEXT.label("cli_run")).set_defaults(command=command_runs.run)
    add("serve", help=TEXT.label("cli_serve")).set_defaults(command=command_runs.serve)
    preview = add("preview", help=TEXT.label("cli_preview"))
    preview.add_argument("--port", type=_port, help=TEXT.label("cli_preview_port"))
    preview.set_defaults(command=command_runs.preview)


def _add_knowledge(add: _Add) -> None:
    """Add the commands on the files, without a database."""
    new = add("new", help=TEXT.label("cli_new"))
    new.add_argument("directory", type=Path, metavar="DIR", help=TEXT.label("cli_new_directory"))
    new.set_defaults(command=command_runs.new_folder)

    _add_trying(add)
    _add_removing(add)
    _add_publishing(add)


def _add_trying(add: _Add) -> None:
    """Add the commands that check, try, measure and compare the files."""
    check = add("check", help=TEXT.label("cli_check"))
    check.add_argument(
        "directory", nargs="?", type=Path, metavar="DIR", help=TEXT.label("cli_check_directory")
    )
    check.add_argument("--json", action="store_true", help=TEXT.label("cli_check_json"))
    check.set_defaults(command=command_runs.check)

    ask = add("ask", help=TEXT.label("cli_ask"))
    ask.add_argument("question", nargs="?", help=TEXT.label("cli_ask_question"))
    ask.add_argument("--json", action="store_true", help=TEXT.label("cli_ask_json"))
    ask.add_argument("--jsonl", action="store_true", help=TEXT.label("cli_ask_jsonl"))
    ask.add_argument("--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge"))
    ask.set_defaults(command=command_runs.ask)

    evaluate = add("evaluate", help=TEXT.label("cli_evaluate"))
    evaluate.add_argument("file", type=Path, help=TEXT.label("cli_evaluate_file"))
    evaluate.add_argument("--json", action="store_true", help=TEXT.label("cli_evaluate_json"))
    evaluate.add_argument(
        "--html", type=Path, metavar="FICHIER", help=TEXT.label("cli_evaluate_html")
    )
    evaluate.add_argument("--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge"))
    evaluate.set_defaults(command=command_runs.evaluate)

    differing = add("diff", help=TEXT.label("cli_diff"))
    differing.add_argument("file", type=Path, metavar="FICHIER", help=TEXT.label("cli_diff_file"))
    differing.add_argument("--as", dest="name", metavar="NOM", help=TEXT.label("cli_diff_as"))
    differing.add_argument("--json", action="store_true", help=TEXT.label("cli_diff_json"))
    differing.add_argument(
        "--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge")
    )
    differing.set_defaults(command=command_runs.diff)


def _add_publishing(add: _Add) -> None:
    """Add the commands that write elsewhere what the files hold, and what they are beside."""
    site = add("site", help=TEXT.label("cli_site"))
    site.add_argument("folder", type=Path, metavar="DIR", help=TEXT.label("cli_site_folder"))
    site.add_argument("--bot", metavar="NOM", default="", help=TEXT.label("cli_site_bot"))
    site.add_argument("--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge"))
    site.set_defaults(command=command_runs.site)
    importing = add("import-territories", help=TEXT.label("cli_import"))
    importing.add_argument("file", type=Path, metavar="FICHIER", help=TEXT.label("cli_import_file"))
    importing.add_argument(
        "--date", type=_day, metavar="AAAA-MM-JJ", help=TEXT.label("cli_import_date")
    )
    importing.add_argument(
        "--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge")
    )
    importing.set_defaults(command=command_runs.import_towns)


def _add_removing(add: _Add) -> None:
    """Add the commands that take an answer or a project out of service, and put it back."""
    remove = add("remove", help=TEXT.label("cli_remove"))
    remove.set_defaults(command=command_runs.remove)
    hide = add("hide", help=TEXT.label("cli_hide"))
    hide.add_argument("--undo", action="store_true", help=TEXT.label("cli_hide_undo"))
    hide.set_defaults(command=command_runs.hide)
    for each in (remove, hide):
        each.add_argument("id", metavar="ID", help=TEXT.label("cli_edit_id"))
        each.add_argument("--yes", action="store_true", help=TEXT.label("cli_letter_yes"))
        each.add_argument("--knowledge", type=Path, metavar="DIR", help=TEXT.label("cli_knowledge"))


def _add_care(add: _Add) -> None:
    """Add the commands with which operators maintain an installation."""
    add("doctor", help=TEXT.label("cli_doctor")).set_defaults(command=command_runs.doctor)

    backup = add("backup", help=TEXT.label("cli_backup"))
    backup.add_argument("file", type=Path, metavar="FICHIER", help=TEXT.label("cli_backup_file"))
    backup.set_defaults(command=command_runs.backup)

    restore = add("restore", help=TEXT.label("cli_restore"))
    restore.add_argument("file", type=Path, metavar="FICHIER", help=TEXT.label("cli_restore_file"))
    restore.set_defaults(command=command_runs.restore)

    report = add("report", help=TEXT.label("cli_report"))
    report.add_argument(
        "--quarter", required=True, metavar="2026T4", help=TEXT.label("cli_report_quarter")
    )
    report.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help=TEXT.label("cli_report_out")
    )
    report.set_defaults(command=command_runs.report)

    poster = add("poster", help=TEXT.label("cli_poster"))
    poster.add_argument(
        "projects", nargs="*", metavar="PROJET", help=TEXT.label("cli_poster_projects")
    )
    poster.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help=TEXT.label("cli_poster_out")
    )
    poster.add_argument("--bot", type=_bot_name, metavar="@NOM", help=TEXT.label("cli_poster_bot"))
    poster.set_defaults(command=command_runs.poster)

    copy = add("copy-db", help=TEXT.label("cli_copy"))
    copy.add_argument("source", metavar="DE", help=TEXT.label("cli_copy_source"))
    copy.add_argument("target", metavar="VERS", help=TEXT.label("cli_copy_target"))
    copy.set_defaults(command=command_runs.copy_database)
    _add_keys(add)
    _add_letters(add)
    add("retention", help=TEXT.label("cli_retention")).set_defaults(command=command_runs.retention)


def _add_letters(add: _Add) -> None:
    """Add the commands for the rights of who writes a letter."""
    erase = add("erase", help=TEXT.label("cli_erase"))
    erase.set_defaults(command=command_runs.erase)
    export = add("export-person", help=TEXT.label("cli_export"))
    export.add_argument(
        "--out", type=Path, required=True, metavar="FICHIER", help=TEXT.label("cli_export_out")
    )
    export.set_defaults(command=command_runs.export_person)
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
        action.set_defaults(command=command_runs.keys, action=name)


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
