"""A reply of an administrator about a request: a note for the team, or words for the firm.

Which of both is asked under the reply. Nothing is remembered meanwhile: the question quotes the
reply, whose words, as they then stand, are read there at the tap. So nothing that colleagues write
to each other reaches a firm by accident. Only a reply to the message that the button "write to the
firm" posts is passed on at once: it says so.
"""

from dataclasses import dataclass
from datetime import timedelta

from telegram import Message, Update

from handlers.administration.meeting import for_administrators, who
from handlers.core import caps, media, team
from handlers.core.callback_data import CallbackData
from handlers.core.full_text import full_text
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.handoff import facilitators
from handlers.handoff.edits import LATEST, author_of
from handlers.handoff.replied_to import is_by_bot
from handlers.handoff.threads import LONGEST
from handlers.messages import Catalogue
from handlers.requests import moves, notification
from handlers.requests.team_notes import WriteToFirm
from knowledge.text.length import units
from storage.queues.outbox import Audience, Delivery
from storage.records.conversation_values import Side
from storage.records.interests import OPEN, EventKind, Interest, Reply
from storage.subject import Kind, Subject

TEXT = Catalogue.of("replies")
# A note is read in the notification, among the details.
LONGEST_NOTE = 1000
# A second tap within this time is part of a double tap.
_SLIP = timedelta(seconds=5)
_OURS = (Kind.INTEREST, Kind.EXCHANGE)


@dataclass(frozen=True)
class KeepNote(CallbackData, prefix="yn"):
    """Keep the reply that the tapped question quotes as a note of the team."""

    interest_id: int


@dataclass(frozen=True)
class SendToFirm(CallbackData, prefix="ym"):
    """Pass the reply that the tapped question quotes on to the firm."""

    interest_id: int


@dataclass(frozen=True)
class LeaveReply(CallbackData, prefix="yx"):
    """Do nothing with the reply that the tapped question quotes."""

    interest_id: int


async def take_reply(turn: Turn, message: Message) -> bool:
    """Ask what a reply about a request is, or pass it on; False if it is about no request."""
    about = await _replied_to(turn, message)
    if about is None:
        return False
    refusal, interest = await _refusal(turn, message), await _request(turn, about)
    if refusal is not None:
        if await media.deserves_a_word(turn):
            turn.say(TEXT(refusal), reply_to=message.message_id)
    elif interest is None:
        turn.say(TEXT("erased"), reply_to=message.message_id)
    elif _asks_for_words(about):
        await _answer_prompt(turn, interest, message)
    else:
        if media.has_caption(turn) and await media.deserves_a_word(turn):
            turn.begin_with(TEXT("only_words"))
        text = TEXT("note_or_message", interest=interest, is_open=interest.status in OPEN)
        keyboard = _choices(interest)
        turn.say(text, keyboard, reply_to=message.message_id, about=interest.about_note)
    return True


async def take_edit(turn: Turn, message: Message) -> bool:
    """Take the edit of a reply that was not passed on; False if it is about no request.

    What was kept as a note stays as it was. Before the tap there is nothing to say: the words are
    read then. What was refused for the firm, for its length for example, is passed on after all.
    """
    about = await _replied_to(turn, message)
    if about is None:
        return False
    is_settled = await _is_settled(turn, message)
    if not (is_settled or _asks_for_words(about)):
        return True
    if not await caps.allows(turn, caps.EDITS, author_of(message)):
        return True
    if is_settled:
        turn.say(TEXT("note_stays"), reply_to=message.message_id)
    elif turn.work.now - message.date > LATEST:
        turn.say(TEXT("edit_late"), reply_to=message.message_id)
    else:
        await take_reply(turn, message)
    return True


def _asks_for_words(about: Subject) -> bool:
    """Tell whether a message is the one whose replies go to the firm."""
    return about.kind is Kind.EXCHANGE and about.is_note


async def _replied_to(turn: Turn, message: Message) -> Subject | None:
    """Return what the message of ours that is replied to is about, if that is a request."""
    quoted = message.reply_to_message
    if quoted is None or not is_by_bot(turn, quoted):
        return None
    # The quoted message names its own chat: after a move, that may be the former group.
    about = await turn.work.outbox.subject_of(Delivery(quoted.chat.id, quoted.message_id))
    return about if about is not None and about.kind in _OURS else None


async def _request(turn: Turn, about: Subject) -> Interest | None:
    """Return the request that a message is about; None if it was erased."""
    interest_id: int | None = about.id
    if about.kind is Kind.EXCHANGE:
        conversation = await turn.work.conversations.get(about.id)
        interest_id = conversation.interest_id if conversation else None
    interest = await turn.work.interests.get(interest_id) if interest_id else None
    return None if interest is None or interest.is_anonymous else interest


async def _refusal(turn: Turn, message: Message) -> str | None:
    """Return the name of what to say where nothing can be done with a reply."""
    if Audience.ADMINISTRATORS not in await team.roles_of(turn, message.chat.id):
        return "elsewhere"
    if not full_text(message).strip():
        return "text_only"
    return "not_a_command" if full_text(message).startswith("/") else None


def _choices(interest: Interest) -> Keyboard:
    # First what stays among colleagues: nothing can take back what a firm has read.
    lines = [button(TEXT.label("keep_note"), KeepNote(interest.id))]
    if interest.status in OPEN:
        lines.append(button(TEXT.label("send_to_firm"), SendToFirm(interest.id)))
    return column([*lines, button(TEXT.label("leave"), LeaveReply(interest.id))])


async def _answer_prompt(turn: Turn, interest: Interest, message: Message) -> None:
    """Pass on a reply to the message that asked for words for the firm."""
    length = units(full_text(message))
    if interest.status not in OPEN:
        turn.say(TEXT("not_open", interest=interest), reply_to=message.message_id)
    elif length > LONGEST:
        text = TEXT("reply_too_long", length=length, longest=LONGEST)
        turn.say(text, reply_to=message.message_id)
    elif await _pass_on(turn, interest, message):
        await media.say_what_is_passed_on(turn)


@for_administrators
async def keep_note(update: Update, context: BotContext) -> None:
    """Keep the reply as a note in the history of the request, once."""
    turn = context.turn
    found = await _chosen(turn, KeepNote.of(update).interest_id)
    if found is None:
        return
    interest, reply = found
    note = full_text(reply).strip()
    if units(note) > LONGEST_NOTE:
        values = {"length": units(note), "longest": LONGEST_NOTE}
        turn.toast(TEXT.label("note_too_long", **values), alert=True)
    elif await caps.allows(turn, caps.NOTES, interest.id):
        await turn.work.interests.record(
            interest, EventKind.NOTE, who(turn), note=note, reply=_reply(reply)
        )
        await moves.touched(turn.posting, interest)
        await notification.refresh(turn.posting, interest)
        turn.rewrite(TEXT("note_kept", interest=interest), about=interest.about_note)


@for_administrators
async def send_to_firm(update: Update, context: BotContext) -> None:
    """Pass the reply on to the firm, once."""
    turn = context.turn
    found = await _chosen(turn, SendToFirm.of(update).interest_id)
    if found is None:
        return
    interest, reply = found
    length = units(full_text(reply).strip())
    if interest.status not in OPEN:
        turn.rewrite(
            TEXT("note_or_message", interest=interest, is_open=False),
            _choices(interest),
            about=interest.about_note,
        )
        turn.toast(TEXT.label("not_open_toast", interest=interest), alert=True)
    elif length > LONGEST:
        values = {"length": length, "longest": LONGEST}
        turn.toast(TEXT.label("message_too_long", **values), alert=True)
    elif await _pass_on(turn, interest, reply):
        turn.rewrite(TEXT("on_its_way", interest=interest), about=interest.about_note)


@for_administrators
async def leave(update: Update, context: BotContext) -> None:
    """Do nothing with the reply."""
    turn = context.turn
    found = await _chosen(turn, LeaveReply.of(update).interest_id)
    if found is not None:
        turn.rewrite(TEXT("left"), about=found[0].about_note)


async def _chosen(turn: Turn, interest_id: int) -> tuple[Interest, Message] | None:
    """Return the request and the reply that the tapped question is about; say so if gone."""
    interest = await turn.work.interests.get(interest_id)
    if interest is None or interest.is_anonymous:
        turn.rewrite(TEXT("erased"))
        return None
    query = turn.update.callback_query
    question = query.message if query else None
    reply = question.reply_to_message if isinstance(question, Message) else None
    if reply is None or not full_text(reply).strip():
        turn.rewrite(TEXT("reply_gone"), about=interest.about_note)
    elif not _wrote(turn, reply):
        turn.toast(TEXT.label("another_wrote_toast"), alert=True)
    elif await _is_settled(turn, reply):
        turn.toast(TEXT.label("settled_toast"))
    else:
        return interest, reply
    return None


def _wrote(turn: Turn, reply: Message) -> bool:
    """Tell whether who taps wrote the reply: a colleague does not know what it was meant for."""
    author = reply.from_user
    # Who writes as the group cannot be told from the others who do.
    return reply.sender_chat is not None or author is None or author.id == turn.user.id


async def _pass_on(turn: Turn, interest: Interest, message: Message) -> bool:
    """Pass words on to the firm; False if there were too many."""
    opened = await turn.work.conversations.open_about(interest, Side.FACILITATORS)
    if not await facilitators.relay(turn, opened, message):
        return False
    # The words are kept in the exchange alone, where they may still be corrected.
    await turn.work.interests.record(interest, EventKind.TO_FIRM, who(turn), reply=_reply(message))
    await moves.touched(turn.posting, interest, heard=True)
    return True


async def _is_settled(turn: Turn, reply: Message) -> bool:
    """Tell whether a reply was taken, however long ago.

    A kill between Telegram's yes and ours leaves a second question under it, which stays.
    """
    return await turn.work.interests.is_taken(_reply(reply))


def _reply(message: Message) -> Reply:
    return Reply(message.chat.id, message.message_id)


@for_administrators
async def write_to_firm(update: Update, context: BotContext) -> None:
    """Post the message whose replies go to the firm.

    It does not open the field for a reply (``force_reply``): Telegram lets nobody edit such a
    message, so that an erasure could not blank it.
    """
    turn = context.turn
    interest = await turn.work.interests.get(WriteToFirm.of(update).interest_id)
    if interest is None or interest.is_anonymous:
        turn.toast(TEXT.label("erased"), alert=True)
    elif interest.status not in OPEN:
        turn.toast(TEXT.label("not_open_toast", interest=interest), alert=True)
    elif await _is_first_tap(turn, interest):
        opened = await turn.work.conversations.open_about(interest, Side.FACILITATORS)
        if await caps.allows(turn, caps.REPLIES, opened.id):
            text = TEXT("write_here", interest=interest)
            turn.say(text, reply_to=turn.message_id, about=opened.about_note)


async def _is_first_tap(turn: Turn, interest: Interest) -> bool:
    key = f"prompt:{turn.user.id}:{interest.id}"
    return (await turn.work.allowances.spend(key, 1, _SLIP, _SLIP)).is_allowed


HANDLERS: tuple[Handler, ...] = (
    tap(KeepNote, keep_note),
    tap(SendToFirm, send_to_firm),
    tap(LeaveReply, leave),
    tap(WriteToFirm, write_to_firm),
)
