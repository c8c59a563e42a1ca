"""Help for the groups of the team: what arrives there, and which messages are not passed on."""

from telegram import Message, Update
from telegram.ext import CommandHandler, MessageHandler
from telegram.ext import filters as on
from telegram.ext.filters import MessageFilter

from handlers.administration import naming
from handlers.core import media
from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler
from handlers.core.team import roles
from handlers.core.turn import BotContext, Turn
from handlers.general import start_and_help
from handlers.handoff import facilitators
from handlers.messages import Catalogue
from knowledge.curation.versions import PUBLISHABLE
from storage.queues.outbox import Audience, Delivery
from storage.subject import Kind

TEXT = Catalogue.of("groups")


async def greet(turn: Turn) -> None:
    """Tell a group, when the bot joins it, which role it has."""
    turn.say(TEXT("hello", chat_id=turn.chat_id, roles=await roles(turn), is_new=True))


@requires(Authority.ANYONE)
async def show_help(update: Update, context: BotContext) -> None:
    """Say what arrives in a group of the team and what can be done; elsewhere, the general help."""
    turn = context.turn
    chat_roles = await roles(turn)
    if chat_roles:
        turn.say(TEXT("hello", chat_id=turn.chat_id, roles=chat_roles, is_new=False))
    else:
        await start_and_help.show_help(update, context)


@requires(Authority.ANYONE)
async def hear_reply(update: Update, context: BotContext) -> None:
    """Take a reply to the bot in a group: to a person's exchange, or to nobody, which is said."""
    turn, message = context.turn, update.message
    if message is None or await naming.take_name(turn, message):
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
    elif await _is_for_administrators(turn, message, chat_roles):
        turn.say(TEXT("not_passed_on"), reply_to=message.message_id)
    elif Audience.FACILITATORS in chat_roles and not (message.text or "/").startswith("/"):
        turn.say(TEXT("no_exchange"), reply_to=message.message_id)


async def _is_for_administrators(
    turn: Turn, message: Message, chat_roles: frozenset[Audience]
) -> bool:
    """Tell whether a reply is one to a request; in a group of administrators alone, each is."""
    if Audience.FACILITATORS not in chat_roles:
        return Audience.ADMINISTRATORS in chat_roles
    quoted = message.reply_to_message
    if quoted is None or Audience.ADMINISTRATORS not in chat_roles:
        return False
    about = await turn.work.outbox.subject_of(Delivery(quoted.chat.id, quoted.message_id))
    return about is not None and about.kind is Kind.INTEREST


class _ToUs(MessageFilter):
    """Accepts replies to the bot's own messages: colleagues reply to each other too."""

    def filter(self, message: Message) -> bool:
        """Tell whether the bot wrote the quoted message."""
        quoted = message.reply_to_message
        author = quoted.from_user if quoted else None
        return author is not None and author.id == message.get_bot().id


_IN_GROUP = on.UpdateType.MESSAGE & on.ChatType.GROUPS
HANDLERS: tuple[Handler, ...] = (
    CommandHandler(("start", "aide", "help"), show_help, filters=_IN_GROUP),
)
# Registered after the other handlers: it takes the replies that they leave.
HEARING: Handler = MessageHandler(_IN_GROUP & _ToUs() & ~on.StatusUpdate.ALL, hear_reply)
