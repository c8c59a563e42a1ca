"""Who may do what: every handler names the authority it requires, checked before it runs."""

import enum
import functools
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from telegram import Chat, Update
from telegram.constants import ChatType

from handlers.core import caps, flood, media, team
from handlers.core.turn import BotContext, Turn
from handlers.messages import Catalogue
from storage.queues.outbox import Audience

logger = logging.getLogger(__name__)
Callback: TypeAlias = Callable[[Update, BotContext], Coroutine[Any, Any, None]]
TEXT = Catalogue.of("general")


class Authority(enum.Enum):
    """Where an update must come from to be obeyed."""

    ANYONE = "anyone"
    PERSON = "person"
    ADMINISTRATORS = "administrators"
    FACILITATORS = "facilitators"
    # Either of the two.
    TEAM = "team"


def requires(authority: Authority) -> Callable[[Callback], Callback]:
    """Run a handler for this authority only; anybody else is told why it does not run."""

    def decorate(handler: Callback) -> Callback:
        @functools.wraps(handler)
        async def guarded(update: Update, context: BotContext) -> None:
            if await _is_broadcast(context.turn):
                logger.info("nothing is said in a channel, nor to what a channel posts")
                return
            if not await _admits(context.turn):
                return
            if await has(authority, context.turn, update.effective_chat):
                await media.say_what_is_read(context.turn)
                await handler(update, context)
            else:
                chat = update.effective_chat
                is_of_team = chat is not None and await team.roles_of(context.turn, chat.id)
                _refuse(authority, context.turn, is_of_team=bool(is_of_team))

        guarded.authority = authority  # type: ignore[attr-defined]  # read by the test that walks the handlers
        return guarded

    return decorate


async def _admits(turn: Turn) -> bool:
    """Tell whether the limits let an update through."""
    if not turn.is_admitted:
        turn.is_admitted = not (await flood.holds(turn) or await caps.hold(turn))
    return turn.is_admitted


async def _is_broadcast(turn: Turn) -> bool:
    """Tell whether an update is a channel's: all its subscribers would read the answer.

    A post comes back in the channel's discussion group, forwarded by Telegram. Somebody may also
    write in any group in the name of a channel: only the team's own groups answer that.
    """
    chat, update = turn.update.effective_chat, turn.update
    if chat is None or chat.type == ChatType.PRIVATE or update.callback_query is not None:
        return False
    message = update.effective_message
    if chat.type == ChatType.CHANNEL or (message and message.is_automatic_forward):
        return True
    author = message.sender_chat if message else None
    is_channel = author is not None and author.type == ChatType.CHANNEL
    return is_channel and not await team.roles_of(turn, chat.id)


async def has(authority: Authority, turn: Turn, chat: Chat | None) -> bool:
    """Tell whether the sender of the turn has this authority in this chat."""
    if authority is Authority.ANYONE:
        return True
    if chat is None:
        return False
    if authority is Authority.PERSON:
        return chat.type == ChatType.PRIVATE
    if authority in _OF_FACILITATORS and is_listed(turn, chat):
        return True
    return not _ROLES[authority].isdisjoint(await team.roles_of(turn, chat.id))


_OF_FACILITATORS = frozenset({Authority.FACILITATORS, Authority.TEAM})
_ROLES = {
    Authority.ADMINISTRATORS: frozenset({Audience.ADMINISTRATORS}),
    Authority.FACILITATORS: frozenset({Audience.FACILITATORS}),
    Authority.TEAM: frozenset({Audience.ADMINISTRATORS, Audience.FACILITATORS}),
}


def is_listed(turn: Turn, chat: Chat) -> bool:
    """Tell whether the sender is a facilitator listed in the settings, in a private chat."""
    return chat.type == ChatType.PRIVATE and turn.user.id in turn.services.facilitator_ids


def _refuse(authority: Authority, turn: Turn, *, is_of_team: bool) -> None:
    if authority is Authority.PERSON:
        text = TEXT("private_only", link=turn.services.deep_link("bonjour"))
    else:
        # In a group of the team, a command of the other one is a slip, and no secret.
        text = TEXT(f"where_{authority.value}" if is_of_team else "not_allowed")
    if turn.update.callback_query:
        turn.toast(TEXT.label("not_allowed"), alert=True)
    else:
        turn.say(text)
