"""The contact of a request, written in private to the administrator who asked for it in the group.

Nobody acts there: the message has no buttons, so a private chat needs no authority of its own.
"""

from handlers.core.posting import composed
from handlers.core.turn import Turn
from handlers.requests import notification
from handlers.requests.notification import TEXT
from storage.queues.outbox import Audience, Outgoing
from storage.records.interests import Interest


async def send(turn: Turn, interest: Interest) -> None:
    """Write the contact in private; if the bot may not write there, say what to do."""
    # The account has written to the bot, and has not blocked it: only then may the bot write.
    known = await turn.work.people.of_account(turn.user.id)
    if known is None or known.blocked_at is not None:
        bot = turn.services.bot_username
        turn.toast(TEXT.label("details_nowhere", bot=bot), alert=True)
        return
    text = await notification.text_of(turn.work, interest, details=True, is_card=True)
    content = composed(text, None)
    # ``about``: an erasure finds the message, and blanks it.
    turn.work.outbox.owe(
        Outgoing(
            Audience.PERSON,
            "sendMessage",
            content,
            chat_id=turn.user.id,
            about=interest.about_note,
        )
    )
    turn.toast(TEXT.label("details_in_private", interest=interest))
