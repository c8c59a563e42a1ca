"""A text that was no answer to the team after all: it is read like any other."""

from telegram import Update

from handlers.conversation import hear, team_answers
from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext
from handlers.messages import Catalogue

TEXT = Catalogue.of("handoff")


@requires(Authority.PERSON)
async def hear_otherwise(update: Update, context: BotContext) -> None:
    """Say that a text was not passed on, and answer it."""
    turn, choice = context.turn, team_answers.NotForTeam.of(update)
    conversation = await team_answers.own(turn, choice.conversation_id)
    if conversation is None:
        return
    if await turn.work.conversations.typed_as(turn.chat_id, choice.message_id) is not None:
        turn.toast(TEXT.label("passed_on_toast", conversation=conversation))
        turn.remove_buttons()
    elif await team_answers.decline(turn, conversation, choice.message_id):
        turn.rewrite(TEXT("kept_from_team", conversation=conversation))
        await hear.hear_otherwise(turn)
    else:
        turn.rewrite(TEXT("offer_gone", conversation=conversation))


HANDLERS: tuple[Handler, ...] = (tap(team_answers.NotForTeam, hear_otherwise),)
