"""Who may do what: every handler names the authority it requires, checked before it runs."""

import enum
import functools
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from telegram import Chat, Update
from telegram.constants import ChatType

from handlers.core import flood
from handlers.core.turn import BotContext, Turn
from handlers.messages import Catalogue

Callback: TypeAlias = Callable[[Update, BotContext], Coroutine[Any, Any, None]]
TEXT = Catalogue.of("general")


class Authority(enum.Enum):
    """Where an update must come from to be obeyed."""

    ANYONE = "anyone"
    PERSON = "person"
    ADMINISTRATORS = "administrators"
    FACILITATORS = "facilitators"


def requires(authority: Authority) -> Callable[[Callback], Callback]:
    """Run a handler for this authority only; anybody else is told why it does not run."""

    def decorate(handler: Callback) -> Callback:
        @functools.wraps(handler)
        async def guarded(update: Update, context: BotContext) -> None:
            if await flood.holds(context.turn):
                return
            if await has(authority, context.turn, update.effective_chat):
                await handler(update, context)
            else:
                _refuse(authority, context.turn)

        guarded.authority = authority  # type: ignore[attr-defined]  # read by the test that walks the handlers
        return guarded

    return decorate


async def has(authority: Authority, turn: Turn, chat: Chat | None) -> bool:
    """Tell whether the sender of the turn has this authority in this chat."""
    if authority is Authority.ANYONE:
        return True
    if chat is None:
        return False
    if authority is Authority.PERSON:
        return chat.type == ChatType.PRIVATE
    if authority is Authority.FACILITATORS and is_listed(turn, chat):
        return True
    group = {
        Authority.ADMINISTRATORS: turn.services.admin_chat_id,
        Authority.FACILITATORS: turn.services.facilitator_chat_id,
    }[authority]
    # A group that became a supergroup has a new id; the setting may still hold the old one.
    return group is not None and chat.id == await turn.work.outbox.current_chat(group)


def is_listed(turn: Turn, chat: Chat) -> bool:
    """Tell whether the sender is a facilitator listed in the settings, in a private chat."""
    return chat.type == ChatType.PRIVATE and turn.user.id in turn.services.facilitator_ids


def _refuse(authority: Authority, turn: Turn) -> None:
    if authority is Authority.PERSON:
        text = TEXT("private_only", link=turn.services.deep_link("bonjour"))
    else:
        text = TEXT("not_allowed")
    if turn.update.callback_query:
        turn.toast(TEXT.label("not_allowed"), alert=True)
    else:
        turn.say(text)
