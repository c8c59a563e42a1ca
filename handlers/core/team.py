"""The groups of the team, as they are now: the settings name them, and a group may move."""

from telegram import Chat

from handlers.core.turn import Turn
from storage.queues.outbox import Audience


async def roles(turn: Turn) -> frozenset[Audience]:
    """Return the roles of this chat for the team; one group may have both roles."""
    return await roles_of(turn, turn.chat_id)


async def roles_of(turn: Turn, chat_id: int) -> frozenset[Audience]:
    """Return the roles of a chat for the team."""
    groups = {
        Audience.ADMINISTRATORS: turn.services.admin_chat_id,
        Audience.FACILITATORS: turn.services.facilitator_chat_id,
    }
    return frozenset(
        [
            role
            for role, group in groups.items()
            # A group that became a supergroup has a new id; the setting may still hold the old one.
            if group is not None and await turn.work.outbox.current_chat(group) == chat_id
        ]
    )


async def are_facilitators(turn: Turn, chat: Chat) -> bool:
    """Tell whether a chat is the present group of facilitators."""
    return Audience.FACILITATORS in await roles_of(turn, chat.id)
