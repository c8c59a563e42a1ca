"""The rate limit: who writes too fast is told once, then not answered until they slow down.

Nothing is kept in memory: the rows of the inbox are counted. An unanswered update changes nothing,
so the form under way stays as it was. Groups have no limit: administrators often tap fast.
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
    """Return the chat whose update rate this update counts towards, if any."""
    chat = update.effective_chat
    # An update without a message, such as somebody blocking the bot, does not count as writing.
    if chat is None or chat.type != ChatType.PRIVATE or update.effective_message is None:
        return None
    return chat


async def holds(turn: Turn) -> bool:
    """Return whether the update is over the limit; tell the person the first time only."""
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
        # Urgent: sent after the answers in the queue, the notice would be out of date.
        turn.say(text, priority=Priority.URGENT)
    turn.toast(TEXT.label("slow_down_toast", seconds=WITHIN.seconds))
    return True
