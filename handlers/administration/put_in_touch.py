"""Putting a firm in touch: what both will read is shown, confirmed, and only then sent.

Where the firm has not agreed to the one who would get its contact, it is asked first: by a message,
or, where it left a telephone number alone, by the team, which notes what it says.
"""

from dataclasses import dataclass

from telegram import Update

from handlers.administration import introducing, private_details, recipients
from handlers.administration.drawing import redraw, standing
from handlers.administration.introduction_words import (
    TEXT,
    copy_buttons,
    fingerprint,
    lead_message,
    question,
)
from handlers.administration.meeting import for_administrators, who
from handlers.administration.recipient_buttons import ChooseRecipient
from handlers.administration.recipients import Recipient
from handlers.core import caps
from handlers.core.callback_data import CallbackData, ListKey
from handlers.core.keyboards import Button, button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.requests import agreement, moves, notification, reach
from handlers.requests.introduction_buttons import CalledBack, PutInTouch, ShowLeadMessage
from handlers.requests.reach import Reach
from storage.records.interests import Ending, EventKind, Interest, Particulars, Status
from storage.records.introductions import Agreement, Introduction


@dataclass(frozen=True)
class ConfirmIntroduction(CallbackData, prefix="yc"):
    """Send what was shown; ``shown`` is its fingerprint."""

    interest_id: int
    shown: ListKey


@dataclass(frozen=True)
class AskFirm(CallbackData, prefix="yf"):
    """Ask the firm whether its contact may be passed to the one who was named."""

    interest_id: int
    shown: ListKey


@dataclass(frozen=True)
class NoteAnswer(CallbackData, prefix="ye"):
    """Note what the firm said on the telephone of the one who was named."""

    interest_id: int
    introduction_id: int
    agrees: bool


@dataclass(frozen=True)
class CancelIntroduction(CallbackData, prefix="zx"):
    """Send nothing."""

    interest_id: int


@for_administrators
async def put_in_touch(update: Update, context: BotContext) -> None:
    """Show what both would read, or say what is missing."""
    turn = context.turn
    interest = await open_request(turn, PutInTouch.of(update).interest_id)
    if interest is not None:
        await show(turn, interest)


async def open_request(turn: Turn, interest_id: int) -> Interest | None:
    """Return a request that can be put in touch; say why where it cannot."""
    interest = await standing(turn, interest_id)
    if interest is not None and interest.status is not Status.TAKEN:
        turn.toast(TEXT.label("over", interest=interest), alert=True)
        return None
    return interest


async def show(
    turn: Turn, interest: Interest, *, in_place: bool = False, has_changed: bool = False
) -> None:
    """Show where putting this request in touch stands, and what can be done next."""
    recipient = await recipients.recipient_of(turn.posting, interest)
    if recipient is None:
        text, buttons = introducing.nobody(turn.posting, interest), _first_choice(interest)
    elif recipient.state is Agreement.AGREED:
        text, buttons = await _preview(turn, interest, recipient, has_changed=has_changed)
    elif recipient.state is Agreement.NAMED:
        text, buttons = await _to_ask(turn, interest, recipient)
    else:
        reached = await reach.of(turn.posting, interest)
        text = introducing.unsettled(interest, recipient, reached)
        buttons = [*_said(interest, recipient.introduction, reached), *_ways_on(interest)]
    if in_place:
        turn.rewrite(text, column(buttons), about=interest.about_note)
    else:
        turn.say(text, column(buttons), reply_to=turn.message_id, about=interest.about_note)


def _first_choice(interest: Interest) -> list[Button]:
    return [
        button(TEXT.label("choose_somebody"), ChooseRecipient(interest.id)),
        button(TEXT.label("cancel"), CancelIntroduction(interest.id)),
    ]


def _ways_on(interest: Interest) -> list[Button]:
    return [
        button(TEXT.label("choose_other"), ChooseRecipient(interest.id)),
        button(TEXT.label("cancel"), CancelIntroduction(interest.id)),
    ]


def _said(interest: Interest, asked: Introduction | None, reached: Reach) -> list[Button]:
    """Return the buttons for what a firm says on the telephone; none where it answers itself."""
    if asked is None or reached is not Reach.CALL:
        return []
    said_yes = button(TEXT.label("said_yes"), NoteAnswer(interest.id, asked.id, agrees=True))
    if asked.state is Agreement.REFUSED:
        return [said_yes]
    said_no = button(TEXT.label("said_no"), NoteAnswer(interest.id, asked.id, agrees=False))
    return [said_yes, said_no]


async def _preview(
    turn: Turn, interest: Interest, recipient: Recipient, *, has_changed: bool
) -> tuple[str, list[Button]]:
    messages = await introducing.messages_of(turn.posting, interest, recipient)
    reader = turn.user.full_name
    exact = introducing.preview(
        turn.posting, interest, recipient, messages, has_changed=has_changed, reader=reader
    )
    confirm = button(TEXT.label("confirm"), ConfirmIntroduction(interest.id, messages.shown))
    if not turn.services.details_in_private:
        return exact, [confirm, *_ways_on(interest)]
    if not await private_details.can_write(turn):
        return _unread(turn, interest)
    private_details.write(turn, interest, exact)
    masked = introducing.preview(
        turn.posting,
        interest,
        recipient,
        messages.masked,
        has_changed=has_changed,
        reader=reader,
    )
    return masked, [confirm, *_ways_on(interest)]


def _unread(turn: Turn, interest: Interest) -> tuple[str, list[Button]]:
    """Return what to do where both messages hold the contact, and nobody may be shown them."""
    text = TEXT("preview_nowhere", interest=interest, bot=turn.services.bot_username)
    again = button(TEXT.label("put_in_touch"), PutInTouch(interest.id))
    return text, [again, button(TEXT.label("cancel"), CancelIntroduction(interest.id))]


async def _to_ask(turn: Turn, interest: Interest, recipient: Recipient) -> tuple[str, list[Button]]:
    asked = await question(turn.posting, interest, recipient)
    text = await introducing.question_first(turn.posting, interest, recipient, asked)
    ask = button(TEXT.label("ask_firm"), AskFirm(interest.id, fingerprint(asked)))
    return text, [ask, *_ways_on(interest)]


@for_administrators
async def ask_firm(update: Update, context: BotContext) -> None:
    """Ask the firm for its agreement; of two administrators, one asks."""
    turn, choice = context.turn, AskFirm.of(update)
    interest = await open_request(turn, choice.interest_id)
    if interest is None or not await caps.allows(turn, caps.REPLIES, interest.id):
        return
    recipient = await recipients.recipient_of(turn.posting, interest)
    if recipient is None or recipient.state is not Agreement.NAMED:
        await show(turn, interest, in_place=True)
        return
    if fingerprint(await question(turn.posting, interest, recipient)) != choice.shown:
        await show(turn, interest, in_place=True)
        return
    named = recipient.named
    introduction = await recipients.name(turn.posting, interest, named)
    await agreement.ask(turn.posting, interest, introduction, who(turn))
    reached = await reach.of(turn.posting, interest)
    text = TEXT("asked", interest=interest, named=named, reach=reached)
    said = _said(interest, introduction, reached)
    turn.rewrite(text, column(said) if said else None, about=interest.about_note)


@for_administrators
async def note_answer(update: Update, context: BotContext) -> None:
    """Note what the firm said on the telephone, and show what comes next."""
    turn, choice = context.turn, NoteAnswer.of(update)
    interest = await open_request(turn, choice.interest_id)
    if interest is None:
        return
    recipient = await recipients.recipient_of(turn.posting, interest)
    asked = recipient.introduction if recipient else None
    # Somebody else may have been named since, or the firm may have withdrawn what it left.
    if asked is not None and asked.id == choice.introduction_id:
        if not await caps.allows(turn, caps.REPLIES, interest.id):
            return
        await agreement.note_by_phone(
            turn.posting, interest, asked, who(turn), agrees=choice.agrees
        )
    await show(turn, interest, in_place=True)


@for_administrators
async def confirm(update: Update, context: BotContext) -> None:
    """Put in touch as it was shown; where something has changed since, show it anew."""
    turn, choice = context.turn, ConfirmIntroduction.of(update)
    interest = await open_request(turn, choice.interest_id)
    if interest is None:
        return
    recipient = await recipients.recipient_of(turn.posting, interest)
    if recipient is None or recipient.state is not Agreement.AGREED:
        await show(turn, interest, in_place=True)
        return
    messages = await introducing.messages_of(turn.posting, interest, recipient)
    if messages.shown != choice.shown:
        await show(turn, interest, in_place=True, has_changed=True)
        return
    if await caps.allows(turn, caps.MOVES, interest.id):
        await _introduce(turn, interest, recipient, messages.to_lead)


async def _introduce(turn: Turn, interest: Interest, recipient: Recipient, message: str) -> None:
    moved, is_mailed = await introducing.introduce(
        turn.posting, interest, recipient, message, who(turn)
    )
    if not moved.won:
        turn.toast(TEXT.label("over", interest=moved.interest), alert=True)
        return
    turn.toast(TEXT.label("introduced_toast", interest=interest))
    values = {
        "interest": interest,
        "recipient": recipient,
        "by_mail": is_mailed,
        "reach": await reach.of(turn.posting, interest),
    }
    if is_mailed or not turn.services.details_in_private:
        keyboard = None if is_mailed else column(copy_buttons(interest, message))
        turn.rewrite(
            TEXT("introduced", **values, message=message), keyboard, about=interest.about_note
        )
        return
    reader = turn.user.full_name if await private_details.can_write(turn) else ""
    if reader:
        _write_to_copy(turn, interest, recipient, message)
    show_it = button(TEXT.label("show_lead_message"), ShowLeadMessage(interest.id))
    bot = turn.services.bot_username
    text = TEXT("introduced", **values, message="", reader=reader, bot=bot)
    turn.rewrite(text, column([show_it]), about=interest.about_note)


def _write_to_copy(turn: Turn, interest: Interest, recipient: Recipient, message: str) -> None:
    """Write the message to copy, which holds the contact, in private."""
    text = TEXT("to_copy", interest=interest, recipient=recipient, message=message)
    private_details.write(turn, interest, text, column(copy_buttons(interest, message)))


@for_administrators
async def cancel(update: Update, context: BotContext) -> None:
    """Send nothing: the shown messages, with the contact, are taken away."""
    turn = context.turn
    interest = await standing(turn, CancelIntroduction.of(update).interest_id)
    if interest is not None:
        turn.rewrite(TEXT("dropped", interest=interest), about=interest.about_note)


@for_administrators
async def show_lead_message(update: Update, context: BotContext) -> None:
    """Show what the lead was to read, to be copied: the e-mail did not arrive."""
    turn = context.turn
    interest = await standing(turn, ShowLeadMessage.of(update).interest_id)
    if interest is None:
        return
    recipient = await recipients.recipient_of(turn.posting, interest)
    if recipient is None or not await introducing.was_introduced_to(
        turn.posting, interest, recipient
    ):
        turn.rewrite(TEXT("nobody_to_copy", interest=interest), about=interest.about_note)
        return
    message = lead_message(turn.posting, interest, recipient)
    if not turn.services.details_in_private:
        text = TEXT("to_copy", interest=interest, recipient=recipient, message=message)
        turn.rewrite(text, column(copy_buttons(interest, message)), about=interest.about_note)
    elif await private_details.can_write(turn):
        _write_to_copy(turn, interest, recipient, message)
        turn.toast(notification.TEXT.label("details_in_private", interest=interest))
    else:
        private_details.say_nowhere(turn)


@for_administrators
async def called_back(update: Update, context: BotContext) -> None:
    """Close a request to be called back, which needs nobody else: it was done."""
    turn = context.turn
    interest = await standing(turn, CalledBack.of(update).interest_id)
    if interest is None or not await caps.allows(turn, caps.MOVES, interest.id):
        return
    success = Particulars(outcome=Ending.SUCCESS)
    moved = await moves.make(turn.posting, interest.id, EventKind.CLOSE, who(turn), success)
    name = "called_back_toast" if moved.won else "called_back_late"
    turn.toast(TEXT.label(name, interest=moved.interest), alert=not moved.won)
    # A card asked for would else keep a button that does nothing any more.
    await redraw(turn, moved.interest)


HANDLERS: tuple[Handler, ...] = (
    tap(PutInTouch, put_in_touch),
    tap(ConfirmIntroduction, confirm),
    tap(AskFirm, ask_firm),
    tap(NoteAnswer, note_answer),
    tap(CancelIntroduction, cancel),
    tap(ShowLeadMessage, show_lead_message),
    tap(CalledBack, called_back),
)
