"""What the groups of the team are told: what arrives there, and what becomes of what is written."""

from telegram import Message, Update
from telegram.ext import CommandHandler, MessageHandler
from telegram.ext import filters as on

from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler
from handlers.core.turn import BotContext, Turn
from handlers.general import start_and_help
from handlers.messages import Catalogue
from knowledge.curation.versions import PUBLISHABLE
from storage.queues.outbox import Audience

TEXT = Catalogue.of("groups")


async def roles(turn: Turn) -> frozenset[Audience]:
    """Tell what the chat of this update is to the team; one group may be both."""
    groups = {
        Audience.ADMINISTRATORS: turn.services.admin_chat_id,
        Audience.FACILITATORS: turn.services.facilitator_chat_id,
    }
    return frozenset(
        [
            role
            for role, chat_id in groups.items()
            if chat_id is not None and await turn.work.outbox.current_chat(chat_id) == turn.chat_id
        ]
    )


async def greet(turn: Turn) -> None:
    """Tell a group that the bot was added to which it is."""
    turn.say(TEXT("hello", chat_id=turn.chat_id, roles=await roles(turn), is_new=True))


@requires(Authority.ANYONE)
async def show_help(update: Update, context: BotContext) -> None:
    """Say what arrives in this group, and what can be done; other groups have no help."""
    turn = context.turn
    found = await roles(turn)
    if found:
        turn.say(TEXT("hello", chat_id=turn.chat_id, roles=found, is_new=False))
    else:
        await start_and_help.show_help(update, context)


@requires(Authority.ANYONE)
async def hear_reply(update: Update, context: BotContext) -> None:
    """Say what does not become of a reply to the bot that nothing else understands."""
    turn, message = context.turn, update.message
    if message is None or not _answers(message, context.bot.id):
        return
    found = await roles(turn)
    if message.document and Audience.FACILITATORS in found:
        name = (message.document.file_name or "")[:80]
        text = TEXT("file_not_taken", name=name, files=PUBLISHABLE)
        turn.say(text, reply_to=message.message_id)
    elif Audience.ADMINISTRATORS in found:
        turn.say(TEXT("not_passed_on"), reply_to=message.message_id)


def _answers(message: Message, user_id: int) -> bool:
    quoted = message.reply_to_message
    return quoted is not None and quoted.from_user is not None and quoted.from_user.id == user_id


_IN_GROUP = on.UpdateType.MESSAGE & on.ChatType.GROUPS
HANDLERS: tuple[Handler, ...] = (
    CommandHandler(("start", "aide", "help"), show_help, filters=_IN_GROUP),
)
# Heard once nothing else has understood it.
HEARING: Handler = MessageHandler(_IN_GROUP & on.REPLY & ~on.StatusUpdate.ALL, hear_reply)
