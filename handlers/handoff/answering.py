"""Writing to the team in an exchange: the answer after the button, and a word on a request."""

from dataclasses import dataclass, replace

from telegram import Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.callback_data import CallbackData
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms import engine
from handlers.forms.steps import Form, Step
from handlers.handoff import person
from handlers.handoff.threads import ReplyTo
from handlers.messages import Catalogue
from storage.records.conversation_values import Conversation, Side
from storage.records.drafts import Draft

TEXT, OF_REQUESTS = Catalogue.of("handoff"), Catalogue.of("exchange")


@dataclass(frozen=True)
class AddWord(CallbackData, prefix="hw"):
    """Write to the team about one's own request; its label is ``add_word`` of ``exchange.yaml``."""

    interest_id: int


@requires(Authority.PERSON)
async def begin_reply(update: Update, context: BotContext) -> None:
    """Ask for the text to send back in a conversation."""
    turn = context.turn
    conversation = await turn.work.conversations.get(ReplyTo.of(update).conversation_id)
    if conversation is None or conversation.person_id != (await turn.person()).id:
        turn.toast(TEXT.label("gone_toast"), alert=True)
    else:
        await _ask(turn, conversation)


@requires(Authority.PERSON)
async def begin_word(update: Update, context: BotContext) -> None:
    """Ask for what the firm wants to tell the team about its request."""
    turn = context.turn
    interest = await turn.work.interests.get(AddWord.of(update).interest_id)
    if interest is None or interest.person_id != (await turn.person()).id:
        turn.toast(OF_REQUESTS.label("no_request_toast"), alert=True)
    else:
        await _ask(turn, await turn.work.conversations.open_about(interest, Side.PERSON))


async def _ask(turn: Turn, conversation: Conversation) -> None:
    if conversation.closed_at is not None:
        person.say_closed(turn, conversation)
    # Asking for a text that would not be passed on would lose it.
    elif not (
        await caps.is_spent(turn, caps.UNANSWERED_MESSAGES, conversation.id)
        or await caps.is_spent(turn, caps.MESSAGES_TO_TEAM, turn.user.id)
    ):
        form = REPLY if conversation.interest_id is None else WORD
        await engine.open_at(turn, form, str(conversation.id), "text")


async def send_reply(turn: Turn, draft: Draft) -> None:
    """Pass on the text typed after the button."""
    conversation = await turn.work.conversations.get(engine.row_of(draft))
    await person.say_back(turn, conversation, draft.answers["text"])


REPLY = Form(
    name="handoff_reply",
    text=Catalogue.of("handoff_reply"),
    steps=(Step("text", person.check_reply, free_text=True),),
    subject=person.subject,
    submit=send_reply,
    confirms=False,
)
WORD = replace(REPLY, name="request_word", text=Catalogue.of("request_word"))
HANDLERS: tuple[Handler, ...] = (tap(ReplyTo, begin_reply), tap(AddWord, begin_word))
