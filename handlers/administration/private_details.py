"""What holds the contact of a request, written in private to the administrator who asks for it.

Nobody acts there: the message has no buttons, so a private chat needs no authority of its own.
"""

from handlers.core.keyboards import Keyboard
from handlers.core.posting import composed
from handlers.core.turn import Turn
from handlers.requests import notification
from handlers.requests.notification import TEXT
from storage.queues.outbox import Audience, Outgoing
from storage.records.interests import Interest


async def send(turn: Turn, interest: Interest) -> None:
    """Write the contact in private; if the bot may not write there, say what to do."""
    if not await can_write(turn):
        say_nowhere(turn)
        return
    text = await notification.text_of(turn.posting, interest, details=True, is_card=True)
    write(turn, interest, text)
    turn.toast(TEXT.label("details_in_private", interest=interest))


async def can_write(turn: Turn) -> bool:
    """Tell whether the account has written to the bot, and has not blocked it."""
    known = await turn.work.people.of_account(turn.user.id)
    return known is not None and known.blocked_at is None


def say_nowhere(turn: Turn) -> None:
    """Say what to do so that the bot may write in private."""
    turn.toast(TEXT.label("details_nowhere", bot=turn.services.bot_username), alert=True)


def write(turn: Turn, interest: Interest, text: str, keyboard: Keyboard | None = None) -> None:
    """Write to the administrator of this turn alone; the buttons may copy, not act."""
    content = composed(text, keyboard)
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
