"""What each command of the command line runs; returns its exit code."""

import argparse
import asyncio
import io
import sys
from datetime import date
from pathlib import Path

from bot.commands.console import fail, say
from bot.messages import TEXT
from bot.settings import Settings


# Each mode is imported only when it is chosen: `ask` needs no Telegram, `check` no database.
def run(_options: argparse.Namespace) -> int:
    """Start the bot, or its preview without a token."""
    settings = Settings.read()
    if settings.telegram_bot_token is None:
        return _run_preview(settings, settings.preview_port)
    from bot import run_modes  # noqa: PLC0415

    return run_modes.telegram(settings)


def serve(_options: argparse.Namespace) -> int:
    """Start the bot behind a server that passes on what Telegram posts."""
    settings = Settings.read()
    settings.check_for_webhook()
    from bot import run_modes  # noqa: PLC0415

    return run_modes.telegram(settings, by_webhook=True)


def preview(options: argparse.Namespace) -> int:
    """Start the preview."""
    settings = Settings.read()
    return _run_preview(
        settings, options.port if options.port is not None else settings.preview_port
    )


def _run_preview(settings: Settings, port: int) -> int:
    from bot import preview_mode  # noqa: PLC0415

    return preview_mode.preview(settings, port)


def new_folder(options: argparse.Namespace) -> int:
    """Begin a folder of files."""
    from bot.commands import new_folder  # noqa: PLC0415

    today = date.today()  # noqa: DTZ011 - the editor's own day
    return new_folder.begin(options.directory, today=today)


def check(options: argparse.Namespace) -> int:
    """Check a folder of files."""
    from bot.commands import ask_and_check  # noqa: PLC0415

    return ask_and_check.check(_directory(options.directory), as_json=options.json)


def ask(options: argparse.Namespace) -> int:
    """Answer one question, or one a line."""
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


def evaluate(options: argparse.Namespace) -> int:
    """Measure a folder on labelled questions."""
    from bot.commands import ask_and_check  # noqa: PLC0415

    directory = _directory(options.knowledge)
    return ask_and_check.evaluate_file(
        directory, options.file, as_json=options.json, page=options.html
    )


def diff(options: argparse.Namespace) -> int:
    """Tell what a file would change."""
    from bot.commands import comparing  # noqa: PLC0415

    directory = _directory(options.knowledge)
    return comparing.compare(directory, options.file, options.name, as_json=options.json)


def import_towns(options: argparse.Namespace) -> int:
    """Put a list of towns in service."""
    from bot.commands import territories  # noqa: PLC0415

    today = date.today()  # noqa: DTZ011 - the operator's own day
    return territories.import_territories(
        options.file, _directory(options.knowledge), today=today, listed_on=options.date
    )


def site(options: argparse.Namespace) -> int:
    """Write the public pages."""
    from bot.commands import site  # noqa: PLC0415
    from bot.runtime import logs  # noqa: PLC0415

    settings, today = Settings.read(), date.today()  # noqa: DTZ011 - the publisher's own day
    directory = options.knowledge or settings.knowledge_dir
    with logs.unheard():
        name = options.bot.lstrip("@") or asyncio.run(site.name_of_bot(settings))
    return site.write_site(settings, directory, options.folder, today=today, bot_username=name)


def remove(options: argparse.Namespace) -> int:
    """Remove an answer, or close a project."""
    from bot.commands import removing  # noqa: PLC0415

    directory, today = _directory(options.knowledge), date.today()  # noqa: DTZ011 - the editor's own day
    return removing.remove(directory, options.id, today=today, sure=options.yes)


def hide(options: argparse.Namespace) -> int:
    """Hide an answer or a project, or show it again."""
    from bot.commands import removing  # noqa: PLC0415

    directory, today = _directory(options.knowledge), date.today()  # noqa: DTZ011 - the editor's own day
    return removing.hide(directory, options.id, undo=options.undo, today=today, sure=options.yes)


def doctor(_options: argparse.Namespace) -> int:
    """Examine an installation; 1 where something is wrong."""
    from bot.commands import doctor  # noqa: PLC0415
    from bot.runtime import logs  # noqa: PLC0415

    today = date.today()  # noqa: DTZ011 - the operator's own day
    # Failures are reported in our own words: a library's log line would repeat them, and may quote
    # the answer that it received.
    with logs.unheard():
        remarks = asyncio.run(doctor.examine(Settings.read(), today))
    say(doctor.in_words(remarks))
    return int(any(remark.level is doctor.Level.ERROR for remark in remarks))


def backup(options: argparse.Namespace) -> int:
    """Copy the database into a file."""
    from bot.commands import backups  # noqa: PLC0415

    return backups.back_up_to(Settings.read().database_url, options.file)


def restore(options: argparse.Namespace) -> int:
    """Put a copy of the database back."""
    from bot.commands import backups  # noqa: PLC0415

    return backups.restore_from(options.file, Settings.read().database_url)


def report(options: argparse.Namespace) -> int:
    """Write the report of a quarter."""
    from bot.commands import report  # noqa: PLC0415
    from bot.runtime import logs  # noqa: PLC0415

    # WeasyPrint warns of what only browsers know.
    with logs.unheard():
        return report.write_report(Settings.read(), options.quarter, options.out)


def poster(options: argparse.Namespace) -> int:
    """Draw the posters of projects."""
    from bot.commands import posters  # noqa: PLC0415
    from bot.runtime import logs  # noqa: PLC0415

    today = date.today()  # noqa: DTZ011 - the operator's own day
    settings, projects = Settings.read(), options.projects
    # Failures are reported in our own words, as for the doctor.
    with logs.unheard():
        return posters.write_posters(settings, projects, options.out, today, options.bot)


def copy_database(options: argparse.Namespace) -> int:
    """Copy a database into an empty one."""
    from bot.commands import backups  # noqa: PLC0415

    return backups.copy_between(options.source, options.target, Settings.read().keys)


def erase(options: argparse.Namespace) -> int:
    """Erase what is kept on who wrote a letter."""
    from bot.commands import letters  # noqa: PLC0415

    return letters.erase(Settings.read(), options.who, sure=options.yes)


def export_person(options: argparse.Namespace) -> int:
    """Write down what is kept on who wrote a letter."""
    from bot.commands import letters  # noqa: PLC0415

    return letters.export(Settings.read(), options.who, options.out, sure=options.yes)


def retention(_options: argparse.Namespace) -> int:
    """Show how long each thing is kept."""
    from bot.commands import retention  # noqa: PLC0415

    return retention.show(Settings.read())


def keys(options: argparse.Namespace) -> int:
    """Make, check or rotate keys."""
    from bot.commands import keys  # noqa: PLC0415

    if options.action == "new":
        return keys.new()
    settings = Settings.read()
    act = keys.check if options.action == "check" else keys.rotate_all
    return act(settings.database_url, settings.keys)


def _directory(given: Path | None) -> Path:
    return given or Settings.read().knowledge_dir
