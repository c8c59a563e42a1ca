"""Changing the knowledge files from Telegram: get the files, send one back, decide.

Nothing slow happens here: each request becomes a row, and ``bot/content/publisher.py`` does the
work.
"""

import asyncio
import re
from functools import reduce
from operator import or_
from pathlib import Path

from telegram import Document, Message, Update
from telegram.ext import MessageHandler
from telegram.ext import filters as on

from handlers.conversation import hear
from handlers.core import caps, media
from handlers.core.ahead import Ahead, Works
from handlers.core.authority import Authority, is_listed, requires
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.routing import Handler, command, tap
from handlers.core.services import Services
from handlers.core.turn import BotContext, Turn
from handlers.curation import report as examination
from handlers.curation.hiding import list_button
from handlers.curation.publish_buttons import Abandon, Publish, Review
from handlers.general import fallback
from handlers.messages import Catalogue
from knowledge.curation.versions import PUBLISHABLE
from knowledge.files.file_names import file_meant
from knowledge.files.yaml_reader import LARGEST_BYTES
from storage.database import Database
from storage.records.change_requests import ChangeKind, ChangeRequest, ChangeState, NewChangeRequest

TEXT = Catalogue.of("publication")
_MEGABYTE = 1_000_000
_MOST_WRONG = 20


@requires(Authority.FACILITATORS)
async def send_files(_update: Update, context: BotContext) -> None:
    """Send the current files, or only the one named, and say how to send one back."""
    turn = context.turn
    wanted = " ".join(context.args or ())
    file = named(wanted)
    if wanted and file is None:
        turn.say(TEXT("faq_unknown", name=wanted[:80], files=PUBLISHABLE))
        return
    for name, content in turn.ahead if isinstance(turn.ahead, tuple) else ():
        turn.send_file(name, content, TEXT("faq_caption", file=name))
    turn.say(TEXT("faq_how", group=turn.chat_id < 0), _below_files(file))


def _below_files(file: str | None) -> Keyboard:
    return column([list_button(file), button(TEXT.label("button_review"), Review())])


@requires(Authority.FACILITATORS)
async def review(_update: Update, context: BotContext) -> None:
    """Request a check of the files in service, which only tells what it finds."""
    turn = context.turn
    request = NewChangeRequest(
        ChangeKind.REVIEW,
        turn.user.id,
        turn.user.full_name,
        turn.chat_id,
        topic_id=turn.topic,
    )
    # Two facilitators may ask from two chats: each is to read the result.
    if await turn.work.change_requests.is_asked(request, here=True):
        turn.toast(TEXT.label("reviewing"))
        return
    if not await caps.allows(turn, caps.EXAMINATIONS, turn.user.id):
        return
    await turn.work.change_requests.ask(request)
    turn.say(TEXT("reviewing"))


async def _read_contents(
    _database: Database, services: Services, update: Update
) -> tuple[tuple[str, bytes], ...]:
    """Read the files that were asked for: all, or the one named."""
    words = ((update.message.text or "") if update.message else "").split()[1:]
    return await asyncio.to_thread(_contents, services.knowledge_dir, named(" ".join(words)))


def _contents(directory: Path, file: str | None) -> tuple[tuple[str, bytes], ...]:
    names = [file] if file else PUBLISHABLE
    paths = [(name, directory / name) for name in names if (directory / name).is_file()]
    contents = [(name, path.read_bytes()) for name, path in paths]
    # Telegram refuses empty files.
    return tuple((name, content) for name, content in contents if content)


@requires(Authority.FACILITATORS)
async def receive(update: Update, context: BotContext) -> None:
    """Accept a file that a facilitator sends back, and queue its examination."""
    if update.message and update.message.document:
        await _take(context.turn, update.message, update.message.document)


@requires(Authority.PERSON)
async def receive_in_private(update: Update, context: BotContext) -> None:
    """Accept a file from a listed facilitator; tell anybody else what can be sent instead."""
    message = update.message
    if message is None or message.document is None:
        return
    listed = is_listed(context.turn, message.chat)
    if listed and (not message.text or _names_a_file(message, message.document)):
        await _take(context.turn, message, message.document)
    elif on.COMMAND.filter(message):
        # No handler before knew the command that its caption is.
        await fallback.refuse_command(update, context)
    elif message.text:
        await hear.hear(update, context)
    else:
        await fallback.refuse_media(update, context)


def _names_a_file(message: Message, document: Document) -> bool:
    """Tell whether a file or its caption has the name of a file that can be published."""
    return bool(named(message.caption or "") or named(document.file_name or ""))


async def _take(turn: Turn, message: Message, document: Document) -> None:
    name = document.file_name or ""
    caption = re.sub(r"^/\w+(?:@\w+)?", "", message.caption or "").strip()
    file = named(caption) or named(name)
    size = document.file_size or 0
    # This file is read, whatever its caption says.
    turn.preface = ""
    if file is None and not await media.deserves_a_word(turn):
        return
    if file is None:
        turn.say(TEXT("upload_unknown", name=name[:80], files=PUBLISHABLE))
    elif size > LARGEST_BYTES:
        megabytes = {"size": -(-size // _MEGABYTE), "limit": LARGEST_BYTES // _MEGABYTE}
        turn.say(TEXT("upload_too_large", **megabytes))
    elif await caps.allows(turn, caps.EXAMINATIONS, turn.user.id):
        others = await turn.work.change_requests.join(
            NewChangeRequest(
                ChangeKind.UPLOAD,
                turn.user.id,
                turn.user.full_name,
                turn.chat_id,
                file=file,
                subject=document.file_id,
                topic_id=turn.topic,
            )
        )
        received = TEXT("upload_received", file=file, others=others)
        turn.say(received, reply_to=message.message_id)


def named(text: str) -> str | None:
    """Return the publishable file meant by a name, copies included; None for other names."""
    plain = f"{text.strip().casefold()}.yaml"
    return plain if plain in PUBLISHABLE else file_meant(text, PUBLISHABLE)


@requires(Authority.FACILITATORS)
async def publish(update: Update, context: BotContext) -> None:
    """Request the publication of a change; one that breaks something must be confirmed."""
    turn, choice = context.turn, Publish.of(update)
    change = await turn.work.change_requests.get(choice.publication_id)
    if change is None or change.state is not ChangeState.READY:
        _say_decided(turn, change)
    elif change.needs_confirmation and not choice.confirmed:
        turn.say(_confirmation(change), examination.decision(change.id, confirmed=True))
    elif await turn.work.change_requests.want(change.id, turn.user.id, turn.user.full_name):
        turn.toast(TEXT.label("toast_wanted"))
        turn.remove_buttons()
        turn.say(TEXT("publishing", files=change.files, by=turn.user.full_name))


def _confirmation(change: ChangeRequest) -> str:
    report = change.report or {}
    wrong = list(report.get("wrong", ()))
    return TEXT(
        "confirm",
        files=change.files,
        stale=report.get("stale"),
        wrong=wrong[:_MOST_WRONG],
        more=len(wrong[_MOST_WRONG:]),
    )


@requires(Authority.FACILITATORS)
async def abandon(update: Update, context: BotContext) -> None:
    """Abandon a change; if two facilitators decide, the first decision counts."""
    turn, publication_id = context.turn, Abandon.of(update).publication_id
    by = turn.user.full_name
    given_up = await turn.work.change_requests.abandon(publication_id, turn.user.id, by)
    change = await turn.work.change_requests.get(publication_id)
    if given_up and change:
        turn.remove_buttons()
        turn.say(TEXT("abandoned", files=change.files, by=by))
    else:
        _say_decided(turn, change)


def _say_decided(turn: Turn, change: ChangeRequest | None) -> None:
    state, by = (change.state.value, change.decided_by) if change else ("", None)
    turn.toast(TEXT.label("decided", state=state, by=by), alert=True)
    turn.remove_buttons()


AHEAD: Works = {"/faq": Ahead(_read_contents)}
_FILE = on.UpdateType.MESSAGE & on.Document.ALL
# Windows hides the last ending of "faq.yaml.txt", and Word adds its own.
_ENDINGS = ("yaml", "yml", "yaml.txt", "yml.txt", "yaml.docx", "yaml.bak")
_YAML = reduce(or_, map(on.Document.FileExtension, _ENDINGS))
_CAPTIONED = on.CaptionRegex(r"^/faq\b")
# In a group, a bot in privacy mode receives only commands and replies to its messages.
_SENT_BACK = _FILE & on.ChatType.GROUPS & (_CAPTIONED | (on.REPLY & _YAML))
HANDLERS: tuple[Handler, ...] = (
    command("faq", send_files),
    tap(Publish, publish),
    tap(Abandon, abandon),
    tap(Review, review),
    MessageHandler(_SENT_BACK, receive),
    MessageHandler(_FILE & on.ChatType.PRIVATE, receive_in_private),
)
