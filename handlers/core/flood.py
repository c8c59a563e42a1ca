"""Somebody who writes too fast: told once, then left unanswered until they slow down.

Nothing is kept in memory: the inbox itself is counted. What is left unanswered changes nothing, so
a form under way is found as it was. Groups are never held: administrators tap as fast as they work.
"""

from datetime import timedelta

from telegram import Chat, Update
from telegram.constants import ChatType

from handlers.core.turn import Turn
from handlers.messages import Catalogue
from storage.queues.outbox import Priority

TEXT = Catalogue.of("flood")
WITHIN = timedelta(seconds=30)


def may_hold(update: Update) -> Chat | None:
    """Return the chat whose tempo counts for this update, if any."""
    chat = update.effective_chat
    # That somebody blocked the bot is no writing.
    if chat is None or chat.type != ChatType.PRIVATE or update.effective_message is None:
        return None
    return chat


async def holds(turn: Turn) -> bool:
    """Leave the update unanswered where too many came before it; say so the first time."""
    chat, limit = may_hold(turn.update), turn.services.flood_limit
    if not limit or chat is None:
        return False
    update_id = turn.update.update_id
    if not await turn.work.read_ahead.is_over_rate(chat.id, update_id, limit, WITHIN):
        return False
    is_first = await turn.work.update_rate.hold(chat.id, update_id, WITHIN)
    turn.count("flood", "told" if is_first else "silent")
    if is_first:
        draft = await turn.work.read_ahead.draft((await turn.person()).id)
        text = TEXT("slow_down", seconds=WITHIN.seconds, has_form=draft is not None)
        # After the answers that wait, it would come when it is no longer true.
        turn.say(text, priority=Priority.URGENT)
    turn.toast(TEXT.label("slow_down_toast", seconds=WITHIN.seconds))
    return True
