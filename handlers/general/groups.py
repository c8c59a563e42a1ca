"""Help for the groups of the team: what arrives there, and which messages are not passed on."""

import re
from collections.abc import Set as AbstractSet
from datetime import timedelta

from telegram import Message, MessageEntity, Update
from telegram.ext import CommandHandler, MessageHandler
from telegram.ext import filters as on
from telegram.ext.filters import MessageFilter

from handlers.administration import cards, naming, refusal_words, replies
from handlers.core import caps, media
from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler
from handlers.core.team import roles
from handlers.core.turn import BotContext, Turn
from handlers.general import start_and_help
from handlers.handoff import facilitators
from handlers.messages import Catalogue
from knowledge.curation.versions import PUBLISHABLE
from knowledge.text.near_words import nearest
from storage.queues.outbox import Audience, Delivery

TEXT = Catalogue.of("groups")
_COMMAND = re.compile(r"(?<![\w<])/(\w+)")
# Two letters changed places, or one is missing: as much as a thumb does.
_ALIKE = 75
# Of a group: one who mistypes needs a line, one who talks to another bot needs none.
_UNKNOWN_COMMANDS = caps.Cap("unknown_commands", 5, timedelta(minutes=10))


async def greet(turn: Turn) -> None:
    """Tell a group, when the bot joins it, which role it has."""
    turn.say(_hello(turn, await roles(turn), is_new=True))


def _hello(turn: Turn, chat_roles: AbstractSet[Audience], *, is_new: bool = False) -> str:
    name = turn.services.knowledge.initiative.name
    return TEXT("hello", chat_id=turn.chat_id, roles=chat_roles, is_new=is_new, name=name)


@requires(Authority.ANYONE)
async def show_help(update: Update, context: BotContext) -> None:
    """Say what arrives in a group of the team and what can be done; elsewhere, the general help."""
    turn = context.turn
    chat_roles = await roles(turn)
    if chat_roles:
        turn.say(_hello(turn, chat_roles))
    else:
        await start_and_help.show_help(update, context)


@requires(Authority.ANYONE)
async def hear_reply(update: Update, context: BotContext) -> None:
    """Take a reply to the bot in a group: about a request, in an exchange, or say it is neither."""
    turn, message = context.turn, update.message
    if message is None or await naming.take_name(turn, message):
        return
    if await _is_about_request(turn, message) or await replies.take_reply(turn, message):
        return
    if await facilitators.take_reply(turn, message):
        return
    chat_roles = await roles(turn)
    if not chat_roles or not await media.deserves_a_word(turn):
        return
    if message.document and Audience.FACILITATORS in chat_roles:
        name = (message.document.file_name or "")[:80]
        text = TEXT("file_not_taken", name=name, files=PUBLISHABLE)
        turn.say(text, reply_to=message.message_id)
    elif chat_roles == {Audience.ADMINISTRATORS}:
        turn.say(TEXT("not_passed_on"), reply_to=message.message_id)
    elif Audience.FACILITATORS in chat_roles and not (message.text or "/").startswith("/"):
        turn.say(TEXT("no_exchange"), reply_to=message.message_id)


async def _is_about_request(turn: Turn, message: Message) -> bool:
    """Take a reply of an administrator that refuses a request in words, or names one to see.

    A reply to a request's own message is about that one, whatever numbers it holds.
    """
    if Audience.ADMINISTRATORS not in await roles(turn):
        return False
    if await refusal_words.take_reason(turn, message):
        return True
    quoted = message.reply_to_message
    sent = Delivery(quoted.chat.id, quoted.message_id) if quoted else None
    about = await turn.work.outbox.subject_of(sent) if sent else None
    return about is None and await cards.take_number(turn, message)


@requires(Authority.ANYONE)
async def hear_mention(update: Update, context: BotContext) -> None:
    """Show the request that a message to the bot names; say what can be typed otherwise.

    Only those of the team's groups: elsewhere a mention is talk among others.
    """
    turn, message = context.turn, update.message
    chat_roles = await roles(turn)
    if message is None or not chat_roles:
        return
    is_for_us = Audience.ADMINISTRATORS in chat_roles
    if not (is_for_us and await cards.take_number(turn, message)):
        turn.say(TEXT("mentioned", roles=chat_roles), reply_to=message.message_id)


@requires(Authority.ANYONE)
async def refuse_command(_update: Update, context: BotContext) -> None:
    """Say in a line that there is no such command, and where to read which there are.

    In a group of the team; in another one, only where the command names the bot. After a few, the
    group hears no more for a while: they may be for another bot, which is no business of ours.
    """
    turn = context.turn
    # Telegram may mark as a command a text that has no word.
    word = "".join(turn.text.split()[:1])[:40]
    chat_roles = await roles(turn)
    if not (chat_roles or "@" in word):
        return
    if (await caps.spend(turn.work, _UNKNOWN_COMMANDS, turn.chat_id)).is_allowed:
        meant = _meant(turn, word, chat_roles) if chat_roles else ""
        turn.say(TEXT("unknown_command", command=word, meant=meant))


def _meant(turn: Turn, word: str, chat_roles: AbstractSet[Audience]) -> str:
    """Return the command of this group that a mistyped one is most like; empty if it is none."""
    known = _COMMAND.findall(_hello(turn, chat_roles))
    typed = word.lstrip("/").partition("@")[0].casefold()
    return nearest(typed, known, _ALIKE) or ""


class _ToUs(MessageFilter):
    """Accepts replies to the bot's own messages: colleagues reply to each other too."""

    def filter(self, message: Message) -> bool:
        """Tell whether the bot wrote the quoted message."""
        quoted = message.reply_to_message
        author = quoted.from_user if quoted else None
        return author is not None and author.id == message.get_bot().id


class _NamesUs(MessageFilter):
    """Accepts messages that name the bot: of a group, it gets these beside commands and replies."""

    def filter(self, message: Message) -> bool:
        """Tell whether the bot's name stands in a message as a mention."""
        named = message.parse_entities([MessageEntity.MENTION]).values()
        return f"@{message.get_bot().username}".casefold() in map(str.casefold, named)


class _CommandToUs(MessageFilter):
    """Accepts commands that name no other bot."""

    def filter(self, message: Message) -> bool:
        """Tell whether a message begins with a command for this bot, or for any."""
        name = (message.text or "").split(maxsplit=1)[0].partition("@")[2]
        return not name or name.casefold() == message.get_bot().username.casefold()


_IN_GROUP = on.UpdateType.MESSAGE & on.ChatType.GROUPS
HANDLERS: tuple[Handler, ...] = (
    CommandHandler(("start", "aide", "help"), show_help, filters=_IN_GROUP),
)
# Registered after the other handlers: they take what those leave.
_HEARD = _IN_GROUP & ~on.StatusUpdate.ALL
HEARING: tuple[Handler, ...] = (
    MessageHandler(_HEARD & _ToUs(), hear_reply),
    MessageHandler(_HEARD & on.COMMAND & _CommandToUs(), refuse_command),
    MessageHandler(_HEARD & on.TEXT & _NamesUs(), hear_mention),
)
