"""Redrawing the message of a request that was tapped: the notification, or a card asked for."""

from telegram import Message, Update

from handlers.core.keyboards import Keyboard
from handlers.core.turn import Turn
from handlers.requests import notification
from handlers.requests.notification import TEXT
from handlers.requests.request_buttons import ShowDetails, ShowFirst, ShowMore
from storage.queues.outbox import Audience, Delivery
from storage.records.interests import Interest, Status


async def standing(turn: Turn, interest_id: int) -> Interest | None:
    """Return the request of a tapped button; where it was erased, say so in its place."""
    interest = await turn.work.interests.get(interest_id)
    if interest is not None and not interest.is_anonymous:
        return interest
    turn.rewrite(TEXT("erased", number=interest.number if interest else None))
    return None


async def redraw(turn: Turn, interest: Interest, *, details: bool = False) -> None:
    """Show how a request stands, with what is offered at once; keep the contact if it is shown."""
    shown = details and interest.status is not Status.WITHDRAWN
    keyboard = notification.keyboard_of(interest, details=shown)
    await show(turn, interest, keyboard, details=shown)


async def show(
    turn: Turn,
    interest: Interest,
    keyboard: Keyboard | None,
    *,
    question: str = "",
    details: bool = False,
) -> None:
    """Replace the tapped message by the request, a question under it, and these buttons."""
    is_notification = await _is_notification(turn, interest)
    text = await notification.text_of(
        turn.posting,
        interest,
        details=details,
        is_card=not is_notification,
        in_private=turn.services.details_in_private,
    )
    await put(turn, interest, f"{text}\n\n{question}".strip(), keyboard)


async def put(turn: Turn, interest: Interest, text: str, keyboard: Keyboard | None) -> None:
    """Replace the tapped message; what is edited in the notification is edited once."""
    if await _is_notification(turn, interest):
        await turn.revise(Audience.ADMINISTRATORS, interest.about, text, keyboard)
    else:
        # A note: the notification stays the message of the request, and an erasure finds both.
        turn.rewrite(text, keyboard, about=interest.about_note)


async def _is_notification(turn: Turn, interest: Interest) -> bool:
    message = turn.update.effective_message
    if message is None or turn.update.callback_query is None:
        return False
    tapped = Delivery(turn.chat_id, message.message_id)
    return await turn.work.outbox.delivery(interest.about) == tapped


def shows_details(update: Update, interest: Interest) -> bool:
    """Tell whether the tapped message shows the contact: its buttons hide it, or say so."""
    marks = {
        ShowDetails(interest.id, shown=False).pack(),
        ShowFirst(interest.id, details=True).pack(),
        ShowMore(interest.id, details=True).pack(),
    }
    return not marks.isdisjoint(_taps(update.effective_message))


def _taps(message: Message | None) -> list[object]:
    markup = message.reply_markup if message else None
    lines = markup.inline_keyboard if markup else ()
    return [present.callback_data for line in lines for present in line]
