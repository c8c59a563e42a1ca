"""``python -m bot poster [PROJECT…]``: the posters of projects, as PDF and SVG files."""

import asyncio
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from telegram.error import InvalidToken, TelegramError

from bot.commands.bot_name import name_on_telegram
from bot.commands.console import fail, say
from bot.commands.output import write_output
from bot.messages import TEXT
from bot.posters.layout import Sheet
from bot.posters.pdf import pdf_of
from bot.posters.poster import Issuer, poster_of
from bot.posters.svg import svg_of
from bot.settings import Settings
from knowledge.files.problems import KnowledgeError
from knowledge.loading import load_texts
from knowledge.model import Project
from knowledge.projects import Census, code_of
from knowledge.text.near_words import nearest
from knowledge.text.project_codes import typed_code

# A similarity from 0 to 100: an id this close to what was typed may be meant.
_NEAR = 60
_MOST_NEAR = 3


class _NoPosterError(Exception):
    """Raised where a poster cannot be made; holds why, in French."""


def write_posters(
    settings: Settings, named: Sequence[str], folder: Path, today: date, bot: str | None
) -> int:
    """Write the posters of these projects, or of all that are open; return the exit code.

    ``named`` are codes and ids; ``bot`` is the bot's user name, asked of Telegram where it is None.
    """
    try:
        knowledge = load_texts(settings.knowledge_dir)
        projects = _chosen(knowledge.census, named, today)
        site = settings.site_address
        publisher = Issuer(bot or _asked(settings), site, knowledge.initiative.name)
        folder.mkdir(parents=True, exist_ok=True)
        for project in projects:
            _write(project, publisher, folder)
    except _NoPosterError as error:
        return fail(str(error))
    except KnowledgeError as error:
        directory = settings.knowledge_dir
        return fail(TEXT.label("knowledge_wrong", problems=error.problems, directory=directory))
    except OSError as error:
        reason = error.strerror
        return fail(TEXT.label("poster_not_written", file=error.filename, reason=reason))
    return 0


def _chosen(census: Census, named: Sequence[str], today: date) -> Sequence[Project]:
    if named:
        every = (project for name in named for project in _named(census, name, today))
        return tuple(dict.fromkeys(every))
    listed = census.listed(today)
    if not listed:
        raise _NoPosterError(TEXT.label("poster_none_open"))
    return listed


def _named(census: Census, name: str, today: date) -> Sequence[Project]:
    found = tuple(each for each in census.projects if each.id == name)
    if not found and (typed := typed_code(name)):
        found = census.coded(typed.code)
    if not found:
        ids = sorted(each.id for each in census.listed(today))
        like = nearest(name, ids, _NEAR)
        words = census.search(name, today).projects[:_MOST_NEAR]
        near = [like] if like else [each.id for each in words]
        raise _NoPosterError(TEXT.label("poster_unknown", name=name, near=near, ids=ids))
    for each in found:
        if not each.open_on(today):
            raise _NoPosterError(TEXT.label("poster_closed", name=each.id, title=each.title))
    return found


def _asked(settings: Settings) -> str:
    """Return the bot's user name, as Telegram tells it."""
    if settings.telegram_bot_token is None:
        raise _NoPosterError(TEXT.label("poster_no_name"))
    try:
        return asyncio.run(name_on_telegram(settings))
    except InvalidToken as error:
        raise _NoPosterError(TEXT.label("poster_bad_token")) from error
    except TelegramError as error:
        reason = type(error).__name__
        raise _NoPosterError(TEXT.label("poster_no_telegram", reason=reason)) from error


def _write(project: Project, publisher: Issuer, folder: Path) -> None:
    poster = poster_of(project, publisher)
    for sheet in Sheet:
        name = f"affiche-{code_of(project)}-{project.id}-{sheet.name}"
        for ending, draw in ((".pdf", pdf_of), (".svg", svg_of)):
            path = folder / f"{name}{ending}"
            write_output(path, draw(poster, sheet))
            say(str(path))
