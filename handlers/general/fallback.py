"""Replies to updates that no other handler takes, so that nobody is left without an answer."""

import logging

from telegram import ChatMember, Update
from telegram.constants import ChatType
from telegram.ext import CallbackQueryHandler, ChatMemberHandler, MessageHandler
from telegram.ext import filters as on

from handlers.core import media
from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler
from handlers.core.turn import BotContext
from handlers.forms import engine as forms
from handlers.general import groups, start_and_help
from handlers.handoff import facilitators, person
from handlers.messages import Catalogue
from handlers.requests import notification

TEXT = Catalogue.of("general")
logger = logging.getLogger(__name__)
_GONE = frozenset({ChatMember.BANNED, ChatMember.LEFT})


@requires(Authority.PERSON)
async def refuse_media(_update: Update, context: BotContext) -> None:
    """Say what can be sent instead of a voice message, picture, file or location."""
    turn = context.turn
    if not await media.deserves_a_word(turn):
        return
    draft, is_told = await forms.current(turn), await person.refuse_media(turn)
    if draft is None and not is_told:
        is_place = turn.update.message is not None and turn.update.message.location is not None
        has_towns = bool(turn.services.town_list)
        name = "position" if is_place else "unsupported"
        turn.say(TEXT(name, has_towns=has_towns), start_and_help.ways_on())
    elif draft is not None:
        if not is_told:
            turn.say(TEXT("unsupported_in_form"))
        forms.ask_again(turn, draft)


@requires(Authority.PERSON)
async def refuse_command(_update: Update, context: BotContext) -> None:
    """Say that a command does not exist; show the step of the form under way again."""
    turn = context.turn
    # Telegram may mark as a command a text that has no word.
    word = "".join(turn.text.split()[:1])[:40]
    turn.say(TEXT("unknown_command", command=word), start_and_help.ways_on())
    draft = await forms.current(turn)
    if draft:
        forms.ask_again(turn, draft)


@requires(Authority.ANYONE)
async def expire_button(_update: Update, context: BotContext) -> None:
    """Answer a button that no handler knows: an older version of the bot made it."""
    context.turn.toast(TEXT.label("expired_button"), alert=True)


@requires(Authority.ANYONE)
async def notice_membership(update: Update, context: BotContext) -> None:
    """Record who blocked or unblocked the bot; greet a group that the bot was added to."""
    turn, change = context.turn, update.my_chat_member
    if change is None:
        return
    gone = change.new_chat_member.status in _GONE
    if change.chat.type == ChatType.PRIVATE:
        people = turn.work.people
        await (people.blocked(turn.user.id) if gone else people.unblocked(turn.user.id))
    elif not gone and change.old_chat_member.status in _GONE:
        await groups.greet(turn)


@requires(Authority.ANYONE)
async def follow_group(update: Update, context: BotContext) -> None:
    """Record the new chat id of a group that became a supergroup."""
    message = update.message
    if message and message.migrate_to_chat_id:
        await context.turn.work.outbox.moved(message.chat.id, message.migrate_to_chat_id)
        logger.warning("a group became a supergroup: its new id is followed")
        await notification.follow_group(context.turn.posting, message.migrate_to_chat_id)
        await facilitators.follow_group(context.turn, message.migrate_to_chat_id)


_private = on.UpdateType.MESSAGE & on.ChatType.PRIVATE
HANDLERS: tuple[Handler, ...] = (
    MessageHandler(on.StatusUpdate.MIGRATE, follow_group),
    MessageHandler(_private & on.COMMAND, refuse_command),
    MessageHandler(_private & ~on.TEXT & ~on.StatusUpdate.ALL, refuse_media),
    ChatMemberHandler(notice_membership, ChatMemberHandler.MY_CHAT_MEMBER),
    CallbackQueryHandler(expire_button),
)
